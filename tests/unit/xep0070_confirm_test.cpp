// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0070 sections 4.5 and 4.6 on the wire: what goes out for a question, and how it ends.
#include "component/xep0070_confirm.hpp"

#include <thread>

#include "core/endings.hpp"
#include "tests/support/confirm_dialogue.hpp"

namespace jidgate::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class ConfirmTest : public ConfirmDialogue {
 protected:
  static std::string error(std::string_view kind, std::string_view condition,
                           std::string_view from = "{asked}") {
    return "<" + std::string(kind) + " type='error' id='{sid}' from='" + std::string(from) +
           "' to='{component}'><error type='cancel'><" + std::string(condition) +
           " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></" + std::string(kind) + ">";
  }
  std::string confirm_of(const OpenQuestion& open) { return fill(std::string(confirm), open); }
  // The text of the first <body/>, entities and all.
  std::string first_body() const {
    const auto begin = stanza.find("<body>") + 6;
    return stanza.substr(begin, stanza.find("</body>") - begin);
  }
};

constexpr std::string_view result =
    "<iq type='result' id='{sid}' from='{asked}' to='{component}'/>";

// "If the JID provided was a full JID, the confirmation request SHOULD be sent in an IQ stanza of
// type "get" whose 'to' attribute is set to the full JID". "This element MUST possess a 'method'
// attribute […], MUST possess a 'url' attribute whose value is the full HTTP URL that was
// requested, and MUST possess an 'id' attribute whose value is the transaction identifier".
TEST_F(ConfirmTest, AFullAddressIsAskedByIq) {
  const OpenQuestion open = asks(orchard);
  EXPECT_TRUE(matches(stanza, "<iq type='get' id='" + open.id +
                                  "' from='gate.verona.test' to='romeo@verona.test/orchard'>" +
                                  confirm_of(open) + "</iq>"));
  answers(open, std::string(result));
  EXPECT_EQ(outcome(open), Outcome::confirmed);
}

// "If the JID provided was a bare JID, the confirmation request MUST be sent in a MESSAGE stanza
// whose 'to' attribute is set to the bare JID […]. The MESSAGE stanza SHOULD include a THREAD
// element for tracking purposes and MAY include a BODY element".
TEST_F(ConfirmTest, ABareAddressIsAskedByMessage) {
  const OpenQuestion open = asks(romeo);
  EXPECT_TRUE(matches(
      stanza, "<message type='normal' id='" + open.id +
                  "' from='gate.verona.test' to='romeo@verona.test' xml:lang='en'>"
                  "<body>{any}</body><body xml:lang='de'>{any}</body>"
                  "<body xml:lang='fr'>{any}</body><body xml:lang='es'>{any}</body><thread>" +
                  open.thread + "</thread>" + confirm_of(open) + "</message>"));
  EXPECT_NE(open.thread, open.id);
  EXPECT_THAT(first_body(), AllOf(HasSubstr("192.0.2.7"), HasSubstr("GET"), HasSubstr(tid),
                                  HasSubstr("https://files.verona.test:9345/missive.html\n"),
                                  HasSubstr("12:17:30 UTC")));
  EXPECT_THAT(first_body(), Not(HasSubstr("a=1"))) << "the query may hold secrets";
  answers(open, message(both(thread, confirm)));
  EXPECT_EQ(outcome(open), Outcome::confirmed);
}

TEST_F(ConfirmTest, ASiteHasItsLanguagesAndTheFirstIsTheStanzas) {
  site.languages = {"fr", "tlh", "en"};
  const OpenQuestion open = asks(romeo);
  EXPECT_TRUE(matches(stanza,
                      "<message type='normal' id='{any}' from='gate.verona.test' "
                      "to='romeo@verona.test' xml:lang='fr'><body>{any}</body>"
                      "<body xml:lang='en'>{any}</body><thread>{any}</thread>" +
                          confirm_of(open) + "</message>"));
  EXPECT_THAT(first_body(), HasSubstr("répondez OK"));
}

TEST_F(ConfirmTest, ForClientsThatHideNormalMessagesItIsAChatMessage) {
  confirm_settings.chat_messages = true;
  unit.configure(confirm_settings);
  asks(romeo);
  EXPECT_EQ(attribute(stanza, "type"), "chat");
}

