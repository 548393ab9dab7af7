// SPDX-License-Identifier: GPL-3.0-or-later
// What a proxy says about the request that it asks about. Each endpoint reads its own family of
// fields and no other, by exact name, each field once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/network.hpp"
#include "core/target.hpp"
#include "http/head.hpp"

namespace jidgate::http {

// The request as the client made it to the proxy.
struct Forwarded {
  std::string method;
  std::string target;  // path and query as the client sent them: Digest's uri
  std::string scheme;  // "http" or "https"
  HostName host;
  std::string path;  // raw
  Address client;
  bool names_client = true;  // false: `client` is the proxy, which did not say for whom it asks
};

struct ForwardedFault {
  std::string_view field;  // which one: told to whoever configures the proxy
  std::string_view what;   // "is missing", "stands more than once", "cannot be read"
};

// X-Original-URL, X-Original-Method; X-Forwarded-For or X-Real-IP. `peer` is the proxy, and
// trusted.
std::variant<Forwarded, ForwardedFault> read_original(const Head& head, const Address& peer,
                                                      std::span<const Network> trusted);
// X-Forwarded-Proto, -Host, -Uri, -Method; X-Forwarded-For.
std::variant<Forwarded, ForwardedFault> read_forwarded(const Head& head, const Address& peer,
                                                       std::span<const Network> trusted);

// Who is behind `peer`: X-Forwarded-For walked from the right past trusted proxies. The fields of a
// peer that is not trusted count for nothing.
std::variant<Address, ForwardedFault> client_address(const Head& head, const Address& peer,
                                                     std::span<const Network> trusted);

}  // namespace jidgate::http
