// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0257 on the wire, asked directly, at a host without a module.
#include "component/xep0257_certificates.hpp"

#include "tests/support/certificate_dialogue.hpp"
#include "tests/support/odd_certificates.hpp"

namespace jidgate::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CertificatesTest : public CertificateDialogue {
 protected:
  void SetUp() override {
    CertificateDialogue::SetUp();
    has_no_module();
  }
  std::string answer(std::string_view type, std::string_view payload) {
    return asks(type, us, payload);
  }
};

// Section 2.1: "The server either returns an empty result or an error."
TEST_F(CertificatesTest, AnAppendIsStoredAndAnsweredWithAnEmptyResult) {
  const std::string der = certificate();
  EXPECT_TRUE(matches(answer("set", append("Mobile Client", der)), result()));
  const auto records = store.records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].account, romeo);
  EXPECT_EQ(records[0].name, "Mobile Client");
  EXPECT_EQ(records[0].der, der);
  EXPECT_TRUE(records[0].can_manage);
}

// The examples of section 2.1 have the certificate in lines, indented.
TEST_F(CertificatesTest, WhiteSpaceAroundAndInsideIsNothing) {
  const std::string der = certificate();
  std::string lines;
  for (std::size_t at = 0; at < der.size(); at += 48) {
    lines += "\n      " + base64_encode(der.substr(at, 48));
  }
  EXPECT_TRUE(matches(answer("set",
                             "<append xmlns='urn:xmpp:saslcert:1'>\n  <name> Mobile Client\n</name>"
                             "<x509cert>" +
                                 lines + "\n    </x509cert>\n</append>"),
                      result()));
  EXPECT_EQ(store.records().at(0).der, der);
  EXPECT_EQ(store.records().at(0).name, "Mobile Client");
}

// Section 2.1: "An optional element <no-cert-management/> inside the append element indicates that
// a client logged in with that certificate is not allowed to add or remove certificates".
TEST_F(CertificatesTest, NoCertManagementIsStoredAndListed) {
  const std::string der = certificate();
  EXPECT_TRUE(matches(answer("set", append("Simple Bot", der, "<no-cert-management/>")), result()));
  EXPECT_FALSE(store.records().at(0).can_manage);
  EXPECT_TRUE(matches(answer("get", items()),
                      result(items("<item><name>Simple Bot</name><no-cert-management/><x509cert>" +
                                   base64_encode(der) + "</x509cert></item>"))));
}

TEST_F(CertificatesTest, WhatItDoesNotKnowInsideOfAnAppendItLeavesAlone) {
  EXPECT_TRUE(matches(answer("set", append("Laptop", certificate(),
                                           "<expires>never</expires><name xmlns='urn:x'>b</name>"
                                           "<no-cert-management xmlns='urn:x'/>"
                                           "<x509cert xmlns='urn:x'>b</x509cert>")),
                      result()));
  EXPECT_TRUE(store.records().at(0).can_manage);
}

// Section 2.2: "The server then returns the list of all known certificates including the user
// provided name."
TEST_F(CertificatesTest, TheListHasWhatCanBeUsed) {
  const std::string laptop = certificate(), phone = certificate();
  EXPECT_TRUE(matches(answer("get", items()), result(items())));
  answer("set", append("Phone &amp; co", phone));
  answer("set", append("Laptop", laptop));
  answer("set", append("Old", certificate()));
  answer("set", append("Lost", certificate()));
  answer("set", by_name("disable", "Old"));
  answer("set", by_name("revoke", "Lost"));
  EXPECT_TRUE(matches(answer("get", items("<ignored/>")),
                      result(items("<item><name>Laptop</name><x509cert>" + base64_encode(laptop) +
                                   "</x509cert></item><item><name>Phone &amp; co</name><x509cert>" +
                                   base64_encode(phone) + "</x509cert></item>"))));
}

