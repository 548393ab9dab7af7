// SPDX-License-Identifier: GPL-3.0-or-later
// Many at once, and a server that is killed: what was acknowledged is there, what was refused is
// not.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <random>
#include <set>

#include "core/locked.hpp"
#include "core/text.hpp"
#include "tests/contract/certificate_fixture.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;

class CertificateConcurrencyTest : public CertificateTest {
 protected:
  static constexpr int crowd = 100;

  // How often each answer was given when a hundred threads add at once; `name` and `seed` of each
  // come from its number.
  template <class Name, class Seed>
  std::map<Added, int> add_all_at_once(Name name, Seed seed, const Limits& limits) {
    Locked<std::map<Added, int>> answers;
    std::barrier ready(crowd);
    std::vector<std::thread> threads;
    for (int i = 0; i < crowd; ++i) {
      threads.emplace_back([&, i] {
        const Certificate made = certificate(seed(i));
        ready.arrive_and_wait();
        // The pool is smaller than the crowd: who waited too long for a connection comes again.
        for (;;) {
          const auto answer = store_.add(jid("juliet@verona.test"), name(i), made, true, limits);
          if (std::holds_alternative<StoreFault>(answer)) continue;
          answers.with([&](auto& all) { ++all[std::get<Added>(answer)]; });
          return;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    return answers.with([](const auto& all) { return all; });
  }
  std::size_t stored() const {
    return std::stoul(value("SELECT count(*) FROM jidgate.certificate"));
  }
};

using Answers = std::map<CertificateStore::Added, int>;

TEST_F(CertificateConcurrencyTest, OfAHundredWithTheSameNameOneIsStored) {
  const auto same = [](int) { return std::string("phone"); };
  const auto own = [](int i) { return std::to_string(i); };
  EXPECT_EQ(add_all_at_once(same, own, {}),
            (Answers{{Added::added, 1}, {Added::name_taken, crowd - 1}}));
  EXPECT_EQ(stored(), 1u);
}

TEST_F(CertificateConcurrencyTest, OfAHundredWithTheSameCertificateOneIsStored) {
  const auto own = [](int i) { return std::to_string(i); };
  const auto same = [](int) { return std::string("phone"); };
  EXPECT_EQ(add_all_at_once(own, same, {}),
            (Answers{{Added::added, 1}, {Added::already_registered, crowd - 1}}));
  EXPECT_EQ(stored(), 1u);
}

TEST_F(CertificateConcurrencyTest, OfAHundredAsManyAreStoredAsTheLimitAllows) {
  const auto own = [](int i) { return std::to_string(i); };
  EXPECT_EQ(add_all_at_once(own, own, {20, 1000}),
            (Answers{{Added::added, 20}, {Added::limit_reached, crowd - 20}}));
  EXPECT_EQ(stored(), 20u);
}

TEST_F(CertificateConcurrencyTest, OfAHundredAsManyAreStoredAsAreRemembered) {
  const auto own = [](int i) { return std::to_string(i); };
  EXPECT_EQ(add_all_at_once(own, own, {50, 7}),
            (Answers{{Added::added, 7}, {Added::limit_reached, crowd - 7}}));
  EXPECT_EQ(stored(), 7u);
}

TEST_F(CertificateConcurrencyTest, OneCertificateIsRevokedOnce) {
  for (int round = 0; round < 10; ++round) {
    const std::string name = std::to_string(round);
    add("juliet@verona.test", name, name);
    std::atomic<int> ended{0};
    std::barrier ready(8);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        ready.arrive_and_wait();
        ended += end("juliet@verona.test", name, End::revoke).has_value();
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(ended, 1);
  }
}

// What the rows of one account must be, by the words of the rulings alone.
struct Model {
  struct Row {
    std::string name;
    CertificateState state = CertificateState::active;
  };
  std::map<std::string, Row> rows;  // by fingerprint

  CertificateStore::Added add(const std::string& name, const std::string& fingerprint,
                              unsigned limit) {
    using Added = CertificateStore::Added;
    if (rows.contains(fingerprint)) return Added::already_registered;
    unsigned active = 0;
    for (const auto& [other, row] : rows) {
      if (row.name == name && row.state != CertificateState::revoked) return Added::name_taken;
      active += row.state == CertificateState::active;
    }
    if (active >= limit) return Added::limit_reached;
    rows[fingerprint] = {name, CertificateState::active};
    return Added::added;
  }
  std::optional<std::string> end(const std::string& name, CertificateStore::End how) {
    for (auto& [fingerprint, row] : rows) {
      const bool possible = how == CertificateStore::End::revoke
                                ? row.state != CertificateState::revoked
                                : row.state == CertificateState::active;
      if (row.name != name || !possible) continue;
      row.state = how == CertificateStore::End::revoke ? CertificateState::revoked
                                                       : CertificateState::disabled;
      return fingerprint;
    }
    return std::nullopt;
  }
};

TEST_F(CertificateConcurrencyTest, TenThousandChangesFromManyAccountsLeaveWhatTheModelSays) {
  constexpr int threads = 8, accounts_each = 5, changes_each = 250;
  const Limits limits{5, 1000};
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Locked<std::map<std::string, Model>> models;
  std::atomic<int> changes{0};
  std::vector<std::thread> workers;
  // Every account has one thread, which makes its order certain; threads share 4 connections.
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      std::mt19937 random(seed + static_cast<unsigned>(t));
      const auto pick = [&](int below) {
        return std::to_string(random() % static_cast<unsigned>(below));
      };
      for (int a = 0; a < accounts_each; ++a) {
        const std::string account = "a" + std::to_string(t * accounts_each + a) + "@verona.test";
        Model model;
        for (int i = 0; i < changes_each; ++i, ++changes) {
          const std::string name = "n" + pick(8);
          const auto kind = random() % 10;
          if (kind < 6) {
            // All accounts draw from the same certificates: one may be registered by several.
            const Certificate made = certificate(pick(60));
            ASSERT_EQ(store_.add(jid(account), name, made, true, limits),
                      OrStoreFault<Added>(model.add(name, made.fingerprint, limits.active)));
          } else {
            const End how = kind < 8 ? End::disable : End::revoke;
            ASSERT_EQ(store_.end(jid(account), name, how),
                      OrStoreFault<std::optional<std::string>>(model.end(name, how)));
          }
        }
        models.with([&](auto& all) { all[account] = std::move(model); });
      }
    });
  }
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(changes, threads * accounts_each * changes_each);
  std::vector<std::string> expected, found;
  models.with([&](const auto& all) {
    for (const auto& [account, model] : all) {
      for (const auto& [fingerprint, row] : model.rows) {
        expected.push_back(account + " " + row.name + " " + hex_encode(fingerprint) + " " +
                           std::string(to_string(row.state)));
      }
    }
  });
  for (const auto& record : list({})) {
    found.push_back(record.account + " " + record.name + " " + hex_encode(record.fingerprint) +
                    " " + std::string(to_string(record.state)));
    EXPECT_EQ(record.fingerprint, sha256(record.der));
  }
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, expected);
  EXPECT_EQ(value("SELECT count(*) FROM (SELECT account FROM jidgate.certificate GROUP BY account"
                  " HAVING count(slot) > 5 OR max(slot) > 5) over_the_limit"),
            "0");
}

