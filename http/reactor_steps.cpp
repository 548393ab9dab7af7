// SPDX-License-Identifier: GPL-3.0-or-later
// What happens to a connection, step by step: head, verdict, body, answer, and the next head.
#include <sys/epoll.h>

#include <array>
#include <exception>
#include <string>
#include <utility>

#include "core/crypto.hpp"
#include "http/reactor.hpp"

namespace jidgate::http {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using State = Connection::State;

constexpr std::size_t read_size = 16384;
// A head that grows without an end of line is looked at anyway each time it has grown by this much.
constexpr std::size_t inspect_interval = 1024;
// Of an answer: as much must be taken within each GateLimits::write_time.
constexpr std::size_t least_progress = 65536;

constexpr auto linger_time = 1s;
constexpr std::size_t most_lingered = 65536;

constexpr int request_timeout = 408;
constexpr int content_too_large = 413;
constexpr int bad_request = 400;
constexpr int internal_error = 500;

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

// Its socket is ready.
void Reactor::advance(Owned connection) {
  switch (connection->state) {
    case State::handshake:
    case State::answering:
      workers_->push(std::move(connection));
      break;
    case State::head:
      read_head(std::move(connection));
      break;
    case State::body:
      read_body(std::move(connection));
      break;
    case State::lingering:
      linger(std::move(connection));
      break;
    case State::parked:
      break;
  }
}

// A worker, or complete(), has done its part.
void Reactor::returned(Owned connection) {
  const Io io = connection->io;
  if (io == Io::failed || io == Io::ended) return;
  switch (connection->state) {
    case State::handshake:
      if (io == Io::done) {
        expect_head(std::move(connection));
      } else {
        wait_for(std::move(connection), io);
      }
      break;
    case State::answering:
      if (io == Io::done) {
        finish(std::move(connection));
      } else {
        send_on(std::move(connection));
      }
      break;
    case State::body:
      begin_body(std::move(connection));
      break;
    case State::head:
    case State::parked:
    case State::lingering:
      break;
  }
}

void Reactor::timed_out(Owned connection) {
  const bool is_in_head = connection->state == State::head && !connection->input.empty();
  if (is_in_head || connection->state == State::body) {
    refuse(std::move(connection), request_timeout);
  }
}

// ---- the head

void Reactor::expect_head(Owned connection) {
  connection->state = State::head;
  const auto now = SteadyClock::now();
  const bool has_begun = !connection->input.empty();
  connection->deadline = now + (has_begun ? parts_.limits.head_time : parts_.limits.idle);
  // Octets that are inside the TLS object already would wake nobody.
  if (has_begun || connection->socket.is_tls()) {
    read_head(std::move(connection));
  } else {
    wait_for(std::move(connection), Io::want_read);
  }
}

void Reactor::read_head(Owned connection) {
  while (true) {
    const std::string_view input = connection->input;
    const std::size_t seen = connection->inspected;
    if (connection->ended || input.size() / inspect_interval != seen / inspect_interval ||
        input.size() >= parts_.limits.head.head || may_decide_head(input, seen)) {
      if (!connection->request) connection->begin_request();
      const HeadResult result =
          parse_head(input, connection->request->exchange.head, parts_.limits.head);
      if (result.status == 200) return decide(std::move(connection), result.used);
      if (result.status != 0) return refuse(std::move(connection), result.status);
    }
    connection->inspected = static_cast<std::uint32_t>(input.size());
    if (connection->ended) {
      if (input.empty()) return;
      // The client may still listen: an incomplete head is answered too.
      return refuse(std::move(connection), bad_request);
    }
    const bool was_empty = input.empty();
    const Io io = read_more(*connection);
    if (io == Io::failed) return;
    if (io == Io::want_read || io == Io::want_write) return wait_for(std::move(connection), io);
    // One deadline for the whole head, from its first octet on.
    if (was_empty) connection->deadline = SteadyClock::now() + parts_.limits.head_time;
  }
}

Io Reactor::read_more(Connection& connection) {
  std::array<char, read_size> part;
  const Transfer read = connection.socket.read(part.data(), part.size());
  if (read.io == Io::done) connection.input.append(part.data(), read.count);
  if (read.io == Io::ended) connection.ended = true;
  return read.io;
}

void Reactor::decide(Owned connection, std::size_t head_length) {
  Request& request = *connection->request;
  Exchange& exchange = request.exchange;
  // Its buffer goes with the head: an idle connection keeps none.
  std::string head = std::exchange(connection->input, connection->input.substr(head_length));
  head.resize(head_length);
  connection->keep_alive = exchange.head.keep_alive && !stopping_;
  connection->count_request(true);
  request.began = SteadyClock::now();
  if (exchange.head.content_length.value_or(0) > parts_.limits.body) {
    return refuse(std::move(connection), content_too_large);
  }
  request.body = BodyReader(exchange.head, parts_.limits.body);
  exchange.request_id = random_id();
  if (stopping_) return answer(std::move(connection), stopping_->farewell);
  Verdict verdict;
  try {
    verdict = parts_.decide(exchange);
  } catch (const std::exception& error) {
    parts_.log.error("http.decide_failed",
                     {{"request", exchange.request_id}, {"error", error.what()}});
    return refuse(std::move(connection), internal_error);
  }
  if (auto* wait = std::get_if<Park>(&verdict)) {
    park(std::move(connection), head, std::move(*wait));
  } else if (auto* with_body = std::get_if<WithBody>(&verdict)) {
    request.wants_body = true;
    answer(std::move(connection), std::move(with_body->responder));
  } else {
    answer(std::move(connection), std::move(std::get<Responder>(verdict)));
  }
}

// ---- the body

void Reactor::begin_body(Owned connection) {
  connection->state = State::body;
  connection->deadline = SteadyClock::now() + parts_.limits.body_time;
  if (connection->request->exchange.head.expects_continue) {
    if (connection->input.empty() && !connection->ended && read_more(*connection) == Io::failed) {
      return;
    }
    // RFC 9110 section 10.1.1: the 100 may be omitted when some of the content has arrived.
    if (connection->input.empty()) {
      if (!connection->request->wants_body) {
        connection->keep_alive = false;  // what comes in spite of the answer is thrown away
        return serve(std::move(connection));
      }
      const Transfer sent = connection->socket.write(continue_line);
      if (sent.io != Io::done || sent.count != continue_line.size()) return;
    }
  }
  read_body(std::move(connection));
}

void Reactor::read_body(Owned connection) {
  Request& request = *connection->request;
  while (true) {
    // What no door wants is read to find its end, and not kept: strangers send it.
    std::string unwanted;
    const int status =
        request.body.feed(connection->input, request.wants_body ? request.exchange.body : unwanted);
    if (connection->input.empty()) connection->input.shrink_to_fit();
    if (status == 200) return serve(std::move(connection));
    if (status != 0) return refuse(std::move(connection), status);
    if (connection->ended) return refuse(std::move(connection), bad_request);
    const Io io = read_more(*connection);
    if (io == Io::failed) return;
    if (io == Io::want_read || io == Io::want_write) return wait_for(std::move(connection), io);
  }
}

// ---- waiting for somebody

void Reactor::park(Owned connection, std::string_view head, Park park) {
  const ParkedId id{next_id_++};
  // Not kept with the request: from inside it the request may be completed.
  const auto parked = std::move(park.parked);
  const Deadline deadline = park.deadline;
  const int descriptor = connection->socket.descriptor();
  connection->set_aside(head, std::move(park));
  connection->state = State::parked;
  connection->parked_as = static_cast<std::uint64_t>(id);
  connection->input.shrink_to_fit();
  epoll_event event{};
  // Not EPOLLIN: what the client sends meanwhile stays where it is.
  event.events = EPOLLONESHOT | EPOLLRDHUP;
  event.data.u64 = connection->parked_as;
  parking_.with([&](Parking& parking) { parking.put(std::move(connection), deadline); });
  // Until parked() is called nobody but this thread knows the id.
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event);
  try {
    parked(id);
  } catch (const std::exception& error) {
    parts_.log.error("http.parked_failed", {{"error", error.what()}});
    complete(id, refusal(internal_error));
  }
}

