// SPDX-License-Identifier: GPL-3.0-or-later
// A few connections, lent to whoever has work for the database.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "core/metrics.hpp"

namespace jidgate::db {

class Connection;

// Nobody could be lent a connection: all are in use, or the server has just been found away.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct PoolLimits {
  // A use that takes longer loses its connection. More than the server's own limit for a statement,
  // which ends what is merely slow and leaves the connection whole; a server that has stopped
  // answering does not keep it.
  std::chrono::milliseconds use{7000};
  // After a connection could not be made, or was lost by that, nobody tries again for so long: a
  // server that starts is not stormed. Longer each time while it says nothing at all, since then
  // whoever tries has to wait.
  std::chrono::milliseconds pause_first{250}, pause_longest{2000};
};

// Any thread. Must outlive everything that runs on it.
class Pool {
 public:
  enum class Repeat { never, once };  // once: only for work that may happen twice

  Pool(std::string url, unsigned most, Metrics& metrics, PoolLimits limits = {});
  ~Pool();

  // Runs `work` on a connection that is its own meanwhile. Throws Unavailable after `wait`, and
  // what `work` throws. When the connection breaks under `work` all idle ones are dropped, since
  // they died with the same server, and it is repeated at most once. A commit in doubt is never
  // repeated here: only the caller knows how to find out. `longest` is instead of PoolLimits::use,
  // for work that gives its statements more time, or has many of them.
  void run(const std::function<void(Connection&)>& work, Repeat repeat,
           std::chrono::milliseconds wait = std::chrono::seconds(2),
           std::optional<std::chrono::milliseconds> longest = std::nullopt);
  // As run(), and again until `deadline` while the server is away or takes the connection with it,
  // a commit in doubt included: for work that finds out for itself what it has done before. Throws
  // its last failure.
  void insist(const std::function<void(Connection&)>& work,
              std::chrono::steady_clock::time_point deadline);
  // Lends nothing any more, and breaks what is lent, so that threads which wait for a server that
  // has stopped answering come back.
  void close();

 private:
  struct State;
  class Lease;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate::db
