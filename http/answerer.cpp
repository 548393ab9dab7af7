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
    if (connection.request->status == 0) make_answer(connection);
    connection.io = send(connection.socket, *connection.request);
    if (connection.io == Io::done) count(*connection.request);
  } catch (const std::exception& error) {
    log_.error("http.failed", {{"error", error.what()}});
    connection.io = Io::failed;
  }
}

void Answerer::make_answer(Connection& connection) {
  Request& request = *connection.request;
  Reply reply = reply_of(request);
  if (!is_sendable(reply)) {
    log_.error("http.unsendable", {{"request", request.exchange.request_id}});
    reply = fallback(request, 500);
  }
  request.responder = nullptr;
  request.status = reply.status;
  request.handler = reply.handler;
  connection.keep_alive = connection.keep_alive && !reply.close;
  const bool is_head = request.exchange.head.method == "HEAD";
  const bool sends_content = !is_head && may_have_content(reply.status);
  request.output =
      framer_.frame(reply, {is_head, connection.keep_alive,
                            std::chrono::duration_cast<std::chrono::seconds>(limits_.idle)});
  if (!sends_content) return;
  request.file = std::move(reply.file);
  // A small file leaves together with its head.
  if (!append_file(request)) throw std::runtime_error("the file has become shorter");
}

Reply Answerer::reply_of(const Request& request) {
  try {
    return request.responder(request.exchange);
  } catch (const std::exception& error) {
    log_.error("http.responder_failed",
               {{"request", request.exchange.request_id}, {"error", error.what()}});
  }
  return fallback(request, 500);
}

// Never fails: this is what is said when something else has.
Reply Answerer::fallback(const Request& request, int status) {
  try {
    if (Reply reply = refuse_(status, request.exchange); is_sendable(reply)) return reply;
  } catch (const std::exception& error) {
    log_.error("http.refuse_failed",
               {{"request", request.exchange.request_id}, {"error", error.what()}});
  }
  Reply reply;
  reply.status = status;
  return reply;
}

Io Answerer::send(Socket& socket, Request& request) {
  std::size_t sent = 0;
  while (true) {
    if (request.written == request.output.size()) {
      request.output.clear();
      request.written = 0;
      if (!append_file(request)) return Io::failed;
      if (request.output.empty()) return Io::done;
    }
    if (sent >= turn) return Io::want_write;
    const Transfer transfer =
        socket.write(std::string_view(request.output).substr(request.written));
    if (transfer.io != Io::done) return transfer.io;
    request.written += transfer.count;
    request.progress += transfer.count;
    sent += transfer.count;
  }
}

// Puts more of the file behind the output. False when the file has become shorter than was
// promised: then only closing can tell the client.
bool Answerer::append_file(Request& request) {
  const FileBody& file = request.file;
  const std::uint64_t left = file ? file.length() - request.file_done : 0;
  const std::size_t start = request.output.size();
  const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left, file_part));
  request.output.resize(start + part);
  for (std::size_t done = 0; done < part;) {
    const ssize_t count =
        ::pread(file.descriptor(), request.output.data() + start + done, part - done,
                static_cast<off_t>(file.offset() + request.file_done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
    request.file_done += static_cast<std::uint64_t>(count);
  }
  return true;
}

void Answerer::count(const Request& request) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - request.began;
  metrics_.add("http_requests_total",
               {{"handler", request.handler.empty() ? "none" : request.handler},
                {"method", method_label(request.exchange.head.method)},
                {"code", std::to_string(request.status)}});
  metrics_.observe("http_request_duration_seconds", took.count());
}

}  // namespace jidgate::http
