// SPDX-License-Identifier: GPL-3.0-or-later
// The requests that wait for somebody to complete them.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "http/connection.hpp"

namespace jidgate::http {

// Whoever takes a connection out owns it, and nobody else can: this is what makes exactly one of
// complete(), gone() and expired() happen. Not thread-safe: lives in a Locked<>.
class Parking {
 public:
  void put(Owned connection, Deadline deadline) {
    Connection& parked = *connection;
    connections_.emplace(parked.parked_as, std::move(connection));
    ++parked.counters.parked;
    deadlines_.set(parked, deadline);
  }

  // Null when it is not there any more.
  Owned take(std::uint64_t id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return nullptr;
    Owned connection = std::move(found->second);
    connections_.erase(found);
    deadlines_.remove(*connection);
    --connection->counters.parked;
    return connection;
  }

  // One whose deadline is not after `now`.
  Owned take_due(Deadline now) {
    if (deadlines_.empty() || deadlines_.first().deadline > now) return nullptr;
    return take(deadlines_.first().parked_as);
  }
  Owned take_any() { return connections_.empty() ? nullptr : take(connections_.begin()->first); }

  Deadline next_deadline() const {
    return deadlines_.empty() ? Deadline::max() : deadlines_.first().deadline;
  }

 private:
  std::unordered_map<std::uint64_t, Owned> connections_;
  Deadlines deadlines_;
};

}  // namespace jidgate::http
