// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the record of confirmations from a thread of its own, behind the requests.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "core/audit.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "db/pool.hpp"

namespace jidgate::db {

struct AuditLimits {
  std::size_t queue = 10000;
  std::size_t batch = 200;  // rows in one transaction
  std::chrono::milliseconds backoff_first{200}, backoff_longest{5000};
  std::chrono::milliseconds idle_probe{5000};  // without rows the database is asked so often
  std::chrono::milliseconds hanging{6000};     // a use that takes longer means that it is not there
};

// A row leaves the queue when its transaction is known to be committed, and not before: a lost or
// restarted server loses none. Rows may be sent twice; their id makes that harmless.
class AuditWriter final : public Audit {
 public:
  AuditWriter(Pool& pool, Log& log, Metrics& metrics, AuditLimits limits = {});
  ~AuditWriter() override;  // as stop() without patience

  void start();
  // Any thread; never blocks.
  void record(AuditEntry entry) override;
  // Any thread: the last use of the database succeeded, and none has been hanging for long.
  bool is_up() const;
  // Writes what is queued until `patience` is over; the rest is counted as dropped. Then the pool
  // is closed as well. Main thread.
  void stop(std::chrono::milliseconds patience);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate::db
