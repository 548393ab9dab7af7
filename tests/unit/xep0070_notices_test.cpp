// SPDX-License-Identifier: GPL-3.0-or-later
// What people are told besides the question, and how often.
#include <gmock/gmock.h>

#include "tests/support/confirm_dialogue.hpp"

namespace jidgate::test {
namespace {

using component::Notice;
using testing::HasSubstr;
using testing::Lt;
using testing::SizeIs;

class NoticesTest : public ConfirmDialogue {
 protected:
  void says(std::string_view from, std::string_view text) {
    server.sends("<message type='chat' from='" + std::string(from) +
                 "' to='gate.verona.test'><body>" + std::string(text) + "</body></message>");
  }
  // As when the browser is closed.
  void leaves(const OpenQuestion& open) {
    const auto cancelled = confirmations.cancel(open.id);
    ASSERT_TRUE(cancelled.has_value());
    unit.withdraw(*cancelled);
  }
  static std::string bounce(std::string_view kind, std::string_view from) {
    return "<" + std::string(kind) + " type='error' id='{sid}' from='" + std::string(from) +
           "' to='{component}'><error type='cancel'><service-unavailable "
           "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></" +
           std::string(kind) + ">";
  }
};

// ---- whoever asked has gone

TEST_F(NoticesTest, AWithdrawnQuestionIsSaidToBeOverInItsThread) {
  const OpenQuestion by_message = asks(romeo);
  leaves(by_message);
  expect_notice(romeo, Notice::withdrawn, by_message.thread);
  const OpenQuestion by_iq = asks(orchard);
  leaves(by_iq);
  expect_notice(romeo, Notice::withdrawn, by_iq.thread);
  receives_nothing();
}

TEST_F(NoticesTest, WhoWasNotAskedIsNotTold) {
  leaves(confirmations.find(opens(question(romeo))).value());
  const OpenQuestion returned = asks(romeo);
  answers(returned, bounce("message", "{bare}"));
  expect_open(returned);
  leaves(returned);
  receives_nothing();
}

// ---- late answers

TEST_F(NoticesTest, ALateAnswerGetsOneWordHoweverItComesAndHoweverOften) {
  const std::string late[] = {message(both(thread, confirm)), message(confirm), body("OK"),
                              body("No"), body("ok", thread)};
  for (const std::string& answer : late) {
    const OpenQuestion open = asks(romeo);
    ASSERT_TRUE(confirmations.expire(open.id));
    for (int times = 0; times < 3; ++times) answers(open, answer);
    expect_notice(orchard, Notice::over, open.thread);
    receives_nothing();
  }
  EXPECT_THAT(metrics.render(), HasSubstr("jidgate_late_answers_total 5"));
}

TEST_F(NoticesTest, ALateIqResultGetsOneWordAndALateErrorNone) {
  const OpenQuestion open = asks(orchard);
  ASSERT_TRUE(confirmations.expire(open.id));
  answers(open, "<iq type='error' id='{sid}' from='{asked}' to='{component}'/>");
  answers(open, message(confirm, " type='error'"));
  receives_nothing();
  for (int times = 0; times < 3; ++times) {
    answers(open, "<iq type='result' id='{sid}' from='{asked}' to='{component}'/>");
  }
  expect_notice(orchard, Notice::over, open.thread);
  receives_nothing();
}

TEST_F(NoticesTest, NobodyElseIsTold) {
  const OpenQuestion open = asks(orchard);
  ASSERT_TRUE(confirmations.expire(open.id));
  answers(open, "<iq type='result' id='{sid}' from='{mallory}' to='{component}'/>");
  answers(open,
          "<iq type='result' id='" + std::string(32, '0') + "' from='{asked}' to='{component}'/>");
  answers(open,
          "<message from='{mallory}' to='{component}'>" + both(thread, confirm) + "</message>");
  answers(open, "<message from='{mallory}' to='{component}'><body>OK</body></message>");
  receives_nothing();
}

// ---- a plain OK in doubt

TEST_F(NoticesTest, BetweenTwoQuestionsTheCodeIsAskedForOnce) {
  const OpenQuestion first = asks(romeo, "code-1"), second = asks(romeo, "code-2");
  for (int times = 0; times < 3; ++times) answers(first, body("OK"));
  expect_notice(orchard, Notice::which_one, {});
  expect_open(first);
  expect_open(second);
  answers(second, body("code-2"));
  EXPECT_EQ(outcome(second), Outcome::confirmed);
  answers(first, body("OK"));
  EXPECT_EQ(outcome(first), Outcome::confirmed);
}

// A stranger may wait for the moment when a question runs out, and put his own in its place just
// before the slow OK arrives.
TEST_F(NoticesTest, SoonAfterAQuestionRanOutAnOkIsInDoubt) {
  const OpenQuestion slow = asks(romeo, "mine");
  ASSERT_TRUE(confirmations.expire(slow.id));
  const OpenQuestion other = asks(romeo, "strangers");
  answers(slow, body("OK"));
  expect_notice(orchard, Notice::which_one, {});
  expect_open(other);
  answers(other, message(both(thread, confirm)));
  EXPECT_EQ(outcome(other), Outcome::confirmed) << "a client names the question";
}

TEST_F(NoticesTest, TheDoubtPasses) {
  const OpenQuestion slow = asks(romeo, "one");
  leaves(slow);
  expect_notice(romeo, Notice::withdrawn, slow.thread);
  const OpenQuestion second = asks(romeo, "two");
  clock.advance(Seconds{29});
  answers(second, body("OK"));
  expect_notice(orchard, Notice::which_one, {});
  clock.advance(Seconds{1});
  answers(second, body("OK"));
  EXPECT_EQ(outcome(second), Outcome::confirmed);
}

TEST_F(NoticesTest, WhatWasAnsweredOrNeverReadLeavesNoDoubt) {
  const auto next_is_confirmed = [this] {
    const OpenQuestion next = asks(romeo, "next");
    answers(next, body("OK"));
    EXPECT_EQ(outcome(next), Outcome::confirmed);
  };
  const OpenQuestion confirmed = asks(romeo);
  answers(confirmed, body("OK"));
  next_is_confirmed();
  const OpenQuestion denied = asks(romeo);
  answers(denied, body("No"));
  next_is_confirmed();
  const OpenQuestion by_iq = asks(orchard);
  ASSERT_TRUE(confirmations.expire(by_iq.id));
  next_is_confirmed();
  const OpenQuestion returned = asks(romeo);
  answers(returned, bounce("message", "{bare}"));
  expect_open(returned);
  ASSERT_TRUE(confirmations.expire(returned.id));
  next_is_confirmed();
  const OpenQuestion juliets = asks("juliet@verona.test");
  ASSERT_TRUE(confirmations.expire(juliets.id));
  next_is_confirmed();
}

TEST_F(NoticesTest, ANoIsNeverInDoubt) {
  const OpenQuestion slow = asks(romeo, "one");
  ASSERT_TRUE(confirmations.expire(slow.id));
  const OpenQuestion second = asks(romeo, "two");
  answers(second, body("No"));
  EXPECT_EQ(outcome(second), Outcome::denied);
}

// ---- help

TEST_F(NoticesTest, ChatGetsOneLineOfHelpInFiveMinutes) {
  says(orchard, "Who art thou?");
  expect_notice(orchard, Notice::not_understood, {});
  says(orchard, "Speak!");
  says("romeo@verona.test/phone", "Speak!");
  receives_nothing();
  says("juliet@verona.test/balcony", "Who art thou?");
  expect_notice("juliet@verona.test/balcony", Notice::not_understood, {});
  clock.advance(Seconds{299});
  ticks();
  says(orchard, "Speak!");
  receives_nothing();
  clock.advance(Seconds{1});
  ticks();
  says(orchard, "Speak!");
  expect_notice(orchard, Notice::not_understood, {});
  receives_nothing();
}

TEST_F(NoticesTest, TwoProgramsThatAnswerEachOtherFallSilent) {
  says(orchard, "Hello, program!");
  const std::string line = server.receives();
  for (const auto& text : component::notice({"en", "de", "fr", "es"}, Notice::not_understood)) {
    for (int times = 0; times < 10; ++times) says(orchard, text.text);
  }
  receives_nothing();
}

TEST_F(NoticesTest, WhatIsNoChatIsNotAnswered) {
  const std::string quiet[] = {
      "<message type='error' from='{asked}' to='{component}'><body>Hi</body></message>",
      "<message type='groupchat' from='{asked}' to='{component}'><body>Hi</body></message>",
      "<message type='headline' from='{asked}' to='{component}'><body>Hi</body></message>",
      "<message from='{asked}' to='{component}'><body> </body></message>",
      "<message from='verona.test' to='{component}'><body>Hi</body></message>",
      "<message from='verona.test/x' to='{component}'><body>OK</body></message>",
      message("<received xmlns='urn:xmpp:receipts' id='1'/>"),
      message("<sent xmlns='urn:xmpp:carbons:2'><body xmlns='jabber:client'>Hi</body></sent>"),
  };
  const OpenQuestion open = asks(romeo);
  for (const std::string& one : quiet) answers(open, one);
  expect_open(open);
}

// Anybody may send what is no answer.
TEST_F(NoticesTest, WrongAnswersAreCountedButDoNotFillTheLog) {
  const OpenQuestion open = asks(orchard);
  std::string many;
  for (int number = 0; number < 100; ++number) {
    many += "<iq type='result' id='{sid}' from='{mallory}' to='{component}'/>";
  }
  answers(open, many);
  expect_open(open);
  EXPECT_THAT(metrics.render(), HasSubstr("jidgate_wrong_answers_total{why=\"sender\"} 100"));
  EXPECT_THAT(log.entries("answer.wrong"), SizeIs(Lt(100u)));
}

}  // namespace
}  // namespace jidgate::test
