// SPDX-License-Identifier: GPL-3.0-or-later
// A map that forgets its oldest entries: what strangers can make grow has an end.
#pragma once

#include <cstddef>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace jidgate {

// Ordered by the last touch(). Not for several threads: see Locked.
template <class Value>
class BoundedMap {
 public:
  explicit BoundedMap(std::size_t bound) : bound_(bound) {}
  BoundedMap(BoundedMap&&) noexcept = default;
  BoundedMap& operator=(BoundedMap&&) noexcept = default;

  // The entry of this key, made when there is none; it is the youngest now.
  Value& touch(std::string_view key) {
    const auto found = index_.find(key);
    if (found != index_.end()) {
      entries_.splice(entries_.end(), entries_, found->second);
      return found->second->second;
    }
    if (entries_.size() >= bound_) drop_oldest();
    entries_.emplace_back(std::string(key), Value{});
    index_.emplace(entries_.back().first, std::prev(entries_.end()));
    return entries_.back().second;
  }

  Value* find(std::string_view key) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }
  const Value* find(std::string_view key) const {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }

  // Drops from the oldest on while `is_over` says so.
  template <class IsOver>
  void drop_while(IsOver is_over) {
    while (!entries_.empty() && is_over(entries_.front().second)) drop_oldest();
  }

 private:
  using Entries = std::list<std::pair<const std::string, Value>>;

  void drop_oldest() {
    index_.erase(entries_.front().first);
    entries_.pop_front();
  }

  std::size_t bound_;
  Entries entries_;                                                         // the oldest first
  std::unordered_map<std::string_view, typename Entries::iterator> index_;  // keys in entries_
};

}  // namespace jidgate
