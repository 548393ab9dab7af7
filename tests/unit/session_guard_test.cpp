// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0257 section 2.1: "a client logged in with that certificate is not allowed to add or remove
// certificates from the list. A server MAY allow such a client to query the list".
#include "component/session_guard.hpp"

#include "tests/support/certificate_dialogue.hpp"

namespace jidgate::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SessionGuardTest : public CertificateDialogue {
 protected:
  const std::string full = registered("Full"), limited = registered("Bot", false);

  // What may not change anything, each asked with these sessions at the host.
  void expect_forbidden(const std::string& sessions_of_romeo) {
    for (const std::string& payload :
         {append("New", certificate()), by_name("disable", "Full"), by_name("revoke", "Full")}) {
      sends("set", orchard, payload);
      module_answers(is_asked("sessions"), sessions(sessions_of_romeo));
      EXPECT_TRUE(matches(server.receives(), error("auth", "forbidden"))) << sessions_of_romeo;
    }
    EXPECT_THAT(names(), ElementsAre("Full", "Bot"));
  }
};

TEST_F(SessionGuardTest, ASessionOfALimitedCertificateChangesNothing) {
  expect_forbidden(session("balcony", full) + session("orchard", limited));
}

TEST_F(SessionGuardTest, AndOneOfACertificateThatIsNotRegisteredAnyMoreNeither) {
  expect_forbidden(session("orchard", std::string(32, 'x')));
  const std::string gone = registered("Gone");
  EXPECT_TRUE(std::holds_alternative<std::string>(
      registry.end(Jid::parse(romeo).value(), "Gone", CertificateStore::End::revoke)));
  is_asked("end", romeo, gone);
  expect_forbidden(session("orchard", gone));
}

// Whoever leaves before the host is asked about the session must not be taken for somebody else.
TEST_F(SessionGuardTest, AndOneThatIsGoneNeither) {
  expect_forbidden("");
  expect_forbidden(session("balcony") + "<session/>");
}

TEST_F(SessionGuardTest, ItMayListThough) {
  sends("get", orchard, items());
  module_answers(is_asked("sessions"), sessions(session("orchard", limited)));
  const std::string got = server.receives();
  EXPECT_EQ(attribute(got, "type"), "result");
  EXPECT_THAT(got, testing::HasSubstr("<users><resource>orchard</resource></users>"));
}

TEST_F(SessionGuardTest, APasswordSessionAndOneOfAFullCertificateMay) {
  sends("set", orchard, append("A", certificate()));
  module_answers(is_asked("sessions"), sessions(session("orchard") + session("x", limited)));
  EXPECT_TRUE(matches(server.receives(), result()));
  sends("set", orchard, by_name("disable", "A"));
  module_answers(is_asked("sessions"),
                 sessions(session("orchard", full) + "<other xmlns='urn:x'/>"));
  EXPECT_TRUE(matches(server.receives(), result()));
  EXPECT_THAT(names(), ElementsAre("Full", "Bot"));
}

// Without the module nobody can have logged in with one of these certificates.
TEST_F(SessionGuardTest, AtAHostWithoutTheModuleEverybodyMay) {
  for (const char* condition : {"service-unavailable", "feature-not-implemented"}) {
    sends("set", orchard, append(condition, certificate()));
    module_fails(is_asked("sessions"), condition);
    EXPECT_TRUE(matches(server.receives(), result()));
    ticks(Seconds{30});
  }
}

TEST_F(SessionGuardTest, AModuleThatWillNotAnswerLetsNobodyOff) {
  for (const char* condition : {"forbidden", "internal-server-error", "item-not-found"}) {
    sends("set", orchard, append("A", certificate()));
    module_fails(is_asked("sessions"), condition);
    EXPECT_TRUE(matches(server.receives(), error("wait", "internal-server-error"))) << condition;
  }
  for (const std::string& payload :
       {sessions("<session resource='orchard' sha256='12'/>"),
        sessions("<session resource='orchard' sha256=''/>"),
        std::string("<sessions xmlns='urn:x'/>"), std::string(), sessions("") + sessions("")}) {
    sends("set", orchard, append("A", certificate()));
    module_answers(is_asked("sessions"), payload);
    EXPECT_TRUE(matches(server.receives(), error("wait", "internal-server-error"))) << payload;
  }
  sends("set", orchard, append("A", certificate()));
  is_asked("sessions");
  ticks(Seconds{2});
  EXPECT_TRUE(matches(server.receives(), error("wait", "internal-server-error")));
  EXPECT_THAT(names(), ElementsAre("Full", "Bot"));
}

TEST_F(SessionGuardTest, WithoutTheDatabaseItCannotBeTold) {
  store.fails_with(StoreFault::away);
  sends("set", orchard, by_name("revoke", "Full"));
  module_answers(is_asked("sessions"), sessions(session("orchard", full)));
  EXPECT_TRUE(matches(server.receives(), error("wait", "internal-server-error")));
}

}  // namespace
}  // namespace jidgate::test