TEST_F(CertificatesTest, ADisabledOneCanBeRevokedAndARevokedOneIsGone) {
  answer("set", append("Laptop", certificate()));
  EXPECT_TRUE(matches(answer("set", by_name("disable", " Laptop ")), result()));
  EXPECT_THAT(names(CertificateState::disabled), ElementsAre("Laptop"));
  EXPECT_TRUE(
      matches(answer("set", by_name("disable", "Laptop")), error("cancel", "item-not-found")));
  EXPECT_TRUE(matches(answer("set", by_name("revoke", "Laptop")), result()));
  EXPECT_THAT(names(CertificateState::revoked), ElementsAre("Laptop"));
  EXPECT_TRUE(
      matches(answer("set", by_name("revoke", "Laptop")), error("cancel", "item-not-found")));
}

// Section 2.1: "The server MUST return an error when a client tries to add a certificate using a
// name that is already used by a certificate."
TEST_F(CertificatesTest, ANameThatIsInUseIsAConflictAlsoWhileItsCertificateIsDisabled) {
  const std::string first = certificate();
  answer("set", append("Laptop", first));
  EXPECT_TRUE(matches(answer("set", append("Laptop", certificate())), error("cancel", "conflict")));
  answer("set", by_name("disable", "Laptop"));
  EXPECT_TRUE(matches(answer("set", append("Laptop", certificate())), error("cancel", "conflict")));
  answer("set", by_name("revoke", "Laptop"));
  EXPECT_TRUE(matches(answer("set", append("Laptop", certificate())), result()));
  EXPECT_TRUE(matches(answer("set", append("Again", first)), error("cancel", "conflict")))
      << "a revoked certificate never returns";
}

TEST_F(CertificatesTest, EachPayloadThatIsNotWholeIsBadAndChangesNothing) {
  answer("set", append("Kept", certificate()));
  const std::string cert = "<x509cert>" + base64_encode(certificate()) + "</x509cert>";
  const std::string open = "<append xmlns='urn:xmpp:saslcert:1'>", close = "</append>";
  const std::vector<std::string> payloads{
      open + close,
      open + cert + close,
      open + "<name>a</name>" + close,
      open + "<name>a</name><name>b</name>" + cert + close,
      open + "<name>a</name>" + cert + cert + close,
      open + "<name>a</name><no-cert-management/><no-cert-management/>" + cert + close,
      open + "<name></name>" + cert + close,
      open + "<name> \n </name>" + cert + close,
      open + "<name>a\nb</name>" + cert + close,
      open +
          "<name>\xE2\x80\xAE"
          "a</name>" +
          cert + close,
      open + "<name>" + std::string(256, 'a') + "</name>" + cert + close,
      open + "<name>a<b/></name>" + cert + close,
      open + "<name xmlns='urn:x'>a</name>" + cert + close,
      open + "<name>a</name><x509cert/>" + close,
      open + "<name>a</name><x509cert>MII*</x509cert>" + close,
      open + "<name>a</name><x509cert>MIIB</x509cert>" + close,
      open + "<name>a</name><x509cert>" + base64_encode(certificate() + "x") + "</x509cert>" +
          close,
      open + "<name>a</name><x509cert>-----BEGIN CERTIFICATE-----\n" +
          base64_encode(certificate()) + "\n-----END CERTIFICATE-----</x509cert>" + close,
      open + "<name>a</name><x509cert><der>MIIB</der></x509cert>" + close,
      std::string("<disable xmlns='urn:xmpp:saslcert:1'/>"),
      std::string("<revoke xmlns='urn:xmpp:saslcert:1'><name/></revoke>"),
      std::string("<revoke xmlns='urn:xmpp:saslcert:1'><name>Kept</name><name>b</name></revoke>"),
      std::string("<revoke xmlns='urn:xmpp:saslcert:1'><name xmlns='urn:x'>Kept</name></revoke>"),
      by_name("disable", std::string(256, 'a')),
  };
  for (const std::string& payload : payloads) {
    EXPECT_TRUE(matches(answer("set", payload), error("modify", "bad-request"))) << payload;
  }
  EXPECT_THAT(names(), ElementsAre("Kept"));
  EXPECT_EQ(store.records().size(), 1U);
}

