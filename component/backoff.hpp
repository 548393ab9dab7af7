// SPDX-License-Identifier: GPL-3.0-or-later
// How long to wait before the next attempt to reach the server.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "core/clock.hpp"

namespace jidgate::component {

// Doubles from `first` to `longest`. Each wait is between half of that and all of it, so that many
// instances do not come back in step, and none is ever longer than `longest`.
class Backoff {
 public:
  using Wait = std::chrono::milliseconds;

  Backoff(Wait first, Wait longest, Wait replaced)
      : first_(first), longest_(longest), replaced_(replaced), next_(first) {}

  void succeeded(SteadyTime now) { up_since_ = now; }
  Wait failed(SteadyTime now) {
    // A link that had been up for a while was a good one; one that breaks at once was not.
    if (up_since_ != SteadyTime() && now - up_since_ >= good_after_) next_ = first_;
    up_since_ = {};
    const Wait wait = jittered(next_);
    next_ = std::min(next_ * 2, longest_);
    return wait;
  }
  // Another instance has our name: two that both come back at once would fight for ever.
  Wait replaced() { return jittered(replaced_); }

 private:
  Wait jittered(Wait wait) {
    return Wait(std::uniform_int_distribution<Wait::rep>(wait.count() / 2, wait.count())(random_));
  }

  static constexpr std::chrono::seconds good_after_{10};
  const Wait first_, longest_, replaced_;
  Wait next_;
  SteadyTime up_since_{};
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace jidgate::component
