// SPDX-License-Identifier: GPL-3.0-or-later
// What people do with their certificates from the menus of their clients.
#include "tests/support/certificate_command_dialogue.hpp"

namespace jidgate::test {
namespace {

using component::fill_in;
using component::shown_fingerprint;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CertificateCommandsTest : public CertificateCommandDialogue {
 protected:
  std::string menu_of(std::string_view who) {
    server.sends("<iq type='get' id='1' from='" + std::string(who) +
                 "' to='gate.verona.test' xml:lang='" + language +
                 "'><query xmlns='http://jabber.org/protocol/disco#items' "
                 "node='http://jabber.org/protocol/commands'/></iq>");
    return server.receives();
  }
  static std::string item(std::string_view node, std::string_view name) {
    return "<item jid='gate.verona.test' node='" + std::string(node) + "' name='" +
           std::string(name) + "'/>";
  }
  std::string menu(std::string_view to, const std::string& items) {
    return "<iq type='result' id='1' from='gate.verona.test' to='" + std::string(to) +
           "'><query xmlns='http://jabber.org/protocol/disco#items' "
           "node='http://jabber.org/protocol/commands'>" +
           items + "</query></iq>";
  }
  // Fills in the form of `add`.
  void adds(std::string_view name, std::string_view text, std::string_view more = "") {
    begins(nodes::add);
    goes_on(nodes::add, field("name", name) + lines_field("certificate", text) + std::string(more));
  }
};

TEST_F(CertificateCommandsTest, EverybodyHasTheirMenu) {
  for (const std::string_view one : component::catalogue_languages) {
    language = one;
    const std::string own = item(nodes::list, words().list) + item(nodes::add, words().add) +
                            item(nodes::disable, words().disable) +
                            item(nodes::revoke, words().revoke);
    EXPECT_TRUE(matches(menu_of(orchard), menu(orchard, own)));
    EXPECT_TRUE(matches(menu_of(balcony),
                        menu(balcony, own + item(nodes::list_account, words().list_account) +
                                          item(nodes::revoke_account, words().revoke_account) +
                                          item(nodes::statistics, words().statistics))));
  }
}

// Only accounts of the configured hosts have anything to manage.
TEST_F(CertificateCommandsTest, StrangersHaveNone) {
  for (const auto* stranger : {"mallory@elsewhere.test/x", "verona.test", "verona.test/x"}) {
    EXPECT_TRUE(matches(menu_of(stranger), menu(stranger, "")));
    asker = stranger;
    for (const auto node : {nodes::list, nodes::add, nodes::disable, nodes::revoke}) {
      begins(node);
      expect_refusal("cancel", "forbidden");
    }
  }
}

TEST_F(CertificateCommandsTest, WithoutCertificatesTheListSaysSo) {
  begins(nodes::list);
  expect_note(nodes::list, "info", words().none);
}

TEST_F(CertificateCommandsTest, TheListHasAFieldForEachCertificate) {
  auto bot = record("bot", CertificateState::disabled);
  bot.can_manage = false;
  const auto phone = record("phone");
  store.put(phone);
  store.put(bot);
  auto hers = record("hers");
  hers.account = "juliet@verona.test";
  store.put(hers);
  begins(nodes::list);
  const auto entry = [&](const CertificateRecord& one) {
    return "<field var='" + hex_encode(one.fingerprint) + "' type='text-single' label='" +
           one.name + "'><value>" + certificate_details(words(), one) + "</value></field>";
  };
  EXPECT_TRUE(matches(
      shown,
      "<iq type='result' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
      "<command xmlns='http://jabber.org/protocol/commands' "
      "node='urn:xmpp:jidgate:certificates:list' sessionid='{any}' status='completed' "
      "xml:lang='en'><x xmlns='jabber:x:data' type='result'>"
      "<title>Certificates of romeo@verona.test</title>"
      "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:jidgate:certificates</value></field>" +
          entry(phone) + entry(bot) + "</x></command></iq>"));
  EXPECT_THAT(
      shown, AllOf(HasSubstr("disabled, expires 2027-01-31 12:30 UTC, SHA-256 " +
                             shown_fingerprint(bot.fingerprint) + ", may not manage certificates<"),
                   Not(HasSubstr("hers"))));
}

TEST_F(CertificateCommandsTest, ALongListIsCut) {
  constexpr std::size_t more = 7;
  for (std::size_t count = 0; count < component::CertificateCommands::most_shown + more; ++count) {
    store.put(record("certificate " + std::to_string(count)));
  }
  begins(nodes::list);
  EXPECT_THAT(shown, HasSubstr("<note type='info'>7 more are not shown.</note>"));
  const std::string mark = " label='certificate ";
  std::size_t fields = 0;
  for (auto at = shown.find(mark); at != std::string::npos; at = shown.find(mark, at + 1)) ++fields;
  EXPECT_EQ(fields, component::CertificateCommands::most_shown);
}

TEST_F(CertificateCommandsTest, TheFormToAddSaysWhatIsWanted) {
  has_no_module();
  begins(nodes::add);
  EXPECT_TRUE(matches(
      shown,
      "<iq type='result' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
      "<command xmlns='http://jabber.org/protocol/commands' "
      "node='urn:xmpp:jidgate:certificates:add' sessionid='{any}' status='executing' "
      "xml:lang='en'><actions execute='complete'><complete/></actions>"
      "<x xmlns='jabber:x:data' type='form'><title>Manage certificates: add</title>"
      "<instructions>{any}</instructions><field var='FORM_TYPE' type='hidden'>"
      "<value>urn:xmpp:jidgate:certificates</value></field>"
      "<field var='name' type='text-single' label='Name'><required/></field>"
      "<field var='certificate' type='text-multi' label='Certificate (PEM or Base64)'><required/>"
      "</field><field var='can-manage' type='boolean' label='May manage certificates'>"
      "<value>1</value></field></x></command></iq>"));
}

TEST_F(CertificateCommandsTest, APastedCertificateIsRegistered) {
  has_no_module();
  const std::string der = certificate();
  adds("phone", "My certificate:\n" + pem(der));
  const auto records = store.records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].account, romeo);
  EXPECT_EQ(records[0].name, "phone");
  EXPECT_EQ(records[0].der, der);
  EXPECT_TRUE(records[0].can_manage);
  expect_note(nodes::add, "info",
              "“phone” is registered. It can be used to log in until " +
                  component::shown_time(records[0].not_after) +
                  ".\nSHA-256: " + shown_fingerprint(sha256(der)));
}

