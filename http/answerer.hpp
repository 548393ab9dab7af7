// SPDX-License-Identifier: GPL-3.0-or-later
// What a worker does for a connection. It never waits for the client: what the client does not take
// at once is left to the reactor, so slow readers cost no thread.
#pragma once

#include "core/log.hpp"
#include "core/metrics.hpp"
#include "http/connection.hpp"
#include "http/httplib_adapter.hpp"

namespace jidgate::http {

// One for each worker thread.
class Answerer {
 public:
  Answerer(const GateLimits& limits, const Refuse& refuse, Log& log, Metrics& metrics)
      : limits_(limits), refuse_(refuse), log_(log), metrics_(metrics) {}

  // Takes the next step; Connection::io says how it ended. Io::done: the handshake, or the answer,
  // is finished.
  void work(Connection& connection) noexcept;

 private:
  void make_answer(Connection& connection);
  Reply reply_of(const Request& request);
  Reply fallback(const Request& request, int status);
  Io send(Socket& socket, Request& request);
  bool append_file(Request& request);
  void count(const Request& request);

  const GateLimits& limits_;
  const Refuse& refuse_;
  Log& log_;
  Metrics& metrics_;
  ReplyFramer framer_;
};

}  // namespace jidgate::http
