// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration: where values come from, what they become, and what is told about wrong ones.
#include "component/program/options.hpp"

#include <gmock/gmock.h>

#include "component/program/files.hpp"
#include "component/program/keys.hpp"
#include "tests/support/configuration.hpp"

namespace jidgate::program {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class OptionsTest : public testing::Test {
 protected:
  Settings good(const ConfigurationSource& source) {
    auto loaded = source.load();
    if (const auto* faults = std::get_if<ConfigurationFaults>(&loaded)) {
      ADD_FAILURE() << testing::PrintToString(*faults);
      return {};
    }
    return std::get<Settings>(std::move(loaded));
  }
  Settings good(const std::string& text) { return good(files_.source(text)); }
  ConfigurationFaults bad(const ConfigurationSource& source) {
    auto loaded = source.load();
    if (auto* faults = std::get_if<ConfigurationFaults>(&loaded)) return std::move(*faults);
    ADD_FAILURE() << "the configuration was accepted";
    return {};
  }
  ConfigurationFaults bad(const std::string& text) { return bad(files_.source(text)); }
  // [xmpp] and then `text`.
  std::string with(const std::string& text) const { return files_.xmpp() + text; }
  std::string place(const std::string& key) const {
    return files_.path("jidgate.conf") + ":" + key + ": ";
  }

