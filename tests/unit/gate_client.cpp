// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets of the client's side, and the default decisions of the gate under test.
#include "gate_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "core/text.hpp"

namespace jidgate::http::test {

Client::Client(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  const timeval timeout{patience.count(), 0};
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(descriptor_);
    throw std::system_error(error, std::generic_category(), "connect");
  }
}

Client::Client(std::uint16_t port, ssl_ctx_st* tls) : Client(port) {
  tls_ = SSL_new(tls);
  SSL_set_fd(tls_, descriptor_);
  if (SSL_connect(tls_) != 1) throw std::runtime_error("TLS handshake failed");
}

Client::Client(Client&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      tls_(std::exchange(other.tls_, nullptr)),
      buffer_(std::move(other.buffer_)) {}

Client::~Client() {
  close();
}

void Client::close() {
  SSL_free(std::exchange(tls_, nullptr));
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

bool Client::send(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t sent = tls_ != nullptr
                             ? SSL_write(tls_, octets.data(), static_cast<int>(octets.size()))
                             : ::send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Client::drip(std::string_view octets) {
  for (std::size_t at = 0; at < octets.size(); ++at) {
    if (!send(octets.substr(at, 1))) return false;
  }
  return true;
}

void Client::half_close() {
  ::shutdown(descriptor_, SHUT_WR);
}

void Client::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

// False at the end of the connection. A reset counts as one: what was received before stays.
bool Client::fill() {
  char part[65536];
  errno = 0;
  const ssize_t count = tls_ != nullptr ? SSL_read(tls_, part, sizeof part)
                                        : ::recv(descriptor_, part, sizeof part, 0);
  if (count > 0) {
    buffer_.append(part, static_cast<std::size_t>(count));
    return true;
  }
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    throw std::runtime_error("nothing came, and the connection did not end");
  }
  return false;
}

std::string Client::receive_line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!fill()) return std::exchange(buffer_, {});
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

Answer Client::receive(bool is_head) {
  Answer answer;
  std::string line = receive_line();
  if (!line.starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::stoi(line.substr(9, 3));
  while (!(line = receive_line()).empty()) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) throw std::runtime_error("a field without a value: " + line);
    answer.fields.emplace(ascii_lower(line.substr(0, colon)), line.substr(colon + 2));
  }
  const bool has_body = !is_head && answer.status != 204 && answer.status != 304;
  if (!has_body) return answer;
  const std::size_t length = std::stoul(answer.field("content-length"));
  while (buffer_.size() < length && fill()) {
  }
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return answer;
}

std::string Client::receive_all() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

namespace {

Reply tell(const Exchange& exchange) {
  Reply reply;
  reply.handler = "test";
  reply.header("Content-Type", "text/plain");
  reply.body = exchange.head.method + " " + exchange.head.target;
  if (!exchange.body.empty()) reply.body += " " + exchange.body;
  return reply;
}

Reply refuse(int status, const Exchange&) {
  Reply reply;
  reply.status = status;
  reply.header("Content-Type", "text/plain");
  reply.body = "refused " + std::to_string(status);
  return reply;
}

}  // namespace

House::House(GateLimits limits, std::shared_ptr<TlsContext> tls)
    : gate(
          std::move(limits),
          [this](const Exchange& exchange) -> Verdict {
            events.change([&](Events& seen) { seen.targets.push_back(exchange.head.target); });
            if (decide) return decide(exchange);
            if (exchange.head.target == "/park") return park(exchange);
            return WithBody{tell};
          },
          refuse, log, metrics) {
  Listen where;
  where.host = "127.0.0.1";
  port = gate.listen(where, std::move(tls));
  gate.start();
}

House::~House() {
  gate.stop(text("farewell", 503), std::chrono::milliseconds(200));
}

Verdict House::park(const Exchange&) {
  Park park;
  park.deadline = std::chrono::steady_clock::now() + park_time;
  park.parked = [this](ParkedId id) {
    events.change([&](Events& seen) { seen.parked.push_back(id); });
  };
  park.gone = [this](ParkedId id) {
    events.change([&](Events& seen) { seen.gone.push_back(id); });
  };
  park.expired = [this](ParkedId id) {
    events.change([&](Events& seen) { seen.expired.push_back(id); });
    return text("expired", 401);
  };
  return park;
}

bool House::was_decided(const std::string& target) const {
  const std::vector<std::string> seen = events.get().targets;
  return std::find(seen.begin(), seen.end(), target) != seen.end();
}

ParkedId House::parked(std::size_t count) {
  if (!events.wait([&](const Events& seen) { return seen.parked.size() >= count; })) {
    throw std::runtime_error("it was not parked");
  }
  return events.get().parked[count - 1];
}

}  // namespace jidgate::http::test