TEST_F(CertificateConcurrencyTest,
       WhenTheServerIsKilledNothingAcknowledgedIsLostAndNothingRefusedIsThere) {
  constexpr int pairs = 4, kills = 3;
  // Two threads add under the same names with certificates of their own, and revoke some: every
  // name has a winner and a loser.
  struct Seen {
    std::set<std::string> added, refused, revoked, unknown;
  };
  Locked<Seen> seen;
  std::atomic<bool> done{false};
  std::atomic<int> added{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2 * pairs; ++t) {
    threads.emplace_back([&, t] {
      const Jid account = jid("a" + std::to_string(t / 2) + "@verona.test");
      for (int i = 0; !done; ++i) {
        const std::string name = std::to_string(i);
        const Certificate made = certificate(std::to_string(t) + " " + name);
        const std::string row = account.to_string() + " " + hex_encode(made.fingerprint);
        const auto answer = store_.add(account, name, made, true, {30000, 30000});
        if (!std::holds_alternative<Added>(answer)) {
          seen.with([&](Seen& all) { all.unknown.insert(row); });
          std::this_thread::yield();
          continue;
        }
        const bool is_added = std::get<Added>(answer) == Added::added;
        EXPECT_NE(std::get<Added>(answer), Added::already_registered);
        seen.with([&](Seen& all) { (is_added ? all.added : all.refused).insert(row); });
        added += is_added;
        if (!is_added || i % 5 != 0) continue;
        const auto ended = store_.end(account, name, End::revoke);
        if (!std::holds_alternative<StoreFault>(ended)) {
          EXPECT_EQ(std::get<std::optional<std::string>>(ended), made.fingerprint);
          seen.with([&](Seen& all) { all.revoked.insert(row); });
        }
      }
    });
  }
  for (int kill = 0; kill < kills; ++kill) {
    const int before = added;
    wait_until([&] { return added > before + 50; }, "further records");
    postgres_->kill();
    postgres_->start();
  }
  const int before = added;
  wait_until([&] { return added > before + 50; }, "further records");
  done = true;
  for (auto& thread : threads) thread.join();

  std::set<std::string> stored, revoked;
  for (const auto& record : list({})) {
    const std::string row = record.account + " " + hex_encode(record.fingerprint);
    stored.insert(row);
    if (record.state == CertificateState::revoked) revoked.insert(row);
  }
  seen.with([&](const Seen& all) {
    EXPECT_GT(all.added.size(), 200u);
    EXPECT_GT(all.refused.size(), 0u);
    for (const auto& row : all.added) EXPECT_TRUE(stored.contains(row)) << "lost: " << row;
    for (const auto& row : all.refused) EXPECT_FALSE(stored.contains(row)) << "refused: " << row;
    for (const auto& row : all.revoked) EXPECT_TRUE(revoked.contains(row)) << "alive: " << row;
    for (const auto& row : stored) {
      EXPECT_TRUE(all.added.contains(row) || all.unknown.contains(row)) << "from nowhere: " << row;
    }
  });
}

}  // namespace
}  // namespace jidgate::db
