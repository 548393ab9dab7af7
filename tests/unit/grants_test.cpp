// SPDX-License-Identifier: GPL-3.0-or-later
// core/grants: what a confirmation is worth after its request.
#include "core/grants.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace jidgate {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class GrantsTest : public testing::Test {
 protected:
  static GrantKey key(std::string_view account, std::string transaction, std::string site = "files",
                      std::string_view asker = "203.0.113.9") {
    return {Jid::parse(account).value(), std::move(transaction), std::move(site),
            Address::parse(asker).value()};
  }
  Standing look(const GrantKey& of) { return grants.look(of, entity, now); }

  Grants grants;
  SteadyTime now{hours{1000}};
  const std::string entity = "https://files.example/missive.html?a";
  const GrantKey juliet = key("juliet@capulet.com", "a7374jnjlalasdf82");
};

TEST_F(GrantsTest, WhatWasNeverConfirmedIsUnknown) {
  EXPECT_EQ(look(juliet), Standing::unknown);
}

TEST_F(GrantsTest, AGrantLastsAsLongAsItsRuleSays) {
  grants.confirmed(juliet, "GET", entity, Seconds{300}, now);
  EXPECT_EQ(look(juliet), Standing::granted);
  EXPECT_EQ(grants.look(juliet, "https://files.example/other", now), Standing::granted);
  now += Seconds{300} - milliseconds{1};
  EXPECT_EQ(look(juliet), Standing::granted);
  now += milliseconds{1};
  EXPECT_EQ(look(juliet), Standing::used);
}

// XEP-0070 section 4.3: "This identifier MUST be unique within the context of the HTTP Client's
// interaction with the HTTP Server." So once its grant is over the code must not ask again.
TEST_F(GrantsTest, ACodeIsUsedOnceAndRememberedForADay) {
  grants.confirmed(juliet, "GET", entity, Seconds{300}, now);
  now += hours{24} - milliseconds{1};
  EXPECT_EQ(look(juliet), Standing::used);
  now += milliseconds{1};
  EXPECT_EQ(look(juliet), Standing::unknown);
}

TEST_F(GrantsTest, AGrantOfZeroGrantsNothingFurther) {
  grants.confirmed(juliet, "GET", entity, Seconds{0}, now);
  EXPECT_EQ(look(juliet), Standing::used);
}

TEST_F(GrantsTest, AGrantLongerThanADayIsKept) {
  grants.confirmed(juliet, "GET", entity, hours{72}, now);
  now += hours{71};
  grants.confirmed(key("romeo@montague.net", "x"), "GET", entity, Seconds{1}, now);
  EXPECT_EQ(look(juliet), Standing::granted);
  now += hours{1};
  EXPECT_EQ(look(juliet), Standing::unknown);
}

TEST_F(GrantsTest, AGrantIsForOneAccountCodeSiteAndAddress) {
  grants.confirmed(juliet, "GET", entity, Seconds{300}, now);
  for (const auto& other : {key("romeo@capulet.com", "a7374jnjlalasdf82"),
                            key("juliet@capulet.com", "a7374jnjlalasdf83"),
                            key("juliet@capulet.com", "a7374jnjlalasdf82", "app"),
                            key("juliet@capulet.com", "a7374jnjlalasdf82", "files", "203.0.113.10"),
                            // The parts are not just joined.
                            key("juliet@capulet.com", "a7374jnjlalasdf82f", "iles"),
                            key("juliet@capulet.co", "ma7374jnjlalasdf82")}) {
    EXPECT_EQ(look(other), Standing::unknown);
  }
}

TEST_F(GrantsTest, TheResourceMakesNoDifference) {
  grants.confirmed(key("juliet@capulet.com/balcony", "c"), "GET", entity, Seconds{300}, now);
  EXPECT_EQ(look(key("Juliet@capulet.com", "c")), Standing::granted);
}

// XEP-0070 section 5.1: "For the HEAD and OPTIONS methods, the credentials SHOULD be usable for a
// subsequent request from the same entity."
TEST_F(GrantsTest, HeadAndOptionsServeOneFollowingRequestOfTheSameEntity) {
  for (const auto method : {"HEAD", "OPTIONS"}) {
    const GrantKey of = key("juliet@capulet.com", method);
    grants.confirmed(of, method, entity, Seconds{300}, now);
    EXPECT_EQ(grants.look(of, "https://files.example/other", now), Standing::used) << method;
    EXPECT_EQ(look(of), Standing::granted) << method;
    EXPECT_EQ(look(of), Standing::used) << method;
  }
}

