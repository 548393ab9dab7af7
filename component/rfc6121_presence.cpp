// SPDX-License-Identifier: GPL-3.0-or-later
// RFC 6121 sections 3 and 4: presence subscriptions and probes.
#include "component/rfc6121_presence.hpp"

#include "component/stream.hpp"
#include "component/tags.hpp"

namespace jidgate::component {
namespace {

constexpr std::string_view available{};

}  // namespace

bool Presence::handle_presence(const Incoming& presence) {
  // We have no accounts; for one that somebody invents, "unsubscribed" says so (section 3.1.3).
  const bool nobody = presence.to.is_account();
  if (presence.type == "subscribe") {
    send(presence, nobody ? "unsubscribed" : "subscribed", true);
    if (!nobody) send(presence, available, true);
  } else if (presence.type == "unsubscribe") {
    send(presence, "unsubscribed", true);
  } else if (presence.type == "probe") {
    send(presence, nobody ? "unsubscribed" : available, false);
  }
  return true;  // everything else is only said, not asked
}

void Presence::send(const Incoming& to, std::string_view type, bool bare) {
  // Subscriptions are between bare addresses (section 3.1).
  const Jid& person = to.from;
  stream_.send(make_stanza("presence", to.to.bare().to_string(),
                           (bare ? person.bare() : person).to_string(), type));
}

}  // namespace jidgate::component
