// SPDX-License-Identifier: GPL-3.0-or-later
// The pool of connections against a real PostgreSQL that fails.
#include "db/pool.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <thread>

#include "db/pqxx_adapter.hpp"
#include "tests/support/postgres.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class PoolTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { postgres_ = std::make_unique<test::Postgres>(); }
  static void TearDownTestSuite() { postgres_.reset(); }

  std::string url() const { return postgres_->url("postgres"); }
  // The process that serves the connection of the next use.
  static int backend(Pool& pool, Pool::Repeat repeat = Pool::Repeat::never) {
    int pid = 0;
    pool.run(
        [&](Connection& connection) {
          pqxx::nontransaction transaction(connection.raw());
          pid = execute(transaction, "SELECT pg_backend_pid()")[0][0].as<int>();
        },
        repeat);
    return pid;
  }
  // Tries until the server can be used again.
  static void wait_for(Pool& pool) {
    const auto until = std::chrono::steady_clock::now() + 30s;
    for (;;) {
      try {
        backend(pool);
        return;
      } catch (const std::exception&) {
        if (std::chrono::steady_clock::now() > until) throw;
        std::this_thread::yield();
      }
    }
  }

  static std::unique_ptr<test::Postgres> postgres_;
  Metrics metrics_;
};

std::unique_ptr<test::Postgres> PoolTest::postgres_;

TEST_F(PoolTest, AConnectionIsUsedAgain) {
  Pool pool(url(), 4, metrics_);
  EXPECT_EQ(backend(pool), backend(pool));
}

TEST_F(PoolTest, NoMoreConnectionsThanAllowedAreLentAndTheNextWaitsForOne) {
  Pool pool(url(), 1, metrics_);
  std::promise<void> release, lent;
  auto holder = std::async(std::launch::async, [&] {
    pool.run(
        [&](Connection&) {
          lent.set_value();
          release.get_future().wait();
        },
        Pool::Repeat::never);
  });
  lent.get_future().wait();
  EXPECT_THAT(metrics_.render(), HasSubstr("jidgate_db_pool_in_use 1\n"));
  EXPECT_THROW(pool.run([](Connection&) {}, Pool::Repeat::never, 10ms), Unavailable);
  auto next = std::async(std::launch::async, [&] { return backend(pool); });
  release.set_value();
  EXPECT_GT(next.get(), 0);
  holder.get();
  EXPECT_THAT(metrics_.render(), HasSubstr("jidgate_db_pool_in_use 0\n"));
}

TEST_F(PoolTest, AFaultyStatementDoesNotCostTheConnection) {
  Pool pool(url(), 4, metrics_);
  const int before = backend(pool);
  EXPECT_THROW(pool.run(
                   [](Connection& connection) {
                     pqxx::nontransaction transaction(connection.raw());
                     execute(transaction, "SELECT $1::integer", std::string("x"));
                   },
                   Pool::Repeat::once),
               pqxx::data_exception);
  EXPECT_EQ(backend(pool), before);
}

TEST_F(PoolTest, ARefusedStatementDoesNotCostTheConnection) {
  Pool pool(url(), 4, metrics_);
  pool.run(
      [](Connection& connection) {
        pqxx::nontransaction transaction(connection.raw());
        execute(transaction, "CREATE ROLE nobody_special");
        execute(transaction, "SET ROLE nobody_special");
      },
      Pool::Repeat::never);
  const int before = backend(pool);
  try {
    pool.run(
        [](Connection& connection) {
          pqxx::nontransaction transaction(connection.raw());
          execute(transaction, "SELECT * FROM pg_authid");
        },
        Pool::Repeat::never);
    FAIL() << "everybody may read the passwords";
  } catch (const std::exception& error) {
    EXPECT_EQ(trouble_of(error), Trouble::other);
  }
  EXPECT_EQ(backend(pool), before);
}

TEST_F(PoolTest, TextWithNulIsRefusedInsteadOfCut) {
  Pool pool(url(), 4, metrics_);
  EXPECT_THROW(pool.run(
                   [](Connection& connection) {
                     pqxx::nontransaction transaction(connection.raw());
                     execute(transaction, "SELECT $1", std::string("a\0b", 3));
                   },
                   Pool::Repeat::never),
               UnstorableText);
}

TEST_F(PoolTest, AStatementThatTakesTooLongIsEnded) {
  Connection connection(url(), Connection::Timeouts{50});
  pqxx::nontransaction transaction(connection.raw());
  try {
    execute(transaction, "SELECT pg_sleep(60)");
    FAIL() << "the statement had no time limit";
  } catch (const pqxx::sql_error& error) {
    EXPECT_EQ(error.sqlstate(), "57014");
  }
}

TEST_F(PoolTest, WorkThatMayHappenTwiceIsRepeatedAfterARestart) {
  Pool pool(url(), 4, metrics_);
  const int before = backend(pool);
  postgres_->kill();
  postgres_->start();
  EXPECT_NE(backend(pool, Pool::Repeat::once), before);
}

TEST_F(PoolTest, OtherWorkIsNotRepeatedAndTheDeadConnectionIsGoneAfterwards) {
  Pool pool(url(), 4, metrics_);
  const int before = backend(pool);
  postgres_->kill();
  postgres_->start();
  try {
    backend(pool);
    FAIL() << "the old connection survived";
  } catch (const std::exception& error) {
    EXPECT_EQ(trouble_of(error), Trouble::connection);
  }
  EXPECT_NE(backend(pool), before);
}

