// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0199: who supports it "MUST return an IQ-result".
#include <gtest/gtest.h>

#include "component/reply.hpp"
#include "component/xep0199_ping.hpp"
#include "tests/support/dialogue.hpp"

namespace jidgate::component {
namespace {

using test::matches;

class PingTest : public test::Dialogue {
 protected:
  void SetUp() override {
    stream().add(ping);
    connects();
  }

  Ping ping;
};

TEST_F(PingTest, IsAnsweredAtTheDomainAndItsResources) {
  for (const char* to : {"gate.verona.test", "gate.verona.test/x"}) {
    EXPECT_TRUE(matches(asks("get", to, "<ping xmlns='urn:xmpp:ping'/>"),
                        "<iq type='result' id='1' to='romeo@verona.test/orchard' from='" +
                            std::string(to) + "'></iq>"));
  }
}

TEST_F(PingTest, EverythingElseIsRefused) {
  refuses({
      // the wrong type
      {"set", "gate.verona.test", "<ping xmlns='urn:xmpp:ping'/>", "cancel",
       "feature-not-implemented"},
      // the wrong element
      {"get", "gate.verona.test", "<other xmlns='urn:xmpp:ping'/>", "cancel",
       "feature-not-implemented"},
      // the wrong namespace
      {"get", "gate.verona.test", "<ping xmlns='urn:example:other'/>", "cancel",
       "service-unavailable"},
      // no payload
      {"get", "gate.verona.test", "", "modify", "bad-request"},
      // an account, which we do not have
      {"get", "juliet@gate.verona.test", "<ping xmlns='urn:xmpp:ping'/>", "cancel",
       "service-unavailable"},
  });
}

// Nobody can be answered who has no address, and nobody answers an answer.
TEST_F(PingTest, WithoutFromOrAsAnAnswerItIsIgnored) {
  server.sends(
      "<iq type='get' id='1' to='gate.verona.test'><ping xmlns='urn:xmpp:ping'/></iq>"
      "<iq type='result' id='2' from='romeo@verona.test' to='gate.verona.test'>"
      "<ping xmlns='urn:xmpp:ping'/></iq>"
      "<iq type='error' id='3' from='romeo@verona.test' to='gate.verona.test'/>");
  server.receives_nothing();
}

TEST_F(PingTest, IsAdvertised) {
  ASSERT_EQ(ping.features().size(), 1U);
  EXPECT_EQ(ping.features()[0], "urn:xmpp:ping");
}

}  // namespace
}  // namespace jidgate::component