  const test::Configuration files_;
};

TEST_F(OptionsTest, WithTheRequiredKeysEverythingElseHasItsDocumentedDefault) {
  const Settings settings = good(files_.xmpp());
  const XmppSettings xmpp;
  const HttpSettings http;
  const ConfirmSettings confirm;
  EXPECT_EQ(settings.xmpp.domain, "gate.verona.test");
  EXPECT_THAT(settings.xmpp.hosts, ElementsAre("verona.test"));
  EXPECT_EQ(settings.xmpp.server_host, xmpp.server_host);
  EXPECT_EQ(settings.xmpp.server_port, xmpp.server_port);
  EXPECT_EQ(settings.xmpp.tls, xmpp.tls);
  EXPECT_EQ(settings.database.url, "postgresql:///jidgate");
  EXPECT_EQ(settings.database.connections, DatabaseSettings().connections);
  EXPECT_THAT(settings.http.listen, ElementsAre(Listen{false, "127.0.0.1", 8070}));
  EXPECT_EQ(settings.http.admin_listen, (Listen{false, "127.0.0.1", 8071}));
  EXPECT_TRUE(contains(settings.http.trusted_proxies, *Address::parse("127.9.9.9")));
  EXPECT_TRUE(contains(settings.http.trusted_proxies, *Address::parse("::1")));
  EXPECT_FALSE(contains(settings.http.trusted_proxies, *Address::parse("10.0.0.1")));
  EXPECT_EQ(settings.http.max_waiting, http.max_waiting);
  EXPECT_EQ(settings.http.workers, http.workers);
  EXPECT_EQ(settings.http.max_connections, http.max_connections);
  EXPECT_EQ(settings.http.max_connections_per_address, http.max_connections_per_address);
  EXPECT_EQ(settings.http.max_head, http.max_head);
  EXPECT_EQ(settings.http.max_body, http.max_body);
  EXPECT_EQ(settings.confirm.timeout, confirm.timeout);
  EXPECT_EQ(settings.confirm.per_account, confirm.per_account);
  EXPECT_EQ(settings.confirm.per_account_rate.count, confirm.per_account_rate.count);
  EXPECT_EQ(settings.confirm.per_account_rate.window, confirm.per_account_rate.window);
  EXPECT_EQ(settings.confirm.per_address_rate.count, confirm.per_address_rate.count);
  EXPECT_EQ(settings.confirm.per_address_rate.window, confirm.per_address_rate.window);
  EXPECT_EQ(settings.confirm.unreachable, confirm.unreachable);
  EXPECT_EQ(settings.confirm.chat_messages, confirm.chat_messages);
  EXPECT_EQ(settings.certificates, CertificateSettings());
  EXPECT_EQ(settings.log, LogSettings());
  EXPECT_THAT(settings.sites, IsEmpty());
}

TEST_F(OptionsTest, EveryKeyOfCertificatesIsRead) {
  const std::string authorities = files_.put("ca.pem", "", 0644);
  const Settings settings =
      good(with("administrator = nurse@verona.test\nadministrator = Friar@verona.test\n"
                "[certificates]\nmax-per-account = 3\nrequire-xmpp-address = no\n"
                "require-ca = " +
                authorities + "\nremove-expired-after = 0\nexpiry-notice = 3d\n"));
  EXPECT_THAT(settings.xmpp.administrators,
              ElementsAre(*Jid::parse("nurse@verona.test"), *Jid::parse("friar@verona.test")));
  const CertificateSettings expected{3, false, authorities, std::nullopt, Seconds(3 * 86400)};
  EXPECT_EQ(settings.certificates, expected);
}

TEST_F(OptionsTest, ASiteHasItsDocumentedDefaults) {
  const Settings settings = good(with("[site.files]\nhost = Files.verona.test\n"));
  ASSERT_THAT(settings.sites, SizeIs(1));
  const Site &site = settings.sites[0], fresh;
  EXPECT_EQ(site.name, "files");
  EXPECT_THAT(site.hosts, ElementsAre("files.verona.test"));
  EXPECT_EQ(site.origin, "https://files.verona.test");
  EXPECT_EQ(site.basic, fresh.basic);
  EXPECT_EQ(site.digest, fresh.digest);
  EXPECT_EQ(site.digest_password, fresh.digest_password);
  EXPECT_EQ(site.mode, fresh.mode);
  EXPECT_EQ(site.grant, fresh.grant);
  EXPECT_EQ(site.languages, fresh.languages);
  EXPECT_EQ(site.text_confirm, fresh.text_confirm);
}

TEST_F(OptionsTest, WhoMayBeAskedIsClosedToTheAccountsOfOurHosts) {
  const Settings settings = good(with("[site.files]\nhost = files.verona.test\n"));
  ASSERT_THAT(settings.sites.at(0).allow, SizeIs(1));
  EXPECT_EQ(settings.sites[0].allow[0].kind, Admission::Kind::domain);
  EXPECT_EQ(settings.sites[0].allow[0].value, "verona.test");
}

TEST_F(OptionsTest, EveryKeyOfASiteARuleAPolicyAndAGroupIsRead) {
  const Settings settings =
      good(with("host = mantua.test\n"
                "[site.files]\n"
                "host = files.verona.test bücher.verona.test # two\n"
                "origin = https://files.verona.test:9345\n"
                "root = " +
                files_.path("www") +
                "\n"
                "allow = juliet@verona.test\nallow = group:staff\n"
                "schemes = basic\ndigest-password = any\nmode = challenge\n"
                "grant = 90s\nlanguages = de en\ntext-confirm = type-code\n"
                "[rule.files.10]\npath-exact = /b\n"
                "[rule.files.2]\npath = /a/\nmethod = GET HEAD\n"
                "network = 10.0.0.0/8\nnetwork = 192.0.2.0/24\n"
                "allow = *@mantua.test\nmode = bypass\ntimeout = 20s\n"
                "grant = 1h\n"
                "[policy.members]\nallow = group:staff\nmode = block\n"
                "timeout = 10s\ngrant = 2m\n"
                "[group.staff]\nmember = Romeo@verona.test\n"));
  EXPECT_THAT(settings.xmpp.hosts, ElementsAre("verona.test", "mantua.test"));
  ASSERT_THAT(settings.sites, SizeIs(1));
  const Site& site = settings.sites[0];
  EXPECT_THAT(site.hosts, ElementsAre("files.verona.test", "xn--bcher-kva.verona.test"));
  EXPECT_EQ(site.origin, "https://files.verona.test:9345");
  EXPECT_EQ(site.root, files_.path("www"));
  EXPECT_THAT(site.allow, SizeIs(2));
  EXPECT_TRUE(site.basic);
  EXPECT_FALSE(site.digest);
  EXPECT_EQ(site.digest_password, DigestPassword::any);
  EXPECT_EQ(site.mode, Mode::challenge);
  EXPECT_EQ(site.grant, Seconds(90));
  EXPECT_THAT(site.languages, ElementsAre("de", "en"));
  EXPECT_EQ(site.text_confirm, TextConfirm::type_code);

  // Rules stand in the order of their numbers, not of their text.
  ASSERT_THAT(site.rules, SizeIs(2));
  const Rule &first = site.rules[0], &second = site.rules[1];
  EXPECT_EQ(first.name, "files.2");
  EXPECT_EQ(first.path, "/a/");
  EXPECT_FALSE(first.exact);
  EXPECT_THAT(first.methods, ElementsAre("GET", "HEAD"));
  EXPECT_THAT(first.networks, SizeIs(2));
  EXPECT_EQ(first.allow.at(0).value, "mantua.test");
  EXPECT_EQ(first.mode, Mode::bypass);
  EXPECT_EQ(first.timeout, Seconds(20));
  EXPECT_EQ(first.grant, Seconds(3600));
  EXPECT_EQ(second.name, "files.10");
  EXPECT_EQ(second.path, "/b");
  EXPECT_TRUE(second.exact);
  EXPECT_FALSE(second.mode || second.timeout || second.grant);

  const Policy& policy = settings.policies.at("members");
  EXPECT_EQ(policy.name, "members");
  EXPECT_EQ(policy.allow.at(0).value, "staff");
  EXPECT_EQ(policy.mode, Mode::block);
  EXPECT_EQ(policy.timeout, Seconds(10));
  EXPECT_EQ(policy.grant, Seconds(120));
  EXPECT_EQ(settings.groups.at("staff").at(0).to_string(), "romeo@verona.test");
}

TEST_F(OptionsTest, AFlagIsStrongerThanTheEnvironmentAndThatThanTheFile) {
  ConfigurationSource source =
      files_.source(with("[confirm]\ntimeout = 1s\nper-account = 2\n"
                         "[http]\nworkers = 3\n"));
  source.environment = {{"JIDGATE_CONFIRM_TIMEOUT", "2s"},
                        {"JIDGATE_CONFIRM_PER_ACCOUNT", "5"},
                        {"JIDGATE_HTTP_TRUSTED_PROXY", "10.0.0.0/8 192.0.2.1"},
                        {"JIDGATE_PID", "17"},
                        {"HOME", "/nowhere"}};
  source.flags = {
      {"confirm.timeout", "3s"}, {"http.listen", "127.0.0.1:1"}, {"http.listen", "[::1]:2"}};
  const Settings settings = good(source);
  EXPECT_EQ(settings.confirm.timeout, Seconds(3));
  EXPECT_EQ(settings.confirm.per_account, 5u);
  EXPECT_EQ(settings.http.workers, 3u);
  EXPECT_THAT(settings.http.listen, SizeIs(2));
  EXPECT_FALSE(contains(settings.http.trusted_proxies, *Address::parse("127.0.0.1")));
  EXPECT_TRUE(contains(settings.http.trusted_proxies, *Address::parse("10.1.1.1")));
}

TEST_F(OptionsTest, FaultsNameFileEnvironmentOrFlag) {
  ConfigurationSource source = files_.source(with("[confirm]\ntimeout = soon\n"));
  source.environment = {{"JIDGATE_HTTP_WORKERS", "many"}, {"JIDGATE_XMPP_DOMIAN", "x"}};
  source.flags = {{"log.level", "loud"}};
  EXPECT_THAT(bad(source),
              testing::UnorderedElementsAre(
                  AllOf(StartsWith(place("confirm.timeout")), HasSubstr("\"soon\""),
                        HasSubstr("expected a duration from 1s to 1h"), HasSubstr("(line 6)")),
                  AllOf(StartsWith("environment:JIDGATE_HTTP_WORKERS: "), HasSubstr("\"many\"")),
                  StartsWith("environment:JIDGATE_XMPP_DOMIAN: no such key"),
                  AllOf(StartsWith("command line:--log.level: "),
                        HasSubstr("expected error or warning or info or debug"))));
}

TEST_F(OptionsTest, AllFaultsAreToldAtOnceEachWithItsKey) {
  const ConfigurationFaults faults =
      bad("[xmpp]\nserver = there:\ntls = maybe\n"
          "[confirm]\nper-account-rate = often\nunreachable = no\n"
          "[site.files]\nmode = ask\n"
          "[elsewhere]\nkey = 1\n"
          "no value\n");
  for (const char* key : {"xmpp.domain", "xmpp.host", "xmpp.secret-file", "xmpp.server", "xmpp.tls",
                          "confirm.per-account-rate", "confirm.unreachable", "site.files.host",
                          "site.files.mode", "elsewhere"}) {
    EXPECT_THAT(faults, Contains(AllOf(StartsWith(place(key)), HasSubstr("expected")))) << key;
  }
  EXPECT_THAT(faults, Contains(HasSubstr("cannot be read, expected [section] or key = value")));
}

// One wrong line each, after a right [xmpp]; the fault begins with the key.
struct Wrong {
  const char* key;
  const char* text;
};

class WrongValue : public OptionsTest, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongValue, IsOneFaultWithItsKey) {
  const ConfigurationFaults faults = bad(with(GetParam().text));
  ASSERT_THAT(faults, SizeIs(1)) << testing::PrintToString(faults);
  EXPECT_THAT(faults[0], AllOf(StartsWith(place(GetParam().key)), HasSubstr("expected")));
}

