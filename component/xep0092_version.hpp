// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0092 (Software Version, version 1.1).
#pragma once

#include <string>

#include "component/unit.hpp"

namespace jidgate::component {

class Version final : public Unit {
 public:
  explicit Version(std::string version) : version_(std::move(version)) {}

  std::span<const Route> routes() const override;
  std::span<const std::string_view> features() const override;
  void handle(const Incoming& request, const gloox::Tag& payload, Reply reply) override;

 private:
  const std::string version_;
};

}  // namespace jidgate::component