TEST_F(CertificatesTest, WhatThePolicyDoesNotAdmitIsNotAcceptable) {
  const auto now = std::chrono::system_clock::now();
  OddCertificate of_nobody;
  of_nobody.alternative_names.clear();
  const std::pair<const char*, std::string> cases[] = {
      {"of another account", certificate("juliet@verona.test")},
      {"of nobody", of_nobody.der()},
      {"expired", sample_certificate(romeo, now - std::chrono::days(3))},
      {"not valid yet", sample_certificate(romeo, now + std::chrono::days(3))},
  };
  for (const auto& [what, der] : cases) {
    EXPECT_TRUE(matches(answer("set", append("a", der)), error("modify", "not-acceptable")))
        << what;
  }
  EXPECT_THAT(store.records(), IsEmpty());
}

TEST_F(CertificatesTest, TheLimitOfAnAccountIsItsOwn) {
  CertificateSettings two;
  two.max_per_account = 2;
  registry.configure({two, nullptr});
  answer("set", append("a", certificate()));
  answer("set", append("b", certificate()));
  EXPECT_TRUE(
      matches(answer("set", append("c", certificate())), error("wait", "resource-constraint")));
  sends("set", "juliet@verona.test/balcony", append("c", certificate("juliet@verona.test")));
  EXPECT_TRUE(matches(server.receives(), result("", "juliet@verona.test/balcony")));
  answer("set", by_name("disable", "a"));
  EXPECT_TRUE(matches(answer("set", append("c", certificate())), result()));
}

TEST_F(CertificatesTest, WithoutTheDatabaseEverythingIsLateNotLost) {
  store.fails_with(StoreFault::away);
  for (const auto& payload :
       {append("a", certificate()), by_name("disable", "a"), by_name("revoke", "a")}) {
    EXPECT_TRUE(matches(answer("set", payload), error("wait", "internal-server-error")));
  }
  EXPECT_TRUE(matches(answer("get", items()), error("wait", "internal-server-error")));
  store.fails_with(StoreFault::full);
  EXPECT_TRUE(
      matches(answer("set", append("a", certificate())), error("wait", "resource-constraint")));
  store.fails_with(std::nullopt);
  EXPECT_TRUE(matches(answer("set", append("a", certificate())), result()));
}

TEST_F(CertificatesTest, OnlyAccountsOfOurHostsAreServed) {
  for (const char* from :
       {"verona.test", "romeo@elsewhere.test/x", "elsewhere.test", "gate.verona.test",
        "romeo@sub.verona.test/x", "romeo@verona.test.elsewhere.test/x"}) {
    for (const auto& [type, payload] :
         {std::pair("get", items()), {"set", by_name("revoke", "a")}}) {
      sends(type, from, payload);
      EXPECT_TRUE(matches(server.receives(), error("auth", "forbidden", true, from))) << from;
    }
  }
  server.receives_nothing();
}

TEST_F(CertificatesTest, EverybodySeesAndEndsTheirOwnAlone) {
  answer("set", append("Laptop", certificate()));
  const std::string_view juliet = "juliet@verona.test/balcony";
  sends("get", juliet, items());
  EXPECT_TRUE(matches(server.receives(), result(items(), juliet)));
  sends("set", juliet, by_name("revoke", "Laptop"));
  EXPECT_TRUE(matches(server.receives(), error("cancel", "item-not-found", true, juliet)));
  EXPECT_THAT(names(), ElementsAre("Laptop"));
}

TEST_F(CertificatesTest, EverythingElseIsRefused) {
  refuses({
      // the wrong type
      {"set", "gate.verona.test", "<items xmlns='urn:xmpp:saslcert:1'/>", "cancel",
       "feature-not-implemented"},
      {"get", "gate.verona.test", "<append xmlns='urn:xmpp:saslcert:1'/>", "cancel",
       "feature-not-implemented"},
      {"get", "gate.verona.test", "<disable xmlns='urn:xmpp:saslcert:1'/>", "cancel",
       "feature-not-implemented"},
      {"get", "gate.verona.test", "<revoke xmlns='urn:xmpp:saslcert:1'/>", "cancel",
       "feature-not-implemented"},
      // the wrong element
      {"set", "gate.verona.test", "<remove xmlns='urn:xmpp:saslcert:1'/>", "cancel",
       "feature-not-implemented"},
      // the wrong namespace
      {"set", "gate.verona.test", "<append xmlns='urn:xmpp:saslcert:0'/>", "cancel",
       "service-unavailable"},
      // no payload
      {"set", "gate.verona.test", "", "modify", "bad-request"},
      // an account, which we do not have
      {"get", "romeo@gate.verona.test", "<items xmlns='urn:xmpp:saslcert:1'/>", "cancel",
       "service-unavailable"},
  });
}

// RFC 6120 section 13.12.
TEST_F(CertificatesTest, AnAppendThatIsTooLargeIsAnswered) {
  sends("set", orchard, append("a", std::string(60000, 'x')));
  EXPECT_TRUE(matches(server.receives(), error("modify", "policy-violation")));
  EXPECT_THAT(store.records(), IsEmpty());
}

// Servers end the stream of a component that sends more than 512 KiB in one stanza.
TEST_F(CertificatesTest, AListThatWouldBeTooLongKeepsItsNames) {
  const std::string der(16000, 'x');
  for (int i = 0; i < 40; ++i) {
    CertificateRecord record;
    record.account = romeo;
    record.name = "certificate " + std::to_string(10 + i);
    record.der = der;
    store.put(std::move(record));
  }
  const std::string list = answer("get", items());
  EXPECT_LT(list.size(), 450000U);
  EXPECT_THAT(list, HasSubstr("certificate 49"));
  std::size_t certificates = 0;
  for (auto at = list.find("<x509cert>"); at != list.npos; at = list.find("<x509cert>", at + 1)) {
    ++certificates;
  }
  EXPECT_EQ(certificates, 18U);
  const LogEntry told = log.wait("certificates.list_shortened");
  EXPECT_EQ(told.fields.at("without_certificate"), "22");
  EXPECT_EQ(told.fields.at("left_out"), "0");
}

TEST_F(CertificatesTest, AListOfTooManyNamesIsCut) {
  for (int i = 0; i < 1000; ++i) {
    CertificateRecord record;
    record.account = romeo;
    record.name = std::to_string(1000 + i) + std::string(200, '&');
    store.put(std::move(record));
  }
  const std::string list = answer("get", items());
  EXPECT_LT(list.size(), 450000U);
  EXPECT_THAT(list, HasSubstr("<name>1000&amp;"));
  EXPECT_THAT(list, Not(HasSubstr("<name>1999&amp;")));
  EXPECT_GT(std::stoi(log.wait("certificates.list_shortened").fields.at("left_out")), 500);
}

TEST_F(CertificatesTest, WhatChangedIsLoggedAndCountedAndTheCertificateNeverIs) {
  const std::string der = certificate();
  answer("set", append("Laptop", der));
  answer("set", append("Laptop", certificate()));
  answer("set", by_name("disable", "Laptop"));
  answer("set", by_name("revoke", "Laptop"));
  const std::string sha256 = hex_encode(jidgate::sha256(der));
  for (const char* event : {"certificate.added", "certificate.disabled", "certificate.revoked"}) {
    const auto entries = log.entries(event);
    ASSERT_EQ(entries.size(), 1U) << event;
    EXPECT_EQ(entries[0].fields.at("account"), romeo);
    EXPECT_EQ(entries[0].fields.at("name"), "Laptop");
    EXPECT_EQ(entries[0].fields.at("sha256"), sha256);
  }
  EXPECT_EQ(log.entries("certificate.refused").at(0).fields.at("outcome"), "conflict");
  for (const LogEntry& entry : log.entries()) {
    for (const auto& [name, value] : entry.fields) EXPECT_LT(value.size(), 200U) << name;
  }
  EXPECT_THAT(
      metrics.render(),
      testing::AllOf(HasSubstr("certificates_total{action=\"add\",outcome=\"done\"} 1"),
                     HasSubstr("certificates_total{action=\"add\",outcome=\"conflict\"} 1"),
                     HasSubstr("certificates_total{action=\"revoke\",outcome=\"done\"} 1")));
}

TEST_F(CertificatesTest, DiscoSaysWhatIsServed) {
  const std::string about = answer("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>");
  for (const char* part :
       {"<identity category='auth' type='cert' name='jidgate'/>",
        "<feature var='urn:xmpp:saslcert:1'/>", "<feature var='urn:xmpp:delegation:1'/>",
        "<feature var='urn:xmpp:delegation:2'/>"}) {
    EXPECT_THAT(about, HasSubstr(part));
  }
}

}  // namespace
}  // namespace jidgate::test
