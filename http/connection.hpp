// SPDX-License-Identifier: GPL-3.0-or-later
// One client and what it is doing. Exactly one place owns a connection at a time: the reactor while
// it waits for the client, the table of parked requests, a worker's queue, or the worker itself.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/locked.hpp"
#include "http/body.hpp"
#include "http/gate.hpp"
#include "http/socket.hpp"

namespace jidgate::http {

// What is counted of all connections of a gate. Any thread.
struct Counters {
  std::atomic<std::size_t> connections = 0, parked = 0, requests = 0;
  Locked<std::map<Address, std::size_t>> by_address;  // only of addresses that have a cap
};

using Deadline = std::chrono::steady_clock::time_point;

// One request and its answer.
struct Request {
  Exchange exchange;
  BodyReader body;
  bool wants_body = false;  // the responder reads Exchange::body
  Deadline began{};         // when the head was complete
  Responder responder;

  std::string output;           // made and not yet taken by the client
  std::size_t written = 0;      // octets of `output` that are on their way
  std::size_t progress = 0;     // octets taken since the deadline was set
  FileBody file;                // what follows `output`
  std::uint64_t file_done = 0;  // octets of `file` that have been put into `output`
  int status = 0;               // of the answer; 0: none is made yet
  std::string_view handler;
};

// A parked request. Thousands may wait, so it is the octets of its head and no more: they are
// parsed again when it goes on.
struct Waiting {
  std::string head;
  std::string request_id;
  BodyReader body;
  Deadline began{};
  std::function<void(ParkedId)> gone;
  std::function<Responder(ParkedId)> expired;
};

struct Connection {
  enum class State : std::uint8_t {
    handshake,
    head,       // also idle: no octet of the next head is there yet
    body,       // of a request that has been decided
    parked,     // until somebody completes it
    answering,  // a worker makes the answer, or the client takes what has been made
    lingering,  // everything is said; reads on so that no reset destroys the answer on its way
  };

  Connection(std::uint64_t number, int descriptor, ssl_st* tls, const Address& from, Counters& all)
      : id(number), counters(all), socket(descriptor, tls), peer(from) {
    ++counters.connections;
  }
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void begin_request();
  void count_request(bool now);  // as one that is in flight
  void end_request();
  // Keeps of the request what it needs to wait: `head` are its octets.
  void set_aside(std::string_view head, Park park);
  // The request as it was; what is returned has the callbacks.
  std::unique_ptr<Waiting> take_up(const HeadLimits& limits);

  const std::uint64_t id;
  Counters& counters;
  Socket socket;
  const Address peer;
  State state = State::head;
  Io io = Io::done;      // how the last step on a worker ended
  bool counted = false;  // by its address
  bool counts_request = false;
  bool keep_alive = false;
  bool ended = false;            // the client will send nothing more
  std::uint32_t inspected = 0;   // octets of `input` that parse_head() has seen
  std::uint32_t lingered = 0;    // octets thrown away
  std::uint32_t heap_place = 0;  // in Deadlines; 0: in none
  Deadline deadline{};
  std::uint64_t parked_as = 0;  // its ParkedId
  std::string input;            // received and not yet understood
  std::unique_ptr<Request> request;
  std::unique_ptr<Waiting> waiting;
};

using Owned = std::unique_ptr<Connection>;

// The deadlines of many connections: a heap in which each has at most one entry, and that moves.
// Entries are never left behind, so the heap cannot outgrow the connections.
class Deadlines {
 public:
  void set(Connection& connection, Deadline deadline);
  void remove(Connection& connection);
  bool empty() const { return heap_.size() <= 1; }
  Connection& first() const { return *heap_[1]; }

 private:
  void up(std::size_t place);
  void down(std::size_t place);
  void put(Connection* connection, std::size_t place) {
    heap_[place] = connection;
    connection->heap_place = static_cast<std::uint32_t>(place);
  }
  std::vector<Connection*> heap_{nullptr};  // from 1
};

}  // namespace jidgate::http
