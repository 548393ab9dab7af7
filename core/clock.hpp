// SPDX-License-Identifier: GPL-3.0-or-later
// Time as a seam: deadlines run on the steady clock, dates on the wall clock, and a test sets both.
#pragma once

#include <chrono>

namespace jidgate {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady() const = 0;
  virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace jidgate
