// SPDX-License-Identifier: GPL-3.0-or-later
// Hears of what the database notifies us, on a thread and a connection of its own: that
// certificates have been revoked.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/log.hpp"
#include "core/metrics.hpp"

namespace jidgate::db {

struct ListenerLimits {
  std::chrono::milliseconds backoff_first{200}, backoff_longest{5000};
};

// Notifications are heard by those who are connected, and nobody tells what was missed meanwhile.
// So each connection counts as one: whoever hears it asks the database what there is.
class Listener {
 public:
  // Connects again and again until stop(). `heard` is called on the thread, after each connection
  // and for one or more notifications; it must neither block nor throw.
  Listener(std::string url, std::function<void()> heard, Log& log, Metrics& metrics,
           ListenerLimits limits = {});
  ~Listener();  // as stop()

  // Returns when `heard` is not called any more. While a connection is being made that takes as
  // long as the attempt.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate::db
