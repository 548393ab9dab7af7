// SPDX-License-Identifier: GPL-3.0-or-later
// What a protocol extension is to the rest of the component.
#include "component/unit.hpp"

#include "component/reply.hpp"

namespace jidgate::component {

// Reached only by a unit that lists a route and does not serve it.
void Unit::handle(const Incoming&, const gloox::Tag&, Reply reply) {
  reply.fail({"cancel", "feature-not-implemented", {}});
}

}  // namespace jidgate::component