TEST_F(CertificateCommandsTest, Base64IsRegisteredToo) {
  has_no_module();
  adds("phone", base64_encode(certificate()));
  EXPECT_THAT(names(), ElementsAre("phone"));
}

// XEP-0257 section 2.1: <no-cert-management/>.
TEST_F(CertificateCommandsTest, WhetherItMayManageIsAsked) {
  has_no_module();
  adds("bot", pem(certificate()), field("can-manage", "0"));
  ASSERT_THAT(names(), ElementsAre("bot"));
  EXPECT_FALSE(store.records()[0].can_manage);
}

// Clients differ in what they send back: only what was filled in, without types; everything with
// types; the whole form that they were shown.
TEST_F(CertificateCommandsTest, FormsAreTakenAsClientsSendThem) {
  has_no_module();
  const auto typed = [](std::string_view type, std::string text) {
    return text.insert(text.find(" var="), " type='" + std::string(type) + "'");
  };
  int number = 0;
  for (const auto* action : {"complete", "execute", "next"}) {
    for (const bool with_types : {false, true}) {
      begins(nodes::add);
      std::string name = field("name", "phone " + std::to_string(++number)),
                  text = lines_field("certificate", pem(certificate())),
                  manage = field("can-manage", "true");
      if (with_types) {
        name = typed("hidden", field("FORM_TYPE", "urn:xmpp:jidgate:certificates")) +
               typed("text-single", name);
        name.insert(name.rfind("<value>"), "<required/>");
        text = typed("text-multi", text);
        manage = typed("boolean", manage) + "<title>Manage certificates: add</title>";
      }
      goes_on(nodes::add, name + text + manage, action);
      EXPECT_THAT(shown, HasSubstr("<note type='info'>")) << shown;
    }
  }
  EXPECT_EQ(names().size(), 6U);
}

// "The responding JID cannot accept the specified payload (e.g. the data form did not provide one
// or more required fields)."
TEST_F(CertificateCommandsTest, AMissingFieldCanBeFilledIn) {
  has_no_module();
  language = "de";
  const std::string text = lines_field("certificate", pem(certificate()));
  begins(nodes::add);
  goes_on(nodes::add, text);
  expect_refusal("modify", "bad-request", "Dieses Feld fehlt oder ist nicht lesbar: Name",
                 "bad-payload");
  goes_on(nodes::add, field("name", "phone"));
  expect_refusal("modify", "bad-request",
                 fill_in(words().wrong_field, {{"name", words().certificate}}), "bad-payload");
  goes_on(nodes::add, field("name", "phone") + text + field("can-manage", "perhaps"));
  expect_refusal("modify", "bad-request",
                 fill_in(words().wrong_field, {{"name", words().can_manage}}), "bad-payload");
  EXPECT_THAT(names(), IsEmpty());
  goes_on(nodes::add, field("name", "phone") + text);
  EXPECT_THAT(names(), ElementsAre("phone"));
}

