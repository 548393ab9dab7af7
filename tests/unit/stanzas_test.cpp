// SPDX-License-Identifier: GPL-3.0-or-later
// What goes over the component link: hostile stanzas in, proper ones out, from any thread.
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "component/stream.hpp"
#include "tests/unit/stream_fixture.hpp"

namespace jidgate::component {
namespace {

using StanzasTest = StreamTest;

TEST_F(StanzasTest, ReadsOctetsThatComeOneByOne) {
  connects();
  server.sends_in_slices(
      "<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
      "<query xmlns='urn:example:none'/></iq>");
  EXPECT_TRUE(test::matches(
      server.receives(),
      "<iq type='error' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
      "<error type='cancel'><service-unavailable "
      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"));
}

std::string nested(std::size_t levels) {
  std::string xml =
      "<iq type='get' id='deep' from='romeo@verona.test/orchard' "
      "to='gate.verona.test'>";
  for (std::size_t i = 0; i < levels; ++i) xml += "<a>";
  for (std::size_t i = 0; i < levels; ++i) xml += "</a>";
  return xml + "</iq>";
}

// 37,449 levels are what Prosody lets a client send, 74,898 what it lets a server send.
TEST_F(StanzasTest, DepthWidthAndSizeAreAnsweredAndSurvived) {
  connects();
  const std::string open =
      "<iq type='get' id='deep' from='romeo@verona.test/orchard' to='gate.verona.test'>";
  std::string children, attributes, errors;
  for (int i = 0; i < 100000; ++i) children += "<a/>";
  for (int i = 0; i < 10000; ++i) attributes += " a" + std::to_string(i) + "=''";
  for (int i = 0; i < 31250; ++i) errors += "<error/>";
  for (const std::string& attack : {nested(37449), nested(74898), open + children + "</iq>",
                                    open + errors + "</iq>", open + "<a" + attributes + "/></iq>",
                                    open + "<a b='" + std::string(500000, 'x') + "'/></iq>",
                                    open + std::string(500000, 'x') + "</iq>"}) {
    server.sends(attack);
    EXPECT_TRUE(test::matches(
        server.receives(),
        "<iq type='error' id='deep' from='gate.verona.test' to='romeo@verona.test/orchard'>"
        "<error type='modify'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{any}</text></error>"
        "</iq>"));
  }
  server.receives_nothing();
}

// Each of these ended the stream of a bare gloox, or made it believe a forged sender.
TEST_F(StanzasTest, WhatBreaksGlooxDoesNotReachIt) {
  stream().add(witness);
  connects();
  server.sends(
      "<message from='a@b' to='gate.verona.test'><stream:stream/></message>"
      "<message from='a@b' to='gate.verona.test'><stream:stream xmlns:stream='urn:x'/></message>"
      "<message from='a@b' to='gate.verona.test'><body>&#x1F600;</body></message>"
      "<message from='a\"b@c' to='gate.verona.test'/>"
      "<message from='a@b' to='gate.verona.test'><?xml version='1.0'?></message >"
      "<message from='a@b' to='gate.verona.test'><!-- --><body>no</body></message>"
      "<message from='a@b' to='gate.verona.test' xmlns='jabber:component:accept'>"
      "<body>yes</body ></message >");
  server.receives_nothing();
  EXPECT_EQ(witness.bodies(), (std::vector<std::string>{"", "", "\xF0\x9F\x98\x80", "yes"}));
}

TEST_F(StanzasTest, SendsWhatAServerTakes) {
  connects();
  EXPECT_TRUE(sends("gate.verona.test", "romeo@verona.test", "5 < 6 & \"7\" \xC3\xA4"));
  EXPECT_TRUE(test::matches(server.receives(),
                            "<message from='gate.verona.test' to='romeo@verona.test'>"
                            "<body>5 &lt; 6 &amp; \"7\" \xC3\xA4</body></message>"));
  EXPECT_TRUE(sends("a@gate.verona.test/x", "verona.test"));
  EXPECT_EQ(test::attribute(server.receives(), "from"), "a@gate.verona.test/x");
}

// XEP-0114 section 3: "All stanzas sent to the server MUST possess a 'from' attribute and a 'to'
// attribute", and the domain in `from` "MUST match the hostname of the component".
TEST_F(StanzasTest, RefusesToSendWhatWouldEndTheStream) {
  declares("stanza.unsent");
  connects();
  EXPECT_FALSE(sends("", "romeo@verona.test"));
  EXPECT_FALSE(sends("verona.test", "romeo@verona.test"));
  EXPECT_FALSE(sends("gate.verona.test.evil.example", "romeo@verona.test"));
  EXPECT_FALSE(sends("gate.verona.test", ""));
  EXPECT_FALSE(sends("gate.verona.test", "romeo@verona.test", std::string(600000, 'x')));
  EXPECT_FALSE(there([&] {
    auto message = make_stanza("message", "gate.verona.test", "romeo@verona.test", {});
    message->addAttribute("id", "\xED\xA0\x80");  // gloox lets it through
    return stream().send(std::move(message));
  }));
  EXPECT_FALSE(there([&] {
    return stream().send(make_stanza("stream", "gate.verona.test", "a@verona.test", {}));
  }));
  server.receives_nothing();
  EXPECT_EQ(log.entries("stanza.unsent").size(), 7U);
}

TEST_F(StanzasTest, SendsNothingWhileTheLinkIsDown) {
  server.stops_listening();
  stream().start();
  EXPECT_FALSE(sends("gate.verona.test", "romeo@verona.test"));
}

TEST_F(StanzasTest, OnlyTheXmppThreadMaySend) {
  connects();
  EXPECT_THROW(stream().send(make_stanza("message", "gate.verona.test", "a@verona.test", {})),
               std::logic_error);
}

TEST_F(StanzasTest, PostedWorkRunsInOrderOnOneThreadWithTheLinkDown) {
  server.stops_listening();
  std::vector<int> order;
  stream().post([&] { order.push_back(0); });
  stream().start();
  stream().post([&] { order.push_back(1); });
  stream().post([] { throw std::runtime_error("lost"); });
  declares("unit.failed");
  const auto thread = there([&] {
    order.push_back(2);
    return std::this_thread::get_id();
  });
  EXPECT_NE(thread, std::this_thread::get_id());
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

TEST_F(StanzasTest, ManyThreadsMayPost) {
  connects();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 100; ++j) {
        stream().post([&] {
          stream().send(make_stanza("message", "gate.verona.test", "a@verona.test", {}));
        });
      }
    });
  }
  for (int i = 0; i < 400; ++i)
    EXPECT_EQ(test::attribute(server.receives(), "to"), "a@verona.test");
  server.receives_nothing();
}

TEST_F(StanzasTest, AnAnswerMayComeFromAnotherThreadAndAfterAReconnect) {
  stream().add(slow);
  connects();
  server.sends(
      "<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
      "<wait xmlns='urn:example:slow'/></iq>");
  server.receives_nothing();
  server.cuts();
  server.accepts();
  log.wait("link.up", 2);
  slow.kept.with([](auto& slot) { slot->result(); });
  EXPECT_TRUE(test::matches(
      server.receives(),
      "<iq type='result' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'/>"));
}

TEST_F(StanzasTest, AnAnswerMayOutliveTheStream) {
  {
    Stream stream(settings, Secret(std::string(test::ScriptedServer::secret)), log, metrics);
    stream.add(slow);
    stream.start();
    server.accepts();
    server.sends(
        "<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
        "<wait xmlns='urn:example:slow'/></iq>");
    server.receives_nothing();
    server.cuts();
  }
  slow.kept.with([](auto& slot) { slot->result(); });
}

}  // namespace
}  // namespace jidgate::component
