// SPDX-License-Identifier: GPL-3.0-or-later
// Counters, gauges and histograms in Prometheus' text format. No account ever becomes a label.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jidgate {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Any thread. Names are given without the prefix `jidgate_`. The help texts and types of all
// metrics stand in metrics.cpp, in one table; a name that is not in it throws std::logic_error.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  void add(std::string_view counter, Labels labels = {}, double amount = 1);
  void set(std::string_view gauge, double value, Labels labels = {});
  void observe(std::string_view histogram, double seconds, Labels labels = {});
  // A gauge whose value is asked for when the page is rendered.
  void watch(std::string_view gauge, std::function<double()> read);
  std::string render() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate
