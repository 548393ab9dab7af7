// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0050: sessions, whose they are, how long and how many.
#include <thread>

#include "tests/support/command_dialogue.hpp"

namespace jidgate::test {
namespace {

using testing::HasSubstr;

class CommandSessionsTest : public CommandDialogue {};

// Section 4.1: "The value of this attribute MUST NOT be empty or null"; section 3.3: "It is the
// responder's responsibility to ensure that each 'sessionid' value is unique."
TEST_F(CommandSessionsTest, EverySessionHasAnIdOfItsOwn) {
  const std::string first = begins("two"), second = begins("two");
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first, second);
}

TEST_F(CommandSessionsTest, AnErrorForGoodEndsTheSession) {
  const std::string session = begins("two");
  goes_on("two", session, "next", submit("a", "one"));
  expect_error(goes_on("two", session, "complete", submit("b", "forbidden")), "cancel",
               "forbidden");
  expect_error(goes_on("two", session, "prev"), "cancel", "not-allowed", "session-expired");
}

// Section 4.4: "a sessionid that is no longer active (either because it was completed, canceled, or
// timed out)".
TEST_F(CommandSessionsTest, ACompletedSessionIsExpired) {
  const std::string session = begins("at-once");
  for (const auto* action : {"", "next", "prev", "complete", "cancel"}) {
    expect_error(goes_on("at-once", session, action), "cancel", "not-allowed", "session-expired");
  }
}

TEST_F(CommandSessionsTest, ASessionTimesOutTenMinutesAfterItsLastStep) {
  const std::string session = begins("two");
  clock.advance(CommandsUnit::lifetime - std::chrono::seconds{1});
  EXPECT_TRUE(matches(goes_on("two", session, "next", submit("a", "one")),
                      executing("two", session, last, "b")));
  clock.advance(CommandsUnit::lifetime - std::chrono::seconds{1});
  EXPECT_TRUE(matches(goes_on("two", session, "prev"), executing("two", session, next, "a")));
  clock.advance(CommandsUnit::lifetime);
  expect_error(goes_on("two", session, "next", submit("a", "one")), "cancel", "not-allowed",
               "session-expired");
}

// Section 4.4: "The responding JID cannot accept the specified sessionid." Section 4.1: it "MUST be
// present for subsequent stages" and "MUST NOT be empty".
TEST_F(CommandSessionsTest, ASessionThatNeverWasIsBad) {
  begins("two");
  expect_error(goes_on("two", std::string(32, '0'), "next", submit("a", "one")), "modify",
               "bad-request", "bad-sessionid");
  expect_error(goes_on("two", "", "next", submit("a", "one")), "modify", "bad-request",
               "bad-sessionid");
  for (const auto* action : {"next", "prev", "complete", "cancel"}) {
    expect_error(asks_as(orchard, command("two", "action='" + std::string(action) + "'")), "modify",
                 "bad-request", "bad-sessionid");
  }
}

// Section 3.3: a session "SHOULD be valid only between one requester/responder pair".
TEST_F(CommandSessionsTest, ASessionIsHisWhoBeganIt) {
  const std::string session = begins("two"), over = begins("at-once");
  for (const auto from : {balcony, garden}) {
    for (const auto* action : {"next", "cancel"}) {
      expect_error(goes_on("two", session, action, submit("a", "one"), from), "modify",
                   "bad-request", "bad-sessionid");
      expect_error(goes_on("at-once", over, action, "", from), "modify", "bad-request",
                   "bad-sessionid");
    }
  }
  EXPECT_TRUE(matches(goes_on("two", session, "next", submit("a", "one")),
                      executing("two", session, last, "b")));
}

// Section 2.4.2: the requester goes on "maintaining the command node and sessionid".
TEST_F(CommandSessionsTest, ASessionIsOfOneCommand) {
  const std::string session = begins("two");
  expect_error(goes_on("at-once", session, "next", submit("a", "one")), "modify", "bad-request",
               "bad-sessionid");
}

TEST_F(CommandSessionsTest, AnAnswerMayComeLaterFromAnywhere) {
  server.sends("<iq type='set' id='1' from='" + std::string(orchard) + "' to='gate.verona.test'>" +
               command("held") + "</iq>");
  server.receives_nothing();
  std::optional<CommandAnswer> answer;
  there([&] { answer = held.front(); });
  std::thread other([&] { answer->give(said("info", "Done")); });
  other.join();
  EXPECT_TRUE(matches(server.receives(), completed("held", "{any}", "Done")));
}

// One step at a time: what it does cannot be taken back, and two might do it twice.
TEST_F(CommandSessionsTest, WhileAStepRunsNothingElseIsAccepted) {
  server.sends("<iq type='set' id='1' from='" + std::string(orchard) + "' to='gate.verona.test'>" +
               command("held") + "</iq>");
  server.receives_nothing();
  there([this] { held.front().give(form("a", true)); });
  const std::string session = session_of(server.receives());
  server.sends("<iq type='set' id='1' from='" + std::string(orchard) + "' to='gate.verona.test'>" +
               command("held", "sessionid='" + session + "'", submit("a", "one")) + "</iq>");
  server.receives_nothing();
  for (const auto* action : {"complete", "cancel", "prev", ""}) {
    expect_error(goes_on("held", session, action, submit("a", "one")), "modify", "bad-request",
                 "bad-action");
  }
  clock.advance(CommandsUnit::lifetime * 2);
  there([this] {
    unit.tick();
    held.back().give(said("info", "Done"));
  });
  EXPECT_TRUE(matches(server.receives(), completed("held", session, "Done")));
}

TEST_F(CommandSessionsTest, AnAnswerThatNeverComesIsAnError) {
  expect_error(asks_as(orchard, command("forgotten")), "cancel", "internal-server-error");
}

TEST_F(CommandSessionsTest, OnlyTheFirstAnswerCounts) {
  EXPECT_THAT(asks_as(orchard, command("twice")), HasSubstr("<note type='error'>The first</note>"));
  server.receives_nothing();
}

TEST_F(CommandSessionsTest, AnAccountHasFiveSessionsAndTheOldestMakesRoom) {
  std::vector<std::string> sessions;
  for (std::size_t count = 0; count <= CommandsUnit::most_of_account; ++count) {
    sessions.push_back(begins("two", count % 2 == 0 ? orchard : garden));
    clock.advance(std::chrono::seconds{1});
  }
  const std::string hers = begins("two", balcony);
  expect_error(goes_on("two", sessions[0], "next", submit("a", "one")), "cancel", "not-allowed",
               "session-expired");
  for (std::size_t at = 1; at < sessions.size(); ++at) {
    EXPECT_THAT(
        goes_on("two", sessions[at], "next", submit("a", "one"), at % 2 == 0 ? orchard : garden),
        HasSubstr("status='executing'"));
  }
  EXPECT_THAT(goes_on("two", hers, "next", submit("a", "one"), balcony),
              HasSubstr("status='executing'"));
}

TEST_F(CommandSessionsTest, WhatRunsMakesNoRoom) {
  for (std::size_t count = 0; count < CommandsUnit::most_of_account; ++count) {
    server.sends("<iq type='set' id='1' from='" + std::string(orchard) +
                 "' to='gate.verona.test'>" + command("held") + "</iq>");
  }
  expect_error(asks_as(garden, command("at-once")), "wait", "resource-constraint");
  there([this] { held.front().give(said("info", "Done")); });
  server.receives();
  EXPECT_THAT(asks_as(garden, command("at-once")), HasSubstr("status='completed'"));
  there([this] { held.clear(); });
  for (std::size_t count = 1; count < CommandsUnit::most_of_account; ++count) {
    expect_error(server.receives(), "cancel", "internal-server-error");
  }
}

TEST_F(CommandSessionsTest, AllSessionsTogetherAreBounded) {
  for (std::size_t count = 0; count < CommandsUnit::most_sessions; ++count) {
    const std::string from = "user" + std::to_string(count) + "@verona.test/x";
    EXPECT_THAT(asks_as(from, command("two")), HasSubstr("status='executing'"));
  }
  expect_error(asks_as(balcony, command("two")), "wait", "resource-constraint");
  clock.advance(CommandsUnit::lifetime);
  EXPECT_THAT(asks_as(balcony, command("two")), HasSubstr("status='executing'"));
}

}  // namespace
}  // namespace jidgate::test
