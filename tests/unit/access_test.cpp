// SPDX-License-Identifier: GPL-3.0-or-later
// Access: every decision that is made at once, in its order. Nothing is sent over XMPP before all
// that can refuse has been asked.
#include "http/access.hpp"

#include "tests/support/access.hpp"

namespace jidgate::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Decisions = AccessTest;
const std::vector<std::string> nothing;

// XEP-0070 section 4.2: "If the user did not provide authorization credentials in the initial
// request, the HTTP Server then MUST respond with a (401) Authenticate response".
TEST_F(Decisions, WithoutCredentialsNobodyIsAsked) {
  EXPECT_EQ(decides(nothing), "401 no-credentials");
  EXPECT_EQ(times_asked(), 0u);
}

TEST_F(Decisions, WithCredentialsThePersonIsAsked) {
  const std::string id = waits({basic(balcony)});
  const OpenQuestion open = confirmations.find(id).value();
  EXPECT_EQ(open.question.asked.to_string(), balcony);
  EXPECT_EQ(open.question.transaction_id, "a7374");
  EXPECT_EQ(open.question.method, "GET");
  EXPECT_EQ(open.question.url, "https://files.verona.test:9345/missive.html");
  EXPECT_EQ(open.question.asker.to_string(), "192.0.2.7");
  EXPECT_EQ(open.question.site->name, "files");
  EXPECT_EQ(answered(), "nothing");
}

// Section 4.5: "MUST possess an 'id' attribute whose value is the transaction identifier provided",
// "a 'url' attribute whose value is the full HTTP URL that was requested". Section 4.1: "The
// request method MAY be any valid HTTP request method, including user-defined methods."
TEST_F(Decisions, TheQuestionIsTheRequestUnchanged) {
  const std::string id = waits(
      request({basic(juliet, "a:b <&'\"> %40%zz é")}, "/a%20b/%C3%A9?x=%3Cy%3E&z", "M-SEARCH"));
  const OpenQuestion open = confirmations.find(id).value();
  EXPECT_EQ(open.question.transaction_id, "a:b <&'\"> %40%zz é");
  EXPECT_EQ(open.question.method, "M-SEARCH");
  EXPECT_EQ(open.question.url, "https://files.verona.test:9345/a%20b/%C3%A9?x=%3Cy%3E&z");
}

// A code that a person may send without meaning it would make a stray word the confirmation.
TEST_F(Decisions, WhereTheCodeIsTypedItHasToBeOne) {
  site().text_confirm = TextConfirm::type_code;
  configure();
  for (const auto* code : {"?", "stop", "no thanks", "123", "who are 4 you"}) {
    EXPECT_EQ(decides({basic(juliet, code)}), "401 code-too-simple") << code;
  }
  EXPECT_EQ(times_asked(), 0u);
  waits({basic(juliet, "a7374")});
}

TEST_F(Decisions, WhereNothingIsAskedEverybodyPassesWhateverTheySend) {
  add_rule("/missive.html").mode = Mode::bypass;
  configure();
  asker.up = false;
  EXPECT_EQ(decides(nothing), "200");
  EXPECT_EQ(decides({basic(juliet)}), "200");
  EXPECT_EQ(decides({"Basic !", "Basic !"}), "200");
  EXPECT_EQ(times_asked(), 0u);
}

TEST_F(Decisions, CredentialsThatCannotBeReadAskNobody) {
  for (const auto& bad :
       std::vector<std::string>{"Basic", "Basic ", "Basic !", "Basic YQ", "basic:x", "", " ",
                                "Basic " + basic(juliet), "Digest", "Digest realm=\"xmpp\""}) {
    EXPECT_EQ(decides({bad}), "401 malformed-credentials") << bad;
  }
  for (const auto* jid : {"", "juliet@", "@verona.test", "juliet@verona test", "a@b@verona.test",
                          "juliet@evil.example@verona.test", "juliet\u202e@verona.test",
                          "juliet@verona.test/", "ju\x01liet@verona.test"}) {
    EXPECT_EQ(decides({basic(jid)}), "401 malformed-credentials") << jid;
  }
  for (const std::string& code :
       {std::string(), std::string(129, 'x'), std::string("a\nb"), std::string("\xff"),
        std::string("a\u202e"), std::string("a\0b", 3)}) {
    EXPECT_EQ(decides({basic(juliet, code)}), "401 malformed-credentials");
  }
  EXPECT_EQ(decides({basic(juliet), basic(juliet)}), "400 several-authorization-fields");
  EXPECT_EQ(decides({basic("verona.test")}), "403 no-account");
  EXPECT_EQ(decides({basic("verona.test/juliet")}), "403 no-account");
  EXPECT_EQ(times_asked(), 0u);
  EXPECT_EQ(confirmations.size(), 0u);
}

