// SPDX-License-Identifier: GPL-3.0-or-later
// The life of a connection's buffers, and the heap of deadlines.
#include "http/connection.hpp"

#include <utility>

namespace jidgate::http {

Connection::~Connection() {
  count_request(false);
  if (counted) {
    counters.by_address.with([&](auto& counts) {
      const auto found = counts.find(peer.limit_prefix());
      if (--found->second == 0) counts.erase(found);
    });
  }
  --counters.connections;
}

void Connection::begin_request() {
  request = std::make_unique<Request>();
  request->exchange.peer = peer;
  request->exchange.tls = socket.is_tls();
}

void Connection::count_request(bool now) {
  if (std::exchange(counts_request, now) == now) return;
  if (now) {
    ++counters.requests;
  } else {
    --counters.requests;
  }
}

void Connection::end_request() {
  count_request(false);
  request.reset();
  inspected = 0;
}

void Connection::set_aside(std::string_view head, Park park) {
  waiting = std::make_unique<Waiting>();
  waiting->head = head;
  waiting->request_id = std::move(request->exchange.request_id);
  waiting->body = request->body;
  waiting->began = request->began;
  waiting->gone = std::move(park.gone);
  waiting->expired = std::move(park.expired);
  request.reset();
}

std::unique_ptr<Waiting> Connection::take_up(const HeadLimits& limits) {
  begin_request();
  parse_head(waiting->head, request->exchange.head, limits);
  request->exchange.request_id = std::move(waiting->request_id);
  request->body = waiting->body;
  request->began = waiting->began;
  return std::move(waiting);
}

void Deadlines::set(Connection& connection, Deadline deadline) {
  connection.deadline = deadline;
  if (connection.heap_place == 0) {
    heap_.push_back(nullptr);
    put(&connection, heap_.size() - 1);
  }
  up(connection.heap_place);
  down(connection.heap_place);
}

void Deadlines::remove(Connection& connection) {
  const std::size_t place = std::exchange(connection.heap_place, 0);
  if (place == 0) return;
  Connection* last = heap_.back();
  heap_.pop_back();
  if (last == &connection) return;
  put(last, place);
  up(place);
  down(last->heap_place);
}

void Deadlines::up(std::size_t place) {
  Connection* moving = heap_[place];
  for (; place > 1 && moving->deadline < heap_[place / 2]->deadline; place /= 2) {
    put(heap_[place / 2], place);
  }
  put(moving, place);
}

void Deadlines::down(std::size_t place) {
  Connection* moving = heap_[place];
  for (std::size_t child = place * 2; child < heap_.size(); child = place * 2) {
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline < heap_[child]->deadline) ++child;
    if (heap_[child]->deadline >= moving->deadline) break;
    put(heap_[child], place);
    place = child;
  }
  put(moving, place);
}

}  // namespace jidgate::http
