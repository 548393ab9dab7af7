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
  std::string body;        // read and bounded; only set when a worker serves
};

// Makes the answer. Runs on a worker thread, may block a little (files), never for a person.
using Responder = std::function<Reply(const Exchange&)>;

// The request waits without a thread until somebody completes it.
struct Park {
  std::chrono::steady_clock::time_point deadline;
  // On the reactor thread, after the id has become visible to complete(): send the question here.
  std::function<void(ParkedId)> parked;
  // On the reactor thread: the client closed its connection (or half of it). Nothing is answered.
  std::function<void(ParkedId)> gone;
  // On the reactor thread: what to answer when nobody completed it in time.
  std::function<Responder(ParkedId)> expired;
};

// The answer depends on the body, so a client that expects 100 Continue is sent one. Where a plain
// Responder stands, that client gets its answer at once and the connection ends; a body that comes
// unasked is read, bounded, and handed over in either case.
struct WithBody {
  Responder responder;
};

using Verdict = std::variant<Responder, Park, WithBody>;

// Decides about a request whose head is complete; the body is unread. Reactor thread: must not
// block.
using Decide = std::function<Verdict(const Exchange&)>;
// Makes the answer for a head that was refused (400, 408, 413, 414, 417, 431, 501, 505).
using Refuse = std::function<Reply(int status, const Exchange&)>;

struct GateLimits {
  HeadLimits head;
  std::uint64_t body = 65536;
  std::size_t connections = 20000;
  std::size_t connections_per_address = 0;  // 0: off; never counts `uncounted` networks
  std::vector<Network> uncounted;
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
  ~Gate();  // as stop()

  // Binds before start(). Throws std::system_error with the address in its text. Returns the port.
  std::uint16_t listen(const Listen& where, std::shared_ptr<TlsContext> tls);
  void start();
  // Any thread. False: the client has gone or the request was completed before.
  bool complete(ParkedId id, Responder responder);
  std::size_t parked() const;
  std::size_t connections() const;
  // Closes the listeners at once (<= 100 ms), answers every parked request by `farewell`, lets what
  // is being served end until `grace`, then closes everything. Main thread.
  void stop(const Responder& farewell, std::chrono::milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate::http
