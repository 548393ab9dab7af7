// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of people whose client does not know XEP-0070, and answers that come too late.
#include <gmock/gmock.h>

#include "tests/support/answers.hpp"

namespace jidgate::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "If it however provides a <body/>, the server SHOULD be able to handle a plaintext reply from the
// client"
TEST(TextAnswer, WordsOfEveryLanguageAnswer) {
  for (const auto* text : {"OK", "ok", "Okay.", "yes", "Ja!", "oui", "sí", "Sí.", "vale"}) {
    const Answer answer = read(body(text), {asked(romeo)});
    EXPECT_EQ(answer.meaning, Meaning::confirmed) << text;
    EXPECT_TRUE(answer.by_word) << text;
  }
  for (const auto* text : {"No", "Nein", "non.", "NO!", "nope"}) {
    EXPECT_EQ(read(body(text), {asked(romeo)}).meaning, Meaning::denied) << text;
  }
  for (const auto* text : {"NOT OK", "ok?", "okno", "OK\nNo", "who are you?", "a7374",
                           "a7374jnjlalasdf82x", "yes please do not"}) {
    EXPECT_EQ(read(body(text), {asked(romeo)}).meaning, Meaning::not_understood) << text;
  }
}

TEST(TextAnswer, TheFirstBodyThatSaysSomethingCounts) {
  const auto two = [](std::string_view first, std::string_view second) {
    return message("<body xml:lang='de'>" + std::string(first) + "</body><body>" +
                   std::string(second) + "</body>");
  };
  EXPECT_EQ(read(two("Nein", "OK"), {asked(romeo)}).meaning, Meaning::denied);
  EXPECT_EQ(read(two(" ", "OK"), {asked(romeo)}).meaning, Meaning::confirmed);
  EXPECT_EQ(read(two("hm", "OK"), {asked(romeo)}).meaning, Meaning::not_understood);
  EXPECT_EQ(read(message("<body>O<b xmlns='urn:x'>nly if</b>K</body>"), {asked(romeo)}).meaning,
            Meaning::confirmed)
      << "what stands in elements inside a body is no text of it (RFC 6121 section 5.2.3)";
}

TEST(TextAnswer, InTheThreadItIsNoLongerInDoubt) {
  const Answer answer = read(body("OK", thread), {asked(romeo)});
  EXPECT_EQ(answer.meaning, Meaning::confirmed);
  EXPECT_FALSE(answer.by_word);
  EXPECT_FALSE(read(body(tid), {asked(romeo)}).by_word);
}

TEST(TextAnswer, BetweenTwoQuestionsAnOkIsAmbiguousAndTheCodeIsNot) {
  std::vector<OpenQuestion> open{asked(romeo, '1'), asked(romeo, '2')};
  open[1].question.transaction_id = "2nd-code";
  const Answer doubtful = read(body("OK"), open);
  EXPECT_EQ(doubtful.meaning, Meaning::ambiguous);
  EXPECT_THAT(doubtful.ids, ElementsAre(open[0].id));
  const Answer by_code = read(body("2nd-code"), open);
  EXPECT_EQ(by_code.meaning, Meaning::confirmed);
  EXPECT_THAT(by_code.ids, ElementsAre(open[1].id));
  const Answer by_thread = read(body("OK", "<thread>" + open[1].thread + "</thread>"), open);
  EXPECT_EQ(by_thread.meaning, Meaning::confirmed);
  EXPECT_THAT(by_thread.ids, ElementsAre(open[1].id));
  // Who says No has made none of the requests, or means the one of this thread.
  EXPECT_THAT(read(body("No"), open).ids, ElementsAre(open[0].id, open[1].id));
  EXPECT_THAT(read(body("No", thread), open).ids, ElementsAre(open[0].id));
}

TEST(TextAnswer, OneByIqAndOneByMessageAreNotInDoubt) {
  const std::vector<OpenQuestion> open{asked(orchard, '1'), asked(romeo, '2')};
  const Answer answer = read(body("OK"), open);
  EXPECT_EQ(answer.meaning, Meaning::confirmed);
  EXPECT_THAT(answer.ids, ElementsAre(open[1].id));
}