// The reason is the registry's own sentence, behind a lead in the person's language.
TEST_F(CertificateCommandsTest, ARefusalSaysWhy) {
  has_no_module();
  language = "fr";
  const std::string der = certificate();
  adds("phone", pem(der));
  adds("phone", pem(certificate()));
  EXPECT_THAT(shown, AllOf(HasSubstr("status='completed'"),
                           HasSubstr("<note type='error'>" + std::string(words().conflict) + " ")));
  adds("again", pem(der));
  EXPECT_THAT(shown, HasSubstr("<note type='error'>" + std::string(words().conflict) + " "));
  adds("hers", pem(certificate("juliet@verona.test")));
  EXPECT_THAT(shown, HasSubstr("<note type='error'>" + std::string(words().not_acceptable) + " "));
  adds("nothing", "Bonjour");
  EXPECT_THAT(shown, HasSubstr("<note type='error'>" + std::string(words().malformed) + " "));
  EXPECT_THAT(names(), ElementsAre("phone"));
}

TEST_F(CertificateCommandsTest, ALimitIsARefusal) {
  has_no_module();
  CertificateSettings one;
  one.max_per_account = 1;
  registry.configure({one, nullptr});
  registered("phone");
  adds("laptop", pem(certificate()));
  EXPECT_THAT(shown, HasSubstr("<note type='error'>" + std::string(words().full) + " "));
}

// "a private key in the upload → refused", and nothing of it is kept, sent around or logged.
TEST_F(CertificateCommandsTest, APrivateKeyIsRefusedAndForgotten) {
  has_no_module();
  const std::string secret = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
  language = "es";
  for (const auto* label :
       {"PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"}) {
    const std::string key =
        "-----BEGIN " + std::string(label) + "-----\n" + secret + "\n-----END " + label + "-----\n";
    for (const std::string& text : {key, pem(certificate()) + key, key + pem(certificate())}) {
      adds("phone", text);
      expect_note(nodes::add, "error", words().private_key);
    }
    adds("-----BEGIN " + std::string(label) + "----- " + secret, pem(certificate()));
    expect_note(nodes::add, "error", words().private_key);
  }
  EXPECT_THAT(names(), IsEmpty());
  for (const LogEntry& entry : log.entries()) {
    for (const auto& [name, value] : entry.fields) EXPECT_THAT(value, Not(HasSubstr(secret)));
  }
}

TEST_F(CertificateCommandsTest, OneOfTheUsableOnesIsDisabled) {
  has_no_module();
  store.put(record("a", CertificateState::active));
  store.put(record("b", CertificateState::expired));
  store.put(record("c", CertificateState::disabled));
  store.put(record("d", CertificateState::revoked));
  begins(nodes::disable);
  const auto option = [&](std::string name, CertificateState state) {
    return "<option label='" + certificate_line(words(), record(name, state)) + "'><value>" + name +
           "</value></option>";
  };
  EXPECT_TRUE(matches(
      shown,
      "<iq type='result' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
      "<command xmlns='http://jabber.org/protocol/commands' "
      "node='urn:xmpp:jidgate:certificates:disable' sessionid='{any}' status='executing' "
      "xml:lang='en'><actions execute='complete'><complete/></actions>"
      "<x xmlns='jabber:x:data' type='form'><title>Certificates of romeo@verona.test</title>"
      "<instructions>" +
          std::string(words().choose_disabled) +
          "</instructions><field var='FORM_TYPE' type='hidden'>"
          "<value>urn:xmpp:jidgate:certificates</value></field>"
          "<field var='name' type='list-single' label='Name'><required/>" +
          option("a", CertificateState::active) + option("b", CertificateState::expired) +
          "</field></x></command></iq>"));
  goes_on(nodes::disable, field("name", "a"));
  expect_note(nodes::disable, "info", "“a” is disabled.");
  EXPECT_THAT(names(CertificateState::disabled), ElementsAre("a", "c"));
}