constexpr const char* site = "[site.files]\nhost = files.verona.test\n";

INSTANTIATE_TEST_SUITE_P(
    Keys, WrongValue,
    testing::Values(
        Wrong{"xmpp.domian", "domian = x\n"}, Wrong{"xmpp.domain", "domain = gate.verona.test\n"},
        Wrong{"xmpp.host", "host = gate.verona.test\n"}, Wrong{"xmpp.host", "host = a@b\n"},
        Wrong{"xmpp.server", "server = 192.0.2.1:5347\n"},
        Wrong{"xmpp.tls-ca", "tls-ca = relative.pem\n"},
        Wrong{"xmpp.tls-ca", "tls-ca = /nowhere/ca.pem\n"},
        Wrong{"database.connections", "[database]\nconnections = 0\n"},
        Wrong{"http.listen", "[http]\nlisten = 0.0.0.0:8070\n"},
        Wrong{"http.listen", "[http]\nlisten =\n"}, Wrong{"http.listen", "[http]\nlisten = x:1\n"},
        Wrong{"http.admin-listen", "[http]\nadmin-listen = [::]:8071\n"},
        Wrong{"http.trusted-proxy", "[http]\ntrusted-proxy = 10.0.0.1/8\n"},
        Wrong{"http.max-waiting", "[http]\nmax-waiting = 0\n"},
        Wrong{"http.max-head", "[http]\nmax-head = 16k\n"},
        Wrong{"confirm.timeout", "[confirm]\ntimeout = 2h\n"},
        Wrong{"confirm.message-type", "[confirm]\nmessage-type = headline\n"},
        Wrong{"xmpp.administrator", "administrator = verona.test\n"},
        Wrong{"certificates.max-per-account", "[certificates]\nmax-per-account = 0\n"},
        Wrong{"certificates.require-ca", "[certificates]\nrequire-ca = /nowhere.pem\n"},
        Wrong{"certificates.expiry-notice", "[certificates]\nexpiry-notice = soon\n"},
        Wrong{"certificates.require-ca", "[certificates]\nrequire-ca = /nowhere/ca.pem\n"},
        Wrong{"log.format", "[log]\nformat = xml\n"}, Wrong{"site.files.host", "[site.files]\n"},
        Wrong{"site.files.host", "[site.files]\nhost = files.verona.test:80\n"},
        Wrong{"site.b.host", "[site.a]\nhost = x.test\n[site.b]\nhost = X.test\n"},
        Wrong{"site.files.origin", "[site.files]\nhost = a.test\norigin = a.test\n"},
        Wrong{"site.files.root", "[site.files]\nhost = a.test\nroot = /nowhere\n"},
        Wrong{"site.files.upstream", "[site.files]\nhost = a.test\nupstream = 127.0.0.1\n"},
        Wrong{"site.files.upstream",
              "[site.files]\nhost = a.test\nroot = /\nupstream = http://127.0.0.1:1\n"},
        Wrong{"site.files.schemes", "[site.files]\nhost = a.test\nschemes = basic bearer\n"},
        Wrong{"site.files.languages", "[site.files]\nhost = a.test\nlanguages = tlh\n"},
        Wrong{"site.files.allow", "[site.files]\nhost = a.test\nallow = everybody\n"},
        Wrong{"site.files.allow", "[site.files]\nhost = a.test\nallow = group:staff\n"},
        Wrong{"rule.files.1.path", "[rule.files.1]\n"},
        Wrong{"policy.p.allow", "[policy.p]\nallow = group:staff\n"},
        Wrong{"policy.p.timeout", "[policy.p]\ntimeout = 0\n"},
        Wrong{"policy.p.grant", "[policy.p]\nmode = challenge\ngrant = 0\n"},
        Wrong{"group.g.member", "[group.g]\n"},
        Wrong{"group.g.member", "[group.g]\nmember = verona.test\n"},
        Wrong{"posh.verona.test.certificate", "[posh.verona.test]\n"},
        Wrong{"site.Files", "[site.Files]\n"}, Wrong{"rule.files", "[rule.files]\n"}));

