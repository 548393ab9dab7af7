// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0355 on the wire: what a host may hand to us, and that everything it hands over is answered
// inside.
#include "component/xep0355_delegation.hpp"

#include "tests/support/certificate_dialogue.hpp"

namespace jidgate::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view v1 = "urn:xmpp:delegation:1", v2 = "urn:xmpp:delegation:2";

class DelegationTest : public CertificateDialogue {
 protected:
  static std::string forwarded(std::string_view content) {
    return "<forwarded xmlns='urn:xmpp:forward:0'>" + std::string(content) + "</forwarded>";
  }
  static std::string delegation(std::string_view content, std::string_view version = v2) {
    return "<delegation xmlns='" + std::string(version) + "'>" + std::string(content) +
           "</delegation>";
  }
  static std::string iq(std::string_view type, std::string_view attributes,
                        std::string_view payload) {
    return "<iq xmlns='jabber:client' type='" + std::string(type) + "' " + std::string(attributes) +
           ">" + std::string(payload) + "</iq>";
  }
  // As a client of romeo's asks without `to`.
  static std::string asked(std::string_view type, std::string_view payload) {
    return iq(type, "id='q1' from='romeo@verona.test/orchard'", payload);
  }
  static std::string session_tag(std::string_view fingerprint = {}) {
    return "<session xmlns='urn:xmpp:jidgate:host:0'" +
           (fingerprint.empty() ? "" : " sha256='" + hex_encode(fingerprint) + "'") + "/>";
  }
  void delegates(std::string_view content, std::string_view version = v2,
                 std::string_view from = host) {
    sends("set", from, delegation(content, version), "outer");
  }
  static std::string answered(std::string_view inner, std::string_view version = v2) {
    return result(delegation(forwarded(inner), version), host, "outer");
  }
  static std::string inner_result(std::string_view payload = "") {
    return iq("result", "id='q1' from='romeo@verona.test' to='romeo@verona.test/orchard'", payload);
  }
  static std::string inner_error(
      std::string_view type, std::string_view condition, bool with_text = true,
      std::string_view addresses = "from='romeo@verona.test' to='romeo@verona.test/orchard'") {
    return iq("error", "id='q1' " + std::string(addresses), error_tag(type, condition, with_text));
  }
  static std::string outer_error(std::string_view type, std::string_view condition,
                                 std::string_view to = host) {
    return "<iq type='error' id='outer' from='gate.verona.test' to='" + std::string(to) + "'>" +
           error_tag(type, condition) + "</iq>";
  }
  // Delegated with a password session known.
  std::string answer(std::string_view inner, std::string_view version = v2) {
    delegates(forwarded(inner) + session_tag(), version);
    std::string got = server.receives();
    server.receives_nothing();
    return got;
  }
};

TEST_F(DelegationTest, EachRequestIsServedAndAnsweredInTheVersionItCameIn) {
  for (const std::string_view version : {v1, v2}) {
    const std::string der = certificate(), name(version);
    EXPECT_TRUE(matches(answer(asked("set", append(name, der)), version),
                        answered(inner_result(), version)));
    delegates(forwarded(asked("get", items())), version);
    module_fails(is_asked("sessions"), "service-unavailable");
    EXPECT_TRUE(matches(server.receives(),
                        answered(inner_result(items("<item><name>" + name + "</name><x509cert>" +
                                                    base64_encode(der) + "</x509cert></item>")),
                                 version)));
    EXPECT_TRUE(matches(answer(asked("set", by_name("disable", name)), version),
                        answered(inner_result(), version)));
    EXPECT_TRUE(matches(answer(asked("set", by_name("disable", name)), version),
                        answered(inner_error("cancel", "item-not-found"), version)));
    delegates(forwarded(asked("set", by_name("revoke", name))) + session_tag(), version);
    EXPECT_TRUE(matches(server.receives(), answered(inner_result(), version)));
    module_answers(is_asked("end", romeo, sha256(der)), "<end xmlns='urn:xmpp:jidgate:host:0'/>");
  }
}

// Prosody drops an answer that has anything but the one element in it.
TEST_F(DelegationTest, ThereIsNoWhiteSpaceInAnAnswer) {
  delegates("\n  " + forwarded("\n " + asked("set", by_name("revoke", "a")) + " \n") +
            session_tag() + "\n");
  const std::string got = server.receives();
  EXPECT_EQ(got.find_first_of("\n\t"), got.npos) << got;
  EXPECT_EQ(got.find("> "), got.npos) << got;
}

