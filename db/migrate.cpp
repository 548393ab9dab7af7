// SPDX-License-Identifier: GPL-3.0-or-later
// The schema, brought forward step by step.
#include "db/migrate.hpp"

#include "db/schema_version.hpp"

namespace jidgate::db {
namespace {

constexpr std::int64_t lock_key = 0x6a69646761746501;  // "jidgate", 1

// Applies the next step. False when there is none. The lock ends with the transaction.
bool step(Connection& connection, Migrated& result) {
  pqxx::work transaction(connection.raw());
  execute(transaction, "SELECT pg_advisory_xact_lock($1)", lock_key);
  result.to = read_schema_version(transaction);
  if (result.to > newest_version()) {
    throw std::runtime_error("the schema has version " + std::to_string(result.to) +
                             ", this program knows up to " + std::to_string(newest_version()) +
                             ": expected a newer jidgate");
  }
  if (result.to == newest_version()) return false;
  const Migration& next = migrations()[result.to];
  execute_script(transaction, next.sql);
  execute(transaction, "INSERT INTO jidgate.schema_version (version) VALUES ($1)", next.version);
  transaction.commit();
  result.to = next.version;
  return true;
}

}  // namespace

unsigned read_schema_version(pqxx::transaction_base& transaction) {
  if (execute(transaction, "SELECT to_regclass('jidgate.schema_version')")[0][0].is_null()) {
    return 0;
  }
  return execute(transaction, "SELECT coalesce(max(version), 0) FROM jidgate.schema_version")[0][0]
      .as<unsigned>();
}

unsigned newest_version() {
  return migrations().back().version;
}

Migrated migrate(const std::string& url) {
  Connection connection(url, Connection::Timeouts{0});
  Migrated result{schema_version(url), 0};
  while (step(connection, result)) {
  }
  return result;
}

unsigned schema_version(const std::string& url) {
  Connection connection(url, Connection::Timeouts{});
  pqxx::nontransaction transaction(connection.raw());
  return read_schema_version(transaction);
}

}  // namespace jidgate::db
