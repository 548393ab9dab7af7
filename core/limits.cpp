// SPDX-License-Identifier: GPL-3.0-or-later
// Against prompt bombing: see limits.hpp.
#include "core/limits.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include "core/bounded_map.hpp"
#include "core/locked.hpp"

namespace jidgate {
namespace {

constexpr std::size_t most_keys = 100000;
constexpr Seconds quiet_after_denial{120};
constexpr Seconds quiet_of_account{300};

using Times = std::deque<SteadyTime>;  // the oldest first

// What of `times` still counts at `now`.
std::size_t counted(const Times& times, Seconds window, SteadyTime now) {
  return static_cast<std::size_t>(std::count_if(
      times.begin(), times.end(), [&](SteadyTime time) { return now - time < window; }));
}

void add(Times& times, const RateLimit& limit, SteadyTime now) {
  times.push_back(now);
  while (!times.empty() && (times.size() > limit.count || now - times.front() >= limit.window)) {
    times.pop_front();
  }
}

struct AccountFailures {
  Times times;
  SteadyTime last, quiet_until;
};

struct Tables {
  explicit Tables(std::size_t bound) : accounts(bound), addresses(bound), denials(bound) {}
  ConfirmSettings settings;
  BoundedMap<AccountFailures> accounts;
  BoundedMap<Times> addresses;
  BoundedMap<SteadyTime> denials;  // quiet until
};

std::string denial_key(const std::string& account, const std::string& prefix) {
  return account + ' ' + prefix;  // no bare JID holds a space
}

Limits::Refusal refusal(SteadyTime until, SteadyTime now, std::string_view scope) {
  return {std::chrono::ceil<Seconds>(until - now), scope};
}

}  // namespace

struct Limits::State {
  explicit State(std::size_t bound) : tables(Tables(bound)) {}
  Locked<Tables> tables;
};

Limits::Limits() : Limits(most_keys) {}
Limits::Limits(std::size_t keys_a_table) : state_(std::make_unique<State>(keys_a_table)) {}
Limits::~Limits() = default;

void Limits::configure(const ConfirmSettings& settings) {
  state_->tables.with([&](Tables& tables) { tables.settings = settings; });
}

std::optional<Limits::Refusal> Limits::check(const Jid& account, const Address& asker,
                                             SteadyTime now) const {
  const std::string bare = account.bare().to_string();
  const std::string prefix = asker.limit_prefix().to_string();
  return state_->tables.with([&](const Tables& tables) -> std::optional<Refusal> {
    if (tables.settings.per_account_rate.count > 0) {
      const auto* until = tables.denials.find(denial_key(bare, prefix));
      if (until && now < *until) return refusal(*until, now, "denied");
      const auto* failures = tables.accounts.find(bare);
      if (failures && now < failures->quiet_until) {
        return refusal(failures->quiet_until, now, "account");
      }
    }
    const RateLimit& rate = tables.settings.per_address_rate;
    const auto* times = rate.count > 0 ? tables.addresses.find(prefix) : nullptr;
    if (times && counted(*times, rate.window, now) >= rate.count) {
      // It is free again when only count - 1 are left.
      return refusal((*times)[times->size() - rate.count] + rate.window, now, "address");
    }
    return std::nullopt;
  });
}

void Limits::ended(const Jid& account, const Address& asker, Outcome outcome, SteadyTime now) {
  if (outcome == Outcome::confirmed) return;
  const std::string bare = account.bare().to_string();
  const std::string prefix = asker.limit_prefix().to_string();
  state_->tables.with([&](Tables& tables) {
    const RateLimit& by_account = tables.settings.per_account_rate;
    const RateLimit& by_address = tables.settings.per_address_rate;
    tables.denials.drop_while([&](SteadyTime until) { return until <= now; });
    tables.accounts.drop_while([&](const AccountFailures& failures) {
      return failures.quiet_until <= now && now - failures.last >= by_account.window;
    });
    tables.addresses.drop_while([&](const Times& times) {
      return times.empty() || now - times.back() >= by_address.window;
    });

    if (by_account.count > 0) {
      if (outcome == Outcome::denied) {
        tables.denials.touch(denial_key(bare, prefix)) = now + quiet_after_denial;
      }
      AccountFailures& failures = tables.accounts.touch(bare);
      failures.last = now;
      add(failures.times, by_account, now);
      if (failures.times.size() >= by_account.count) {
        failures.quiet_until = now + quiet_of_account;
        failures.times.clear();
      }
    }
    if (by_address.count > 0) add(tables.addresses.touch(prefix), by_address, now);
  });
}

}  // namespace jidgate
