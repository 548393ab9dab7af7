// SPDX-License-Identifier: GPL-3.0-or-later
// The threads that answer requests and compute TLS handshakes, and the queues before them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/network.hpp"
#include "http/connection.hpp"

namespace jidgate::http {

// Connections that wait for a handshake step. Addresses take turns: one that opens many connections
// makes its own wait longer, not the others'. Not thread-safe.
class FairQueue {
 public:
  bool empty() const { return turns_.empty(); }
  void push(Owned connection);
  Owned pop();

 private:
  std::map<Address, std::deque<Owned>> waiting_;
  std::deque<Address> turns_;
};

class Workers {
 public:
  // `make_work` is called once for each thread; what it returns takes one connection after the
  // other there. Throws std::system_error when a thread cannot be made.
  using Work = std::function<void(Owned)>;
  Workers(unsigned count, const std::function<Work()>& make_work);
  ~Workers() { stop(); }
  // Ends after what is being worked on; the queues are dropped.
  void stop();

  // Any thread. Connections in State::handshake take the handshakes' lane: at most half of the
  // workers serve it at a time, and it takes turns with the other lane, so neither starves.
  void push(Owned connection);

 private:
  struct Picked {
    Owned connection;
    bool is_handshake = false;
  };
  void run(const Work& work);
  bool may_shake() const { return !handshakes_.empty() && handshakes_running_ < most_handshakes_; }
  Picked pick();

  const unsigned most_handshakes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Owned> answers_;
  FairQueue handshakes_;
  unsigned handshakes_running_ = 0;
  bool was_handshake_ = false;
  // One sleeper at a time is woken; it wakes the next when it finds more than it takes. So a burst
  // does not wake threads that would find nothing left to do.
  bool waking_ = false;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace jidgate::http
