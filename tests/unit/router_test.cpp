// SPDX-License-Identifier: GPL-3.0-or-later
// The router: every request is answered once, from the address that was asked; nothing else is.
#include "component/router.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "component/tags.hpp"
#include "tests/support/recording_log.hpp"
#include "tests/support/tags.hpp"
#include "tests/support/xml_match.hpp"

namespace jidgate::component {
namespace {

using test::matches;
using test::tag;

class Sink final : public ReplySink {
 public:
  void deliver(std::unique_ptr<gloox::Tag> stanza) override { sent.push_back(stanza->xml()); }
  std::vector<std::string> sent;
};

constexpr Route echo_routes[] = {{IqType::get, "urn:example:echo", "say"},
                                 {IqType::set, "urn:example:echo", "remember"}};

// A unit of which a test decides what it does.
class Echo final : public Unit {
 public:
  std::span<const Route> routes() const override { return echo_routes; }
  void handle(const Incoming& request, const gloox::Tag& payload, Reply reply) override {
    on_request(request, payload, std::move(reply));
  }
  void handle_dropped(const Incoming& request, const gloox::Tag& payload, const StanzaError& error,
                      Reply reply) override {
    if (!on_dropped) return Unit::handle_dropped(request, payload, error, std::move(reply));
    on_dropped(payload, error, std::move(reply));
  }
  bool handle_answer(const Incoming& stanza) override { return saw(stanza); }
  bool handle_message(const Incoming& stanza) override { return saw(stanza); }
  bool handle_presence(const Incoming& stanza) override { return saw(stanza); }

  std::function<void(const Incoming&, const gloox::Tag&, Reply)> on_request =
      [](const Incoming&, const gloox::Tag& payload, Reply reply) {
        reply.result(std::unique_ptr<gloox::Tag>(payload.clone()));
      };
  std::function<void(const gloox::Tag&, const StanzaError&, Reply)> on_dropped;
  std::vector<std::string> seen;
  bool consumes = true;

 private:
  bool saw(const Incoming& stanza) {
    seen.push_back(stanza.tag.name() + ' ' + stanza.type + ' ' + stanza.id + ' ' +
                   stanza.from.to_string() + ' ' + stanza.to.to_string());
    return consumes;
  }
};

class RouterTest : public testing::Test {
 protected:
  std::vector<std::string> after(std::string_view stanza) {
    sink_->sent.clear();
    router_.handle(*tag(stanza));
    return sink_->sent;
  }
  // The only answer to `stanza`.
  std::string answer(std::string_view stanza) {
    const auto sent = after(stanza);
    EXPECT_EQ(sent.size(), 1U) << stanza;
    return sent.empty() ? "<nothing/>" : sent.front();
  }

