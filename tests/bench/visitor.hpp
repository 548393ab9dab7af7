// SPDX-License-Identifier: GPL-3.0-or-later
// One client of the web side: a connection that stays open, one request at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tests/bench/loop.hpp"

namespace jidgate::bench {

class Visitor final : private Watched {
 public:
  // `host`: see connect_to().
  Visitor(Loop& loop, unsigned port, unsigned host = 1);
  // Resets the connection, as hang_up() does, so that thousands of them leave no port behind in
  // TIME_WAIT.
  ~Visitor();
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  // `authorization`: the value of that field, or empty.
  void get(std::string_view path, std::string_view authorization = {});
  void hang_up();
  bool is_waiting() const { return waiting_; }
  Time asked() const { return asked_; }
  Time answered() const { return answered_; }  // when the answer was read
  // When the last octets of the answer reached this side of the connection, by the kernel's stamp:
  // in it is nothing of the time that this program takes to wake up.
  Time arrived() const { return arrived_; }
  // Called when an answer is complete. Any status but 200 ends the run: a figure made of refusals
  // would be a good one.
  std::function<void()> on_answer;

 private:
  void readable() override;
  long receive(char* into, std::size_t room);
  bool is_complete() const;

  int descriptor_;
  bool waiting_ = false;
  Time asked_{}, answered_{}, arrived_{};
  std::string input_;
};

// The credentials of XEP-0070 section 4.3.1.
std::string basic(std::string_view jid, std::string_view transaction);

}  // namespace jidgate::bench