TEST_F(PoolTest, AServerThatIsAwayIsNotStormed) {
  Pool pool(url(), 4, metrics_);
  postgres_->stop();
  EXPECT_THROW(backend(pool), pqxx::broken_connection);
  EXPECT_THROW(backend(pool), Unavailable);
  postgres_->start();
  wait_for(pool);
}

TEST_F(PoolTest, ManyThreadsGoOnAfterARestart) {
  Pool pool(url(), 4, metrics_);
  std::atomic<bool> done{false};
  std::vector<std::future<void>> threads;
  for (int i = 0; i < 8; ++i) {
    threads.push_back(std::async(std::launch::async, [&] {
      while (!done) {
        try {
          backend(pool, Pool::Repeat::once);
        } catch (const std::exception&) {
          std::this_thread::yield();
        }
      }
      wait_for(pool);
    }));
  }
  backend(pool);
  postgres_->kill();
  postgres_->start();
  wait_for(pool);
  done = true;
  for (auto& thread : threads) thread.get();
}

TEST_F(PoolTest, ClosingFreesAThreadThatWaitsForAFrozenServer) {
  Pool pool(url(), 4, metrics_);
  backend(pool);
  postgres_->freeze(true);
  auto stuck = std::async(std::launch::async, [&] { return backend(pool, Pool::Repeat::once); });
  while (metrics_.render().find("jidgate_db_pool_in_use 1\n") == std::string::npos) {
    std::this_thread::yield();
  }
  EXPECT_EQ(stuck.wait_for(100ms), std::future_status::timeout);
  pool.close();
  EXPECT_THROW(stuck.get(), std::exception);
  EXPECT_THROW(backend(pool), Unavailable);
  postgres_->freeze(false);
}

TEST_F(PoolTest, AFrozenServerEndsTheWorkAndTheNextFailsAtOnceUntilItGoesOn) {
  Pool pool(url(), 4, metrics_, {1s, 1min, 1min});
  backend(pool);
  postgres_->freeze(true);
  try {
    // Not by the server: its own limit is frozen as well.
    backend(pool, Pool::Repeat::never);
    ADD_FAILURE() << "a frozen server answered";
  } catch (const std::exception& error) {
    EXPECT_EQ(trouble_of(error), Trouble::connection);
  }
  // It would have to wait for a server that says nothing.
  EXPECT_THROW(backend(pool, Pool::Repeat::once), Unavailable);
  postgres_->freeze(false);
}

TEST_F(PoolTest, ItIsFoundAgainAfterItWasFrozen) {
  Pool pool(url(), 4, metrics_, {1s, 10ms, 20ms});
  const int before = backend(pool);
  postgres_->freeze(true);
  EXPECT_THROW(backend(pool, Pool::Repeat::once), std::exception);
  postgres_->freeze(false);
  wait_for(pool);
  EXPECT_NE(backend(pool), before);
}

TEST_F(PoolTest, OneAloneTriesWhetherAFrozenServerIsThereAgain) {
  Pool pool(url(), 4, metrics_, {1s, 500ms, 500ms});
  backend(pool);
  postgres_->freeze(true);
  EXPECT_THROW(backend(pool), std::exception);
  std::atomic<int> waited{0}, turned_away{0};
  std::vector<std::future<void>> callers;
  for (int i = 0; i < 3; ++i) {
    callers.push_back(std::async(std::launch::async, [&] {
      while (waited == 0) {
        try {
          backend(pool);
        } catch (const Unavailable&) {
          ++turned_away;
          std::this_thread::yield();
        } catch (const std::exception&) {
          ++waited;
        }
      }
    }));
  }
  for (auto& caller : callers) caller.get();
  EXPECT_EQ(waited, 1);
  EXPECT_GT(turned_away, 0);
  postgres_->freeze(false);
}

TEST_F(PoolTest, WhatOthersHaveBeenLentIsTheirsWhenOneProcessOfTheServerIsFrozen) {
  Pool pool(url(), 4, metrics_, {1s, 1ms, 1ms});
  std::promise<void> lent, release;
  auto other = std::async(std::launch::async, [&] {
    pool.run(
        [&](Connection& connection) {
          pqxx::nontransaction transaction(connection.raw());
          lent.set_value();
          release.get_future().wait();
          execute(transaction, "SELECT 1");
        },
        Pool::Repeat::never, 2s, 1min);
  });
  lent.get_future().wait();
  const int frozen = backend(pool);
  postgres_->freeze_backend(frozen, true);
  EXPECT_THROW(backend(pool), std::exception);
  release.set_value();
  EXPECT_NO_THROW(other.get());
  wait_for(pool);
  EXPECT_NE(backend(pool), frozen);
  postgres_->freeze_backend(frozen, false);
}

TEST_F(PoolTest, WorkThatSaysSoMayTakeLonger) {
  Pool pool(url(), 4, metrics_, {1s, 1ms, 1ms});
  const auto sleep = [](Connection& connection) {
    pqxx::nontransaction transaction(connection.raw());
    execute(transaction, "SELECT pg_sleep(1.5)");
  };
  EXPECT_THROW(pool.run(sleep, Pool::Repeat::never), std::exception);
  wait_for(pool);
  EXPECT_NO_THROW(pool.run(sleep, Pool::Repeat::never, 2s, 1min));
}

}  // namespace
}  // namespace jidgate::db
