// SPDX-License-Identifier: GPL-3.0-or-later
// core/limits: prompt bombing ends in quiet.
#include "core/limits.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

namespace jidgate {
namespace {

using std::chrono::milliseconds;

class LimitsTest : public testing::Test {
 protected:
  LimitsTest() { configure({3, Seconds{120}}, {10, Seconds{60}}); }
  void configure(RateLimit account, RateLimit address) {
    ConfirmSettings settings;
    settings.per_account_rate = account;
    settings.per_address_rate = address;
    limits.configure(settings);
  }
  static Jid jid(std::string_view text) { return Jid::parse(text).value(); }
  static Address address(std::string_view text) { return Address::parse(text).value(); }
  // "account 300", or "free".
  std::string check(const Jid& account, const Address& asker) const {
    const auto refusal = limits.check(account, asker, now);
    if (!refusal) return "free";
    return std::string(refusal->scope) + ' ' + std::to_string(refusal->retry_after.count());
  }
  void end(const Jid& account, const Address& asker, Outcome outcome, int times = 1) {
    for (int time = 0; time < times; ++time) limits.ended(account, asker, outcome, now);
  }

  Limits limits;
  SteadyTime now{std::chrono::hours{1000}};
  const Jid juliet = jid("juliet@capulet.com"), romeo = jid("romeo@montague.net");
  const Address here = address("203.0.113.9"), there = address("198.51.100.7");
};

TEST_F(LimitsTest, NobodyIsLimitedAtFirst) {
  EXPECT_EQ(check(juliet, here), "free");
}

TEST_F(LimitsTest, ConfirmedQuestionsNeverCount) {
  end(juliet, here, Outcome::confirmed, 1000);
  EXPECT_EQ(check(juliet, here), "free");
}

TEST_F(LimitsTest, ThreeQuestionsInVainGiveTheAccountFiveMinutesOfQuiet) {
  for (const auto outcome :
       {Outcome::expired, Outcome::unreachable, Outcome::cancelled, Outcome::denied}) {
    const Jid account = jid(std::string(to_string(outcome)) + "@capulet.com");
    end(account, here, outcome, 2);
    EXPECT_EQ(check(account, there), "free") << to_string(outcome);
    end(account, here, outcome);
    EXPECT_EQ(check(account, there), "account 300") << to_string(outcome);
  }
  EXPECT_EQ(check(juliet, there), "free");
}

TEST_F(LimitsTest, TheQuietEnds) {
  end(juliet, here, Outcome::expired, 3);
  now += Seconds{299} + milliseconds{1};
  EXPECT_EQ(check(juliet, there), "account 1");
  now += milliseconds{999};
  EXPECT_EQ(check(juliet, there), "free");
  end(juliet, here, Outcome::expired, 2);
  EXPECT_EQ(check(juliet, there), "free");
}

TEST_F(LimitsTest, WhatIsOlderThanTheWindowDoesNotCount) {
  end(juliet, here, Outcome::expired, 2);
  now += Seconds{120};
  end(juliet, here, Outcome::expired, 2);
  EXPECT_EQ(check(juliet, there), "free");
  now += Seconds{119};
  end(juliet, here, Outcome::expired);
  EXPECT_EQ(check(juliet, there), "account 300");
}

// gateway-cases.tsv T30a: one bucket for all spellings, and for all resources.
TEST_F(LimitsTest, AnAccountIsOneHoweverItIsWritten) {
  end(jid("Juliet@capulet.com"), here, Outcome::expired);
  end(jid("juliet@CAPULET.com/balcony"), here, Outcome::expired);
  end(jid("\uFF2Auliet@capulet.com."), here, Outcome::expired);
  EXPECT_EQ(check(juliet, there), "account 300");
}

TEST_F(LimitsTest, ADenialGivesTwoMinutesOfQuietForThatAddress) {
  end(juliet, here, Outcome::denied);
  EXPECT_EQ(check(juliet, here), "denied 120");
  EXPECT_EQ(check(juliet, there), "free");
  EXPECT_EQ(check(romeo, here), "free");
  now += Seconds{120};
  EXPECT_EQ(check(juliet, here), "free");
}

TEST_F(LimitsTest, AnAddressMayAskInVainTenTimesAMinute) {
  for (int number = 0; number < 10; ++number) {
    EXPECT_EQ(check(romeo, here), "free");
    end(jid(std::to_string(number) + "@capulet.com"), here, Outcome::expired);
    now += Seconds{1};
  }
  EXPECT_EQ(check(romeo, here), "address 50");
  EXPECT_EQ(check(romeo, there), "free");
  now += Seconds{50};
  EXPECT_EQ(check(romeo, here), "free");
  end(romeo, here, Outcome::expired);
  EXPECT_EQ(check(romeo, here), "address 1");
}

TEST_F(LimitsTest, AnIpv6CustomerIsOneAddress) {
  for (int number = 0; number < 10; ++number) {
    end(jid(std::to_string(number) + "@capulet.com"),
        address("2001:db8:1:2::" + std::to_string(number)), Outcome::expired);
  }
  EXPECT_EQ(check(romeo, address("2001:db8:1:2:ffff::1")), "address 60");
  EXPECT_EQ(check(romeo, address("2001:db8:1:3::1")), "free");
  end(juliet, address("2001:db8:1:3::1"), Outcome::denied);
  EXPECT_EQ(check(juliet, address("2001:db8:1:3::2")), "denied 120");
}

// gateway-cases.tsv T30b.
TEST_F(LimitsTest, TheAccountAndTheAddressBothCount) {
  for (int number = 0; number < 3; ++number) {
    end(juliet, address("203.0.113.1" + std::to_string(number)), Outcome::expired);
  }
  EXPECT_EQ(check(juliet, there), "account 300");
  end(romeo, here, Outcome::cancelled, 10);
  EXPECT_EQ(check(jid("nurse@capulet.com"), here), "address 60");
}

TEST_F(LimitsTest, ZeroSwitchesALimitOff) {
  configure({0, Seconds{120}}, {10, Seconds{60}});
  end(juliet, here, Outcome::denied, 9);
  EXPECT_EQ(check(juliet, here), "free");
  end(juliet, here, Outcome::denied);
  EXPECT_EQ(check(juliet, here), "address 60");
  configure({3, Seconds{120}}, {0, Seconds{60}});
  end(juliet, there, Outcome::expired, 2);
  EXPECT_EQ(check(juliet, here), "free");
  configure({0, Seconds{0}}, {0, Seconds{0}});
  end(juliet, here, Outcome::denied, 1000);
  EXPECT_EQ(check(juliet, here), "free");
}

TEST_F(LimitsTest, AReloadChangesTheLimitsAndKeepsWhatHasHappened) {
  end(jid("a@capulet.com"), here, Outcome::expired, 2);
  configure({3, Seconds{120}}, {2, Seconds{60}});
  EXPECT_EQ(check(romeo, here), "address 60");
  configure({3, Seconds{120}}, {2, Seconds{0}});
  end(romeo, here, Outcome::expired, 2);
  EXPECT_EQ(check(romeo, here), "free");
}

TEST_F(LimitsTest, TheTablesAreBoundedAndTheOldestGoFirst) {
  Limits small(3);
  ConfirmSettings settings;
  settings.per_account_rate = {1, Seconds{120}};
  settings.per_address_rate = {1, Seconds{60}};
  small.configure(settings);
  for (const auto name : {"a@x.test", "b@x.test", "c@x.test", "a@x.test", "d@x.test"}) {
    small.ended(jid(name), here, Outcome::denied, now);
  }
  const auto scope = [&](std::string_view name) {
    const auto refusal = small.check(jid(name), there, now);
    return refusal ? std::string(refusal->scope) : "free";
  };
  EXPECT_EQ(scope("a@x.test"), "account");
  EXPECT_EQ(scope("b@x.test"), "free");
  EXPECT_EQ(scope("c@x.test"), "account");
  EXPECT_EQ(scope("d@x.test"), "account");
}

TEST_F(LimitsTest, ManyThreadsCountTogether) {
  configure({1000000, Seconds{120}}, {1000, Seconds{60}});
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&] {
      for (int round = 0; round < 250; ++round) {
        limits.ended(juliet, here, Outcome::expired, now);
        (void)limits.check(juliet, here, now);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(check(romeo, here), "address 60");
}

}  // namespace
}  // namespace jidgate
