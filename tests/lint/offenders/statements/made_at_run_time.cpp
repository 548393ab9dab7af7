// SPDX-License-Identifier: GPL-3.0-or-later
// Must not compile: a statement with a value in its text.
#include "db/pqxx_adapter.hpp"

pqxx::result find(pqxx::transaction_base& transaction, const std::string& name) {
  jidgate::db::execute(transaction, "SELECT 1");
  const std::string sql = "SELECT * FROM t WHERE name = '" + name + "'";
  return jidgate::db::execute(transaction, sql.c_str());
}
