// SPDX-License-Identifier: GPL-3.0-or-later
// Deadlines that pass when a test says so, on today's date.
#pragma once

#include <atomic>
#include <chrono>

#include "core/clock.hpp"

namespace jidgate::test {

class ManualSteadyClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime{} + passed_.load(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
  void advance(std::chrono::seconds by) { passed_ = passed_.load() + by; }

 private:
  std::atomic<std::chrono::seconds> passed_{std::chrono::seconds{1000}};
};

}  // namespace jidgate::test