  test::RecordingLog log_;
  Metrics metrics_;
  Echo echo_;
  std::vector<Unit*> units_{&echo_};
  std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
  Router router_{"gate.verona.test", units_, sink_, log_, metrics_};
};

std::string error(std::string_view id, std::string_view from, std::string_view type,
                  std::string_view condition) {
  return "<iq type='error' id='" + std::string(id) + "' from='" + std::string(from) +
         "' to='romeo@verona.test/orchard'><error type='" + std::string(type) + "'><" +
         std::string(condition) + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
}

TEST_F(RouterTest, ARequestReachesTheUnitThatServesIt) {
  EXPECT_TRUE(
      matches(answer("<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
                     "<say xmlns='urn:example:echo'>Hello</say></iq>"),
              "<iq type='result' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
              "<say xmlns='urn:example:echo'>Hello</say></iq>"));
}

TEST_F(RouterTest, TheAnswerComesFromTheAddressThatWasAsked) {
  EXPECT_TRUE(matches(
      answer("<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test/door'>"
             "<say xmlns='urn:example:echo'/></iq>"),
      "<iq type='result' id='1' from='gate.verona.test/door' to='romeo@verona.test/orchard'>"
      "<say xmlns='urn:example:echo'/></iq>"));
}

// RFC 6121 section 8.5.1: "If the user account identified by the 'to' attribute does not exist", an
// IQ gets <service-unavailable/>.
TEST_F(RouterTest, AnAccountOfOursDoesNotExist) {
  EXPECT_TRUE(matches(
      answer("<iq type='get' id='1' from='romeo@verona.test/orchard' to='a@gate.verona.test'>"
             "<say xmlns='urn:example:echo'/></iq>"),
      error("1", "a@gate.verona.test", "cancel", "service-unavailable")));
}

// RFC 6120 section 8.4: for a namespace that it does not understand, an entity "MUST return an
// error of <service-unavailable/>".
TEST_F(RouterTest, AnUnknownNamespaceIsUnavailable) {
  EXPECT_TRUE(
      matches(answer("<iq type='set' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
                     "<say xmlns='urn:example:other'/></iq>"),
              error("1", "gate.verona.test", "cancel", "service-unavailable")));
}

TEST_F(RouterTest, AKnownNamespaceWithAnotherTypeOrElementIsNotImplemented) {
  for (const char* request : {"type='set'><say", "type='get'><shout"}) {
    EXPECT_TRUE(
        matches(answer("<iq id='1' from='romeo@verona.test/orchard' to='gate.verona.test' " +
                       std::string(request) + " xmlns='urn:example:echo'/></iq>"),
                error("1", "gate.verona.test", "cancel", "feature-not-implemented")))
        << request;
  }
}

// RFC 6120 section 8.2.3: a request "MUST contain exactly one child element", and for an unknown
// type "the recipient or an intermediate router MUST return a <bad-request/> stanza error".
TEST_F(RouterTest, ARequestWithoutOnePayloadOrAKnownTypeIsBad) {
  const std::string addresses = "id='1' from='romeo@verona.test/orchard' to='gate.verona.test'";
  for (const std::string& request :
       {"<iq type='get' " + addresses + "/>",
        "<iq type='set' " + addresses + "><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>",
        "<iq type='got' " + addresses + "><say xmlns='urn:example:echo'/></iq>",
        "<iq " + addresses + "><say xmlns='urn:example:echo'/></iq>"}) {
    EXPECT_TRUE(matches(answer(request), error("1", "gate.verona.test", "modify", "bad-request")))
        << request;
  }
}

// RFC 6120 section 8.2.3: the id is preserved, "or be empty if the generated stanza did not include
// an 'id' attribute".
TEST_F(RouterTest, ARequestWithoutIdIsAnsweredWithAnEmptyOne) {
  EXPECT_TRUE(
      matches(answer("<iq type='get' from='romeo@verona.test/orchard' to='gate.verona.test'/>"),
              error("", "gate.verona.test", "modify", "bad-request")));
}

// RFC 6120 section 8.2.3: an entity "MUST NOT respond to the stanza" of type result or error.
TEST_F(RouterTest, ResultsAndErrorsAreNeverAnswered) {
  for (const bool consumes : {true, false}) {
    echo_.consumes = consumes;
    for (const char* type : {"result", "error"}) {
      for (const char* payload : {"", "<say xmlns='urn:example:echo'/>", "<x xmlns='urn:x'/>"}) {
        EXPECT_TRUE(after("<iq type='" + std::string(type) +
                          "' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>" +
                          payload + "</iq>")
                        .empty());
      }
    }
  }
  EXPECT_EQ(echo_.seen.size(), 12U);
  EXPECT_EQ(echo_.seen.front(), "iq result 1 romeo@verona.test/orchard gate.verona.test");
}

TEST_F(RouterTest, MessagesAndPresenceAreNeverAnsweredHere) {
  echo_.consumes = false;
  for (const char* stanza : {"<message id='m' from='romeo@verona.test/orchard' "
                             "to='a@gate.verona.test/x'><body>Hi</body></message>",
                             "<presence type='probe' from='romeo@verona.test' "
                             "to='gate.verona.test'/>"}) {
    EXPECT_TRUE(after(stanza).empty());
  }
  EXPECT_EQ(echo_.seen,
            (std::vector<std::string>{"message  m romeo@verona.test/orchard a@gate.verona.test/x",
                                      "presence probe  romeo@verona.test gate.verona.test"}));
}

TEST_F(RouterTest, TheFirstUnitThatConsumesAStanzaIsTheLast) {
  Echo second;
  units_.push_back(&second);
  after("<message from='romeo@verona.test' to='gate.verona.test'/>");
  EXPECT_EQ(echo_.seen.size(), 1U);
  EXPECT_TRUE(second.seen.empty());
  echo_.consumes = false;
  after("<message from='romeo@verona.test' to='gate.verona.test'/>");
  EXPECT_EQ(second.seen.size(), 1U);
}

TEST_F(RouterTest, WhatHasNoProperAddressesIsDropped) {
  const char* payload = "<say xmlns='urn:example:echo'/>";
  for (const char* addresses :
       {"to='gate.verona.test'", "from='' to='gate.verona.test'", "from='romeo@verona.test'",
        "from='romeo@verona.test' to=''", "from='romeo@verona.test' to='verona.test'",
        "from='romeo@verona.test' to='gate.verona.test.evil.example'"}) {
    EXPECT_TRUE(
        after("<iq type='get' id='1' " + std::string(addresses) + ">" + payload + "</iq>").empty())
        << addresses;
  }
  EXPECT_EQ(log_.entries("stanza.dropped").size(), 5U) << "no more than five a second are logged";
  router_.tick();
  EXPECT_TRUE(after("<iq type='get' id='1'>" + std::string(payload) + "</iq>").empty());
  EXPECT_EQ(log_.entries("stanza.dropped").size(), 6U);
}

// RFC 6120 section 8.2.3: who receives a request "MUST reply". Servers let addresses through that
// we refuse: Prosody and ejabberd do not agree on them either.
TEST_F(RouterTest, WhomTheServerCallsAnAddressIsAnsweredThere) {
  const std::string from = "romeo@verona.test/o\xE2\x80\x8Drchard";  // a zero width joiner
  const std::string error =
      "<iq type='error' id='1' from='gate.verona.test' to='" + from +
      "'><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "
      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{any}</text></error></iq>";
  const std::string request = "<iq type='get' id='1' from='" + from + "' to='gate.verona.test'>";
  EXPECT_TRUE(matches(answer(request + "<say xmlns='urn:example:echo'/></iq>"), error));
  EXPECT_TRUE(
      after("<iq type='result' id='1' from='" + from + "' to='gate.verona.test'/>").empty());
  EXPECT_TRUE(after("<message from='" + from + "' to='gate.verona.test'/>").empty());
  EXPECT_TRUE(echo_.seen.empty());
}

TEST_F(RouterTest, WhatIsNoStanzaIsDropped) {
  for (const char* stanza : {"<handshake/>",
                             "<iq xmlns='urn:x' type='get' id='1' "
                             "from='romeo@verona.test' to='gate.verona.test'/>",
                             "<stream:features/>"}) {
    EXPECT_TRUE(after(stanza).empty()) << stanza;
  }
  EXPECT_EQ(log_.entries("stanza.dropped").size(), 3U);
}

TEST_F(RouterTest, AUnitThatForgetsToAnswerAnswersInternalServerError) {
  echo_.on_request = [](const Incoming&, const gloox::Tag&, Reply) {};
  EXPECT_TRUE(
      matches(answer("<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
                     "<say xmlns='urn:example:echo'/></iq>"),
              error("1", "gate.verona.test", "cancel", "internal-server-error")));
}

TEST_F(RouterTest, AUnitThatThrowsAnswersInternalServerErrorAndIsLogged) {
  echo_.on_request = [](const Incoming&, const gloox::Tag&, Reply) {
    throw std::runtime_error("the surroundings broke");
  };
  EXPECT_TRUE(
      matches(answer("<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
                     "<say xmlns='urn:example:echo'/></iq>"),
              error("1", "gate.verona.test", "cancel", "internal-server-error")));
  const auto failures = log_.entries("unit.failed");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].fields.at("what"), "the surroundings broke");
}

