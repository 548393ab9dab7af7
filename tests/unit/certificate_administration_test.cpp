// SPDX-License-Identifier: GPL-3.0-or-later
// What administrators do with everybody's certificates.
#include "tests/support/certificate_command_dialogue.hpp"

namespace jidgate::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CertificateAdministrationTest : public CertificateCommandDialogue {
 protected:
  CertificateAdministrationTest() { asker = balcony; }

  void chooses(std::string_view account) {
    goes_on(nodes::revoke_account, field("account", account), "next");
  }
};

TEST_F(CertificateAdministrationTest, OthersMayNot) {
  for (const auto* other : {"romeo@verona.test/orchard", "juliet@elsewhere.test/balcony",
                            "verona.test", "juliets@verona.test/balcony"}) {
    asker = other;
    for (const auto node : {nodes::list_account, nodes::revoke_account, nodes::statistics}) {
      begins(node);
      expect_refusal("cancel", "forbidden");
    }
  }
}

TEST_F(CertificateAdministrationTest, AnyAccountIsListed) {
  store.put(record("phone"));
  begins(nodes::list_account);
  EXPECT_TRUE(matches(
      shown,
      "<iq type='result' id='1' from='gate.verona.test' to='juliet@verona.test/balcony'>"
      "<command xmlns='http://jabber.org/protocol/commands' "
      "node='urn:xmpp:jidgate:certificates:list-account' sessionid='{any}' status='executing' "
      "xml:lang='en'><actions execute='complete'><complete/></actions>"
      "<x xmlns='jabber:x:data' type='form'>"
      "<title>Manage certificates: list those of any account</title>"
      "<instructions>Whose certificates?</instructions><field var='FORM_TYPE' type='hidden'>"
      "<value>urn:xmpp:jidgate:certificates</value></field>"
      "<field var='account' type='jid-single' label='Account'><required/></field></x></command>"
      "</iq>"));
  goes_on(nodes::list_account, field("account", "Romeo@verona.test"));
  EXPECT_THAT(shown, AllOf(HasSubstr("status='completed'"), HasSubstr(" label='phone'"),
                           HasSubstr("Certificates of romeo@verona.test")));
}

// "jid-single": "MUST contain one or more valid Jabber IDs" (XEP-0004 section 3.3).
TEST_F(CertificateAdministrationTest, WhatIsNoAccountCanBeCorrected) {
  has_no_module();
  store.put(record("phone"));
  for (const auto node : {nodes::list_account, nodes::revoke_account}) {
    const auto* action = node == nodes::list_account ? "complete" : "next";
    begins(node);
    for (const auto* wrong : {"", "verona.test", "@verona.test", "romeo@@verona.test", "a b@c"}) {
      goes_on(node, field("account", wrong), action);
      expect_refusal("modify", "bad-request", "This field is missing or cannot be read: Account",
                     "bad-payload");
    }
    goes_on(node, field("account", "romeo@verona.test/orchard"), action);
    EXPECT_THAT(shown, HasSubstr("phone"));
  }
}

TEST_F(CertificateAdministrationTest, ACertificateOfAnyAccountIsRevoked) {
  has_no_module();
  store.put(record("phone"));
  store.put(record("laptop"));
  begins(nodes::revoke_account);
  EXPECT_THAT(shown, HasSubstr("<actions execute='next'><next/></actions>"));
  chooses("juliet@verona.test");
  expect_note(nodes::revoke_account, "info", words().none);

  begins(nodes::revoke_account);
  chooses("romeo@verona.test");
  EXPECT_THAT(shown, AllOf(HasSubstr("<actions execute='complete'><prev/><complete/></actions>"),
                           HasSubstr("<title>Certificates of romeo@verona.test</title>"),
                           HasSubstr("<value>phone</value>"), HasSubstr("<value>laptop</value>")));
  goes_on(nodes::revoke_account, field("name", "phone"), "prev");
  EXPECT_THAT(shown, HasSubstr("var='account'"));
  EXPECT_THAT(names(), ElementsAre("phone", "laptop"));
  chooses("romeo@verona.test");
  goes_on(nodes::revoke_account, field("name", "phone"));
  expect_note(nodes::revoke_account, "info", "“phone” is revoked.");
  EXPECT_THAT(names(CertificateState::revoked), ElementsAre("phone"));
  EXPECT_THAT(names(), ElementsAre("laptop"));

  // Who did it is on record.
  const LogEntry entry = log.wait("certificate.revoked_by_administrator");
  EXPECT_EQ(entry.fields.at("administrator"), balcony);
  EXPECT_EQ(entry.fields.at("account"), romeo);
  EXPECT_EQ(entry.fields.at("name"), "phone");
}

