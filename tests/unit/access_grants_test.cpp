// SPDX-License-Identifier: GPL-3.0-or-later
// Access: what a confirmation is worth for the requests after it, under whichever rule they fall.
#include "tests/support/access.hpp"

namespace jidgate::test {
namespace {

using namespace std::chrono_literals;

using AccessGrants = AccessTest;

TEST_F(AccessGrants, TheSameCredentialsPassWhileTheGrantLasts) {
  EXPECT_EQ(confirmed(request({basic(balcony)})), "200 juliet@verona.test/balcony");
  EXPECT_EQ(decides(request({basic(balcony)}, "/other", "POST")), "200 juliet@verona.test/balcony");
  // The account is what was confirmed, so its other resources may use the code as well.
  EXPECT_EQ(decides({basic(juliet)}), "200 juliet@verona.test");
  clock.advance(300s - 1ms);
  EXPECT_EQ(decides({basic(balcony)}), "200 juliet@verona.test/balcony");
  clock.advance(1ms);
  EXPECT_EQ(decides({basic(balcony)}), "401 code-used");
  EXPECT_EQ(times_asked(), 1u);
}

TEST_F(AccessGrants, AGrantIsForItsAccountCodeAndAddress) {
  confirmed(request({basic(juliet, "one")}));
  waits({basic(juliet, "two")});
  waits({basic(romeo, "one")});
  confirmations.end_all(Outcome::expired);
  asker_address = "192.0.2.8";
  waits({basic(juliet, "one")});
  EXPECT_EQ(times_asked(), 4u);
}

TEST_F(AccessGrants, AGrantIsForItsSite) {
  Site other = site();
  other.name = "other";
  other.hosts = {"other.verona.test"};
  settings.sites.push_back(other);
  configure();
  confirmed(request({basic(juliet)}));
  auto elsewhere = request({basic(juliet)});
  elsewhere.ruling = rules->decide(*rules->site_for("other.verona.test"),
                                   rule_path("/missive.html"), "GET", elsewhere.asker);
  waits(std::move(elsewhere));
  EXPECT_EQ(times_asked(), 2u);
}

// ---- a rule of its own

// "it is asked each time": a grant of the pages around it must not open what the rule guards.
TEST_F(AccessGrants, ARuleThatAsksEachTimeIsNotPassedByAGrantFromElsewhere) {
  add_rule("/vault/").grant = Seconds{0};
  configure();
  confirmed(request({basic(juliet)}));
  EXPECT_EQ(decides(request({basic(juliet)}, "/vault/key")), "401 code-used");
  EXPECT_EQ(decides({basic(juliet)}), "200 juliet@verona.test");
  EXPECT_EQ(confirmed(request({basic(juliet, "new")}, "/vault/key")), "200 juliet@verona.test");
  EXPECT_EQ(decides(request({basic(juliet, "new")}, "/vault/key")), "401 code-used");
  EXPECT_EQ(decides(request({basic(juliet, "new")}, "/elsewhere")), "401 code-used");
}

TEST_F(AccessGrants, ARuleWithAShorterGrantIsNotPassedByALongerOne) {
  add_rule("/short/").grant = Seconds{60};
  configure();
  confirmed(request({basic(juliet, "long")}));
  confirmed(request({basic(romeo, "short")}, "/short/x"));
  clock.advance(60s - 1ms);
  EXPECT_EQ(decides(request({basic(juliet, "long")}, "/short/x")), "200 juliet@verona.test");
  EXPECT_EQ(decides(request({basic(romeo, "short")}, "/other")), "200 romeo@verona.test");
  clock.advance(1ms);
  EXPECT_EQ(decides(request({basic(juliet, "long")}, "/short/x")), "401 code-used");
  EXPECT_EQ(decides(request({basic(juliet, "long")}, "/other")), "200 juliet@verona.test");
  // Nor does it become longer where more is granted.
  EXPECT_EQ(decides(request({basic(romeo, "short")}, "/other")), "401 code-used");
}

// What a server behind us may read otherwise is asked for each time.
TEST_F(AccessGrants, APathThatMayBeReadOtherwiseIsNotPassedByAGrant) {
  add_rule("/vault/").grant = Seconds{0};
  configure();
  confirmed(request({basic(juliet)}));
  for (const auto* path : {"/public/..%2fvault/key", "//vault/key", "/a/../vault/key",
                           "/vault;/key", "/public/%252e%252e/vault/key", "/vault/key%00"}) {
    EXPECT_EQ(decides(request({basic(juliet)}, path)), "401 code-used") << path;
  }
}

// ---- HEAD and OPTIONS

// Section 5.1: "For the HEAD and OPTIONS methods, the credentials SHOULD be usable for a subsequent
// request from the same entity."
TEST_F(AccessGrants, HeadAndOptionsServeOneFollowingRequest) {
  for (const auto* method : {"HEAD", "OPTIONS"}) {
    const std::string mine = basic(juliet, method);
    EXPECT_EQ(confirmed(request({mine}, "/x?a=1", method)), "200 juliet@verona.test");
    for (const auto* other : {"/x", "/x?a=2", "/x?a=1&b", "/y"}) {
      EXPECT_EQ(decides(request({mine}, other)), "401 code-used") << other;
    }
    EXPECT_EQ(decides(request({mine}, "/x?a=1", "PUT")), "200 juliet@verona.test");
    EXPECT_EQ(decides(request({mine}, "/x?a=1", "PUT")), "401 code-used");
  }
  EXPECT_EQ(times_asked(), 2u);
}

TEST_F(AccessGrants, TheFollowingRequestHasAMinuteAlsoWhereTheRuleAsksEachTime) {
  site().grant = Seconds{0};
  configure();
  confirmed(request({basic(juliet, "one")}, "/x", "HEAD"));
  clock.advance(60s - 1ms);
  EXPECT_EQ(decides(request({basic(juliet, "one")}, "/x")), "200 juliet@verona.test");
  confirmed(request({basic(juliet, "two")}, "/x", "HEAD"));
  clock.advance(60s);
  EXPECT_EQ(decides(request({basic(juliet, "two")}, "/x")), "401 code-used");
}

TEST_F(AccessGrants, TheFollowingRequestIsSomebodyElsesWithAnotherAddress) {
  confirmed(request({basic(juliet)}, "/x", "HEAD"));
  asker_address = "198.51.100.1";
  waits(request({basic(juliet)}, "/x"));
  EXPECT_EQ(times_asked(), 2u);
}

// ---- Digest

// Section 4.3.2: "the cnonce MUST be a transaction identifier". Browsers make one for each request,
// so that the nonce is what a grant is for.
TEST_F(AccessGrants, ANonceIsWhatADigestGrantIsFor) {
  const auto challenge = digest_authority.challenge("files");
  const std::string id = waits({digest(challenge, juliet, "cnonce-1", 1)});
  EXPECT_EQ(confirmations.find(id)->question.transaction_id, "cnonce-1");
  EXPECT_TRUE(confirmations.end(id, Outcome::confirmed));
  EXPECT_EQ(answered(), "200 juliet@verona.test");
  EXPECT_EQ(decides({digest(challenge, juliet, "cnonce-2", 2)}), "200 juliet@verona.test");
  EXPECT_EQ(decides({digest(challenge, juliet, "cnonce-2", 2)}), "401 replayed");
  EXPECT_EQ(decides({digest(challenge, juliet, "cnonce-3", 3, "/other")}),
            "401 malformed-credentials")
      << "uri has to be the target";
  waits({digest(challenge, romeo, "cnonce-4", 4)});
  waits({digest(digest_authority.challenge("files"), juliet, "cnonce-5", 1)});
  EXPECT_EQ(times_asked(), 3u);
  EXPECT_EQ(counted("digest_nonce_errors_total{reason=\"replayed\"}"), 1);
}

// The client then answers a new challenge by itself, and the person is asked again.
TEST_F(AccessGrants, AfterItsGrantANonceIsStaleAndNobodyIsAsked) {
  site().grant = Seconds{10};
  configure();
  const auto challenge = digest_authority.challenge("files");
  EXPECT_EQ(confirmed(request({digest(challenge, juliet, "c1", 1)})), "200 juliet@verona.test");
  clock.advance(10s);
  EXPECT_EQ(decides({digest(challenge, juliet, "c2", 2)}), "401 code-used, stale");
  clock.advance(5min);
  EXPECT_EQ(decides({digest(challenge, juliet, "c3", 3)}), "401 stale-nonce, stale");
  EXPECT_EQ(times_asked(), 1u);
  EXPECT_EQ(counted("digest_nonce_errors_total{reason=\"stale\"}"), 1);
}

TEST_F(AccessGrants, AResponseThatDoesNotMatchAsksNobody) {
  site().digest_password = DigestPassword::code;
  configure();
  EXPECT_EQ(decides({digest(digest_authority.challenge("files"), juliet, "c1")}),
            "401 unverified-response");
  EXPECT_EQ(decides({digest(digest_authority.challenge("other"), juliet, "c1")}),
            "401 malformed-credentials");
  EXPECT_EQ(times_asked(), 0u);
}

TEST_F(AccessGrants, WhoHasHeardANoMayAskAgain) {
  EXPECT_TRUE(confirmations.end(waits({basic(juliet)}), Outcome::denied));
  EXPECT_EQ(answered(), "403 denied");
  EXPECT_EQ(confirmed(request({basic(juliet)})), "200 juliet@verona.test");
  EXPECT_EQ(decides({basic(juliet)}), "200 juliet@verona.test");
}

// ---- challenge: the answer is not waited for

class Challenge : public AccessTest {
 protected:
  Challenge() {
    site().mode = Mode::challenge;
    configure();
  }
  std::string asked() const {
    return asker.asked.with([](const auto& ids) { return ids.back(); });
  }
};

TEST_F(Challenge, AsksAndIsAnsweredAtOnce) {
  EXPECT_EQ(decides(request({})), "401 no-credentials");
  EXPECT_EQ(decides({basic(juliet)}), "401 pending, retry 2");
  EXPECT_EQ(decides({basic(juliet)}), "401 pending, retry 2");
  EXPECT_EQ(times_asked(), 1u);
  EXPECT_TRUE(confirmations.end(asked(), Outcome::confirmed));
  EXPECT_EQ(decides({basic(juliet)}), "200 juliet@verona.test");
}

// Section 4.7: "If the XMPP Client denied the request, the HTTP Server MUST return a Forbidden
// error". Nobody waited for the No, so the next request with the same code gets it.
TEST_F(Challenge, ADenialIsForTheNextRequest) {
  decides({basic(juliet)});
  EXPECT_TRUE(confirmations.end(asked(), Outcome::denied));
  for (int times = 0; times < 3; ++times) EXPECT_EQ(decides({basic(juliet)}), "403 denied");
  EXPECT_EQ(times_asked(), 1u);
  EXPECT_EQ(decides({basic(juliet, "new")}), "401 pending, retry 2");
  asker_address = "198.51.100.1";
  confirmations.end_all(Outcome::expired);
  EXPECT_EQ(decides({basic(juliet)}), "401 pending, retry 2") << "it was another's question";
}

TEST_F(Challenge, IsPendingForWhoeverAskedAlone) {
  decides({basic(juliet)});
  asker_address = "198.51.100.1";
  EXPECT_EQ(decides({basic(juliet)}), "429 account-busy, retry 2");
  EXPECT_TRUE(confirmations.end(asked(), Outcome::confirmed));
  EXPECT_EQ(decides({basic(juliet)}), "401 pending, retry 2") << "another address asks anew";
  EXPECT_EQ(times_asked(), 2u);
}

TEST_F(Challenge, EndsAtItsDeadlineThoughNobodyWaits) {
  decides({basic(juliet)});
  clock.advance(50s);
  EXPECT_EQ(confirmations.sweep(), 1u);
  EXPECT_EQ(confirmations.ended_as(asked()), Outcome::expired);
  EXPECT_EQ(decides({basic(juliet)}), "401 pending, retry 2");
  EXPECT_EQ(times_asked(), 2u);
}

}  // namespace
}  // namespace jidgate::test
