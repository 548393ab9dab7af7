// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0199 (XMPP Ping, version 2.0.1): answers pings. The link's own question to the server, which
// notices one that is frozen, is part of the link (xep0114_component.cpp).
#pragma once

#include "component/unit.hpp"

namespace jidgate::component {

class Ping final : public Unit {
 public:
  std::span<const Route> routes() const override;
  std::span<const std::string_view> features() const override;
  void handle(const Incoming& request, const gloox::Tag& payload, Reply reply) override;
};

}  // namespace jidgate::component
