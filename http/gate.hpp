// SPDX-License-Identifier: GPL-3.0-or-later
// The front door: an epoll reactor that owns accept, TLS, the request head, idle keep-alive and
// parked requests. A person who takes a minute to answer costs no thread. Workers put cpp-httplib
// behind it (httplib_adapter.cpp) for response framing.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/network.hpp"
#include "core/settings.hpp"
#include "http/head.hpp"
#include "http/reply.hpp"

namespace jidgate::http {

// Names a parked request. Never used twice.
enum class ParkedId : std::uint64_t {};

// One request as the doors see it, on the reactor thread and again on a worker.
struct Exchange {
  Head head;
  Address peer;
  bool tls = false;
  std::string request_id;  // 32 hexadecimal digits of our own, for logs and problem documents
  std::string body;        // read and bounded; only set when a worker serves a WithBody
};

// Makes the answer. Runs on a worker thread, may block a little (files), never for a person. What
// it throws becomes a 500. Slow clients do not hold a worker: what they do not take at once waits
// in the reactor, so a large body should be a file.
using Responder = std::function<Reply(const Exchange&)>;

// The request waits without a thread until somebody completes it. `parked` is called exactly once,
// and after it exactly one of these happens: complete() returns true, `gone` is called, `expired`
// is called. A client that has left before is parked and then gone. Gate::stop() answers with its
// farewell and calls `gone`. The callbacks are destroyed on the thread that ended the wait.
struct Park {
  std::chrono::steady_clock::time_point deadline;
  // On the reactor thread, after the id has become visible to complete(), which may be called from
  // inside: send the question here.
  std::function<void(ParkedId)> parked;
  // On the reactor thread: the client closed its connection (or half of it). Nothing is answered.
  std::function<void(ParkedId)> gone;
  // On the reactor thread: what to answer when nobody completed it in time.
  std::function<Responder(ParkedId)> expired;
};

// The answer depends on the body, so a client that expects 100 Continue is sent one. Where a plain
// Responder stands (or a Park), that client gets its answer without it and the connection ends. A
// body that comes unasked is read, bounded, and thrown away; that of a parked request is read when
// it goes on.
struct WithBody {
  Responder responder;
};

using Verdict = std::variant<Responder, Park, WithBody>;

// Decides about a request whose head is complete; the body is unread. Reactor thread: must not
// block. What it throws becomes a 500.
using Decide = std::function<Verdict(const Exchange&)>;
// Makes the answer where the gate has no responder: for a head or body that was refused (400, 408,
// 413, 414, 417, 431, 501, 505; the head may be incomplete), and for a door that failed (500).
// On a worker thread.
using Refuse = std::function<Reply(int status, const Exchange&)>;

struct GateLimits {
  HeadLimits head;
  std::uint64_t body = 65536;
  std::size_t connections = 20000;          // more are closed as they come
  std::size_t connections_per_address = 0;  // 0: off; never counts `uncounted` networks
  std::vector<Network> uncounted;
  // `head_time` is for a whole head, from its first octet; `body_time` for a whole body;
  // `write_time` for each 64 KiB of an answer; `idle` between requests, and told to the client.
  std::chrono::milliseconds handshake{10000}, head_time{10000}, idle{15000}, body_time{20000},
      write_time{20000};
  unsigned workers = 4;
  // Whether this gate's connections, requests and waiters are the gauges of the metrics. Where two
  // gates share one Metrics, only one can be.
  bool show_gauges = true;
};

class TlsContext;  // http/tls.hpp: a certificate and key that reload when the files change

class Gate {
 public:
  Gate(GateLimits limits, Decide decide, Refuse refuse, Log& log, Metrics& metrics);
  ~Gate();  // as stop(), with a 503

  // Binds before start(). Throws std::system_error with the address in its text. Returns the port.
  std::uint16_t listen(const Listen& where, std::shared_ptr<TlsContext> tls);
  // Throws std::system_error when there are no threads to be had.
  void start();
  // Any thread, also from inside Park::parked. False: the client has gone, the time is over, or the
  // request was completed before.
  bool complete(ParkedId id, Responder responder);
  std::size_t parked() const;       // any thread
  std::size_t connections() const;  // any thread
  // Closes the listeners at once (<= 100 ms), answers every parked request by `farewell`, lets what
  // is being served end until `grace`, then closes everything. Main thread.
  void stop(const Responder& farewell, std::chrono::milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate::http
