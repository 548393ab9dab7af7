// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0030: what the component says about itself.
#include <gtest/gtest.h>

#include "component/reply.hpp"
#include "component/xep0030_disco.hpp"
#include "tests/support/dialogue.hpp"

namespace jidgate::component {
namespace {

using test::matches;

constexpr std::string_view some_features[] = {"urn:example:b", "urn:example:a",
                                              "http://jabber.org/protocol/disco#info"};
constexpr Identity some_identities[] = {{"auth", "cert", "Certificates"},
                                        {"auth", "cert", "The same again"}};

class Other final : public Unit {
 public:
  std::span<const std::string_view> features() const override { return some_features; }
  std::span<const Identity> identities() const override { return some_identities; }
};

class DiscoTest : public test::Dialogue {
 protected:
  std::string asks(std::string_view request) {
    if (!stream().is_up()) connects();
    server.sends(request);
    std::string answer = server.receives();
    server.receives_nothing();
    return answer;
  }

  Disco disco{stream().units()};
  Other other;
};

// Section 3.1: "Every entity MUST have at least one identity, and every entity MUST support at
// least the 'http://jabber.org/protocol/disco#info' feature".
TEST_F(DiscoTest, AloneItHasAnIdentityAndItsOwnFeatures) {
  stream().add(disco);
  EXPECT_TRUE(
      matches(asks("<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
                   "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>"),
              "<iq type='result' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
              "<query xmlns='http://jabber.org/protocol/disco#info'>"
              "<identity category='auth' type='generic' name='jidgate'/>"
              "<feature var='http://jabber.org/protocol/disco#info'/>"
              "<feature var='http://jabber.org/protocol/disco#items'/></query></iq>"));
}

TEST_F(DiscoTest, WhatTheUnitsServeIsListedOnce) {
  stream().add(disco);
  stream().add(other);
  EXPECT_TRUE(
      matches(asks("<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test'>"
                   "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>"),
              "<iq type='result' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
              "<query xmlns='http://jabber.org/protocol/disco#info'>"
              "<identity category='auth' type='cert' name='Certificates'/>"
              "<identity category='auth' type='generic' name='jidgate'/>"
              "<feature var='http://jabber.org/protocol/disco#info'/>"
              "<feature var='http://jabber.org/protocol/disco#items'/>"
              "<feature var='urn:example:a'/><feature var='urn:example:b'/></query></iq>"));
}

// Section 7: "if an entity has no associated items, it MUST return an empty <query/> element
// (rather than an error)".
TEST_F(DiscoTest, ItHasNoItems) {
  stream().add(disco);
  EXPECT_TRUE(
      matches(asks("<iq type='get' id='1' from='romeo@verona.test/orchard' to='gate.verona.test/x'>"
                   "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>"),
              "<iq type='result' id='1' from='gate.verona.test/x' to='romeo@verona.test/orchard'>"
              "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>"));
}

TEST_F(DiscoTest, EverythingElseIsRefused) {
  stream().add(disco);
  const auto request = [](std::string_view type, std::string_view to, std::string_view payload) {
    return "<iq type='" + std::string(type) + "' id='1' from='romeo@verona.test/orchard' to='" +
           std::string(to) + "'>" + std::string(payload) + "</iq>";
  };
  const auto error = [](std::string_view from, std::string_view type, std::string_view condition) {
    return "<iq type='error' id='1' from='" + std::string(from) +
           "' to='romeo@verona.test/orchard'><error type='" + std::string(type) + "'><" +
           std::string(condition) + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
  };
  const std::string us = "gate.verona.test";
  const std::pair<std::string, std::string> cases[] = {
      // Section 7: the JID+NodeID "of the specified target entity does not exist"
      {request("get", us, "<query xmlns='http://jabber.org/protocol/disco#info' node='a'/>"),
       error(us, "cancel", "item-not-found")},
      {request("get", us, "<query xmlns='http://jabber.org/protocol/disco#info' node=''/>"),
       error(us, "cancel", "item-not-found")},
      {request("get", us, "<query xmlns='http://jabber.org/protocol/disco#items' node='a'/>"),
       error(us, "cancel", "item-not-found")},
      // the wrong type
      {request("set", us, "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
       error(us, "cancel", "feature-not-implemented")},
      // the wrong element
      {request("get", us, "<item xmlns='http://jabber.org/protocol/disco#items'/>"),
       error(us, "cancel", "feature-not-implemented")},
      // the wrong namespace
      {request("get", us, "<query xmlns='http://jabber.org/protocol/disco'/>"),
       error(us, "cancel", "service-unavailable")},
      // no payload
      {request("get", us, ""), error(us, "modify", "bad-request")},
      // an account, which we do not have
      {request("get", "juliet@" + us, "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
       error("juliet@" + us, "cancel", "service-unavailable")},
  };
  for (const auto& [stanza, want] : cases) EXPECT_TRUE(matches(asks(stanza), want)) << stanza;
}

}  // namespace
}  // namespace jidgate::component
