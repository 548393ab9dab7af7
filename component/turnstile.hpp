// SPDX-License-Identifier: GPL-3.0-or-later
// How much of one account's work is under way at once, so that nobody keeps the others waiting.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "core/locked.hpp"

namespace jidgate::component {

// Any thread. The tickets may outlive it.
class Turnstile {
 public:
  explicit Turnstile(std::size_t most_of_one) : most_of_one_(most_of_one) {}

  // Null: this account has as much under way as it may. Otherwise its work is under way until the
  // last copy of the ticket is gone.
  using Ticket = std::shared_ptr<const void>;
  Ticket enter(const std::string& account) {
    const bool let_in = inside_->with([&](Inside& inside) {
      std::size_t& count = inside[account];
      if (count >= most_of_one_) return false;
      ++count;
      return true;
    });
    if (!let_in) return nullptr;
    return Ticket(this, [inside = inside_, account](const void*) {
      inside->with([&](Inside& all) {
        const auto found = all.find(account);
        if (--found->second == 0) all.erase(found);
      });
    });
  }

 private:
  using Inside = std::map<std::string, std::size_t>;
  const std::size_t most_of_one_;
  const std::shared_ptr<Locked<Inside>> inside_ = std::make_shared<Locked<Inside>>();
};

}  // namespace jidgate::component
