// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0030 (Service Discovery, version 2.5): says what the units serve, and nothing else.
#pragma once

#include <string_view>
#include <vector>

#include "component/unit.hpp"

namespace jidgate::component {

constexpr std::string_view disco_info_ns = "http://jabber.org/protocol/disco#info";
constexpr std::string_view disco_items_ns = "http://jabber.org/protocol/disco#items";

class Disco final : public Unit {
 public:
  // `units`: all that are served, this one included; not owned, read when somebody asks.
  explicit Disco(const std::vector<Unit*>& units) : units_(units) {}

  std::span<const Route> routes() const override;
  std::span<const std::string_view> features() const override;
  void handle(const Incoming& request, const gloox::Tag& payload, Reply reply) override;

 private:
  void answer_node(const Incoming& request, const gloox::Tag& query, Reply reply);

  const std::vector<Unit*>& units_;
};

}  // namespace jidgate::component