TEST_F(ConfirmTest, WhereTheCodeIsToBeTypedItDoesNotStandInTheText) {
  site.text_confirm = TextConfirm::type_code;
  const OpenQuestion open = asks(romeo);
  EXPECT_THAT(first_body(), Not(HasSubstr(tid)));
  answers(open, body("OK"));
  expect_notice(orchard, component::Notice::not_understood, {});
  expect_open(open);
  answers(open, body(tid));
  EXPECT_EQ(outcome(open), Outcome::confirmed);
}

// A question that came back is asked once more, by message; what comes back then was not delivered.
TEST_F(ConfirmTest, EveryBounceOfAnIqLeadsToOneMessage) {
  for (const auto* condition :
       {"service-unavailable", "feature-not-implemented", "item-not-found", "gone", "redirect",
        "remote-server-not-found", "remote-server-timeout", "recipient-unavailable"}) {
    const OpenQuestion open = asks(orchard);
    answers(open, error("iq", condition));
    stanza = server.receives();
    EXPECT_EQ(attribute(stanza, "to"), romeo) << condition;
    EXPECT_EQ(attribute(stanza, "id"), open.id);
    EXPECT_THAT(stanza, AllOf(HasSubstr("<message "), HasSubstr(open.thread), HasSubstr(tid)));
    answers(open, error("iq", condition));
    answers(open, std::string(result));
    expect_open(open);
    EXPECT_EQ(confirmations.find(open.id)->via, Via::message);
    answers(open, error("message", condition, "{bare}"));
    answers(open, error("message", condition, "{bare}"));
    expect_open(open);
    EXPECT_TRUE(confirmations.expire(open.id));
    EXPECT_EQ(outcome(open), Outcome::unreachable) << condition;
  }
}

TEST_F(ConfirmTest, AfterTheFallbackAnyResourceMayAnswer) {
  const OpenQuestion open = asks(orchard);
  answers(open, error("iq", "service-unavailable"));
  server.receives();
  answers(open,
          "<message from='{bare}/phone' to='{component}'>" + both(thread, confirm) + "</message>");
  EXPECT_EQ(outcome(open), Outcome::confirmed);
}

TEST_F(ConfirmTest, InAClosedNetworkUnreachableIsAnsweredAtOnce) {
  confirm_settings.unreachable = Unreachable::answer;
  unit.configure(confirm_settings);
  const OpenQuestion open = asks(romeo);
  answers(open, error("message", "service-unavailable", "{bare}"));
  EXPECT_EQ(outcome(open), Outcome::unreachable);
}

TEST_F(ConfirmTest, AHeldBounceCanStillBeAnswered) {
  const OpenQuestion open = asks(romeo);
  answers(open, error("message", "service-unavailable", "{bare}"));
  expect_open(open);
  answers(open, message(confirm));
  EXPECT_EQ(outcome(open), Outcome::confirmed);
}

// "the IQ response stanza MUST be of type "error" […] and MUST specify an error, which SHOULD be
// <not-authorized/>"
TEST_F(ConfirmTest, AnErrorDenies) {
  const OpenQuestion by_iq = asks(orchard);
  answers(by_iq, error("iq", "not-authorized"));
  EXPECT_EQ(outcome(by_iq), Outcome::denied);
  const OpenQuestion by_message = asks(romeo);
  answers(by_message, error("message", "not-authorized"));
  EXPECT_EQ(outcome(by_message), Outcome::denied);
}

// A stranger's try uses nothing up: the right answer still counts after it.
TEST_F(ConfirmTest, WrongAnswersLeaveTheQuestionAsItWas) {
  const OpenQuestion open = asks(orchard);
  for (const auto* from : {"mallory@verona.test/cell", "{bare}/other", "{bare}", "verona.test"}) {
    for (const auto* type : {"result", "error"}) {
      answers(open, "<iq type='" + std::string(type) + "' id='{sid}' from='" + from +
                        "' to='{component}'/>");
    }
  }
  expect_open(open);
  EXPECT_THAT(metrics.render(), HasSubstr("jidgate_wrong_answers_total{why=\"sender\"} 8"));
  answers(open, std::string(result));
  EXPECT_EQ(outcome(open), Outcome::confirmed);
}

TEST_F(ConfirmTest, OfTwoAnswersInOneSegmentTheFirstCounts) {
  const OpenQuestion open = asks(romeo);
  server.sends(fill(message(confirm, " type='error'") + message(confirm) + body("OK"), open));
  expect_notice(orchard, component::Notice::over, open.thread);
  EXPECT_EQ(outcome(open), Outcome::denied);
  EXPECT_THAT(ended(1), ElementsAre(Pair(open.id, Outcome::denied)));
}

