// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0092: name and version, and nothing about the system.
#include <gtest/gtest.h>

#include "component/reply.hpp"
#include "component/xep0092_version.hpp"
#include "tests/support/dialogue.hpp"

namespace jidgate::component {
namespace {

using test::matches;

class VersionTest : public test::Dialogue {
 protected:
  void SetUp() override {
    stream().add(version);
    connects();
  }

  Version version{"0.1.0"};
};

TEST_F(VersionTest, IsAnsweredAtTheDomainAndItsResources) {
  for (const char* to : {"gate.verona.test", "gate.verona.test/x"}) {
    EXPECT_TRUE(matches(
        asks("get", to, "<query xmlns='jabber:iq:version'/>"),
        "<iq type='result' id='1' to='romeo@verona.test/orchard' from='" + std::string(to) +
            "'><query "
            "xmlns='jabber:iq:version'><name>jidgate</name><version>0.1.0</version></query></iq>"));
  }
}

TEST_F(VersionTest, EverythingElseIsRefused) {
  refuses({
      // the wrong type
      {"set", "gate.verona.test", "<query xmlns='jabber:iq:version'/>", "cancel",
       "feature-not-implemented"},
      // the wrong element
      {"get", "gate.verona.test", "<other xmlns='jabber:iq:version'/>", "cancel",
       "feature-not-implemented"},
      // the wrong namespace
      {"get", "gate.verona.test", "<query xmlns='urn:example:other'/>", "cancel",
       "service-unavailable"},
      // no payload
      {"get", "gate.verona.test", "", "modify", "bad-request"},
      // an account, which we do not have
      {"get", "juliet@gate.verona.test", "<query xmlns='jabber:iq:version'/>", "cancel",
       "service-unavailable"},
  });
}

// Nobody can be answered who has no address, and nobody answers an answer.
TEST_F(VersionTest, WithoutFromOrAsAnAnswerItIsIgnored) {
  server.sends(
      "<iq type='get' id='1' to='gate.verona.test'><query xmlns='jabber:iq:version'/></iq>"
      "<iq type='result' id='2' from='romeo@verona.test' to='gate.verona.test'>"
      "<query xmlns='jabber:iq:version'/></iq>"
      "<iq type='error' id='3' from='romeo@verona.test' to='gate.verona.test'/>");
  server.receives_nothing();
}

TEST_F(VersionTest, IsAdvertised) {
  ASSERT_EQ(version.features().size(), 1U);
  EXPECT_EQ(version.features()[0], "jabber:iq:version");
}

}  // namespace
}  // namespace jidgate::component
