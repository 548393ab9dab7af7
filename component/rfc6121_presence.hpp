// SPDX-License-Identifier: GPL-3.0-or-later
// RFC 6121 sections 3 and 4: presence subscriptions and probes.
#pragma once

#include "component/unit.hpp"

namespace jidgate::component {

class Stream;

// Whoever subscribes to the component's presence is accepted, so that it can stand in a contact
// list and its messages are a contact's. It keeps no list of them and subscribes to nobody.
class Presence final : public Unit {
 public:
  explicit Presence(Stream& stream) : stream_(stream) {}
  bool handle_presence(const Incoming& presence) override;

 private:
  void send(const Incoming& to, std::string_view type, bool bare);

  Stream& stream_;
};

}  // namespace jidgate::component
