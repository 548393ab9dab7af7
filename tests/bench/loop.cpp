// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting, and the few socket calls that the programs here need.
#include "tests/bench/loop.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

namespace jidgate::bench {
namespace {

constexpr int patience = 10000;  // milliseconds for a socket that takes nothing

}  // namespace

void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

Loop::Loop(std::chrono::seconds longest)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), end_(now() + longest) {
  if (epoll_ < 0) fail("epoll_create1");
}

Loop::~Loop() {
  ::close(epoll_);
}

void Loop::watch(int descriptor, Watched& owner) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &owner;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

void Loop::turn(const char* what) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - now());
  if (left.count() <= 0) throw std::runtime_error(std::string("not in time: ") + what);
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(left.count()));
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  for (int number = 0; number < count; ++number) {
    static_cast<Watched*>(events[static_cast<std::size_t>(number)].data.ptr)->readable();
  }
}

void set_non_blocking(int descriptor) {
  if (::fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

int connect_to(unsigned port, unsigned host) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{}, to{};
  from.sin_family = to.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl((127U << 24) | host);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      ::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    const int error = errno;
    ::close(descriptor);
    errno = error;
    fail("connect");
  }
  return descriptor;
}

void send_all(int descriptor, const char* octets, unsigned long count) {
  while (count > 0) {
    const ssize_t sent = ::send(descriptor, octets, count, MSG_NOSIGNAL);
    if (sent >= 0) {
      octets += sent;
      count -= static_cast<unsigned long>(sent);
    } else if (errno == EAGAIN) {
      pollfd socket{descriptor, POLLOUT, 0};
      if (::poll(&socket, 1, patience) <= 0) throw std::runtime_error("a socket takes nothing");
    } else if (errno != EINTR) {
      fail("send");
    }
  }
}

}  // namespace jidgate::bench