class WrongRule : public OptionsTest, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongRule, IsOneFaultWithItsKey) {
  const ConfigurationFaults faults = bad(with(site) + "[rule.files.1]\n" + GetParam().text);
  ASSERT_THAT(faults, SizeIs(1)) << testing::PrintToString(faults);
  EXPECT_THAT(faults[0], AllOf(StartsWith(place(GetParam().key)), HasSubstr("expected")));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, WrongRule,
    testing::Values(Wrong{"rule.files.1.path", "path = private\n"},
                    Wrong{"rule.files.1.path", "path = /a/../b\n"},
                    Wrong{"rule.files.1.path-exact", "path = /a\npath-exact = /b\n"},
                    Wrong{"rule.files.1.method", "method = GET,HEAD\n"},
                    Wrong{"rule.files.1.network", "network = 10.0.0.0/33\n"},
                    Wrong{"rule.files.1.mode", "mode = allow\n"},
                    Wrong{"rule.files.1.timeout", "timeout = 0\n"},
                    Wrong{"rule.files.1.grant", "grant = 31d\n"},
                    Wrong{"rule.files.1.grant", "mode = challenge\ngrant = 0\n"},
                    Wrong{"rule.files.1.path", "[rule.files.01]\n"},
                    Wrong{"rule.files.1.mode", "mode = block\nmode = bypass\n"}));