TEST_F(Decisions, ASchemeThatIsNotOfferedIsNotRead) {
  EXPECT_EQ(decides({"Bearer abc"}), "401 scheme-not-offered");
  const auto challenge = digest_authority.challenge("files");
  site().basic = false;
  configure();
  EXPECT_EQ(decides({basic(juliet)}), "401 scheme-not-offered");
  site().basic = true;
  site().digest = false;
  configure();
  EXPECT_EQ(decides({digest(challenge, juliet, "c1")}), "401 scheme-not-offered");
}

// Section 4.4: "the HTTP Server MUST verify that the JID is authorized to access the HTTP
// resource." "If the JID is authorized to access the HTTP resource, the HTTP Server MUST pass the
// URL, method, JID, and transaction identifier to the XMPP Server for confirmation."
TEST_F(Decisions, WhoIsNotAdmittedIsNeverAsked) {
  add_rule("/romeo-only/").allow = {{Admission::Kind::account, std::string(romeo)}};
  configure();
  EXPECT_EQ(decides(request({basic(juliet)}, "/romeo-only/x")), "403 not-allowed");
  EXPECT_EQ(decides({basic("juliet@elsewhere.test")}), "403 not-allowed");
  EXPECT_EQ(decides({basic("juliet@gate.verona.test")}), "403 not-allowed");
  EXPECT_EQ(decides({basic("room@conference.verona.test/nick")}), "403 not-allowed");
  EXPECT_EQ(times_asked(), 0u);
  const auto denied = log.entries("authz.denied");
  EXPECT_EQ(denied.front().fields.at("jid"), juliet);
  EXPECT_EQ(denied.front().fields.at("rule"), "files.1");
  waits(request({basic(romeo)}, "/romeo-only/x"));
  EXPECT_EQ(times_asked(), 1u);
}

// Each state adds one more thing that refuses; whatever comes first in the order goes on deciding.
TEST_F(Decisions, AreMadeInTheirOrder) {
  add_rule("/romeo-only/").allow = {{Admission::Kind::account, std::string(romeo)}};
  settings.http.max_waiting = 1;
  settings.confirm.per_account_rate = {1, Seconds{120}};
  configure();
  EXPECT_EQ(confirmed(request({basic(juliet, "granted")})), "200 juliet@verona.test");
  EXPECT_EQ(confirmed(request({basic(juliet, "used")}, "/x", "HEAD")), "200 juliet@verona.test");
  EXPECT_EQ(decides(request({basic(juliet, "used")}, "/x")), "200 juliet@verona.test");
  const auto before = times_asked();

  waits({basic(romeo, "pending")});  // the table is full now
  EXPECT_EQ(decides({basic(juliet)}), "503 busy, retry 10");
  EXPECT_EQ(decides({basic(romeo)}), "503 busy, retry 10");
  asker.up = false;
  EXPECT_EQ(decides({basic(juliet)}), "503 link-down, retry 5");
  limits.ended(Jid::parse(juliet).value(), Address::parse("198.51.100.1").value(), Outcome::expired,
               clock.steady());
  EXPECT_EQ(decides({basic(juliet)}), "429 account-limit, retry 300");
  limits.ended(Jid::parse(romeo).value(), Address::parse("198.51.100.1").value(), Outcome::expired,
               clock.steady());
  EXPECT_EQ(decides({basic(romeo, "pending")}), "429 account-limit, retry 300");
  auto prefetch = request({basic(romeo, "pending")});
  prefetch.may_ask = false;
  EXPECT_EQ(decides(prefetch), "401 prefetch");
  for (const bool may_ask : {true, false}) {
    auto granted = request({basic(juliet, "granted")});
    auto used = request({basic(juliet, "used")});
    auto forbidden = request({basic(juliet, "granted")}, "/romeo-only/x");
    auto unreadable = request({"Basic !"}, "/romeo-only/x");
    granted.may_ask = used.may_ask = forbidden.may_ask = unreadable.may_ask = may_ask;
    EXPECT_EQ(decides(granted), "200 juliet@verona.test");
    EXPECT_EQ(decides(used), "401 code-used");
    EXPECT_EQ(decides(forbidden), "403 not-allowed");
    EXPECT_EQ(decides(unreadable), "401 malformed-credentials");
  }
  EXPECT_EQ(times_asked(), before + 1);
}

// ---- the same asked twice

TEST_F(Decisions, NobodyRidesOnTheAnswerToSomebodyElse) {
  settings.confirm.per_account = 0;
  configure();
  waits({basic(balcony, "one")});
  for (const auto* address : {"192.0.2.7", "198.51.100.1"}) {
    asker_address = address;
    EXPECT_EQ(decides({basic(balcony, "one")}), "429 account-busy, retry 2");
    EXPECT_EQ(decides({basic(juliet, "one")}), "429 account-busy, retry 2");
    EXPECT_EQ(decides(request({basic("Juliet@VERONA.test/x", "one")}, "/other", "POST")),
              "429 account-busy, retry 2");
  }
  EXPECT_EQ(times_asked(), 1u);
  waits({basic(balcony, "two")});
  waits({basic(romeo, "one")});
  EXPECT_EQ(times_asked(), 3u);
}

