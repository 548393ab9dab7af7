// SPDX-License-Identifier: GPL-3.0-or-later
// From a host name to socket addresses.
#include "component/lookup.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <thread>
#include <utility>

namespace jidgate::component {
namespace {

LookupResult resolve(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed) return {{}, ::gai_strerror(failed)};
  LookupResult result;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    result.addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return result;
}

}  // namespace

std::shared_ptr<Lookup> Lookup::start(const std::string& host, std::uint16_t port,
                                      std::shared_ptr<Wake> wake) {
  auto lookup = std::make_shared<Lookup>();
  auto numeric = resolve(host, port, AI_NUMERICHOST);
  if (!numeric.addresses.empty()) {
    lookup->result_.with([&](auto& result) { result = std::move(numeric); });
    return lookup;
  }
  std::thread([lookup, host, port, wake = std::move(wake)] {
    auto found = resolve(host, port, 0);
    lookup->result_.with([&](auto& result) { result = std::move(found); });
    wake->signal();
  }).detach();
  return lookup;
}

std::optional<LookupResult> Lookup::take() {
  return result_.with([](auto& result) { return std::exchange(result, std::nullopt); });
}

std::string SocketAddress::to_string() const {
  char host[NI_MAXHOST] = "";
  const auto* address = reinterpret_cast<const sockaddr*>(&storage);
  if (::getnameinfo(address, size, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0) return "?";
  return host;
}

bool SocketAddress::is_loopback() const {
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  return storage.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

}  // namespace jidgate::component
