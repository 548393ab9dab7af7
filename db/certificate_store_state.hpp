// SPDX-License-Identifier: GPL-3.0-or-later
// How the store of certificates comes to its answers, for certificate_store.cpp and
// certificate_records.cpp alone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/locked.hpp"
#include "db/certificate_store.hpp"
#include "db/pqxx_adapter.hpp"

namespace jidgate::db {

// Whether the connection was lost, so that nobody knows what became of the statement.
inline bool is_lost(const std::exception& error) {
  const Trouble trouble = trouble_of(error);
  return trouble == Trouble::connection || trouble == Trouble::in_doubt;
}

struct CertificateStore::State {
  State(Pool& pool_, Log* log_, std::chrono::milliseconds patience_)
      : pool(pool_), log(log_), patience(patience_) {}

  // Something that is harmless to do again: it finds out what it has done before. `unfinished` are
  // the backends that were asked and have not answered.
  using Attempt = std::function<void(Connection&, const std::vector<int>& unfinished)>;
  // Makes the attempt, and makes it again while its answer is lost.
  void resolve(const Attempt& attempt);

  // What `work` gives; what it throws as a fault.
  template <class Work>
  OrStoreFault<std::invoke_result_t<Work>> guarded(const Work& work) {
    try {
      return work();
    } catch (const std::exception& error) {
      return fault_of(error);
    }
  }
  StoreFault fault_of(const std::exception& error);

  // Of a statement that may be done twice.
  template <class... Arguments>
  std::size_t changed_rows(Sql sql, const Arguments&... arguments) {
    std::size_t count = 0;
    pool.run(
        [&](Connection& connection) {
          pqxx::nontransaction transaction(connection.raw());
          count = static_cast<std::size_t>(execute(transaction, sql, arguments...).affected_rows());
        },
        Pool::Repeat::once);
    return count;
  }

  Pool& pool;
  Log* const log;
  const std::chrono::milliseconds patience;
  Locked<std::string> told;  // the refusal that the log was told last
};

}  // namespace jidgate::db