TEST_F(ConfirmTest, ANoIsForEveryOpenMessage) {
  const OpenQuestion first = asks(romeo, "one"), second = asks(romeo, "two"), iq = asks(orchard);
  answers(first, body("No"));
  expect_open(iq);
  EXPECT_THAT(ended(2), UnorderedElementsAre(Pair(first.id, Outcome::denied),
                                             Pair(second.id, Outcome::denied)));
}

// ---- in which order things happen

TEST_F(ConfirmTest, WhatIsOverIsNotAsked) {
  const std::string id = opens(question(orchard));
  EXPECT_TRUE(confirmations.end(id, Outcome::cancelled));
  unit.ask(id);
  unit.ask("no such question");
  receives_nothing();
}

// Otherwise an OK that somebody typed a moment ago would answer a question that nobody has seen.
TEST_F(ConfirmTest, WhatHasNotGoneOutIsNotAnswered) {
  const std::string id = opens(question(romeo));
  const OpenQuestion open = confirmations.find(id).value();
  answers(open, body("OK"));
  answers(open, message(confirm));
  answers(open, message(both(thread, confirm)));
  answers(open, body("No"));
  expect_open(open);
}

TEST_F(ConfirmTest, ALostLinkEndsEveryQuestionAndNoLaterAnswerCounts) {
  const OpenQuestion first = asks(orchard), second = asks(romeo);
  server.cuts();
  EXPECT_THAT(ended(2), UnorderedElementsAre(Pair(first.id, Outcome::cancelled),
                                             Pair(second.id, Outcome::cancelled)));
  server.accepts();
  log.wait("link.up", 2);
  answers(first, std::string(result));
  expect_notice(orchard, component::Notice::over, first.thread);
  receives_nothing();
  EXPECT_THAT(ended(2), SizeIs(2));
}

TEST_F(ConfirmTest, WhileTheLinkIsDownAQuestionEndsAtOnce) {
  server.stops_listening();
  server.cuts();
  log.wait("link.down");
  EXPECT_FALSE(unit.is_up());
  const std::string id = opens(question(orchard));
  unit.ask(id);
  EXPECT_THAT(ended(1), ElementsAre(Pair(id, Outcome::cancelled)));
}

TEST_F(ConfirmTest, QuestionsThatNobodyWaitsForEndAtTheirDeadline) {
  const OpenQuestion open = asks(romeo);
  ticks();
  expect_open(open);
  clock.advance(Seconds{50});
  ticks();
  EXPECT_EQ(outcome(open), Outcome::expired);
}

// Whoever asks may leave at any moment. A person is told of the end of what they were asked, after
// they were asked, and of nothing else.
TEST_F(ConfirmTest, OnlyWhatWentOutIsWithdrawnWhateverTheMoment) {
  constexpr std::size_t threads = 4, rounds = 50;
  std::vector<std::thread> askers;
  askers.reserve(threads);
  for (std::size_t number = 0; number < threads; ++number) {
    askers.emplace_back([this, number] {
      for (std::size_t round = 0; round < rounds; ++round) {
        const std::string id =
            opens(question(romeo, std::to_string(number) + '-' + std::to_string(round)));
        unit.ask(id);
        if (round % 2 == 0) std::this_thread::yield();
        const auto cancelled = confirmations.cancel(id);
        ASSERT_TRUE(cancelled.has_value());
        unit.withdraw(*cancelled);
      }
    });
  }
  for (std::thread& asker : askers) asker.join();
  std::vector<std::string> asked_threads, withdrawn_threads;
  for (const std::string& one : receives_all()) {
    const auto begin = one.find("<thread>") + 8;
    const std::string thread_id = one.substr(begin, 32);
    if (one.find("<confirm ") != std::string::npos) {
      asked_threads.push_back(thread_id);
    } else {
      EXPECT_THAT(asked_threads, Contains(thread_id));
      withdrawn_threads.push_back(thread_id);
    }
  }
  EXPECT_THAT(withdrawn_threads, testing::UnorderedElementsAreArray(asked_threads));
  EXPECT_THAT(ended(threads * rounds), SizeIs(threads * rounds));
}

// ---- hostile text

TEST_F(ConfirmTest, MarkupInARequestStaysText) {
  Question made = question(romeo, "'/><confirm id=\"x\"> ]]> &lt; é🎭");
  made.method = "!#$%&'*+-.^_`|~";
  made.url = "https://files.verona.test:9345/&lt;/'%3Cconfirm%3E{code}{until}?a='b'&c";
  const OpenQuestion open = asks(made);
  EXPECT_TRUE(matches(stanza, "<message type='normal' id='" + open.id +
                                  "' from='gate.verona.test' to='romeo@verona.test' xml:lang='en'>"
                                  "<body>{any}</body><body xml:lang='de'>{any}</body>"
                                  "<body xml:lang='fr'>{any}</body><body xml:lang='es'>{any}</body>"
                                  "<thread>{any}</thread><confirm "
                                  "xmlns='http://jabber.org/protocol/http-auth' id='" +
                                  escaped(made.transaction_id) + "' method='" +
                                  escaped(made.method) + "' url='" + escaped(made.url) +
                                  "'/></message>"));
  answers(open,
          message("<confirm xmlns='http://jabber.org/protocol/http-auth' id='{tid}' method='" +
                  escaped(made.method) + "' url='{url}'/>"));
  EXPECT_EQ(outcome(open), Outcome::confirmed);
}

// The edges refuse such text long before; a single octet of it would make the server end the
// stream, and with it every open question.
TEST_F(ConfirmTest, WhatIsNoXmlIsNeverSent) {
  declares("unit.failed");
  std::size_t over = 0;
  for (const std::string bad : {"\x01", "\x80", "\xed\xa0\x80", "\xef\xbf\xbe", "a\xc3"}) {
    for (const auto part : {&Question::transaction_id, &Question::method, &Question::url}) {
      for (const auto jid : {orchard, romeo}) {
        Question made = question(jid);
        made.*part += bad;
        const std::string id = opens(made);
        unit.ask(id);
        EXPECT_THAT(ended(++over).back(), Pair(id, Outcome::cancelled));
      }
    }
  }
  const OpenQuestion open = asks(orchard);
  answers(open, std::string(result));
  EXPECT_EQ(outcome(open), Outcome::confirmed);
}

TEST_F(ConfirmTest, OfALongUrlTheHostAndTheEndAreShown) {
  Question made = question(romeo);
  made.url = site.origin + "/" + std::string(5000, 'a') + "/the-end.html?" + std::string(900, 'q');
  const OpenQuestion open = asks(made);
  EXPECT_THAT(stanza, HasSubstr("url='" + made.url + "'")) << "the full URL for programs";
  EXPECT_THAT(first_body(), AllOf(HasSubstr("GET https://files.verona.test:9345/aaa"),
                                  HasSubstr(" … a"), HasSubstr("/the-end.html\n")));
  EXPECT_LT(first_body().size(), 700u);
  made.url = site.origin + "/" + std::string(200, 'a');
  asks(made);
  EXPECT_THAT(first_body(), HasSubstr(made.url + "\n"));
}

TEST_F(ConfirmTest, AHostIsNeverCutShort) {
  site.origin = "https://" + std::string(63, 'a') + '.' + std::string(63, 'b') + '.' +
                std::string(63, 'c') + '.' + std::string(50, 'd') + ".verona.test:9345";
  Question made = question(romeo);
  made.url = site.origin + "/" + std::string(500, 'x') + "/end";
  asks(made);
  EXPECT_THAT(first_body(), HasSubstr(site.origin + "/ … x"));
}

TEST_F(ConfirmTest, ALongCodeIsShownCutAndMarkedAsCut) {
  const std::string code = std::string(63, 'x') + "é" + std::string(40, '7');
  const OpenQuestion open = asks(romeo, code);
  EXPECT_THAT(first_body(), HasSubstr(": " + std::string(63, 'x') + "…\n"));
  EXPECT_THAT(stanza, HasSubstr(code)) << "unchanged for programs";
  answers(open, body(code));
  EXPECT_EQ(outcome(open), Outcome::confirmed);
}

TEST_F(ConfirmTest, TheCodeIsNeverLogged) {
  const OpenQuestion open = asks(romeo, "my-xmpp-password-1");
  answers(open, body("my-xmpp-password-is-wrong"));
  expect_notice(orchard, component::Notice::not_understood, {});
  answers(open, body("my-xmpp-password-1"));
  EXPECT_EQ(outcome(open), Outcome::confirmed);
  for (const LogEntry& entry : log.entries()) {
    for (const auto& [name, value] : entry.fields) {
      EXPECT_THAT(value, Not(HasSubstr("my-xmpp-password"))) << entry.event << ' ' << name;
      EXPECT_THAT(value, Not(HasSubstr("a=1"))) << entry.event << ' ' << name;
    }
  }
}

}  // namespace
}  // namespace jidgate::test