TEST_F(RouterTest, ASecondAnswerIsIgnored) {
  echo_.on_request = [](const Incoming&, const gloox::Tag&, Reply reply) {
    reply.result();
    reply.fail({"cancel", "conflict", {}});
    reply.result(make_tag("again", "urn:example:echo"));
  };
  EXPECT_TRUE(
      matches(answer("<iq type='set' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
                     "<remember xmlns='urn:example:echo'/></iq>"),
              "<iq type='result' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'/>"));
}

TEST_F(RouterTest, AnAnswerMayTravelToAnotherThreadAndWait) {
  std::optional<Reply> kept;
  echo_.on_request = [&](const Incoming&, const gloox::Tag&, Reply reply) {
    kept.emplace(std::move(reply));
  };
  EXPECT_TRUE(after("<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
                    "<say xmlns='urn:example:echo'/></iq>")
                  .empty());
  std::thread([reply = std::move(*kept)]() mutable {
    reply.fail({"wait", "resource-constraint", "Later."});
  }).join();
  kept.reset();
  ASSERT_EQ(sink_->sent.size(), 1U);
  EXPECT_TRUE(
      matches(sink_->sent[0],
              "<iq type='error' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
              "<error type='wait'><resource-constraint "
              "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "
              "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Later.</text></error>"
              "</iq>"));
}

