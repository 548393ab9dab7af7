// SPDX-License-Identifier: GPL-3.0-or-later
// What the host's module is asked, whose answers count, and the end of the sessions of a revoked
// certificate.
#include "component/host_module.hpp"

#include "tests/support/certificate_dialogue.hpp"

namespace jidgate::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class HostModuleTest : public CertificateDialogue {
 protected:
  // The users of the list, as it is answered.
  std::string list_after(const std::string& id, const std::string& answer,
                         std::string_view from = host) {
    module_answers(id, answer, from);
    return server.receives();
  }
};

// XEP-0257 section 2.2: "For every certificate, the server MAY include a <users/> element with a
// <resource/> for every resource that is currently logged in and used that certificate".
TEST_F(HostModuleTest, TheListSaysWhichResourcesUseACertificate) {
  const std::string phone = registered("Phone"), laptop = registered("Laptop");
  registered("Spare");
  sends("get", orchard, items());
  const std::string got =
      list_after(is_asked("sessions"), sessions(session("orchard") + session("a&amp;b", phone) +
                                                session("desk", laptop) + session("cell", phone) +
                                                "<session sha256='" + hex_encode(phone) + "'/>"));
  EXPECT_THAT(got, HasSubstr("<name>Phone</name><users><resource>a&amp;b</resource>"
                             "<resource>cell</resource></users>"));
  EXPECT_THAT(got, HasSubstr("<name>Laptop</name><users><resource>desk</resource></users>"));
  EXPECT_THAT(got, HasSubstr("<name>Spare</name><x509cert>"));
}

TEST_F(HostModuleTest, AListDoesNotWaitForASilentModule) {
  registered("Phone");
  sends("get", orchard, items());
  is_asked("sessions");
  server.receives_nothing();
  ticks(Seconds{2});
  EXPECT_THAT(server.receives(), AllOf(HasSubstr("<name>Phone</name>"), Not(HasSubstr("<users"))));
}

TEST_F(HostModuleTest, OnlyTheHostThatWasAskedAnswersAndOnlyOnce) {
  const std::string phone = registered("Phone");
  sends("get", orchard, items());
  const std::string id = is_asked("sessions");
  const std::string forged = sessions(session("forged", phone));
  for (const char* stranger : {"romeo@verona.test", "verona.test/x", "elsewhere.test",
                               "romeo@verona.test/orchard", "gate.verona.test"}) {
    module_answers(id, forged, stranger);
    module_fails(id, "service-unavailable", stranger);
  }
  module_answers(std::string(32, '0'), forged);
  server.receives_nothing();
  const std::string got = list_after(id, sessions(session("real", phone)));
  EXPECT_THAT(got, AllOf(HasSubstr("<resource>real</resource>"), Not(HasSubstr("forged"))));
  module_answers(id, forged);
  server.receives_nothing();
}

TEST_F(HostModuleTest, AHostWithoutAModuleIsAskedAgainAfterAWhile) {
  has_no_module();
  sends("get", orchard, items());
  EXPECT_TRUE(matches(server.receives(), result(items())));
  log.wait("host.no_module");
  ticks(Seconds{30});
  has_no_module();
  EXPECT_EQ(log.entries("host.no_module").size(), 1U) << "known already";
}

TEST_F(HostModuleTest, AModuleThatShowsItselfIsAskedAtOnce) {
  has_no_module();
  there([&] { module.seen("verona.test"); });
  sends("get", orchard, items());
  module_answers(is_asked("sessions"), sessions(""));
  EXPECT_TRUE(matches(server.receives(), result(items())));
}

// Section 2.4: "if a client is logged in with that compromised certificate using SASL EXTERNAL, the
// server SHOULD close the stream to that client forcing a log out of the client."
TEST_F(HostModuleTest, ARevokeEndsTheSessionsOfItsCertificateAfterItsAnswer) {
  const std::string phone = registered("Phone");
  sends("set", orchard, by_name("revoke", "Phone"));
  module_answers(is_asked("sessions"), sessions(session("orchard", phone)));
  EXPECT_TRUE(matches(server.receives(), result())) << "before the session that asked is ended";
  module_answers(
      is_asked("end", romeo, phone),
      "<end xmlns='urn:xmpp:jidgate:host:0'><session resource='orchard'/><session/></end>");
  const LogEntry told = log.wait("sessions.ended");
  EXPECT_EQ(told.fields.at("account"), romeo);
  EXPECT_EQ(told.fields.at("sha256"), hex_encode(phone));
  EXPECT_EQ(told.fields.at("sessions"), "2");
}

TEST_F(HostModuleTest, ADisableEndsNobody) {
  const std::string phone = registered("Phone");
  sends("set", orchard, by_name("disable", "Phone"));
  module_answers(is_asked("sessions"), sessions(session("orchard", phone)));
  EXPECT_TRUE(matches(server.receives(), result()));
  server.receives_nothing();
}

TEST_F(HostModuleTest, SessionsThatWereNotEndedAreTriedAgain) {
  const std::string phone = registered("Phone");
  module.end_sessions(Jid::parse(romeo).value(), phone);
  is_asked("end", romeo, phone);
  ticks(Seconds{2});
  log.wait("sessions.not_ended");
  ticks(Seconds{9});
  server.receives_nothing();
  ticks(Seconds{1});
  module_fails(is_asked("end", romeo, phone), "internal-server-error");
  log.wait("sessions.not_ended", 2);
  ticks(Seconds{10});
  module_answers(is_asked("end", romeo, phone), "<end xmlns='urn:xmpp:jidgate:host:0'/>");
  EXPECT_EQ(log.wait("sessions.ended").fields.at("sessions"), "0");
  ticks(Seconds{10});
  server.receives_nothing();
}

TEST_F(HostModuleTest, AlsoWhenTheLinkWasDown) {
  const std::string phone = registered("Phone");
  server.cuts();
  log.wait("link.down");
  module.end_sessions(Jid::parse(romeo).value(), phone);
  log.wait("sessions.not_ended");
  server.accepts();
  module_fails(is_asked("end", romeo, phone), "service-unavailable");
  ticks(Seconds{10});
  server.receives_nothing();
}

TEST_F(HostModuleTest, ALinkThatIsLostAnswersEverybodyWhoWaits) {
  std::promise<component::HostModule::Sessions> told;
  there([&] {
    module.sessions(Jid::parse(romeo).value(), [&](auto sessions) { told.set_value(sessions); });
  });
  is_asked("sessions");
  server.cuts();
  EXPECT_EQ(std::get<component::HostModule::Silence>(told.get_future().get()),
            component::HostModule::Silence::no_answer);
}

}  // namespace
}  // namespace jidgate::test
