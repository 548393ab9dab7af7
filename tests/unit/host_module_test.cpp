// SPDX-License-Identifier: GPL-3.0-or-later
// What the host's module is asked, and whose answers count.
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

// Its sessions are still there, and one of them may be one that may not manage.
TEST_F(HostModuleTest, AModuleThatWentAwayLetsNobodyOff) {
  sends("get", orchard, items());
  module_answers(is_asked("sessions"), sessions(""));
  EXPECT_TRUE(matches(server.receives(), result(items())));
  for (int i = 0; i < 2; ++i) {
    sends("set", orchard, by_name("revoke", "Laptop"));
    module_fails(is_asked("sessions"), "service-unavailable");
    EXPECT_TRUE(matches(server.receives(), error("wait", "internal-server-error")));
  }
  EXPECT_EQ(log.entries("host.module_gone").size(), 1U) << "once a minute";
}

TEST_F(HostModuleTest, AModuleThatShowsItselfIsAskedAtOnce) {
  has_no_module();
  there([&] { module.seen("verona.test"); });
  sends("get", orchard, items());
  module_answers(is_asked("sessions"), sessions(""));
  EXPECT_TRUE(matches(server.receives(), result(items())));
}

TEST_F(HostModuleTest, WhoeverEndsSessionsIsToldTheirNumberOrThatThereIsNoAnswer) {
  using Module = component::HostModule;
  const std::string phone = sha256("phone");
  const auto asks = [&](std::promise<Module::Ended>& told) {
    there([&] {
      module.end(Jid::parse(romeo).value(), phone, [&](auto ended) { told.set_value(ended); });
    });
  };
  std::promise<Module::Ended> answered, refused, unanswered, without;
  has_no_module();
  asks(without);
  EXPECT_EQ(std::get<Module::Silence>(without.get_future().get()), Module::Silence::no_module);
  there([&] { module.seen("verona.test"); });
  asks(answered);
  module_answers(
      is_asked("end", romeo, phone),
      "<end xmlns='urn:xmpp:jidgate:host:0'><session resource='orchard'/><session/></end>");
  EXPECT_EQ(std::get<std::size_t>(answered.get_future().get()), 2U);
  asks(refused);
  module_fails(is_asked("end", romeo, phone), "internal-server-error");
  EXPECT_EQ(std::get<Module::Silence>(refused.get_future().get()), Module::Silence::no_answer);
  asks(unanswered);
  is_asked("end", romeo, phone);
  ticks(Seconds{2});
  EXPECT_EQ(std::get<Module::Silence>(unanswered.get_future().get()), Module::Silence::no_answer);
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

// A list is much larger than the request for it, and who keeps asking keeps the others waiting.
TEST_F(HostModuleTest, OneAccountHasOnlySoManyRequestsUnderWay) {
  std::vector<std::string> asked;
  for (int i = 0; i < 20; ++i) {
    sends("get", orchard, items());
    asked.push_back(is_asked("sessions"));
  }
  sends("get", orchard, items());
  EXPECT_TRUE(matches(server.receives(), error("wait", "resource-constraint")));
  sends("set", orchard, by_name("revoke", "Laptop"));
  EXPECT_TRUE(matches(server.receives(), error("wait", "resource-constraint")));
  sends("get", "juliet@verona.test/balcony", items());
  module_answers(is_asked("sessions", "juliet@verona.test"), sessions(""));
  EXPECT_TRUE(matches(server.receives(), result(items(), "juliet@verona.test/balcony")));
  for (const std::string& id : asked) {
    module_answers(id, sessions(""));
    EXPECT_TRUE(matches(server.receives(), result(items())));
  }
  sends("get", orchard, items());
  module_answers(is_asked("sessions"), sessions(""));
  EXPECT_TRUE(matches(server.receives(), result(items())));
}

}  // namespace
}  // namespace jidgate::test
