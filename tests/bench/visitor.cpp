// SPDX-License-Identifier: GPL-3.0-or-later
// Requests out, answers in.
#include "tests/bench/visitor.hpp"

#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "core/text.hpp"

namespace jidgate::bench {

Visitor::Visitor(Loop& loop, unsigned port, unsigned host) : descriptor_(connect_to(port, host)) {
  set_non_blocking(descriptor_);
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  const int on = 1;
  ::setsockopt(descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  loop.watch(descriptor_, *this);
}

Visitor::~Visitor() {
  hang_up();
}

void Visitor::hang_up() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void Visitor::get(std::string_view path, std::string_view authorization) {
  std::string request("GET ");
  request.append(path).append(" HTTP/1.1\r\nHost: files.verona.test\r\nUser-Agent: bench\r\n");
  request.append("Accept: */*\r\n");
  if (!authorization.empty())
    request.append("Authorization: ").append(authorization).append("\r\n");
  request.append("\r\n");
  waiting_ = true;
  asked_ = now();
  send_all(descriptor_, request.data(), request.size());
}

void Visitor::readable() {
  std::array<char, 16384> part;
  const long count = receive(part.data(), part.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    if (waiting_) throw std::runtime_error("the server has closed a connection");
    return hang_up();  // it was idle for too long
  }
  input_.append(part.data(), static_cast<std::size_t>(count));
  if (!is_complete()) return;
  answered_ = now();
  waiting_ = false;
  if (!input_.starts_with("HTTP/1.1 200 ")) {
    throw std::runtime_error("want 200, got: " + input_.substr(0, input_.find('\r')));
  }
  input_ = std::string();
  if (on_answer) on_answer();
}

long Visitor::receive(char* into, std::size_t room) {
  iovec octets{into, room};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> control{};
  msghdr message{};
  message.msg_iov = &octets;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const long count = ::recvmsg(descriptor_, &message, 0);
  arrived_ = now();
  const cmsghdr* header = count > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header != nullptr && header->cmsg_type == SCM_TIMESTAMPNS) {
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    arrived_ -=
        wall - (std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec));
  }
  return count;
}

bool Visitor::is_complete() const {
  const std::size_t end = input_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  constexpr std::string_view name = "\r\nContent-Length:";
  for (std::size_t at = 0; at < end; at = input_.find("\r\n", at + 2)) {
    if (::strncasecmp(input_.data() + at, name.data(), name.size()) == 0) {
      return input_.size() >= end + 4 + std::strtoul(input_.data() + at + name.size(), nullptr, 10);
    }
  }
  throw std::runtime_error("an answer without Content-Length");
}

std::string basic(std::string_view jid, std::string_view transaction) {
  return "Basic " + base64_encode(std::string(jid).append(":").append(transaction));
}

}  // namespace jidgate::bench