void Reactor::gone(Owned connection) {
  const std::unique_ptr<Waiting> waiting = std::move(connection->waiting);
  const ParkedId id{connection->parked_as};
  connection.reset();
  call_gone(*waiting, id);
}

void Reactor::call_gone(const Waiting& waiting, ParkedId id) {
  try {
    if (waiting.gone) waiting.gone(id);
  } catch (const std::exception& error) {
    parts_.log.error("http.gone_failed", {{"error", error.what()}});
  }
}

void Reactor::expired(Owned connection) {
  const auto waiting = connection->take_up(parts_.limits.head);
  Responder responder;
  try {
    if (waiting->expired) responder = waiting->expired(ParkedId{connection->parked_as});
  } catch (const std::exception& error) {
    parts_.log.error("http.expired_failed", {{"request", connection->request->exchange.request_id},
                                             {"error", error.what()}});
  }
  answer(std::move(connection), responder ? std::move(responder) : refusal(internal_error));
}

bool Reactor::complete(ParkedId id, Responder responder) {
  Owned connection =
      parking_.with([&](Parking& parking) { return parking.take(static_cast<std::uint64_t>(id)); });
  if (!connection) return false;
  connection->take_up(parts_.limits.head);
  answer(std::move(connection), std::move(responder));
  return true;
}

