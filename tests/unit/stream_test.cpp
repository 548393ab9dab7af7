// SPDX-License-Identifier: GPL-3.0-or-later
// The life of the component link, against a server that does what the test says.
#include "component/stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "component/backoff.hpp"
#include "tests/unit/stream_fixture.hpp"

namespace jidgate::component {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(StreamTest, ShakesHandsAndIsUp) {
  stream().add(witness);
  EXPECT_FALSE(stream().is_up());
  connects();
  EXPECT_TRUE(stream().is_up());
  server.receives_nothing();  // so link_up() has returned
  EXPECT_EQ(witness.ups, 1);
  EXPECT_EQ(stream().domain(), "gate.verona.test");
  EXPECT_THAT(metrics.render(), HasSubstr("jidgate_xmpp_connected 1"));
}

TEST_F(StreamTest, NothingCountsBeforeTheHandshakeIsAccepted) {
  stream().add(witness);
  stream().start();
  server.accepts_connection();
  server.receives_header();
  server.sends_header();
  server.receives_handshake();
  server.sends(
      "<message from='verona.test' to='gate.verona.test'><body>early</body></message>"
      "<handshake xmlns='urn:x'/>");
  server.sends("<handshake/>");
  log.wait("link.up");
  server.receives_nothing();
  EXPECT_TRUE(witness.bodies().empty());
  EXPECT_EQ(witness.ups, 1);
}

// XEP-0114 section 3: for wrong credentials the server "MUST close the stream", and "SHOULD return
// a <not-authorized/> stream error".
TEST_F(StreamTest, ARefusedSecretIsLoggedAndTriedAgain) {
  declares("link.refused");
  stream().start();
  server.accepts_connection();
  server.receives_header();
  server.sends_header();
  server.receives_handshake();
  server.sends(
      "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
      "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Given token does not match</text>"
      "</stream:error></stream:stream>");
  server.sees_close();
  EXPECT_EQ(log.wait("link.refused").fields.at("reason"),
            "not-authorized (Given token does not match)");
  server.accepts();
  log.wait("link.up");
}

// For an unknown component Prosody sends a header without `id`, and an error.
TEST_F(StreamTest, AnUnknownNameIsRefusedInTheHeader) {
  declares("link.refused");
  stream().start();
  server.accepts_connection();
  server.receives_header();
  server.sends_header("");
  server.sends(
      "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
      "</stream:error></stream:stream>");
  server.receives_end();
  EXPECT_EQ(log.wait("link.refused").fields.at("reason"), "host-unknown");
}

// Prosody refuses a second connection like this for as long as it believes in the first.
TEST_F(StreamTest, AConflictBeforeTheHandshakeIsTriedAgainSoon) {
  declares("link.refused");
  settings.backoff_replaced = 24h;
  for (int i = 0; i < 2; ++i) {
    if (i == 0) stream().start();
    server.accepts_connection();
    server.receives_header();
    server.sends_header();
    server.receives_handshake();
    server.sends(
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        "</stream:error>");
    server.sees_close();
  }
  server.accepts();
  log.wait("link.up");
  EXPECT_EQ(log.entries("link.refused").size(), 1U) << "the same reason is logged once a minute";
}

TEST_F(StreamTest, AConflictThatReplacesUsEndsTheLinkAsAnError) {
  declares("link.down");
  settings.backoff_replaced = 1ms;
  connects();
  server.sends(
      "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
      "</stream:error>");
  server.sees_close();
  const auto down = log.wait("link.down");
  EXPECT_EQ(down.level, LogLevel::error);
  EXPECT_EQ(down.fields.at("reason"), "stream error: conflict");
  server.accepts();
}

TEST_F(StreamTest, ALostServerIsNoticedAndReachedAgain) {
  stream().add(witness);
  connects();
  server.cuts();
  EXPECT_EQ(log.wait("link.down").fields.at("reason"), "closed by the server");
  server.accepts();
  log.wait("link.up", 2);
  server.receives_nothing();
  EXPECT_EQ(witness.ups, 2);
  EXPECT_EQ(witness.downs, 1);
  EXPECT_THAT(metrics.render(), HasSubstr("jidgate_xmpp_reconnects_total 1"));
}

TEST_F(StreamTest, AServerThatIsNotThereYetIsWaitedFor) {
  server.stops_listening();
  stream().start();
  EXPECT_EQ(log.wait("link.failed").fields.at("reason"), "Connection refused");
  server.listens_again();
  server.accepts();
  log.wait("link.up");
}

TEST_F(StreamTest, AServerThatNeverAnswersIsGivenUp) {
  settings.handshake = 50ms;
  stream().start();
  server.accepts_connection();
  server.sees_close();
  EXPECT_EQ(log.wait("link.failed").fields.at("reason"), "no handshake in time");
}

// A frozen server keeps its connection and says nothing.
TEST_F(StreamTest, AFrozenServerIsNoticedByPing) {
  settings.ping_after = 20ms;
  settings.ping_wait = 30ms;
  connects();
  EXPECT_TRUE(test::matches(server.receives(),
                            "<iq type='get' id='{any}' from='gate.verona.test' to='verona.test'>"
                            "<ping xmlns='urn:xmpp:ping'/></iq>"));
  server.sees_close();
  EXPECT_EQ(log.wait("link.down").fields.at("reason"), "the server does not answer");
}

TEST_F(StreamTest, AnAnsweredPingKeepsTheLink) {
  settings.ping_after = 20ms;
  settings.ping_wait = 20s;
  connects();
  std::string last;
  for (const char* answer : {"result", "error", "result"}) {
    const std::string id = test::attribute(server.receives(), "id");
    EXPECT_EQ(id.size(), 32U);
    EXPECT_NE(id, last);
    last = id;
    server.sends("<iq type='" + std::string(answer) + "' id='" + id +
                 "' from='verona.test' to='gate.verona.test'/>");
  }
  EXPECT_TRUE(log.entries("link.down").empty());
}

TEST_F(StreamTest, WithoutAHostThePingGoesToOurselves) {
  settings.xmpp.hosts.clear();
  settings.ping_after = 20ms;
  connects();
  EXPECT_EQ(test::attribute(server.receives(), "to"), "gate.verona.test");
}

// A cut in the middle of a quoted attribute leaves gloox's parser inside of the quotes for ever.
TEST_F(StreamTest, ACutInsideOfAnAttributeDoesNotReachTheNextStream) {
  connects();
  for (std::size_t i = 2; i < 5; ++i) {
    server.sends("<message from='romeo@verona.test' to=\"gate.ver");
    server.cuts();
    log.wait("link.down", i - 1);
    server.accepts();
    log.wait("link.up", i);
    server.receives_nothing();
  }
}

TEST_F(StreamTest, NothingIsReadAfterTheStreamHasEnded) {
  stream().add(witness);
  connects();
  const std::string message =
      "<message from='a@b' to='gate.verona.test'><body>late</body></message>";
  server.sends(
      "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
      "</stream:error>" +
      message);
  server.sees_close();
  EXPECT_EQ(log.wait("link.down").fields.at("reason"), "stream error: system-shutdown");
  server.accepts();
  log.wait("link.up", 2);
  server.sends("</stream:stream>" + message);
  server.receives_end();
  EXPECT_EQ(log.wait("link.down", 2).fields.at("reason"), "the server closed the stream");
  server.accepts();
  log.wait("link.up", 3);
  server.sends("nonsense" + message);
  server.sees_close();
  EXPECT_THAT(log.wait("link.down", 3).fields.at("reason"), StartsWith("unreadable stream"));
  server.accepts();
  log.wait("link.up", 4);
  server.receives_nothing();
  EXPECT_TRUE(witness.bodies().empty());
}

TEST_F(StreamTest, StopSendsWhatWasPostedBeforeAndClosesTheStream) {
  stream().add(witness);
  connects();
  stream().post(
      [&] { stream().send(make_stanza("message", "gate.verona.test", "a@verona.test", {})); });
  std::jthread stopping([&] { stream().stop(); });
  EXPECT_EQ(test::attribute(server.receives(), "to"), "a@verona.test");
  server.receives_end();
  // RFC 6120 section 4.4: until the other side has closed, too, it may still send.
  server.sends(
      "<message from='a@verona.test' to='gate.verona.test'><body>late</body></message>"
      "</stream:stream>");
  stopping.join();
  server.sees_close();
  EXPECT_FALSE(stream().is_up());
  EXPECT_EQ(log.wait("link.down").fields.at("reason"), "stopped");
  EXPECT_EQ(witness.downs, 1);
  EXPECT_TRUE(witness.bodies().empty());
}

TEST_F(StreamTest, StopDoesNotWaitForAServerThatNeverCloses) {
  connects();
  stream().stop();
  server.receives_end();
}

TEST_F(StreamTest, UnitsTick) {
  stream().add(witness);
  server.stops_listening();
  stream().start();
  while (witness.ticks == 0) std::this_thread::yield();
}

TEST(Backoff, DoublesWithinItsBoundsAndStartsAnewAfterAGoodLink) {
  Backoff backoff(100ms, 1500ms, 60s);
  SteadyTime now{};
  now += 1h;
  const auto within = [](Backoff::Wait wait, Backoff::Wait low, Backoff::Wait high) {
    return wait >= low && wait <= high;
  };
  EXPECT_TRUE(within(backoff.failed(now), 50ms, 100ms));
  EXPECT_TRUE(within(backoff.failed(now), 100ms, 200ms));
  EXPECT_TRUE(within(backoff.failed(now), 200ms, 400ms));
  for (int i = 0; i < 10; ++i) backoff.failed(now);
  EXPECT_TRUE(within(backoff.failed(now), 750ms, 1500ms));
  backoff.succeeded(now);
  EXPECT_TRUE(within(backoff.failed(now + 1s), 750ms, 1500ms)) << "it broke at once";
  backoff.succeeded(now);
  EXPECT_TRUE(within(backoff.failed(now + 1min), 50ms, 100ms));
  EXPECT_TRUE(within(backoff.replaced(), 30s, 60s));
}

}  // namespace
}  // namespace jidgate::component
