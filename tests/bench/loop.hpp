// SPDX-License-Identifier: GPL-3.0-or-later
// One thread that waits for many sockets: the load and the server it is answered by share it, so a
// figure holds no switch between processes of the benchmark.
#pragma once

#include <chrono>

namespace jidgate::bench {

using Time = std::chrono::steady_clock::time_point;

inline Time now() {
  return std::chrono::steady_clock::now();
}

// What a socket belongs to.
class Watched {
 public:
  virtual void readable() = 0;

 protected:
  ~Watched() = default;
};

class Loop {
 public:
  // However a run goes, it is over after this time: until() throws then.
  explicit Loop(std::chrono::seconds longest);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void watch(int descriptor, Watched& owner);

  template <class Condition>
  void until(Condition condition, const char* what) {
    while (!condition()) turn(what);
  }

 private:
  void turn(const char* what);

  int epoll_;
  Time end_;
};

// Throws std::system_error with errno.
[[noreturn]] void fail(const char* what);
void set_non_blocking(int descriptor);
// A connected TCP socket to a port of 127.0.0.1, blocking. `host` is the last octet of the source
// address: each of them has ports of its own.
int connect_to(unsigned port, unsigned host = 1);
// All of it. Waits where the other side does not take it at once.
void send_all(int descriptor, const char* octets, unsigned long count);

}  // namespace jidgate::bench
