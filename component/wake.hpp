// SPDX-License-Identifier: GPL-3.0-or-later
// Wakes a thread that sits in poll().
#pragma once

#include <chrono>

namespace jidgate::component {

// An eventfd. Signals that nobody has drained yet count as one.
class Wake {
 public:
  Wake();  // throws std::system_error
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  void signal() noexcept;  // any thread
  int descriptor() const { return descriptor_; }
  void drain() noexcept;
  // Waits for a signal and drains it; at most `longest`.
  void wait(std::chrono::milliseconds longest) noexcept;

 private:
  int descriptor_;
};

}  // namespace jidgate::component
