// SPDX-License-Identifier: GPL-3.0-or-later
// The life of a connection's buffers, and the heap of deadlines.
#include "http/connection.hpp"

#include <utility>

namespace jidgate::http {

Connection::~Connection() {
  set_request(false);
  if (counted) {
    counters.by_address.with([&](auto& counts) {
      const auto found = counts.find(exchange.peer.limit_prefix());
      if (--found->second == 0) counts.erase(found);
    });
  }
  --counters.connections;
}

void Connection::set_request(bool now) {
  if (std::exchange(is_request, now) == now) return;
  if (now) {
    ++counters.requests;
  } else {
    --counters.requests;
  }
}

void Connection::forget_request() {
  set_request(false);
  exchange.head = Head();
  exchange.request_id = std::string();
  exchange.body = std::string();
  responder = nullptr;
  park.reset();
  output = std::string();
  written = 0;
  file = FileBody();
  file_done = 0;
  wants_body = false;
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
