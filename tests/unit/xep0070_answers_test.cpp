// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0070 section 4.6: what answers say, as real clients send them and as hostile ones might.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "tests/support/answers.hpp"

namespace jidgate::test {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::SizeIs;

// ---- the vectors

struct Row {
  std::string name, asked_by, xml, outcome;
  std::string word() const { return outcome.substr(0, outcome.find(':')); }
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.name << " (" << row.asked_by << ')';
}

std::vector<Row> rows() {
  std::ifstream file(JIDGATE_VECTORS "/confirm-answers.tsv");
  std::vector<Row> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    Row row;
    std::string* const columns[] = {&row.name, &row.asked_by, &row.xml, &row.outcome};
    std::string_view rest = line;
    for (std::string* column : columns) {
      const auto tab = std::min(rest.find('\t'), rest.size());
      *column = rest.substr(0, tab);
      rest.remove_prefix(std::min(tab + 1, rest.size()));
    }
    rows.push_back(row);
  }
  return rows;
}

class Vector : public testing::TestWithParam<Row> {
 protected:
  static OpenQuestion question(TextConfirm text_confirm = TextConfirm::ok) {
    return asked(GetParam().asked_by == "iq" ? orchard : romeo, '1', text_confirm);
  }
};

TEST_P(Vector, IsReadAsItIsMeant) {
  const OpenQuestion open = question();
  const std::string word = GetParam().word();
  const auto found = stanzas(fill(GetParam().xml, open));
  ASSERT_FALSE(found.empty());
  if (word == "no-grant") {  // the question is over
    const auto answer = read(*found.front(), {});
    EXPECT_EQ(answer.value_or(Answer{Meaning::late, {}, {}, {}}).meaning, Meaning::late);
    return;
  }
  const Answer answer = read(*found.front(), {open}).value_or(Answer{});
  if (word == "pending") {
    EXPECT_FALSE(decides(answer)) << testing::PrintToString(answer.meaning);
  } else {
    const Meaning want = word == "accept" ? Meaning::confirmed
                         : word == "deny" ? Meaning::denied
                                          : Meaning::undeliverable;
    ASSERT_THAT(word, AnyOf("accept", "deny", "unreachable"));
    EXPECT_EQ(answer.meaning, want);
    EXPECT_THAT(answer.ids, ElementsAre(open.id));
  }
  // What follows in the same segment meets no question any more.
  for (std::size_t i = 1; i < found.size(); ++i) {
    EXPECT_FALSE(decides(read(*found[i], {}).value_or(Answer{})));
  }
}

TEST_P(Vector, CountsOnlyForWhoWasAsked) {
  OpenQuestion open = question();
  const auto found = stanzas(fill(GetParam().xml, open));
  open.question.asked = Jid::parse("juliet@verona.test/orchard").value();
  for (const auto& tag : found) EXPECT_FALSE(decides(read(*tag, {open}).value_or(Answer{})));
}

TEST_P(Vector, CountsForNothingBeforeTheQuestionHasGoneOut) {
  OpenQuestion open = question();
  if (open.via == Via::iq) return;  // nobody can know its id
  open.delivery = Delivery::waiting;
  for (const auto& tag : stanzas(fill(GetParam().xml, open))) {
    EXPECT_FALSE(decides(read(*tag, {open}).value_or(Answer{})));
  }
}

