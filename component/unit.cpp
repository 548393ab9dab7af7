// SPDX-License-Identifier: GPL-3.0-or-later
// What a protocol extension is to the rest of the component.
#include "component/unit.hpp"

#include "component/reply.hpp"

namespace jidgate::component {

// Reached only by a unit that lists a route and does not serve it.
void Unit::handle(const Incoming&, const gloox::Tag&, Reply reply) {
  reply.fail({"cancel", "feature-not-implemented", {}});
}

void Unit::handle_dropped(const Incoming&, const gloox::Tag&, const StanzaError& error,
                          Reply reply) {
  reply.fail(error);
}

std::optional<NodeDescription> Unit::describe_node(const Incoming&, const gloox::Tag&) {
  return std::nullopt;
}

std::variant<Unit*, StanzaError> unit_for(const std::vector<Unit*>& units, IqType type,
                                          const gloox::Tag& payload) {
  const std::string xmlns = payload.xmlns();
  bool known = false;
  for (Unit* unit : units) {
    for (const Route& route : unit->routes()) {
      if (route.xmlns != xmlns) continue;
      known = true;
      if (route.type == type && route.element == payload.name()) return unit;
    }
  }
  return StanzaError{"cancel", known ? "feature-not-implemented" : "service-unavailable", {}};
}

}  // namespace jidgate::component