// ---- the answer

Responder Reactor::refusal(int status) {
  return [this, status](const Exchange& exchange) { return parts_.refuse(status, exchange); };
}

void Reactor::answer(Owned connection, Responder responder) {
  connection->request->responder = std::move(responder);
  if (connection->request->body.is_complete()) return serve(std::move(connection));
  connection->state = State::body;
  connection->io = Io::done;
  give_back(std::move(connection));
}

void Reactor::refuse(Owned connection, int status) {
  if (!connection->request) connection->begin_request();
  Request& request = *connection->request;
  if (!connection->counts_request) {
    request.began = SteadyClock::now();
    connection->count_request(true);
    parts_.metrics.add("http_heads_refused_total", {{"code", std::to_string(status)}});
  }
  if (request.exchange.request_id.empty()) request.exchange.request_id = random_id();
  request.responder = refusal(status);
  connection->keep_alive = false;
  serve(std::move(connection));
}

void Reactor::serve(Owned connection) {
  connection->state = State::answering;
  connection->request->progress = least_progress;
  workers_->push(std::move(connection));
}

// The client has not taken all of the answer.
void Reactor::send_on(Owned connection) {
  if (connection->request->progress >= least_progress) {
    connection->request->progress = 0;
    connection->deadline = SteadyClock::now() + parts_.limits.write_time;
  }
  const Io io = connection->io;
  wait_for(std::move(connection), io);
}

void Reactor::finish(Owned connection) {
  connection->end_request();
  const bool may_go_on = !connection->ended || !connection->input.empty();
  if (connection->keep_alive && may_go_on && !stopping_) return expect_head(std::move(connection));
  if (connection->ended) return;
  connection->socket.end_writing();
  connection->state = State::lingering;
  connection->input = std::string();
  connection->deadline = SteadyClock::now() + linger_time;
  linger(std::move(connection));
}

// RFC 9112 section 9.6: a server that closes while the client still sends provokes a reset, which
// may erase the answer before it has been read. So it closes in stages.
void Reactor::linger(Owned connection) {
  while (connection->lingered < most_lingered) {
    const Transfer read = connection->socket.discard(most_lingered - connection->lingered);
    if (read.io == Io::want_read) return wait_for(std::move(connection), Io::want_read);
    if (read.io != Io::done) return;
    connection->lingered += static_cast<std::uint32_t>(read.count);
  }
}

}  // namespace jidgate::http
