// SPDX-License-Identifier: GPL-3.0-or-later
// Against prompt bombing: how often an account may be asked in vain, and how often an address may
// cause it. Confirmed questions never count (rulings: per-account-rate, per-address-rate).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/outcome.hpp"
#include "core/settings.hpp"

namespace jidgate {

// Any thread. Bounded in memory: at most 100,000 keys a table, the oldest go first.
class Limits {
 public:
  struct Refusal {
    Seconds retry_after;
    std::string_view scope;  // "account", "address" or "denied": the metric's label
  };
  Limits();
  explicit Limits(std::size_t keys_a_table);
  ~Limits();
  void configure(const ConfirmSettings& settings);
  // Whether this account (bare) may be asked now for this address. Asking itself counts nothing.
  std::optional<Refusal> check(const Jid& account, const Address& asker, SteadyTime now) const;
  // Every question that ended without a yes counts, whatever the person did or did not do; also a
  // cancelled one, or hanging up after each question would be the way to ask without end.
  // A denial also starts two minutes of quiet for this account from this address; a full
  // per-account rate starts five minutes of quiet for the account. Both belong to
  // per-account-rate and are off with it.
  void ended(const Jid& account, const Address& asker, Outcome outcome, SteadyTime now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate
