// SPDX-License-Identifier: GPL-3.0-or-later
// The table of open questions. Ten thousand people may wait at once, so an entry is kept small: ids
// are stored as octets, and what all questions of a site share is pointed to.
#include "core/confirmations.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

#include "core/crypto.hpp"
#include "core/locked.hpp"
#include "core/text.hpp"

namespace jidgate {

namespace {

// How many questions that are over are remembered for the polite word to a late answer.
constexpr std::size_t most_ended = 10000;
// A question that somebody waits for is ended by whoever waits; the sweep only catches what they
// missed, so it comes a little later.
constexpr std::chrono::seconds sweep_slack{1};

using Key = std::array<char, 16>;

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t hash;  // the key is random: any part of it is a hash
    std::memcpy(&hash, key.data(), sizeof hash);
    return hash;
  }
};

Key random_key() {
  Key key;
  const std::string octets = random_octets(key.size());
  std::copy(octets.begin(), octets.end(), key.begin());
  return key;
}

std::string to_hex(const Key& key) {
  return hex_encode({key.data(), key.size()});
}

// Ids come back from strangers: what is not one of ours is simply not found.
std::optional<Key> from_hex(std::string_view text) {
  Key key{};
  if (text.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<char>(hex_value(text[2 * i]) * 16 + hex_value(text[2 * i + 1]));
  }
  // What holds no digits, or capital ones, does not come out again as it went in.
  if (to_hex(key) != text) return std::nullopt;
  return key;
}

struct Entry {
  Key thread;
  std::shared_ptr<const Question> question;
  Via via;
  Delivery delivery = Delivery::waiting;
  WallTime asked_at;
  SteadyTime opened, deadline;
  Confirmations::Waiter waiter;
};

struct Ended {
  Key id, thread;
  std::size_t account;
  SteadyTime at;
  Outcome outcome;
  bool was_message;   // that reached somebody, as far as is known
  bool told = false;  // a late answer has had its polite word
};

struct Table {
  Confirmations::Limits limits;
  std::unordered_map<Key, Entry, KeyHash> open;
  std::unordered_multimap<std::size_t, Key> accounts;  // hash of the bare JID -> open questions
  std::map<Address, std::size_t> askers;  // how many open questions each address has caused
  std::deque<Ended> ended;                // the oldest first
};

std::size_t hash_of(const Jid& account) {
  return std::hash<std::string>()(account.bare().to_string());
}

OpenQuestion snapshot(const Key& id, const Entry& entry) {
  return OpenQuestion{to_hex(id),     to_hex(entry.thread), *entry.question, entry.via,
                      entry.delivery, entry.asked_at,       entry.opened,    entry.deadline};
}

// The open questions of one account: the index holds hashes, so the JID is compared here.
std::vector<Key> keys_of(const Table& table, const Jid& bare) {
  std::vector<Key> keys;
  const auto [first, last] = table.accounts.equal_range(hash_of(bare));
  for (auto at = first; at != last; ++at) {
    if (table.open.at(at->second).question->asked.bare() == bare) keys.push_back(at->second);
  }
  return keys;
}

}  // namespace

struct Confirmations::State {
  State(const Clock& the_clock, Observer the_observer)
      : clock(the_clock), observer(std::move(the_observer)) {}

  // Takes the entry out: from then on its end is the caller's alone. Gives it as it was.
  template <class OutcomeOf>
  std::optional<OpenQuestion> finish(const std::string& id, OutcomeOf outcome_of) {
    const auto key = from_hex(id);
    if (!key) return std::nullopt;
    const SteadyTime now = clock.steady();
    const auto taken = table.with([&](Table& inside) {
      std::optional<std::pair<Entry, Outcome>> result;
      const auto found = inside.open.find(*key);
      if (found == inside.open.end()) return result;
      const std::size_t account = hash_of(found->second.question->asked);
      const auto [first, last] = inside.accounts.equal_range(account);
      inside.accounts.erase(
          std::find_if(first, last, [&](const auto& indexed) { return indexed.second == *key; }));
      const Entry& entry = found->second;
      const auto asker = inside.askers.find(entry.question->asker.limit_prefix());
      if (--asker->second == 0) inside.askers.erase(asker);
      const Outcome outcome = outcome_of(entry);
      const bool was_message = entry.via == Via::message && entry.delivery == Delivery::sent;
      inside.ended.push_back(Ended{*key, entry.thread, account, now, outcome, was_message});
      if (inside.ended.size() > most_ended) inside.ended.pop_front();
      result.emplace(std::move(found->second), outcome);
      inside.open.erase(found);
      return result;
    });
    if (!taken) return std::nullopt;
    const auto& [entry, outcome] = *taken;
    auto question = snapshot(*key, entry);
    observer(question, outcome);
    if (entry.waiter) entry.waiter(outcome);
    return question;
  }

  // False when it is over.
  template <class Change>
  bool change(const std::string& id, Change what) {
    const auto key = from_hex(id);
    if (!key) return false;
    return table.with([&](Table& inside) {
      const auto found = inside.open.find(*key);
      if (found == inside.open.end()) return false;
      what(found->second);
      return true;
    });
  }

  template <class Wanted>
  std::vector<std::string> ids_where(Wanted wanted) const {
    return table.with([&](const Table& inside) {
      std::vector<std::string> ids;
      for (const auto& [key, entry] : inside.open) {
        if (wanted(entry)) ids.push_back(to_hex(key));
      }
      return ids;
    });
  }

  const Clock& clock;
  const Observer observer;
  Locked<Table> table;
};

Confirmations::Confirmations(const Clock& clock, Observer observer)
    : state_(std::make_unique<State>(clock, std::move(observer))) {}

Confirmations::~Confirmations() = default;

void Confirmations::configure(const Limits& limits) {
  state_->table.with([&](Table& table) { table.limits = limits; });
}

std::variant<std::string, Confirmations::Refusal> Confirmations::open(Question question,
                                                                      SteadyTime deadline) {
  return open(std::make_shared<const Question>(std::move(question)), deadline);
}

std::variant<std::string, Confirmations::Refusal> Confirmations::open(
    std::shared_ptr<const Question> question, SteadyTime deadline) {
  // Made before the lock is taken: the generator may be slow.
  const Key id = random_key();
  const Key thread = random_key();
  const Jid bare = question->asked.bare();
  const Via via = question->asked.is_bare() ? Via::message : Via::iq;
  const WallTime wall = state_->clock.wall();
  const SteadyTime steady = state_->clock.steady();
  return state_->table.with([&](Table& table) -> std::variant<std::string, Refusal> {
    if (table.open.size() >= table.limits.waiting) return Refusal::full;
    if (table.limits.per_account != 0 && keys_of(table, bare).size() >= table.limits.per_account) {
      return Refusal::account_busy;
    }
    const auto asker = table.askers.try_emplace(question->asker.limit_prefix(), 0).first;
    if (table.limits.per_address != 0 && asker->second >= table.limits.per_address) {
      return Refusal::address_busy;
    }
    ++asker->second;
    table.accounts.emplace(hash_of(bare), id);
    table.open.emplace(id, Entry{thread, std::move(question), via, Delivery::waiting, wall, steady,
                                 deadline, nullptr});
    return to_hex(id);
  });
}

void Confirmations::attach(const std::string& id, Waiter waiter) {
  const bool is_open = state_->change(id, [&](Entry& entry) { entry.waiter = std::move(waiter); });
  if (!is_open) waiter(ended_as(id).value_or(Outcome::cancelled));
}

std::optional<OpenQuestion> Confirmations::find(const std::string& id) const {
  std::optional<OpenQuestion> question;
  const auto key = from_hex(id);
  if (!key) return question;
  state_->table.with([&](const Table& table) {
    const auto found = table.open.find(*key);
    if (found != table.open.end()) question = snapshot(*key, found->second);
  });
  return question;
}

std::vector<OpenQuestion> Confirmations::open_for(const Jid& account) const {
  const Jid bare = account.bare();
  auto questions = state_->table.with([&](const Table& table) {
    std::vector<OpenQuestion> found;
    for (const Key& key : keys_of(table, bare)) found.push_back(snapshot(key, table.open.at(key)));
    return found;
  });
  std::sort(questions.begin(), questions.end(),
            [](const auto& left, const auto& right) { return left.opened < right.opened; });
  return questions;
}

std::vector<OpenQuestion> Confirmations::all() const {
  return state_->table.with([](const Table& table) {
    std::vector<OpenQuestion> questions;
    questions.reserve(table.open.size());
    for (const auto& [key, entry] : table.open) questions.push_back(snapshot(key, entry));
    return questions;
  });
}

bool Confirmations::sent(const std::string& id, Via via) {
  return state_->change(id, [&](Entry& entry) {
    entry.via = via;
    entry.delivery = Delivery::sent;
  });
}

void Confirmations::unreachable(const std::string& id, Unreachable what) {
  if (what == Unreachable::answer) {
    end(id, Outcome::unreachable);
  } else {
    state_->change(id, [](Entry& entry) { entry.delivery = Delivery::returned; });
  }
}

bool Confirmations::end(const std::string& id, Outcome outcome) {
  return state_->finish(id, [&](const Entry&) { return outcome; }).has_value();
}

std::optional<OpenQuestion> Confirmations::cancel(const std::string& id) {
  return state_->finish(id, [](const Entry&) { return Outcome::cancelled; });
}

bool Confirmations::expire(const std::string& id) {
  const auto outcome_of = [](const Entry& entry) {
    return entry.delivery == Delivery::returned ? Outcome::unreachable : Outcome::expired;
  };
  return state_->finish(id, outcome_of).has_value();
}

std::optional<Outcome> Confirmations::ended_as(const std::string& id) const {
  const auto key = from_hex(id);
  if (!key) return std::nullopt;
  return state_->table.with([&](const Table& table) -> std::optional<Outcome> {
    const auto found = std::find_if(table.ended.rbegin(), table.ended.rend(),
                                    [&](const Ended& one) { return one.id == *key; });
    if (found == table.ended.rend()) return std::nullopt;
    return found->outcome;
  });
}

void Confirmations::end_all(Outcome outcome) {
  for (const std::string& id : state_->ids_where([](const Entry&) { return true; })) {
    end(id, outcome);
  }
}

std::size_t Confirmations::sweep() {
  const SteadyTime now = state_->clock.steady();
  std::size_t expired = 0;
  for (const std::string& id : state_->ids_where([&](const Entry& entry) {
         return entry.deadline + (entry.waiter ? sweep_slack : Seconds{0}) <= now;
       })) {
    expired += expire(id) ? 1 : 0;
  }
  return expired;
}

std::optional<EndedQuestion> Confirmations::take_ended(const Jid& account,
                                                       const std::string& thread_or_id) {
  std::optional<EndedQuestion> result;
  const auto key = from_hex(thread_or_id);
  if (!key && !thread_or_id.empty()) return result;
  const std::size_t hash = hash_of(account);
  state_->table.with([&](Table& table) {
    const auto found =
        std::find_if(table.ended.rbegin(), table.ended.rend(), [&](const Ended& one) {
          return !one.told && one.account == hash && (!key || one.thread == *key || one.id == *key);
        });
    if (found == table.ended.rend()) return;
    result =
        EndedQuestion{to_hex(found->id), to_hex(found->thread), account.bare(), found->outcome};
    found->told = true;
  });
  return result;
}

bool Confirmations::left_unanswered(const Jid& account, Seconds ago) const {
  const std::size_t hash = hash_of(account);
  const SteadyTime since = state_->clock.steady() - ago;
  return state_->table.with([&](const Table& table) {
    for (auto one = table.ended.rbegin(); one != table.ended.rend() && one->at > since; ++one) {
      if (one->account == hash && one->was_message && one->outcome != Outcome::confirmed &&
          one->outcome != Outcome::denied) {
        return true;
      }
    }
    return false;
  });
}

std::size_t Confirmations::size() const {
  return state_->table.with([](const Table& table) { return table.open.size(); });
}

}  // namespace jidgate