TEST(TextAnswer, WhereTheCodeIsToBeTypedOnlyTheCodeConfirms) {
  const OpenQuestion open = asked(romeo, '1', TextConfirm::type_code);
  EXPECT_EQ(read(body("OK"), {open}).meaning, Meaning::not_understood);
  EXPECT_EQ(read(body("OK", thread), {open}).meaning, Meaning::not_understood);
  EXPECT_EQ(read(body(" a7374jnjlalasdf82\n"), {open}).meaning, Meaning::confirmed);
  EXPECT_EQ(read(body("> the code\na7374jnjlalasdf82"), {open}).meaning, Meaning::confirmed);
  EXPECT_EQ(read(body("> a7374jnjlalasdf82"), {open}).meaning, Meaning::nothing);
  EXPECT_EQ(read(body("A7374JNJLALASDF82"), {open}).meaning, Meaning::not_understood);
  EXPECT_EQ(read(body("no"), {open}).meaning, Meaning::denied);
  EXPECT_EQ(read(message(confirm), {open}).meaning, Meaning::confirmed);
}

// The code is the choice of whoever asks.
TEST(TextAnswer, ACodeThatIsAWordStaysAWord) {
  for (const auto* code : {"OK", "yes", "ja", "o.k"}) {
    OpenQuestion open = asked(romeo, '1', TextConfirm::type_code);
    open.question.transaction_id = code;
    EXPECT_EQ(read(body(code), {open}).meaning, Meaning::not_understood) << code;
  }
  for (const auto* code : {"No", "nein"}) {
    for (const auto text_confirm : {TextConfirm::ok, TextConfirm::type_code}) {
      OpenQuestion open = asked(romeo, '1', text_confirm);
      open.question.transaction_id = code;
      EXPECT_EQ(read(body(code), {open}).meaning, Meaning::denied) << code;
    }
  }
}

// It is whoever asks that chooses the code, and this is what people say to what they do not expect.
TEST(TextAnswer, WhatIsSaidWithoutMeaningTheCodeIsNotTheCode) {
  for (const auto* code : {"?", "stop", "Not me!", "nein danke", "who are you", "n", "wtf?!",
                           "at 8", "123", "not my 5 requests"}) {
    for (const auto text_confirm : {TextConfirm::ok, TextConfirm::type_code}) {
      OpenQuestion open = asked(romeo, '1', text_confirm);
      open.question.transaction_id = code;
      EXPECT_NE(read(body(code), {open}).meaning, Meaning::confirmed) << code;
      EXPECT_EQ(read(message(confirm), {open}).meaning, Meaning::confirmed) << code;
    }
  }
}

TEST(TextAnswer, CodesMayHoldAnythingElseThatFitsOnALine) {
  for (const auto* code : {"<&'\">1", "]]>-2", "é🎭3", "a:b:4", "4711", "ok4711"}) {
    OpenQuestion open = asked(romeo, '1', TextConfirm::type_code);
    open.question.transaction_id = code;
    EXPECT_EQ(read(body(code), {open}).meaning, Meaning::confirmed) << code;
    EXPECT_EQ(read(message(confirm), {open}).meaning, Meaning::confirmed) << code;
  }
}

// ---- what is late, and what is nothing

TEST(LateAnswer, IsAskedForByItsThread) {
  const std::string answer =
      "<message from='" + std::string(orchard) + "' to='gate.verona.test'><thread>gone</thread>";
  const std::string kinds[] = {
      "<confirm xmlns='http://jabber.org/protocol/http-auth' id='x'/></message>",
      "<body>OK</body></message>", "<body>no</body></message>"};
  for (const std::string& kind : kinds) {
    const Answer late = read(answer + kind, {});
    EXPECT_EQ(late.meaning, Meaning::late) << kind;
    EXPECT_EQ(late.thread, "gone") << kind;
  }
}

TEST(LateAnswer, ChatIsNone) {
  EXPECT_EQ(read("<message from='romeo@verona.test/orchard' to='gate.verona.test'>"
                 "<body>Good morrow</body></message>",
                 {})
                .meaning,
            Meaning::not_understood);
  for (const auto* children : {"", "<body/>", "<body> </body>", "<subject>OK</subject>",
                               "<active xmlns='http://jabber.org/protocol/chatstates'/>",
                               "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>"}) {
    const Answer answer = read("<message from='romeo@verona.test/orchard' to='gate.verona.test'>" +
                                   std::string(children) + "</message>",
                               {});
    EXPECT_EQ(answer.meaning, Meaning::nothing) << children;
    EXPECT_THAT(answer.wrong, IsEmpty()) << children;
  }
}

}  // namespace
}  // namespace jidgate::test