TEST_F(DelegationTest, OnesOwnAccountMayBeNamed) {
  const std::string attributes = "id='q1' from='romeo@verona.test/orchard' to='Romeo@verona.test'";
  EXPECT_TRUE(
      matches(answer(iq("set", attributes, append("a", certificate()))),
              answered(iq("result",
                          "id='q1' from='Romeo@verona.test' to='romeo@verona.test/orchard'", ""))))
      << "the address exactly as it was given";
}

// Section 4.3 lets a host forward what is for itself and for any account; ours alone is served.
TEST_F(DelegationTest, NobodyReachesAnotherAccount) {
  registered("Phone");
  for (const char* to : {"juliet@verona.test", "verona.test", "romeo@verona.test/orchard",
                         "romeo@elsewhere.test", "gate.verona.test", "", "@", "a@b@c"}) {
    const std::string attributes =
        "id='q1' from='romeo@verona.test/orchard' to='" + std::string(to) + "'";
    const std::string back = "from='" + std::string(to) + "' to='romeo@verona.test/orchard'";
    EXPECT_TRUE(matches(answer(iq("set", attributes, by_name("revoke", "Phone"))),
                        answered(inner_error("auth", "forbidden", true, back))))
        << to;
  }
  for (const char* from : {"romeo@elsewhere.test/orchard", "elsewhere.test", "verona.test",
                           "romeo@verona.test", "verona.test/orchard", "romeo@sub.verona.test/x"}) {
    const std::string bare = Jid::parse(from).value().bare().to_string();
    const std::string back = "from='" + bare + "' to='" + from + "'";
    EXPECT_TRUE(matches(
        answer(iq("set", "id='q1' from='" + std::string(from) + "'", by_name("revoke", "Phone"))),
        answered(inner_error("auth", "forbidden", true, back))))
        << from;
  }
  EXPECT_TRUE(matches(
      answer(iq("set", "id='q1' from='\xC2\xA0@verona.test/a/b'", by_name("revoke", "Phone"))),
      answered(inner_error("modify", "jid-malformed", true,
                           "from='\xC2\xA0@verona.test' to='\xC2\xA0@verona.test/a/b'"))));
  EXPECT_THAT(names(), ElementsAre("Phone"));
  log.wait("delegation.refused");
}

TEST_F(DelegationTest, OnlyAHostOfOursDelegates) {
  registered("Phone");
  for (const char* from :
       {"elsewhere.test", "romeo@verona.test", "romeo@verona.test/orchard", "verona.test/x",
        "gate.verona.test", "sub.verona.test", "mallory@verona.test/cell"}) {
    for (const std::string_view version : {v1, v2}) {
      delegates(forwarded(asked("set", by_name("revoke", "Phone"))) + session_tag(), version, from);
      EXPECT_TRUE(matches(server.receives(), outer_error("auth", "forbidden", from))) << from;
    }
  }
  EXPECT_THAT(names(), ElementsAre("Phone"));
}

TEST_F(DelegationTest, WhatCannotBeAnsweredInsideHasAnOuterError) {
  registered("Phone");
  const std::string revoke = by_name("revoke", "Phone"), good = asked("set", revoke);
  const std::vector<std::string> contents{
      std::string(),
      forwarded(""),
      good,
      forwarded(good) + forwarded(good),
      forwarded(good + good),
      forwarded(good + "<message xmlns='jabber:client'/>"),
      forwarded("<message xmlns='jabber:client' from='romeo@verona.test/orchard'/>"),
      forwarded("<iq type='set' id='q1' from='romeo@verona.test/orchard'>" + revoke + "</iq>"),
      "<forwarded>" + good + "</forwarded>",
      forwarded(iq("result", "id='q1' from='romeo@verona.test/orchard'", revoke)),
      forwarded(iq("error", "id='q1' from='romeo@verona.test/orchard'", revoke)),
      forwarded(iq("", "id='q1' from='romeo@verona.test/orchard'", revoke)),
      forwarded(iq("set", "id='q1'", revoke)),
      forwarded(iq("set", "id='q1' from=''", revoke)),
      forwarded(iq("set", "from='romeo@verona.test/orchard'", revoke)),
      forwarded(good) + session_tag() + session_tag(),
      forwarded(good) + "<session xmlns='urn:xmpp:jidgate:host:0' sha256='00'/>",
      forwarded(good) + "<session xmlns='urn:xmpp:jidgate:host:0' sha256=''/>",
  };
  for (const std::string& content : contents) {
    delegates(content);
    EXPECT_TRUE(matches(server.receives(), outer_error("modify", "bad-request"))) << content;
    server.receives_nothing();
  }
  EXPECT_THAT(names(), ElementsAre("Phone"));
}