// Disabled ones can be revoked; the sessions of a revoked one are ended.
TEST_F(CertificateCommandsTest, OneThatIsNotRevokedIsRevoked) {
  has_no_module();
  store.put(record("a", CertificateState::active));
  store.put(record("b", CertificateState::disabled));
  store.put(record("c", CertificateState::revoked));
  begins(nodes::revoke);
  EXPECT_THAT(shown, AllOf(HasSubstr("<value>a</value>"), HasSubstr("<value>b</value>"),
                           Not(HasSubstr("<value>c</value>")),
                           HasSubstr(std::string(words().choose_revoked))));
  goes_on(nodes::revoke, field("name", "b"));
  expect_note(nodes::revoke, "info", "“b” is revoked.");
  EXPECT_THAT(names(CertificateState::revoked), ElementsAre("b", "c"));
}

TEST_F(CertificateCommandsTest, WhatIsGoneMeanwhileIsUnknown) {
  has_no_module();
  store.put(record("a"));
  begins(nodes::disable);
  goes_on(nodes::disable, field("name", "b"));
  EXPECT_THAT(shown, HasSubstr("<note type='error'>" + std::string(words().unknown) + " "));
  begins(nodes::revoke);
  goes_on(nodes::revoke, field("other", "b"));
  expect_refusal("modify", "bad-request", "", "bad-payload");
  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(CertificateCommandsTest, WithNothingToChooseFromThereIsNoForm) {
  has_no_module();
  store.put(record("a", CertificateState::revoked));
  for (const auto node : {nodes::disable, nodes::revoke}) {
    begins(node);
    expect_note(node, "info", words().none);
  }
}

// Section 2.1 of XEP-0257: "a client logged in with that certificate is not allowed to add or
// remove certificates from the list. A server MAY allow such a client to query the list".
TEST_F(CertificateCommandsTest, ARestrictedSessionSeesAndChangesNothing) {
  const std::string fingerprint = registered("bot", false);
  language = "de";
  for (const auto node : {nodes::add, nodes::disable, nodes::revoke}) {
    step(node, "", "");
    module_answers(is_asked("sessions"), sessions(session_with(fingerprint)));
    receives();
    expect_refusal("cancel", "forbidden", words().forbidden);
  }
  begins(nodes::list);
  EXPECT_THAT(shown, HasSubstr(" label='bot'"));
}

// It may have become one since it began: another session can revoke the certificate it came with.
TEST_F(CertificateCommandsTest, TheSessionIsLookedAtAgainWhenItMatters) {
  const std::string fingerprint = registered("laptop");
  const std::pair<std::string_view, std::string> changes[] = {
      {nodes::add, field("name", "mine") + lines_field("certificate", pem(certificate()))},
      {nodes::disable, field("name", "laptop")},
      {nodes::revoke, field("name", "laptop")}};
  for (const auto& [node, fields] : changes) {
    step(node, "", "");
    module_answers(is_asked("sessions"), sessions(session_with(fingerprint)));
    receives();
    ASSERT_THAT(shown, HasSubstr("status='executing'"));
    step(node, "sessionid='" + session + "'",
         "<x xmlns='jabber:x:data' type='submit'>" + fields + "</x>");
    module_answers(is_asked("sessions"), sessions(session_with(sha256("a revoked one"))));
    receives();
    expect_refusal("cancel", "forbidden", words().forbidden);
  }
  EXPECT_THAT(names(), ElementsAre("laptop"));
}

TEST_F(CertificateCommandsTest, WithoutTheDatabaseNothingIsDone) {
  has_no_module();
  language = "de";
  store.fails_with(StoreFault::away);
  begins(nodes::list);
  expect_note(nodes::list, "error", words().away);
  for (const auto node : {nodes::disable, nodes::revoke}) {
    begins(node);
    expect_note(node, "error", words().away);
  }
  adds("phone", pem(certificate()));
  expect_note(nodes::add, "error", words().away);
}

// "cannot tell" is no yes.
TEST_F(CertificateCommandsTest, WithoutAnAnswerOfTheHostNothingIsDone) {
  step(nodes::add, "", "");
  is_asked("sessions");
  ticks(Seconds{60});
  receives();
  expect_note(nodes::add, "error", words().away);
}

TEST_F(CertificateCommandsTest, WhenTooMuchWaitsItMayBeTriedLater) {
  has_no_module();
  strands.stop();
  begins(nodes::list);
  expect_refusal("wait", "resource-constraint", words().busy);
}

}  // namespace
}  // namespace jidgate::test