TEST_F(OptionsTest, ASecretThatOthersMayReadIsRefused) {
  for (const mode_t mode : {0644, 0604, 0660, 0666}) {
    files_.put("component.secret", "secret\n", mode);
    EXPECT_THAT(bad(files_.xmpp()), ElementsAre(AllOf(StartsWith(place("xmpp.secret-file")),
                                                      HasSubstr("0640 or less"))))
        << std::oct << mode;
  }
  for (const mode_t mode : {0400, 0440, 0600, 0640}) {
    files_.put("component.secret", "secret\n", mode);
    good(files_.xmpp());
  }
}

TEST_F(OptionsTest, TlsListenersNeedACertificateAndAKeyThatOthersCannotRead) {
  const std::string certificate = files_.put("c.pem", "", 0644),
                    key = files_.put("k.pem", "", 0644);
  const std::string listen = with("[http]\nlisten = https://[::]:8443\n");
  EXPECT_THAT(bad(listen), ElementsAre(StartsWith(place("http.tls-certificate")),
                                       StartsWith(place("http.tls-key"))));
  const std::string files = "tls-certificate = " + certificate + "\ntls-key = " + key + "\n";
  EXPECT_THAT(bad(listen + files), ElementsAre(StartsWith(place("http.tls-key"))));
  files_.put("k.pem", "", 0640);
  EXPECT_TRUE(good(listen + files).http.listen.at(0).tls);
}

