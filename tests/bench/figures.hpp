// SPDX-License-Identifier: GPL-3.0-or-later
// What is measured, and how it is told to the program that compares it: a line "name value".
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/loop.hpp"

namespace jidgate::bench {

inline void tell(const std::string& name, double value) {
  std::printf("%s %.3f\n", name.c_str(), value);
}

class Latencies {
 public:
  void add(Time from, Time to) {
    values_.push_back(std::chrono::duration<double, std::micro>(to - from).count());
  }
  std::size_t count() const { return values_.size(); }
  // In microseconds, as "<name>-p50" and so on.
  void tell(const std::string& name) {
    std::sort(values_.begin(), values_.end());
    bench::tell(name + "-p50", at(0.5));
    bench::tell(name + "-p95", at(0.95));
    bench::tell(name + "-p99", at(0.99));
  }

 private:
  double at(double part) const {
    const auto place = static_cast<std::size_t>(part * static_cast<double>(values_.size()));
    return values_.at(std::min(place, values_.size() - 1));
  }
  std::vector<double> values_;
};

}  // namespace jidgate::bench
