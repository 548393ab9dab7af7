// SPDX-License-Identifier: GPL-3.0-or-later
// The record of confirmations against a real PostgreSQL that is killed, frozen and away.
#include "db/audit_writer.hpp"

#include <gmock/gmock.h>

#include <mutex>
#include <pqxx/pqxx>
#include <thread>

#include "core/crypto.hpp"
#include "db/migrate.hpp"
#include "tests/support/postgres.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// The events that were logged, and their fields.
class EventLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    std::string line(event);
    for (const LogField& field : fields) line += " " + field.value;
    const std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> lines() const {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class AuditWriterTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { postgres_ = std::make_unique<test::Postgres>(); }
  static void TearDownTestSuite() { postgres_.reset(); }

  AuditWriterTest() {
    migrate(postgres_->url(database_));
    limits_.backoff_longest = 200ms;
    limits_.idle_probe = 50ms;
  }

  std::unique_ptr<AuditWriter> make_writer() {
    return std::make_unique<AuditWriter>(pool_, log_, metrics_, limits_);
  }
  static AuditEntry entry(std::string url = "https://files.verona.test/private/missive.html") {
    const WallTime asked = std::chrono::sys_days(std::chrono::year{2026} / 11 / 24) + 14h + 250ms;
    return {random_id(),
            asked,
            asked + 2500ms,
            *Jid::parse("juliet@verona.test/balcony"),
            "GET",
            std::move(url),
            "files",
            Via::iq,
            Outcome::confirmed,
            Address::parse("192.0.2.7")};
  }
  pqxx::result rows(const std::string& what = "*") const {
    pqxx::connection connection(postgres_->url(database_, "jidgate_reader"));
    return pqxx::nontransaction(connection)
        .exec("SELECT " + what + " FROM jidgate.confirmations ORDER BY asked_at");
  }
  std::size_t count() const { return static_cast<std::size_t>(rows("id").size()); }
  template <class Condition>
  static void wait_until(Condition condition, const char* what) {
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << what;
      std::this_thread::yield();
    }
  }
  double metric(const std::string& name) const {
    const std::string page = metrics_.render();
    return std::stod(page.substr(page.find("\njidgate_" + name + " ") + name.size() + 10));
  }

  static std::unique_ptr<test::Postgres> postgres_;
  const std::string database_ = postgres_->create_database();
  Metrics metrics_;
  EventLog log_;
  AuditLimits limits_;
  Pool pool_{postgres_->url(database_, "jidgate_service"), 2, metrics_};
};

std::unique_ptr<test::Postgres> AuditWriterTest::postgres_;

TEST_F(AuditWriterTest, ARowIsWhatWasRecorded) {
  const auto writer = make_writer();
  writer->start();
  const AuditEntry recorded = entry();
  writer->record(recorded);
  writer->stop(10s);
  const pqxx::result found = rows(
      "replace(id::text, '-', ''), extract(epoch FROM ended_at - asked_at)::text,"
      " (asked_at AT TIME ZONE 'UTC')::text, jid, method, url, site, via, outcome,"
      " host(asker)");
  ASSERT_EQ(found.size(), 1u);
  const std::vector<std::string> expected = {recorded.id,
                                             "2.500000",
                                             "2026-11-24 14:00:00.25",
                                             "juliet@verona.test/balcony",
                                             "GET",
                                             "https://files.verona.test/private/missive.html",
                                             "files",
                                             "iq",
                                             "confirmed",
                                             "192.0.2.7"};
  std::vector<std::string> values;
  for (const auto& field : found[0]) values.emplace_back(field.c_str());
  EXPECT_EQ(values, expected);
}

TEST_F(AuditWriterTest, AQueryStringAndAMissingAskerAreNotStored) {
  const auto writer = make_writer();
  writer->start();
  AuditEntry recorded = entry("https://files.verona.test/a?token=s3cret#x");
  recorded.asker.reset();
  writer->record(recorded);
  writer->stop(10s);
  ASSERT_EQ(count(), 1u);
  EXPECT_STREQ(rows("url")[0][0].c_str(), "https://files.verona.test/a");
  EXPECT_TRUE(rows("asker")[0][0].is_null());
}

TEST_F(AuditWriterTest, TheSameIdTwiceIsOneRow) {
  const auto writer = make_writer();
  writer->start();
  const AuditEntry recorded = entry();
  writer->record(recorded);
  writer->record(recorded);
  writer->stop(10s);
  EXPECT_EQ(count(), 1u);
}

TEST_F(AuditWriterTest, ARowThatPostgresqlRefusesDoesNotHoldUpTheOthers) {
  const auto writer = make_writer();
  AuditEntry bad = entry();
  bad.id = "no uuid";
  writer->record(entry());
  writer->record(bad);
  writer->record(entry());
  writer->start();
  writer->stop(10s);
  EXPECT_EQ(count(), 2u);
  EXPECT_EQ(metric("audit_dropped_total"), 1);
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("audit.row_refused no uuid")));
}

