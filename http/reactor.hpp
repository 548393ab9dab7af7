// SPDX-License-Identifier: GPL-3.0-or-later
// The thread that waits for every client at once: it accepts, reads heads and bodies, holds idle
// and parked connections, and hands what is complete to the workers. It never blocks but in
// epoll_wait(2).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/locked.hpp"
#include "http/connection.hpp"
#include "http/listener.hpp"
#include "http/parking.hpp"
#include "http/workers.hpp"

namespace jidgate::http {

class Reactor {
 public:
  struct Parts {
    const GateLimits& limits;
    const Decide& decide;
    const Refuse& refuse;
    Log& log;
    Metrics& metrics;
    Counters& counters;
  };
  explicit Reactor(Parts parts);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  void listen(Listener listener);  // before start()
  void start();
  void stop(const Responder& farewell, std::chrono::milliseconds grace);

  // Any thread.
  bool complete(ParkedId id, Responder responder);

 private:
  // reactor.cpp: waiting, accepting, deadlines, stopping.
  void run();
  void wait();
  void event(std::uint64_t id);
  void accept_from(Listener& listener);
  void admit(const Listener& listener, const Listener::Accepted& accepted);
  bool count_address(Connection& connection);
  void pause_accepting(int error);
  void watch_listeners(bool on);
  Deadline next_deadline();
  void expire(Deadline now);
  void take_returned();
  void begin_stop();
  void give_back(Owned connection);  // any thread
  void kick();                       // any thread
  void wait_for(Owned connection, Io io);

  // reactor_steps.cpp: what a connection does next.
  void advance(Owned connection);
  void returned(Owned connection);
  void timed_out(Owned connection);
  void expect_head(Owned connection);
  void read_head(Owned connection);
  Io read_more(Connection& connection);
  void decide(Owned connection, std::size_t head_length);
  void begin_body(Owned connection);
  void read_body(Owned connection);
  void park(Owned connection, std::string_view head, Park park);
  void gone(Owned connection);
  void call_gone(const Waiting& waiting, ParkedId id);
  void expired(Owned connection);
  Responder refusal(int status);
  void answer(Owned connection, Responder responder);  // any thread
  void serve(Owned connection);                        // any thread
  void refuse(Owned connection, int status);
  void send_on(Owned connection);
  void finish(Owned connection);
  void linger(Owned connection);

  Parts parts_;
  int epoll_ = -1, wake_ = -1;
  std::vector<Listener> listeners_;
  bool accepting_ = true;
  Deadline accept_again_ = Deadline::max(), complained_{};
  std::uint64_t next_id_;
  std::unordered_map<std::uint64_t, Owned> live_;  // those the reactor owns
  Deadlines deadlines_;                            // of those
  Locked<Parking> parking_;
  Locked<std::vector<Owned>> returned_;

  struct Stop {
    Responder farewell;
    Deadline end{};
  };
  Locked<std::unique_ptr<Stop>> stop_requested_;
  std::unique_ptr<Stop> stopping_;

  std::unique_ptr<Workers> workers_;
  std::thread thread_;
};

}  // namespace jidgate::http