TEST_F(RouterTest, AnAnswerThatIsReplacedDoesNotVanish) {
  const auto make = [&](const char* id) { return Reply(sink_, "a@verona.test", "gate", id); };
  Reply reply = make("1");
  reply = make("2");
  ASSERT_EQ(sink_->sent.size(), 1U);
  EXPECT_EQ(test::attribute(sink_->sent[0], "id"), "1");
}

class RouterDropTest : public RouterTest {
 protected:
  std::vector<std::string> after_drop(std::string_view head, std::string_view why) {
    sink_->sent.clear();
    router_.handle_dropped(head.empty() ? nullptr : tag(head).get(), why);
    return sink_->sent;
  }
};

// RFC 6120 section 13.12: over the size limit the answer is "a <policy-violation/> stanza error".
TEST_F(RouterDropTest, ARequestBeyondTheLimitsIsAnswered) {
  const auto sent =
      after_drop("<iq type='set' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'/>",
                 "too-large");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(
      matches(sent[0],
              "<iq type='error' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
              "<error type='modify'><policy-violation "
              "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "
              "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{any}</text></error>"
              "</iq>"));
}

TEST_F(RouterDropTest, AMalformedRequestIsBad) {
  const auto sent =
      after_drop("<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'/>",
                 "malformed");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(matches(sent[0], error("1", "gate.verona.test", "modify", "bad-request")));
}

TEST_F(RouterDropTest, TheUnitThatServesItMayHaveSomebodyElseToTell) {
  const std::string head =
      "<iq type='set' id='1' from='verona.test' to='gate.verona.test'>"
      "<remember xmlns='urn:example:echo'><inside/></remember></iq>";
  const std::string policy =
      "<iq type='error' id='1' from='gate.verona.test' to='verona.test'><error type='modify'>"
      "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text "
      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{any}</text></error></iq>";
  auto sent = after_drop(head, "too-large");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(matches(sent[0], policy)) << "a unit that has nobody else";

  echo_.on_dropped = [](const gloox::Tag& payload, const StanzaError& error, Reply reply) {
    EXPECT_EQ(error.condition, "policy-violation");
    reply.result(std::unique_ptr<gloox::Tag>(payload.clone()));
  };
  sent = after_drop(head, "too-large");
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(matches(sent[0],
                      "<iq type='result' id='1' from='gate.verona.test' to='verona.test'>"
                      "<remember xmlns='urn:example:echo'><inside/></remember></iq>"));

  for (const char* other :
       {"<iq type='set' id='1' from='verona.test' to='romeo@gate.verona.test'>"
        "<remember xmlns='urn:example:echo'/></iq>",
        "<iq type='set' id='1' from='verona.test' to='gate.verona.test'>"
        "<remember xmlns='urn:example:echo'/><remember xmlns='urn:example:echo'/></iq>",
        "<iq type='get' id='1' from='verona.test' to='gate.verona.test'>"
        "<remember xmlns='urn:example:echo'/></iq>"}) {
    sent = after_drop(other, "too-large");
    ASSERT_EQ(sent.size(), 1U) << other;
    EXPECT_EQ(test::attribute(sent[0], "type"), "error") << other;
  }
}

TEST_F(RouterDropTest, NothingElseThatIsDroppedIsAnswered) {
  for (const char* head :
       {"", "<iq type='result' id='1' from='a@verona.test' to='gate.verona.test'/>",
        "<iq type='error' id='1' from='a@verona.test' to='gate.verona.test'/>",
        "<iq id='1' from='a@verona.test' to='gate.verona.test'/>",
        "<message type='get' id='1' from='a@verona.test' to='gate.verona.test'/>",
        "<iq type='get' id='1' to='gate.verona.test'/>",
        "<iq type='get' id='1' from='a@verona.test' to='verona.test'/>"}) {
    EXPECT_TRUE(after_drop(head, "too-deep").empty()) << head;
  }
}

}  // namespace
}  // namespace jidgate::component