TEST_F(GrantsTest, TheFollowingRequestHasAMinute) {
  grants.confirmed(juliet, "HEAD", entity, Seconds{300}, now);
  now += Seconds{60} - milliseconds{1};
  EXPECT_EQ(look(juliet), Standing::granted);
  grants.confirmed(juliet, "HEAD", entity, Seconds{300}, now);
  now += Seconds{60};
  EXPECT_EQ(look(juliet), Standing::used);
}

TEST_F(GrantsTest, AMethodOfAnotherCaseIsAnotherMethod) {
  grants.confirmed(juliet, "head", entity, Seconds{300}, now);
  now += Seconds{299};
  EXPECT_EQ(look(juliet), Standing::granted);
}

TEST_F(GrantsTest, ALaterConfirmationDoesNotShortenAGrant) {
  grants.confirmed(juliet, "GET", entity, Seconds{300}, now);
  grants.confirmed(juliet, "GET", entity, Seconds{10}, now);
  grants.confirmed(juliet, "HEAD", entity, Seconds{300}, now);
  now += Seconds{299};
  EXPECT_EQ(look(juliet), Standing::granted);
  EXPECT_EQ(look(juliet), Standing::granted);
}

// A site grants for five minutes, and one of its rules asks each time: what the site granted must
// not open what the rule guards.
TEST_F(GrantsTest, ARuleMayAllowLessThanWasGranted) {
  grants.confirmed(juliet, "GET", entity, Seconds{300}, now);
  EXPECT_EQ(grants.look(juliet, entity, now, Seconds{0}), Standing::used);
  now += Seconds{60} - milliseconds{1};
  EXPECT_EQ(grants.look(juliet, entity, now, Seconds{60}), Standing::granted);
  now += milliseconds{1};
  EXPECT_EQ(grants.look(juliet, entity, now, Seconds{60}), Standing::used);
  EXPECT_EQ(grants.look(juliet, entity, now, Seconds{3600}), Standing::granted);
  now += Seconds{240};
  EXPECT_EQ(grants.look(juliet, entity, now, Seconds{3600}), Standing::used);
}

TEST_F(GrantsTest, TheRequestAfterAHeadPassesWhereTheRuleAsksEachTime) {
  grants.confirmed(juliet, "HEAD", entity, Seconds{0}, now);
  EXPECT_EQ(grants.look(juliet, entity, now, Seconds{0}), Standing::granted);
  EXPECT_EQ(grants.look(juliet, entity, now, Seconds{0}), Standing::used);
}

TEST_F(GrantsTest, ADenialIsRememberedUntilTheCodeIsConfirmed) {
  grants.denied(juliet, now);
  EXPECT_EQ(look(juliet), Standing::denied);
  EXPECT_EQ(look(key("juliet@capulet.com", "other")), Standing::unknown);
  now += hours{24} - milliseconds{1};
  EXPECT_EQ(look(juliet), Standing::denied);
  grants.confirmed(juliet, "GET", entity, Seconds{300}, now);
  EXPECT_EQ(look(juliet), Standing::granted);
  grants.denied(juliet, now);
  EXPECT_EQ(look(juliet), Standing::granted) << "what was granted stays so";
  now += Seconds{300};
  EXPECT_EQ(look(juliet), Standing::denied);
  now += hours{24};
  EXPECT_EQ(look(juliet), Standing::unknown);
}

TEST_F(GrantsTest, TheTableIsBoundedAndTheOldestGoFirst) {
  Grants small(3);
  for (const auto code : {"a", "b", "c", "a", "d"}) {
    small.confirmed(key("juliet@capulet.com", code), "GET", entity, Seconds{300}, now);
  }
  const auto standing = [&](std::string code) {
    return small.look(key("juliet@capulet.com", std::move(code)), entity, now);
  };
  EXPECT_EQ(standing("a"), Standing::granted);
  EXPECT_EQ(standing("b"), Standing::unknown);
  EXPECT_EQ(standing("c"), Standing::granted);
  EXPECT_EQ(standing("d"), Standing::granted);
}

TEST_F(GrantsTest, OfManyThreadsOneGetsTheOneRequest) {
  for (int round = 0; round < 100; ++round) {
    grants.confirmed(juliet, "HEAD", entity, Seconds{0}, now);
    std::atomic<int> passed{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int number = 0; number < 4; ++number) {
      threads.emplace_back([&] { passed += look(juliet) == Standing::granted ? 1 : 0; });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(passed, 1);
  }
}

}  // namespace
}  // namespace jidgate
