// SPDX-License-Identifier: GPL-3.0-or-later
// Binding, and what accept4(2) may say.
#include "http/listener.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace jidgate::http {
namespace {

constexpr int backlog = 4096;  // the kernel cuts it to net.core.somaxconn

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::string name_of(const Listen& where) {
  const bool is_v6 = where.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
}

AddressList resolve(const Listen& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(where.host.empty() ? nullptr : where.host.c_str(),
                                 std::to_string(where.port).c_str(), &hints, &found);
  if (status != 0) {
    throw std::system_error(status == EAI_SYSTEM ? errno : EADDRNOTAVAIL, std::generic_category(),
                            "listen " + name_of(where) + " (" + gai_strerror(status) + ")");
  }
  return {found, &freeaddrinfo};
}

// -1 and errno when it cannot be.
int bind_to(const addrinfo& address) {
  const int descriptor = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const int on = 1;
  const int off = 0;
  // Not SO_REUSEPORT: a second instance must be told that the port is taken.
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ai_family == AF_INET6) {
    // [::] means every address, whatever net.ipv6.bindv6only says.
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 &&
      ::listen(descriptor, backlog) == 0) {
    return descriptor;
  }
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return -1;
}

std::uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    return ntohs(v6.sin6_port);
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &address, sizeof v4);
  return ntohs(v4.sin_port);
}

Address address_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  } else {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  }
  return Address::parse(text).value_or(Address());
}

}  // namespace

Listener::Listener(const Listen& where, std::shared_ptr<TlsContext> tls) : tls_(std::move(tls)) {
  const AddressList addresses = resolve(where);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* next = addresses.get(); next != nullptr && descriptor_ < 0;
       next = next->ai_next) {
    descriptor_ = bind_to(*next);
    if (descriptor_ < 0) error = errno;
  }
  if (descriptor_ < 0) {
    throw std::system_error(error, std::generic_category(), "listen " + name_of(where));
  }
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&bound), &length);
  port_ = port_of(bound);
}

Listener::~Listener() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Listener::Listener(Listener&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      port_(other.port_),
      tls_(std::move(other.tls_)) {}

Listener::Accepted Listener::accept() {
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  const int descriptor = ::accept4(descriptor_, reinterpret_cast<sockaddr*>(&from), &length,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    const int on = 1;
    // Otherwise a second small write waits for the client's delayed acknowledgement.
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {Accepted::Result::connection, descriptor, address_of(from), 0};
  }
  switch (errno) {
    case EAGAIN:
      return {};
    case EINTR:
    case ECONNABORTED:
    case EPERM:  // a firewall rule forbids it
    // accept(2): pending network errors of the new socket come out here.
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return {Accepted::Result::lost, -1, {}, errno};
    default:
      return {Accepted::Result::exhausted, -1, {}, errno};
  }
}

}  // namespace jidgate::http
