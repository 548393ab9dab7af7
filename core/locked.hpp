// SPDX-License-Identifier: GPL-3.0-or-later
// A value together with the mutex that guards it: there is no way to reach one without the other.
#pragma once

#include <mutex>
#include <utility>

namespace jidgate {

template <class T>
class Locked {
 public:
  Locked() = default;
  explicit Locked(T value) : value_(std::move(value)) {}

  // Runs `use` on the value while the lock is held. `use` must not block and must not call back
  // into anything that may want the same lock. Any thread.
  template <class Use>
  decltype(auto) with(Use&& use) {
    const std::scoped_lock lock(mutex_);
    return std::forward<Use>(use)(value_);
  }
  template <class Use>
  decltype(auto) with(Use&& use) const {
    const std::scoped_lock lock(mutex_);
    return std::forward<Use>(use)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace jidgate