TEST_F(DelegationTest, WhatIsWrongInsideIsAnsweredInside) {
  registered("Phone");
  const std::string revoke = by_name("revoke", "Phone");
  const auto expect = [&](const std::string& request, const std::string& want) {
    EXPECT_TRUE(matches(answer(request), answered(want))) << request;
  };
  // a delegation in a delegation
  for (const std::string_view version : {v1, v2}) {
    expect(asked("set", delegation(forwarded(asked("set", revoke)), version)),
           inner_error("auth", "forbidden"));
  }
  // two payloads, none
  expect(asked("set", revoke + revoke), inner_error("modify", "bad-request"));
  expect(asked("set", ""), inner_error("modify", "bad-request"));
  // what we serve, but not for a host
  expect(asked("get", "<ping xmlns='urn:xmpp:ping'/>"),
         inner_error("cancel", "service-unavailable", false));
  expect(asked("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
         inner_error("cancel", "service-unavailable", false));
  expect(asked("get", "<items xmlns='urn:xmpp:saslcert:0'/>"),
         inner_error("cancel", "service-unavailable", false));
  // the wrong type, the wrong element
  expect(asked("get", revoke), inner_error("cancel", "feature-not-implemented", false));
  expect(asked("set", "<remove xmlns='urn:xmpp:saslcert:1'/>"),
         inner_error("cancel", "feature-not-implemented", false));
  // each error of XEP-0257
  expect(asked("set", append("a", "no certificate")), inner_error("modify", "bad-request"));
  expect(asked("set", append("a", certificate("juliet@verona.test"))),
         inner_error("modify", "not-acceptable"));
  expect(asked("set", append("Phone", certificate())), inner_error("cancel", "conflict"));
  store.fails_with(StoreFault::away);
  expect(asked("set", revoke), inner_error("wait", "internal-server-error"));
  store.fails_with(std::nullopt);
  EXPECT_THAT(names(), ElementsAre("Phone"));
}

TEST_F(DelegationTest, TheModuleSaysWithItWhichCertificateTheSessionUsed) {
  const std::string limited = registered("Bot", false), full = registered("Full");
  for (const std::string& fingerprint : {limited, std::string(32, 'x')}) {
    delegates(forwarded(asked("set", append("New", certificate()))) + session_tag(fingerprint));
    EXPECT_TRUE(matches(server.receives(), answered(inner_error("auth", "forbidden"))));
  }
  EXPECT_THAT(names(), ElementsAre("Bot", "Full"));
  delegates(session_tag(full) + forwarded(asked("set", append("New", certificate()))));
  EXPECT_TRUE(matches(server.receives(), answered(inner_result())));
  // One that it has not told of is asked for.
  delegates(forwarded(asked("set", by_name("disable", "New"))));
  module_answers(is_asked("sessions"), sessions(session("orchard", limited)));
  EXPECT_TRUE(matches(server.receives(), answered(inner_error("auth", "forbidden"))));
}

TEST_F(DelegationTest, AModuleThatDelegatesIsNoLongerThoughtAbsent) {
  const std::string limited = registered("Bot", false);
  sends("get", orchard, items());
  module_fails(is_asked("sessions"), "service-unavailable");
  server.receives();
  answer(asked("set", by_name("disable", "nothing")));
  sends("set", orchard, by_name("disable", "Bot"));
  module_answers(is_asked("sessions"), sessions(session("orchard", limited)));
  EXPECT_TRUE(matches(server.receives(), error("auth", "forbidden")));
}

// An oversize request is answered to whoever sent it: a host does not pass an outer error on.
TEST_F(DelegationTest, ARequestThatIsTooLargeIsAnsweredInside) {
  for (const std::string_view version : {v1, v2}) {
    delegates(forwarded(asked("set", append("a", std::string(100000, 'x')))), version);
    EXPECT_TRUE(
        matches(server.receives(), answered(inner_error("modify", "policy-violation"), version)));
  }
  std::string deep, back;
  for (int i = 0; i < 40; ++i) {
    deep += "<a>";
    back += "</a>";
  }
  delegates(
      forwarded(asked("set", "<append xmlns='urn:xmpp:saslcert:1'>" + deep + back + "</append>")));
  EXPECT_TRUE(matches(server.receives(), answered(inner_error("modify", "policy-violation"))));
  // Nothing can be read of the inner one, or it is forged.
  delegates("<pad>" + std::string(100000, 'x') + "</pad>" + forwarded(asked("get", items())));
  EXPECT_TRUE(matches(server.receives(), outer_error("modify", "policy-violation")));
  delegates(forwarded(asked("set", append("a", std::string(100000, 'x')))), v2, "elsewhere.test");
  EXPECT_TRUE(
      matches(server.receives(), outer_error("modify", "policy-violation", "elsewhere.test")));
  EXPECT_THAT(store.records(), IsEmpty());
}

// Section 7.2: "The node name is obtained by concatenating this XEP namespace […], a '::'
// separator, and the delegated namespace"; for bare JIDs "the separator is ':bare:' instead of
// '::'".
TEST_F(DelegationTest, HostsLearnWhatToSayOfThemselves) {
  const auto ask = [&](const std::string& node, std::string_view xmlns = "info") {
    sends("get", host,
          "<query xmlns='http://jabber.org/protocol/disco#" + std::string(xmlns) + "' node='" +
              node + "'/>");
    return server.receives();
  };
  for (const std::string_view version : {v1, v2}) {
    const std::string general = std::string(version) + "::urn:xmpp:saslcert:1";
    EXPECT_TRUE(
        matches(ask(general), result("<query xmlns='http://jabber.org/protocol/disco#info' node='" +
                                         general + "'><feature var='urn:xmpp:saslcert:1'/></query>",
                                     host)));
    const std::string bare = std::string(version) + ":bare:urn:xmpp:saslcert:1";
    EXPECT_TRUE(
        matches(ask(bare),
                result("<query xmlns='http://jabber.org/protocol/disco#info' node='" + bare + "'/>",
                       host)));
  }
  for (const char* unknown :
       {"urn:xmpp:delegation:2::", "urn:xmpp:delegation:2::urn:xmpp:ping", "urn:xmpp:delegation:2",
        "urn:xmpp:delegation:3::urn:xmpp:saslcert:1", "urn:xmpp:delegation:2:bare:", ""}) {
    EXPECT_TRUE(matches(ask(unknown), error("cancel", "item-not-found", false, host))) << unknown;
  }
  EXPECT_TRUE(matches(ask("urn:xmpp:delegation:2::urn:xmpp:saslcert:1", "items"),
                      error("cancel", "item-not-found", false, host)));
}

TEST_F(DelegationTest, WhatAHostDelegatesIsLoggedOnce) {
  const auto grants = [&](std::string_view from, std::string_view xmlns, std::string_view version) {
    server.sends("<message from='" + std::string(from) + "' to='gate.verona.test'>" +
                 delegation("<delegated namespace='" + std::string(xmlns) + "'/>", version) +
                 "</message>");
  };
  grants(host, "urn:xmpp:saslcert:1", v1);
  grants(host, "urn:xmpp:saslcert:1", v1);
  grants(host, "jabber:iq:roster", v2);
  grants("mallory@verona.test/cell", "urn:xmpp:saslcert:1", v2);
  grants("elsewhere.test", "urn:xmpp:saslcert:1", v2);
  server.receives_nothing();
  ASSERT_EQ(log.entries("delegation.granted").size(), 1U);
  EXPECT_EQ(log.entries("delegation.granted")[0].fields.at("host"), host);
  EXPECT_EQ(log.entries("delegation.granted")[0].fields.at("namespace"), "urn:xmpp:saslcert:1");
  ASSERT_EQ(log.entries("delegation.unserved").size(), 1U);
  EXPECT_EQ(log.entries("delegation.unserved")[0].fields.at("namespace"), "jabber:iq:roster");

  server.cuts();
  log.wait("link.down");
  server.accepts();
  grants(host, "urn:xmpp:saslcert:1", v1);
  log.wait("delegation.granted", 2);
}

}  // namespace
}  // namespace jidgate::test
