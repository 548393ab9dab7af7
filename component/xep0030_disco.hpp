// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0030 (Service Discovery, version 2.5): says what the units serve, and nothing else.
#pragma once

#include <array>
#include <vector>

#include "component/unit.hpp"

namespace jidgate::component {

class Disco final : public Unit {
 public:
  // `units`: all that are served, this one included; not owned, read when somebody asks.
  explicit Disco(const std::vector<Unit*>& units) : units_(units) {}

  std::span<const Route> routes() const override;
  std::span<const std::string_view> features() const override;
  void handle(const Incoming& request, const gloox::Tag& payload, Reply reply) override;

 private:
  const std::vector<Unit*>& units_;
};

}  // namespace jidgate::component
