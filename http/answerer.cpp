// SPDX-License-Identifier: GPL-3.0-or-later
// From a responder to octets on the wire.
#include "http/answerer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <stdexcept>
#include <string>

namespace jidgate::http {
namespace {

// Of a file at a time. This much memory is held for a client that reads slowly.
constexpr std::size_t file_part = 32768;
// After this much the worker looks after somebody else first.
constexpr std::size_t turn = std::size_t{1} << 20;

// Methods are any token: those that nobody registered share one label.
std::string_view method_label(std::string_view method) {
  for (const std::string_view known :
       {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"}) {
    if (method == known) return known;
  }
  return "other";
}

}  // namespace

void Answerer::work(Connection& connection) noexcept {
  try {
    if (connection.state == Connection::State::handshake) {
      connection.io = connection.socket.handshake();
      return;
    }
    if (connection.responder) make_answer(connection);
    connection.io = send(connection);
    if (connection.io == Io::done) count(connection);
  } catch (const std::exception& error) {
    log_.error("http.failed",
               {{"request", connection.exchange.request_id}, {"error", error.what()}});
    connection.io = Io::failed;
  }
}

void Answerer::make_answer(Connection& connection) {
  Reply reply = reply_of(connection);
  if (!is_sendable(reply)) {
    log_.error("http.unsendable", {{"request", connection.exchange.request_id}});
    reply = fallback(connection, 500);
  }
  connection.responder = nullptr;
  connection.keep_alive = connection.keep_alive && !reply.close;
  connection.status = reply.status;
  connection.handler = reply.handler;
  const bool is_head = connection.exchange.head.method == "HEAD";
  connection.output =
      framer_.frame(reply, {is_head, connection.keep_alive,
                            std::chrono::duration_cast<std::chrono::seconds>(limits_.idle)});
  if (is_head) return;
  connection.file = std::move(reply.file);
  // A small file leaves together with its head.
  if (!append_file(connection)) throw std::runtime_error("the file has become shorter");
}

Reply Answerer::reply_of(const Connection& connection) {
  try {
    return connection.responder(connection.exchange);
  } catch (const std::exception& error) {
    log_.error("http.responder_failed",
               {{"request", connection.exchange.request_id}, {"error", error.what()}});
  }
  return fallback(connection, 500);
}

// Never fails: this is what is said when something else has.
Reply Answerer::fallback(const Connection& connection, int status) {
  try {
    if (Reply reply = refuse_(status, connection.exchange); is_sendable(reply)) return reply;
  } catch (const std::exception& error) {
    log_.error("http.refuse_failed",
               {{"request", connection.exchange.request_id}, {"error", error.what()}});
  }
  Reply reply;
  reply.status = status;
  return reply;
}

Io Answerer::send(Connection& connection) {
  std::size_t sent = 0;
  while (true) {
    if (connection.written == connection.output.size()) {
      connection.output.clear();
      connection.written = 0;
      if (!append_file(connection)) return Io::failed;
      if (connection.output.empty()) return Io::done;
    }
    if (sent >= turn) return Io::want_write;
    const Transfer transfer =
        connection.socket.write(std::string_view(connection.output).substr(connection.written));
    if (transfer.io != Io::done) return transfer.io;
    connection.written += transfer.count;
    connection.progress += transfer.count;
    sent += transfer.count;
  }
}

// Puts more of the file behind the output. False when the file has become shorter than was
// promised: then only closing can tell the client.
bool Answerer::append_file(Connection& connection) {
  const FileBody& file = connection.file;
  const std::uint64_t left = file ? file.length() - connection.file_done : 0;
  const std::size_t start = connection.output.size();
  const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left, file_part));
  connection.output.resize(start + part);
  for (std::size_t done = 0; done < part;) {
    const ssize_t count =
        ::pread(file.descriptor(), connection.output.data() + start + done, part - done,
                static_cast<off_t>(file.offset() + connection.file_done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
    connection.file_done += static_cast<std::uint64_t>(count);
  }
  return true;
}

void Answerer::count(const Connection& connection) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - connection.began;
  metrics_.add("http_requests_total",
               {{"handler", connection.handler.empty() ? "none" : connection.handler},
                {"method", method_label(connection.exchange.head.method)},
                {"code", std::to_string(connection.status)}});
  metrics_.observe("http_request_duration_seconds", took.count());
}

}  // namespace jidgate::http