TEST_F(OptionsTest, PlainTextForOtherMachinesHasToBeAskedFor) {
  EXPECT_TRUE(good(with("server = 192.0.2.1\ninsecure = yes\n")).xmpp.insecure);
  EXPECT_TRUE(good(with("server = 192.0.2.1\ntls = on\n")).xmpp.tls);
  EXPECT_TRUE(good(with("[http]\nlisten = 0.0.0.0:8070\ninsecure = yes\n")).http.insecure);
}

TEST_F(OptionsTest, TheConnectionStringComesFromAFileToo) {
  const std::string file = files_.put("url", "postgresql://a:secret@h/d\n", 0600);
  EXPECT_EQ(good(with("[database]\nurl-file = " + file + "\n")).database.url,
            "postgresql://a:secret@h/d");
  EXPECT_THAT(bad(with("[database]\nurl = x\nurl-file = " + file + "\n")),
              ElementsAre(StartsWith(place("database.url-file"))));
  files_.put("url", "postgresql://a:secret@h/d\n", 0644);
  EXPECT_THAT(bad(with("[database]\nurl-file = " + file + "\n")),
              ElementsAre(StartsWith(place("database.url-file"))));
  EXPECT_EQ(good(with("[database]\nurl =\n")).database.url, "");
}

TEST_F(OptionsTest, TheConnectionStringOfTheStrongerSourceWinsWhicheverWayItIsGiven) {
  const std::string file = files_.put("url", "postgresql://file/d\n", 0600);
  ConfigurationSource source = files_.source(with("[database]\nurl-file = " + file + "\n"));
  source.environment = {{"JIDGATE_DATABASE_URL", "postgresql://environment/d"}};
  EXPECT_EQ(good(source).database.url, "postgresql://environment/d");
  source = files_.source(with("[database]\nurl = postgresql://configuration/d\n"));
  source.environment = {{"JIDGATE_DATABASE_URL_FILE", file}};
  EXPECT_EQ(good(source).database.url, "postgresql://file/d");
}

// libpq would repeat in its errors what it cannot read, and parts of the password with it.
TEST_F(OptionsTest, AConnectionStringThatCannotBeReadIsRefusedAndNotTold) {
  for (const char* url : {"postgresql://a:p%ss%zzhunter2@h/d", "postgres:/a:hunter2@h/d",
                          "postgresql://a:hun@ter2@h/d", "hunter2"}) {
    const ConfigurationFaults faults =
        bad(files_.source(with(std::string("[database]\nurl = ") + url + "\n")));
    ASSERT_THAT(faults, SizeIs(1)) << url;
    EXPECT_THAT(faults[0],
                AllOf(StartsWith(place("database.url")), testing::Not(HasSubstr("ter2"))));
  }
}

TEST_F(OptionsTest, APasswordInAFileThatOthersMayReadIsRefusedAndNotTold) {
  for (const char* url : {"postgresql://a:hunter2@h/d", "host=h password=hunter2"}) {
    ConfigurationSource source =
        files_.source(with(std::string("[database]\nurl = ") + url + "\n"));
    good(source);
    ::chmod(source.file.c_str(), 0644);
    const ConfigurationFaults faults = bad(source);
    ASSERT_THAT(faults, SizeIs(1));
    EXPECT_THAT(faults[0],
                AllOf(StartsWith(place("database.url")), testing::Not(HasSubstr("hunter2"))));
  }
  ConfigurationSource source = files_.source(with("[database]\nurl = postgresql://a@h:5432/d\n"));
  ::chmod(source.file.c_str(), 0644);
  good(source);
}

