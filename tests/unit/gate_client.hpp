// SPDX-License-Identifier: GPL-3.0-or-later
// A client that sends exactly the octets it is told to, and a gate whose decisions a test makes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics.hpp"
#include "http/gate.hpp"
#include "tests/support/recording_log.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace jidgate::http::test {

// Nothing takes this long unless it is broken.
constexpr std::chrono::seconds patience{20};

// What came back for one request. Status 0: the connection ended before an answer.
struct Answer {
  int status = 0;
  std::multimap<std::string, std::string> fields;  // names in lower case
  std::string body;

  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  }
};

// A blocking TCP or TLS connection to 127.0.0.1. Reads give up after `patience`, and throw.
class Client {
 public:
  explicit Client(std::uint16_t port);
  // With TLS, without asking who the server is.
  Client(std::uint16_t port, ssl_ctx_st* tls);
  ~Client();
  Client(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client& operator=(Client&&) = delete;

  // False when the other side has gone: a test of refusals may go on reading then.
  bool send(std::string_view octets);
  // One octet in each write, and each in a packet of its own.
  bool drip(std::string_view octets);
  void half_close();
  // Goes away without a word: the other side gets a reset.
  void reset();
  void close();

  // The next final answer. `is_head`: no body follows, whatever its length says.
  Answer receive(bool is_head = false);
  // The next line, interim answers included.
  std::string receive_line();
  // All that comes until the other side ends the connection. Throws when it does not.
  std::string receive_all();
  bool is_ended() { return receive_all().empty(); }
  Answer ask(std::string_view octets) {
    send(octets);
    return receive();
  }
  ssl_st* tls() { return tls_; }
  int descriptor() const { return descriptor_; }

 private:
  bool fill();

  int descriptor_ = -1;
  ssl_st* tls_ = nullptr;
  std::string buffer_;
};

// A value that a test waits for.
template <class T>
class Awaited {
 public:
  template <class Use>
  void change(Use use) {
    const std::scoped_lock lock(mutex_);
    use(value_);
    changed_.notify_all();
  }
  T get() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }
  // Whether it came to that.
  template <class Predicate>
  bool wait(Predicate predicate) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return predicate(value_); });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  T value_{};
};

// What happened to parked requests.
struct Events {
  std::vector<ParkedId> parked, gone, expired;
  std::vector<std::string> targets;  // decided
};

inline Responder text(const std::string& body, int status = 200) {
  return [body, status](const Exchange&) {
    Reply reply;
    reply.status = status;
    reply.header("Content-Type", "text/plain");
    reply.body = body;
    return reply;
  };
}

inline std::string get(const std::string& target, const std::string& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n";
}

inline std::string post(const std::string& target, const std::string& fields,
                        const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n" + body;
}

// A gate on a free port of 127.0.0.1. /park waits; everything else tells what it was asked.
class House {
 public:
  explicit House(GateLimits limits = {}, std::shared_ptr<TlsContext> tls = nullptr);
  ~House();

  std::function<Verdict(const Exchange&)>
      decide;  // set before the first request; or else the default
  std::chrono::milliseconds park_time = patience;

  Verdict park(const Exchange& exchange);
  // The id of the `count`th request that was parked.
  ParkedId parked(std::size_t count = 1);
  Client client() const { return Client(port); }
  bool was_decided(const std::string& target) const;

  test::Awaited<Events> events;
  jidgate::test::RecordingLog log;
  Metrics metrics;
  Gate gate;
  std::uint16_t port = 0;
};

}  // namespace jidgate::http::test