TEST_F(AuditWriterTest, TextThatIsNoUtf8IsStoredReadably) {
  const auto writer = make_writer();
  writer->start();
  AuditEntry recorded = entry();
  recorded.method = std::string("G\0T\xff", 4);
  writer->record(recorded);
  writer->stop(10s);
  ASSERT_EQ(count(), 1u);
  EXPECT_STREQ(rows("method")[0][0].c_str(), "G?T?");
}

TEST_F(AuditWriterTest, NoQueuedRowIsLostWhenTheServerIsKilledAndComesBack) {
  constexpr std::size_t total = 3000;
  limits_.batch = 20;
  const auto writer = make_writer();
  writer->start();
  for (std::size_t i = 0; i < total; ++i) {
    if (i % 1000 == 500) {
      wait_until([&] { return count() > 0; }, "the first rows");
      postgres_->kill();
      postgres_->start();
    }
    writer->record(entry());
  }
  wait_until([&] { return metric("audit_queue") == 0; }, "the queue to be written");
  EXPECT_EQ(count(), total);
  EXPECT_EQ(metric("audit_dropped_total"), 0);
  EXPECT_TRUE(writer->is_up());
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("database.down")));
}

TEST_F(AuditWriterTest, AServerThatIsAwayAtTheStartIsFoundLater) {
  postgres_->stop();
  const auto writer = make_writer();
  writer->start();
  writer->record(entry());
  wait_until([&] { return !log_.lines().empty(); }, "the fault to be told");
  EXPECT_FALSE(writer->is_up());
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("database.down")));
  EXPECT_EQ(metric("db_up"), 0);
  postgres_->start();
  wait_until([&] { return writer->is_up(); }, "the server to be found");
  writer->stop(10s);
  EXPECT_EQ(count(), 1u);
  EXPECT_EQ(metric("db_up"), 1);
}

TEST_F(AuditWriterTest, WithoutRowsTheDatabaseIsWatchedAllTheSame) {
  const auto writer = make_writer();
  writer->start();
  wait_until([&] { return writer->is_up(); }, "the first probe");
  postgres_->stop();
  wait_until([&] { return !writer->is_up(); }, "the loss to be noticed");
  postgres_->start();
  wait_until([&] { return writer->is_up(); }, "the return to be noticed");
}

TEST_F(AuditWriterTest, ADatabaseWithoutTheSchemaIsNotUpUntilItIsMigrated) {
  const std::string empty = postgres_->create_database();
  Pool pool(postgres_->url(empty), 1, metrics_);
  AuditWriter writer(pool, log_, metrics_, limits_);
  writer.start();
  wait_until([&] { return !log_.lines().empty(); }, "the fault to be told");
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("the schema has version 0, expected")));
  EXPECT_FALSE(writer.is_up());
  migrate(postgres_->url(empty));
  wait_until([&] { return writer.is_up(); }, "the schema to be found");
}

TEST_F(AuditWriterTest, WhatDoesNotFitIsCountedAndToldOnce) {
  limits_.queue = 10;
  const auto writer = make_writer();
  for (int i = 0; i < 15; ++i) writer->record(entry());
  EXPECT_EQ(metric("audit_queue"), 10);
  EXPECT_EQ(metric("audit_dropped_total"), 5);
  EXPECT_EQ(log_.lines().size(), 1u);
  writer->start();
  writer->stop(10s);
  EXPECT_EQ(count(), 10u);
}

TEST_F(AuditWriterTest, AFrozenServerDoesNotHoldUpTheStop) {
  const auto writer = make_writer();
  writer->start();
  wait_until([&] { return writer->is_up(); }, "the first probe");
  postgres_->freeze(true);
  writer->record(entry());
  writer->stop(300ms);  // would hang here
  EXPECT_EQ(metric("audit_dropped_total"), 1);
  EXPECT_THAT(log_.lines(), Contains("audit.dropped 1"));
  postgres_->freeze(false);
}

TEST_F(AuditWriterTest, AFrozenServerCountsAsAway) {
  limits_.hanging = 50ms;
  const auto writer = make_writer();
  writer->start();
  wait_until([&] { return writer->is_up(); }, "the first probe");
  postgres_->freeze(true);
  wait_until([&] { return !writer->is_up(); }, "the silence to be noticed");
  postgres_->freeze(false);
  wait_until([&] { return writer->is_up(); }, "the answer to be noticed");
}

TEST_F(AuditWriterTest, TheLogNeverHoldsAQueryString) {
  postgres_->stop();
  const auto writer = make_writer();
  writer->start();
  writer->record(entry("https://files.verona.test/a?token=s3cret"));
  wait_until([&] { return !log_.lines().empty(); }, "the fault to be told");
  writer->stop(0ms);
  EXPECT_THAT(log_.lines(), Not(Contains(HasSubstr("s3cret"))));
  postgres_->start();
}

}  // namespace
}  // namespace jidgate::db
