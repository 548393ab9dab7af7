// SPDX-License-Identifier: GPL-3.0-or-later
// The store of certificates on a PostgreSQL of its own, and what is needed to look behind it.
#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <map>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/crypto.hpp"
#include "core/metrics.hpp"
#include "db/certificate_store.hpp"
#include "db/migrate.hpp"
#include "tests/support/postgres.hpp"

namespace jidgate::db {

class CertificateTest : public testing::Test {
 protected:
  using Added = CertificateStore::Added;
  using End = CertificateStore::End;
  using Limits = CertificateStore::Limits;
  using Records = std::vector<CertificateRecord>;

  static void SetUpTestSuite() { postgres_ = std::make_unique<test::Postgres>(); }
  static void TearDownTestSuite() { postgres_.reset(); }

  CertificateTest() { migrate(url("postgres")); }

  std::string url(const std::string& role) const { return postgres_->url(database_, role); }

  // One statement by somebody else, usually the superuser.
  pqxx::result query(const std::string& sql, const std::string& role = "postgres") const {
    pqxx::connection connection(url(role));
    pqxx::work transaction(connection);
    pqxx::result result = transaction.exec(sql);
    transaction.commit();
    return result;
  }
  std::string value(const std::string& sql, const std::string& role = "postgres") const {
    return query(sql, role)[0][0].c_str();
  }
  std::vector<std::string> column(const std::string& sql,
                                  const std::string& role = "postgres") const {
    std::vector<std::string> values;
    for (const auto& row : query(sql, role)) values.emplace_back(row[0].c_str());
    return values;
  }

  static Jid jid(std::string_view text) { return *Jid::parse(text); }
  // The store looks at nothing in them: any octets do.
  static Certificate certificate(const std::string& seed, std::chrono::seconds left = one_year) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    Certificate made;
    made.der = sha256(seed) + std::string("\0'\\\xff%", 5) + sha256(seed + "more") + seed;
    made.fingerprint = sha256(made.der);
    made.subject = "CN=" + seed;
    made.key = "P-256";
    made.not_before = now - one_year;
    made.not_after = now + left;
    return made;
  }
  Added add(std::string_view account, std::string_view name, const std::string& seed,
            const Limits& limits = {}) {
    return std::get<Added>(store_.add(jid(account), name, certificate(seed), true, limits));
  }
  std::optional<std::string> end(std::string_view account, std::string_view name, End how) {
    return std::get<std::optional<std::string>>(store_.end(jid(account), name, how));
  }
  Records list(const CertificateStore::Selection& selection) const {
    Records records;
    EXPECT_EQ(store_.list(selection,
                          [&](CertificateRecord record) { records.push_back(std::move(record)); }),
              std::nullopt);
    return records;
  }
  Records records_of(std::string_view account) const {
    CertificateStore::Selection selection;
    selection.account = jid(account);
    return list(selection);
  }
  // "name state" of each.
  std::vector<std::string> overview(std::string_view account) const {
    std::vector<std::string> lines;
    for (const auto& record : records_of(account)) {
      lines.push_back(record.name + " " + std::string(to_string(record.state)));
    }
    return lines;
  }
  template <class Condition>
  static void wait_until(Condition condition, const char* what) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << what;
      std::this_thread::yield();
    }
  }

  static constexpr std::chrono::seconds one_year{365 * 86400};
  static inline std::unique_ptr<test::Postgres> postgres_;
  const std::string database_ = postgres_->create_database();
  Metrics metrics_;
  Pool pool_{url("jidgate_service"), 4, metrics_};
  CertificateStore store_{pool_};
};

}  // namespace jidgate::db