TEST_F(Decisions, AnAccountIsAskedOneThingAtATime) {
  waits({basic(balcony, "one")});
  EXPECT_EQ(decides({basic(juliet, "two")}), "429 account-busy, retry 2");
  EXPECT_EQ(counted("rate_limited_total{scope=\"pending\"}"), 1);
  EXPECT_EQ(times_asked(), 1u);
}

// Against "prompt bombing" (section 6.1): one stranger must not ask a thousand people, nor take
// every place of those who wait.
TEST_F(Decisions, AnAddressHasOnlySoManyQuestionsOpen) {
  settings.confirm.per_address_rate = {3, Seconds{60}};
  configure();
  std::string last;
  for (const auto* name : {"a", "b", "c"}) {
    last = waits({basic(std::string(name) + "@verona.test")});
  }
  EXPECT_EQ(decides({basic("d@verona.test")}), "429 address-limit, retry 2");
  asker_address = "198.51.100.1";
  waits({basic("d@verona.test")});
  asker_address = "192.0.2.7";
  EXPECT_TRUE(confirmations.end(last, Outcome::confirmed));
  waits({basic("e@verona.test")});
  EXPECT_EQ(decides({basic("f@verona.test")}), "429 address-limit, retry 2");
}

TEST_F(Decisions, AnIpv6NetworkIsOneAddress) {
  settings.confirm.per_address_rate = {1, Seconds{60}};
  configure();
  asker_address = "2001:db8::1";
  waits({basic("a@verona.test")});
  asker_address = "2001:db8::ffff:2";
  EXPECT_EQ(decides({basic("b@verona.test")}), "429 address-limit, retry 2");
  asker_address = "2001:db8:0:1::1";
  waits({basic("b@verona.test")});
}

TEST_F(Decisions, LimitsAreToldApartInTheMetrics) {
  settings.confirm.per_account_rate = {1, Seconds{120}};
  settings.confirm.per_address_rate = {2, Seconds{60}};
  configure();
  EXPECT_TRUE(confirmations.end(waits({basic(juliet)}), Outcome::denied));
  EXPECT_EQ(answered(), "403 denied");
  EXPECT_EQ(decides({basic(juliet, "new")}), "429 account-limit, retry 120");
  asker_address = "198.51.100.1";
  EXPECT_EQ(decides({basic(juliet, "new")}), "429 account-limit, retry 300");
  asker_address = "192.0.2.7";
  EXPECT_TRUE(confirmations.expire(waits({basic(romeo)})));
  EXPECT_EQ(decides({basic("tybalt@verona.test")}), "429 address-limit, retry 60");
  for (const auto* scope : {"denied", "account", "address"}) {
    EXPECT_EQ(counted("rate_limited_total{scope=\"" + std::string(scope) + "\"}"), 1) << scope;
  }
}

TEST_F(Decisions, EachIsCountedOnceWithItsReason) {
  decides(nothing);
  decides({basic(juliet), basic(juliet)});
  decides({basic("x@elsewhere.test")});
  confirmed(request({basic(juliet)}));
  EXPECT_EQ(counted_decisions(), 4);
  for (const auto* labels :
       {R"(endpoint="direct",decision="unauthorized",reason="no-credentials")",
        R"(endpoint="direct",decision="bad-request",reason="several-authorization-fields")",
        R"(endpoint="direct",decision="forbidden",reason="not-allowed")",
        R"(endpoint="direct",decision="pass",reason="account")"}) {
    EXPECT_EQ(counted("authz_decisions_total{" + std::string(labels) + "}"), 1) << labels;
  }
}

// Section 6.4 of 1.0.2: what is typed as transaction identifier may be somebody's password.
TEST_F(Decisions, NoCodeIsLoggedOrKeptBesideTheQuestion) {
  waits({basic(juliet, "my-xmpp-password")});
  park.expired(parked);
  EXPECT_FALSE(kept_authorization);
  decides({basic("x@elsewhere.test", "my-xmpp-password")});
  for (const LogEntry& entry : log.entries()) {
    for (const auto& [name, value] : entry.fields) {
      EXPECT_THAT(value, Not(HasSubstr("my-xmpp-password"))) << entry.event;
    }
  }
  EXPECT_THAT(metrics.render(), Not(HasSubstr("juliet")));
}

// ---- url_on

TEST_F(Decisions, OnlyWhatUrisMayHoldGetsIntoTheUrl) {
  const Site& here = site();
  EXPECT_EQ(http::url_on(here, "/a?b=c&d"), here.origin + "/a?b=c&d");
  EXPECT_EQ(http::url_on(here, "/%41%zz"), here.origin + "/%41%zz");
  EXPECT_EQ(http::url_on(here, "/\u202e\x01\n<b>\"\\^`{|}\xff"),
            here.origin + "/%E2%80%AE%01%0A%3Cb%3E%22%5C%5E%60%7B%7C%7D%FF");
  EXPECT_EQ(http::url_on(here, "/#x y"), here.origin + "/%23x%20y");
}

}  // namespace
}  // namespace jidgate::test
