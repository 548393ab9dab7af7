// SPDX-License-Identifier: GPL-3.0-or-later
// What follows from the end of a question: the grant, the limits, the record, the count, the log.
#include "core/endings.hpp"

#include <gmock/gmock.h>

#include "tests/support/recording_log.hpp"

namespace jidgate {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class FixedClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime(1000s + passed); }
  WallTime wall() const override { return WallTime(1700000000s + passed); }
  std::chrono::seconds passed{0};
};

class Kept final : public Audit {
 public:
  void record(AuditEntry entry) override { entries.push_back(std::move(entry)); }
  std::vector<AuditEntry> entries;
};

class EndingsTest : public testing::Test {
 protected:
  EndingsTest() {
    ConfirmSettings settings;
    settings.per_account_rate = {1, Seconds{120}};
    settings.per_address_rate = {};
    limits.configure(settings);
    Settings all;
    Site site;
    site.name = "files";
    site.hosts = {"files.verona.test"};
    all.sites = {site};
    rules = std::make_shared<const Rules>(all);
  }
  OpenQuestion question(std::string method = "GET", std::string grant_token = {}) {
    return {
        "0123456789abcdef0123456789abcdef",
        "fedcba9876543210fedcba9876543210",
        Question{Jid::parse("juliet@verona.test/balcony").value(), "my-password", std::move(method),
                 "https://files.verona.test/x?token=hidden", Address::parse("192.0.2.7").value(),
                 rules, rules->site_for("files.verona.test"), std::move(grant_token), Seconds{300}},
        Via::iq,
        Delivery::sent,
        clock.wall(),
        clock.steady(),
        clock.steady() + 50s};
  }
  GrantKey key(std::string transaction = "my-password") const {
    return {Jid::parse("juliet@verona.test").value(), std::move(transaction), "files",
            Address::parse("192.0.2.7").value()};
  }
  Standing standing(const GrantKey& of, std::string_view entity = "") {
    return grants.look(of, entity, clock.steady());
  }
  bool is_limited() const {
    return limits
        .check(Jid::parse("juliet@verona.test").value(), Address::parse("192.0.2.7").value(),
               clock.steady())
        .has_value();
  }

  FixedClock clock;
  Grants grants;
  Limits limits;
  Kept audit;
  test::RecordingLog log;
  Metrics metrics;
  std::shared_ptr<const Rules> rules;
  const Endings end{clock, grants, limits, audit, log, metrics};
};

TEST_F(EndingsTest, OnlyAConfirmationGrants) {
  for (const auto outcome :
       {Outcome::denied, Outcome::expired, Outcome::unreachable, Outcome::cancelled}) {
    end(question("GET", std::string(to_string(outcome))), outcome);
    EXPECT_EQ(standing(key(std::string(to_string(outcome)))),
              outcome == Outcome::denied ? Standing::denied : Standing::unknown)
        << to_string(outcome);
  }
  end(question(), Outcome::confirmed);
  EXPECT_EQ(standing(key()), Standing::granted);
  clock.passed += 300s;
  EXPECT_EQ(standing(key()), Standing::used);
}

TEST_F(EndingsTest, TheGrantIsForTheBareAccountAndTheTokenOfTheQuestion) {
  end(question("GET", "nonce"), Outcome::confirmed);
  EXPECT_EQ(standing(key("nonce")), Standing::granted);
  EXPECT_EQ(standing(key()), Standing::unknown);
  const GrantKey of_question = grant_key(question("GET", "nonce").question);
  EXPECT_EQ(of_question.account.to_string(), "juliet@verona.test");
  EXPECT_EQ(of_question.transaction, "nonce");
  EXPECT_EQ(grant_key(question().question).transaction, "my-password");
  EXPECT_EQ(of_question.site, "files");
  EXPECT_EQ(of_question.asker.to_string(), "192.0.2.7");
}

// XEP-0070 section 5.1: after HEAD and OPTIONS for "a subsequent request from the same entity".
TEST_F(EndingsTest, AHeadGrantsOneRequestOfItsUrlQueryIncluded) {
  end(question("HEAD"), Outcome::confirmed);
  EXPECT_EQ(standing(key(), "https://files.verona.test/x"), Standing::used);
  EXPECT_EQ(standing(key(), "https://files.verona.test/x?token=hidden"), Standing::granted);
  EXPECT_EQ(standing(key(), "https://files.verona.test/x?token=hidden"), Standing::used);
}

TEST_F(EndingsTest, WhatEndedInVainCountsAndALostLinkDoesNot) {
  end(question(), Outcome::confirmed);
  end(question(), Outcome::cancelled);
  EXPECT_FALSE(is_limited());
  for (const auto outcome : {Outcome::denied, Outcome::expired, Outcome::unreachable}) {
    end(question(), outcome);
    EXPECT_TRUE(is_limited()) << to_string(outcome);
    clock.passed += 300s;
    EXPECT_FALSE(is_limited());
  }
}

TEST_F(EndingsTest, EveryEndIsRecordedCountedAndLogged) {
  const Outcome all[] = {Outcome::confirmed, Outcome::denied, Outcome::expired,
                         Outcome::unreachable, Outcome::cancelled};
  for (const auto outcome : all) {
    const OpenQuestion open = question();
    clock.passed += 3s;
    end(open, outcome);
    const AuditEntry& entry = audit.entries.back();
    EXPECT_EQ(entry.id, open.id);
    EXPECT_EQ(entry.asked_at, open.asked_at);
    EXPECT_EQ(entry.ended_at, clock.wall());
    EXPECT_EQ(entry.jid.to_string(), "juliet@verona.test/balcony");
    EXPECT_EQ(entry.url, "https://files.verona.test/x");
    EXPECT_EQ(entry.outcome, outcome);
    const std::string word(to_string(outcome));
    EXPECT_THAT(metrics.render(),
                HasSubstr("confirmations_total{via=\"iq\",outcome=\"" + word + "\"} 1"));
    EXPECT_THAT(metrics.render(),
                HasSubstr("confirmation_duration_seconds_sum{outcome=\"" + word + "\"} 3"));
    EXPECT_EQ(log.entries("confirm.ended").back().fields.at("outcome"), word);
  }
  EXPECT_THAT(audit.entries, SizeIs(5));
}

// The code may be somebody's password, and a query may hold tokens.
TEST_F(EndingsTest, NeitherCodeNorQueryIsWrittenAnywhere) {
  end(question(), Outcome::confirmed);
  EXPECT_THAT(audit.entries.back().url, Not(HasSubstr("hidden")));
  for (const auto& entry : log.entries()) {
    for (const auto& [name, value] : entry.fields) {
      EXPECT_THAT(value, Not(HasSubstr("my-password"))) << name;
      EXPECT_THAT(value, Not(HasSubstr("hidden"))) << name;
    }
  }
  EXPECT_THAT(metrics.render(), Not(HasSubstr("juliet")));
}

TEST(WithoutQuery, KeepsWhatStandsBeforeIt) {
  EXPECT_EQ(without_query("https://a.test/b?c?d"), "https://a.test/b");
  EXPECT_EQ(without_query("https://a.test/b"), "https://a.test/b");
  EXPECT_EQ(without_query("https://a.test/?"), "https://a.test/");
  EXPECT_EQ(without_query(""), "");
}

}  // namespace
}  // namespace jidgate
