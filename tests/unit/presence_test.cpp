// SPDX-License-Identifier: GPL-3.0-or-later
// RFC 6121 sections 3 and 4: presence subscriptions and probes.
#include <gtest/gtest.h>

#include "component/rfc6121_presence.hpp"
#include "tests/support/dialogue.hpp"

namespace jidgate::component {
namespace {

using test::matches;

class PresenceTest : public test::Dialogue {
 protected:
  void SetUp() override {
    stream().add(presence);
    connects();
  }
  Presence presence{stream()};
};

// RFC 6121 section 3.1.4: the contact approves with type "subscribed", from its bare address to the
// user's.
TEST_F(PresenceTest, ASubscriptionIsAcceptedAndPresenceIsShown) {
  server.sends(
      "<presence type='subscribe' from='romeo@verona.test/orchard' "
      "to='gate.verona.test'/>");
  EXPECT_TRUE(
      matches(server.receives(),
              "<presence type='subscribed' from='gate.verona.test' to='romeo@verona.test'/>"));
  EXPECT_TRUE(
      matches(server.receives(), "<presence from='gate.verona.test' to='romeo@verona.test'/>"));
  server.receives_nothing();
}

TEST_F(PresenceTest, AnEndedSubscriptionIsConfirmed) {
  server.sends("<presence type='unsubscribe' from='romeo@verona.test' to='gate.verona.test'/>");
  EXPECT_TRUE(
      matches(server.receives(),
              "<presence type='unsubscribed' from='gate.verona.test' to='romeo@verona.test'/>"));
  server.receives_nothing();
}

// RFC 6121 section 4.3.2: a probe is answered with the presence of who was asked.
TEST_F(PresenceTest, AProbeIsAnswered) {
  server.sends("<presence type='probe' from='romeo@verona.test/orchard' to='gate.verona.test'/>");
  EXPECT_TRUE(matches(server.receives(),
                      "<presence from='gate.verona.test' to='romeo@verona.test/orchard'/>"));
  server.receives_nothing();
}

TEST_F(PresenceTest, AnAccountOfOursIsNotThere) {
  for (const char* type : {"subscribe", "probe", "unsubscribe"}) {
    server.sends("<presence type='" + std::string(type) +
                 "' from='romeo@verona.test' to='juliet@gate.verona.test/x'/>");
    EXPECT_TRUE(matches(server.receives(),
                        "<presence type='unsubscribed' from='juliet@gate.verona.test' "
                        "to='romeo@verona.test'/>"))
        << type;
    server.receives_nothing();
  }
}

TEST_F(PresenceTest, WhatIsOnlySaidIsNotAnswered) {
  for (const char* type : {"", "type='unavailable'", "type='subscribed'", "type='unsubscribed'",
                           "type='error'", "type='invisible'"}) {
    server.sends("<presence " + std::string(type) +
                 " from='romeo@verona.test/orchard' to='gate.verona.test'/>");
  }
  server.sends("<presence type='subscribe' to='gate.verona.test'/>");  // nobody to answer to
  server.receives_nothing();
}

}  // namespace
}  // namespace jidgate::component