TEST_P(Vector, AWordIsNoCode) {
  if (GetParam().outcome.find("(pending with type-code)") == std::string::npos) return;
  const OpenQuestion open = question(TextConfirm::type_code);
  for (const auto& tag : stanzas(fill(GetParam().xml, open))) {
    EXPECT_FALSE(decides(read(*tag, {open}).value_or(Answer{})));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Vector, testing::ValuesIn(rows()),
                         [](const testing::TestParamInfo<Row>& row) {
                           std::string name = row.param.name + '-' + row.param.asked_by;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Vectors, AreAllThere) {
  EXPECT_THAT(rows(), SizeIs(32));
}

// ---- answers to an IQ

// "If the user wishes to confirm the request, the IQ response stanza MUST be of type "result" and
// MAY contain the original <confirm/> child element"
TEST(IqAnswer, AResultMayEchoTheConfirmAndNothingElse) {
  const auto result = [](std::string_view child) {
    return "<iq type='result' from='{asked}' to='{component}' id='{sid}'>" + std::string(child) +
           "</iq>";
  };
  EXPECT_EQ(read(result(confirm), {asked(orchard)}).meaning, Meaning::confirmed);
  for (const std::string& other :
       {std::string("<query xmlns='jabber:iq:version'/>"),
        std::string("<confirm xmlns='urn:example:other'/>"), std::string("<error type='auth'/>"),
        both(confirm, "<x xmlns='urn:x'/>"), both(confirm, confirm)}) {
    const Answer answer = read(result(other), {asked(orchard)});
    EXPECT_EQ(answer.meaning, Meaning::nothing) << other;
    EXPECT_EQ(answer.wrong, "payload") << other;
  }
  for (const auto* attributes : {"id='other'", "id='{tid}x'", "id='{tid}' method='POST'", "id=''",
                                 "url='https://files.verona.test:9345/'"}) {
    const Answer answer = read(result("<confirm xmlns='http://jabber.org/protocol/http-auth' " +
                                      std::string(attributes) + "/>"),
                               {asked(orchard)});
    EXPECT_EQ(answer.wrong, "confirm") << attributes;
  }
}

// "If the user wishes to deny the request, the IQ response stanza MUST be of type "error" […] and
// MUST specify an error, which SHOULD be <not-authorized/>": any other says no as well.
TEST(IqAnswer, AnErrorIsANoUnlessItIsABounce) {
  const auto error = [](std::string_view condition, std::string_view echo) {
    return "<iq type='error' from='{asked}' to='{component}' id='{sid}'>" + std::string(echo) +
           "<error type='cancel'><" + std::string(condition) +
           " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
  };
  for (const auto* condition : {"not-authorized", "forbidden", "not-acceptable", "not-allowed",
                                "bad-request", "undefined-condition", "policy-violation"}) {
    EXPECT_EQ(read(error(condition, confirm), {asked(orchard)}).meaning, Meaning::denied)
        << condition;
  }
  for (const auto* condition :
       {"service-unavailable", "feature-not-implemented", "item-not-found", "gone", "redirect",
        "remote-server-not-found", "remote-server-timeout", "recipient-unavailable"}) {
    // Echoed or not: XEP-0070's own payload in a bounce is no denial, and never a confirmation.
    for (const auto echo : {std::string_view(), confirm}) {
      EXPECT_EQ(read(error(condition, echo), {asked(orchard)}).meaning, Meaning::undeliverable)
          << condition;
    }
  }
}

TEST(IqAnswer, AMessageQuestionHasNoIqAnswer) {
  OpenQuestion open = asked(orchard);
  open.via = Via::message;  // it came back, and was asked again
  for (const auto* type : {"result", "error"}) {
    const Answer answer =
        read("<iq type='" + std::string(type) + "' from='{asked}' to='{component}' id='{sid}'/>",
             {open});
    EXPECT_EQ(answer.wrong, "kind") << type;
  }
}

// Prosody and ejabberd stamp what stringprep makes of an address, and so does Jid::parse().
TEST(IqAnswer, AddressesAreComparedAsServersPrepareThem) {
  const OpenQuestion open = asked("ROMEO@verona.test/The \"<'/@:Orchard");
  const auto from = [&](std::string_view address) {
    return read("<iq type='result' from='" + escaped(std::string(address)) +
                    "' to='{component}' id='{sid}'/>",
                {open})
        .meaning;
  };
  EXPECT_EQ(from("romeo@verona.test/The \"<'/@:Orchard"), Meaning::confirmed);
  EXPECT_EQ(from("Romeo@VERONA.test/The \"<'/@:Orchard"), Meaning::confirmed);
  EXPECT_EQ(from("romeo@verona.test/the \"<'/@:orchard"), Meaning::nothing);
  EXPECT_EQ(from("romeo@verona.test/The"), Meaning::nothing);
}

// ---- answers to a message

// "MUST mirror the <thread/> ID (if provided by the XMPP Server)"
TEST(MessageAnswer, OfTwoThreadsNeitherCounts) {
  EXPECT_EQ(read(message(both(both(thread, thread), confirm)), {asked(romeo)}).wrong, "threads");
  EXPECT_EQ(read(message(both(both(thread, "<thread>x</thread>"), confirm)), {asked(romeo)}).wrong,
            "threads");
  EXPECT_EQ(read(body("OK", both(thread, thread)), {asked(romeo)}).wrong, "threads");
}

TEST(MessageAnswer, AnotherThreadMeansAnotherQuestion) {
  for (const auto* other : {"<thread>other</thread>", "<thread>{sid}</thread>",
                            "<thread> {thread}</thread>", "<thread>{thread}x</thread>"}) {
    EXPECT_FALSE(decides(read(message(both(other, confirm)), {asked(romeo)}))) << other;
    EXPECT_FALSE(decides(read(message(both(other, confirm), " type='error'"), {asked(romeo)})))
        << other;
    EXPECT_FALSE(decides(read(body("OK", other), {asked(romeo)}))) << other;
    EXPECT_FALSE(decides(read(body("No", other), {asked(romeo)}))) << other;
    EXPECT_FALSE(decides(read(body(tid, other), {asked(romeo)}))) << other;
  }
  EXPECT_EQ(read(message(both("<thread/>", confirm)), {asked(romeo)}).meaning, Meaning::confirmed);
}

// "MUST contain the original <confirm/> child element"
TEST(MessageAnswer, OfTwoConfirmsNeitherCounts) {
  EXPECT_EQ(read(message(both(confirm, confirm)), {asked(romeo)}).wrong, "confirms");
  EXPECT_EQ(read(message(both(confirm, "<confirm xmlns='urn:example:x'/>")), {asked(romeo)}).wrong,
            "confirms");
}

TEST(MessageAnswer, AConfirmOfAnotherNamespaceIsNone) {
  for (const auto* xmlns : {"jabber:component:accept", "http://jabber.org/protocol/http-auth/",
                            "HTTP://jabber.org/protocol/http-auth", "urn:xmpp:http-auth"}) {
    const Answer answer = read(message("<x xmlns='urn:x'/><confirm xmlns='" + std::string(xmlns) +
                                       "' id='{tid}' method='{method}' url='{url}'/>"),
                               {asked(romeo)});
    EXPECT_FALSE(decides(answer)) << xmlns;
  }
}

// Namespaces in XML: a prefix is a way to write a namespace, and no more.
TEST(MessageAnswer, APrefixChangesNothing) {
  const auto prefixed = [](std::string_view xmlns) {
    return message("<c:confirm xmlns:c='" + std::string(xmlns) +
                   "' id='{tid}' method='{method}' url='{url}'/>");
  };
  EXPECT_EQ(read(prefixed(http_auth_xmlns), {asked(romeo)}).meaning, Meaning::confirmed);
  EXPECT_FALSE(decides(read(prefixed("urn:example:other"), {asked(romeo)})));
  // Attributes of a namespace are not those of XEP-0070.
  EXPECT_FALSE(decides(read(
      message("<confirm xmlns='http://jabber.org/protocol/http-auth' xmlns:c='urn:x' c:id='{tid}' "
              "method='{method}' url='{url}'/>"),
      {asked(romeo)})));
}

TEST(MessageAnswer, OnlyTheOutermostChildrenCount) {
  const std::string inner = "<message xmlns='jabber:client' from='{asked}' to='{component}'>" +
                            both(thread, confirm) + "<body>OK</body></message>";
  const std::string forwarded = "<forwarded xmlns='urn:xmpp:forward:0'>" + inner + "</forwarded>";
  const std::string wrapped[] = {
      forwarded,
      "<sent xmlns='urn:xmpp:carbons:2'>" + forwarded + "</sent>",
      "<received xmlns='urn:xmpp:carbons:2'>" + forwarded + "</received>",
      "<result xmlns='urn:xmpp:mam:2' id='1'>" + forwarded + "</result>",
      "<forwarded xmlns='urn:xmpp:forward:0'>" + inner + forwarded + "</forwarded>",
      "<x xmlns='urn:x'>" + std::string(confirm) + "</x>",
      "<html xmlns='urn:x'><body xmlns='jabber:component:accept'>OK</body></html>",
  };
  for (const std::string& children : wrapped) {
    EXPECT_FALSE(decides(read(message(children), {asked(romeo)}))) << children;
  }
  // Beside a copy the sender's own words are not taken for an answer either.
  EXPECT_FALSE(decides(read(message("<body>OK</body>" + forwarded), {asked(romeo)})));
}

// "the MESSAGE response stanza SHOULD be of type "normal"": Gajim keeps the type of the question,
// Libervia sends "result".
TEST(MessageAnswer, TheTypeOfAConfirmationHardlyMatters) {
  for (const auto* type : {"normal", "chat", "result", "", "unknown"}) {
    EXPECT_EQ(read(message(confirm, " type='" + std::string(type) + "'"), {asked(romeo)}).meaning,
              Meaning::confirmed)
        << type;
  }
  for (const auto* type : {"groupchat", "headline"}) {
    for (const std::string& children : {std::string(confirm), std::string("<body>OK</body>")}) {
      EXPECT_EQ(
          read(message(children, " type='" + std::string(type) + "'"), {asked(romeo)}).meaning,
          Meaning::nothing)
          << type;
    }
  }
}

TEST(MessageAnswer, AQuestionByIqIsAnsweredFromItsAddressOnly) {
  // Movim and Jappix answer an IQ by message.
  EXPECT_EQ(read(message(confirm), {asked(orchard)}).meaning, Meaning::confirmed);
  EXPECT_EQ(read(message(confirm, " type='error'"), {asked(orchard)}).meaning, Meaning::denied);
  for (const auto* from : {"{bare}/other", "{bare}", "{mallory}", "verona.test"}) {
    for (const auto* type : {"normal", "error"}) {
      const std::string xml = "<message from='" + std::string(from) + "' type='" + type +
                              "' to='{component}' id='{sid}'>" + std::string(confirm) +
                              "</message>";
      EXPECT_FALSE(decides(read(xml, {asked(orchard)}))) << xml;
    }
  }
}

TEST(MessageAnswer, WordsAreNoAnswerToAnIq) {
  for (const auto* text : {"OK", "No", "a7374jnjlalasdf82"}) {
    EXPECT_FALSE(decides(read(body(text), {asked(orchard)}))) << text;
  }
}

TEST(MessageAnswer, AConfirmMustNameTheCode) {
  const Answer answer =
      read(message("<confirm xmlns='http://jabber.org/protocol/http-auth'/>"), {asked(romeo)});
  EXPECT_EQ(answer.wrong, "confirm");
  EXPECT_EQ(read(message("<confirm xmlns='http://jabber.org/protocol/http-auth' id='{tid}'/>"),
                 {asked(romeo)})
                .meaning,
            Meaning::confirmed);
  // Never a part of it, and never in other letters.
  for (const auto* id : {"", "a7374", "{tid} ", "A7374JNJLALASDF82"}) {
    EXPECT_FALSE(decides(read(message("<confirm xmlns='http://jabber.org/protocol/http-auth' id='" +
                                      std::string(id) + "'/>"),
                              {asked(romeo)})))
        << id;
  }
}

// A decision by <confirm/> goes before the text: Gajim says "result" there.
TEST(MessageAnswer, BesideAConfirmTheBodyIsNotRead) {
  for (const auto* text : {"No", "result", "OK", "anything"}) {
    EXPECT_EQ(read(message("<body>" + std::string(text) + "</body>" + std::string(confirm)),
                   {asked(romeo)})
                  .meaning,
              Meaning::confirmed)
        << text;
  }
  EXPECT_FALSE(decides(read(message("<body>OK</body><confirm "
                                    "xmlns='http://jabber.org/protocol/http-auth' id='other'/>"),
                            {asked(romeo)})));
}

// ---- errors

// "the MESSAGE response stanza MUST be of type "error" […] and MUST specify an error, which SHOULD
// be <not-authorized/>"
TEST(MessageError, WhereverItStandsAnErrorIsANo) {
  for (const std::string& children :
       {both(confirm,
             "<error type='auth'><not-authorized "
             "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"),
        both("<error/>", confirm), std::string(confirm),
        std::string("<confirm xmlns='http://jabber.org/protocol/http-auth' id='{tid}'>"
                    "<error type='auth'><not-authorized/></error></confirm>")}) {
    const Answer answer = read(message(children, " type='error'"), {asked(romeo)});
    EXPECT_EQ(answer.meaning, Meaning::denied) << children;
  }
}

TEST(MessageError, ABounceThatEchoesTheQuestionIsStillABounce) {
  const std::string bounce =
      "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
      "</error>";
  EXPECT_EQ(read(message(both(confirm, bounce), " type='error'"), {asked(romeo)}).meaning,
            Meaning::undeliverable);
  // Prosody's carries our id and nothing of ours else.
  EXPECT_EQ(read(message(bounce, " type='error' id='{sid}'"), {asked(romeo)}).meaning,
            Meaning::undeliverable);
  EXPECT_EQ(read(message("<confirm xmlns='http://jabber.org/protocol/http-auth' id='{tid}'>"
                         "<error><service-unavailable/></error></confirm>",
                         " type='error'"),
                 {asked(romeo)})
                .meaning,
            Meaning::undeliverable);
}

// A full offline store, a filter: only accounts that exist have them, so a stranger must not see
// the difference between this and silence.
TEST(MessageError, TheServersOwnErrorIsNoDenial) {
  for (const auto* condition : {"resource-constraint", "not-allowed", "policy-violation",
                                "internal-server-error", "service-unavailable"}) {
    const std::string error = "<error type='wait'><" + std::string(condition) +
                              " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    const std::string xml =
        "<message type='error' id='{sid}' from='{bare}' to='{component}'>" + error + "</message>";
    EXPECT_EQ(read(xml, {asked(romeo)}).meaning, Meaning::undeliverable) << condition;
  }
}

TEST(MessageError, WithoutOurIdOrConfirmItIsAboutSomethingElse) {
  for (const std::string& xml :
       {message("<error/>", " type='error'"), message("<error/>", " type='error' id='other'"),
        message("<body>No</body>", " type='error'"),
        message("<body>OK</body><thread>{thread}</thread>", " type='error'"),
        message("<confirm xmlns='http://jabber.org/protocol/http-auth'/>", " type='error'"),
        message("<confirm xmlns='http://jabber.org/protocol/http-auth' id='{tid}' method='POST'/>",
                " type='error'")}) {
    const Answer answer = read(xml, {asked(romeo)});
    EXPECT_EQ(answer.meaning, Meaning::nothing) << xml;
  }
}

}  // namespace
}  // namespace jidgate::test
