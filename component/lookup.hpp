// SPDX-License-Identifier: GPL-3.0-or-later
// From a host name to socket addresses, without making the XMPP thread wait for DNS.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "component/wake.hpp"
#include "core/locked.hpp"

namespace jidgate::component {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string to_string() const;  // "127.0.0.1", "::1"
  bool is_loopback() const;
};

struct LookupResult {
  std::vector<SocketAddress> addresses;  // in the order that they are to be tried
  std::string error;                     // when there are none
};

// A lookup on its way. getaddrinfo() cannot be cancelled, so it runs in a thread of its own that
// nobody joins; whoever loses interest just drops the pointer.
class Lookup {
 public:
  // Signals `wake` when the result is there. A numeric address needs no thread.
  static std::shared_ptr<Lookup> start(const std::string& host, std::uint16_t port,
                                       std::shared_ptr<Wake> wake);
  // Once; nullopt: not there yet.
  std::optional<LookupResult> take();

 private:
  Locked<std::optional<LookupResult>> result_;
};

}  // namespace jidgate::component