TEST_F(CertificateAdministrationTest, ARefusedRevocationIsNotOnRecord) {
  has_no_module();
  store.put(record("phone"));
  begins(nodes::revoke_account);
  chooses("romeo@verona.test");
  goes_on(nodes::revoke_account, field("name", "laptop"));
  EXPECT_THAT(shown, HasSubstr("<note type='error'>" + std::string(words().unknown) + " "));
  EXPECT_THAT(log.entries("certificate.revoked_by_administrator"), IsEmpty());
}

// A session that may not manage its own certificates does not manage those of others.
TEST_F(CertificateAdministrationTest, ARestrictedSessionRevokesNothing) {
  store.put(record("phone"));
  auto bot = record("bot");
  bot.account = "juliet@verona.test";
  bot.can_manage = false;
  store.put(bot);
  const auto by_bot = [&] {
    module_answers(is_asked("sessions", "juliet@verona.test"),
                   sessions(CertificateDialogue::session("balcony", bot.fingerprint)));
  };
  const auto by_password = [&] {
    module_answers(is_asked("sessions", "juliet@verona.test"),
                   sessions(CertificateDialogue::session("balcony")));
  };
  step(nodes::revoke_account, "", "");
  by_bot();
  receives();
  expect_refusal("cancel", "forbidden", words().forbidden);

  step(nodes::revoke_account, "", "");
  by_password();
  receives();
  const auto submits = [&](const std::string& fields) {
    step(nodes::revoke_account, "sessionid='" + session + "'",
         "<x xmlns='jabber:x:data' type='submit'>" + fields + "</x>");
  };
  submits(field("account", romeo));
  by_password();
  receives();
  submits(field("name", "phone"));
  by_bot();
  receives();
  expect_refusal("cancel", "forbidden", words().forbidden);
  EXPECT_THAT(names(CertificateState::revoked), IsEmpty());
}

TEST_F(CertificateAdministrationTest, StatisticsAreFields) {
  counted.counts = {11, 22, 33, 44, 55};
  begins(nodes::statistics);
  const auto result = [](std::string_view name, std::string_view label, std::string_view value) {
    return "<field var='" + std::string(name) + "' type='text-single' label='" +
           std::string(label) + "'><value>" + std::string(value) + "</value></field>";
  };
  EXPECT_TRUE(matches(
      shown,
      "<iq type='result' id='1' from='gate.verona.test' to='juliet@verona.test/balcony'>"
      "<command xmlns='http://jabber.org/protocol/commands' "
      "node='urn:xmpp:jidgate:certificates:statistics' sessionid='{any}' status='completed' "
      "xml:lang='en'><x xmlns='jabber:x:data' type='result'>"
      "<title>Manage certificates: statistics</title>"
      "<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:jidgate:certificates</value></field>" +
          result("accounts", "Accounts", "11") + result("active", "active", "22") +
          result("disabled", "disabled", "33") + result("revoked", "revoked", "44") +
          result("expired", "expired", "55") + "</x></command></iq>"));
  counted.fails(true);
  begins(nodes::statistics);
  expect_note(nodes::statistics, "error", words().away);
}

}  // namespace
}  // namespace jidgate::test