TEST_F(OptionsTest, AMissingFileIsAFault) {
  ConfigurationSource source;
  source.file = files_.path("absent.conf");
  EXPECT_THAT(bad(source), Contains(StartsWith(source.file + ": cannot be opened")));
  source.file = files_.path("www");
  EXPECT_THAT(bad(source), Contains(StartsWith(source.file + ": cannot be read")));
}

TEST_F(OptionsTest, AFileThatIsNoTextIsToldByItsLine) {
  EXPECT_THAT(bad(with(std::string("[site.a]\nhost = \xff.test\n"))),
              Contains(HasSubstr("this line is no text, expected UTF-8 (line 6)")));
  EXPECT_THAT(bad("key = 1\n" + files_.xmpp()),
              ElementsAre(HasSubstr("a value before the first section")));
}

TEST_F(OptionsTest, PoshDomainsAreChecked) {
  const std::string certificate = files_.put("c.pem", "", 0644);
  good(with("[posh.verona.test]\ncertificate = " + certificate + "\n"));
  EXPECT_THAT(bad(with("[posh.verona.test]\ncertificate = " + certificate +
                       "\nservices = c2s\nexpires = 1s\npublish = redirect\n")),
              SizeIs(3));
}

TEST_F(OptionsTest, WhatOnlyARestartTakesOverIsNamed) {
  const Settings running = good(files_.xmpp());
  Settings loaded = running;
  EXPECT_THAT(needs_restart(running, loaded), IsEmpty());
  loaded.confirm.timeout = Seconds(7);
  loaded.http.trusted_proxies.clear();
  loaded.http.max_waiting = 1;
  loaded.sites.emplace_back();
  EXPECT_THAT(needs_restart(running, loaded), IsEmpty());
  loaded.xmpp.server_port = 1;
  loaded.database.url = "";
  loaded.http.listen.clear();
  loaded.http.workers = 9;
  EXPECT_THAT(needs_restart(running, loaded),
              ElementsAre("xmpp", "database", "http.listen", "http.workers"));
}

TEST_F(OptionsTest, EveryKeyOfTheTableIsReadFromAFile) {
  // Each key alone with a value that is wrong for all of them, so that a fault proves it was read.
  for (const Key& key : keys()) {
    if (key.name == "tls-name" || key.name == "url") continue;  // any text is right
    std::string section(key.section);
    for (const auto& [placeholder, name] :
         {std::pair{"NAME", "files"}, std::pair{"SITE.N", "files.1"},
          std::pair{"DOMAIN", "verona.test"}}) {
      if (const std::size_t at = section.find(placeholder); at != std::string::npos) {
        section.replace(at, std::string::npos, name);
      }
    }
    const std::string text = with(section == "xmpp" ? "" : site + ("[" + section + "]\n")) +
                             std::string(key.name) + " = ?\n";
    EXPECT_THAT(bad(text), Contains(StartsWith(place(section + "." + std::string(key.name)))));
  }
}

TEST_F(OptionsTest, TheExampleIsRightAsItComes) {
  ConfigurationSource source;
  source.file = JIDGATE_SOURCE_DIR "/deploy/jidgate.conf";
  source.flags = {{"xmpp.secret-file", files_.path("component.secret")}};
  EXPECT_EQ(good(source).xmpp.domain, "gate.example.org");
}

TEST_F(OptionsTest, ASecretIsOneLineAndNoEmptyOne) {
  EXPECT_EQ(read_secret_file(files_.put("s", "  secret \r\nmore\n")).reveal(), "secret");
  EXPECT_THROW(read_secret_file(files_.put("s", "\n")), std::runtime_error);
  EXPECT_THROW(read_secret_file(files_.put("s", std::string(5000, 'x'))), std::runtime_error);
  EXPECT_THROW(read_secret_file(files_.path("absent")), std::runtime_error);
}

}  // namespace
}  // namespace jidgate::program
