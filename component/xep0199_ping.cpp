// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0199 (XMPP Ping, version 2.0.1): answers pings.
#include "component/xep0199_ping.hpp"

#include "component/reply.hpp"

namespace jidgate::component {
namespace {

constexpr std::string_view ping_ns = "urn:xmpp:ping";
constexpr Route served[] = {{IqType::get, ping_ns, "ping"}};
constexpr std::string_view advertised[] = {ping_ns};

}  // namespace

std::span<const Route> Ping::routes() const {
  return served;
}

std::span<const std::string_view> Ping::features() const {
  return advertised;
}

// Section 4.1: who supports it "MUST return an IQ-result"; the examples show it empty.
void Ping::handle(const Incoming&, const gloox::Tag&, Reply reply) {
  reply.result();
}

}  // namespace jidgate::component
