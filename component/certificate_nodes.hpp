// SPDX-License-Identifier: GPL-3.0-or-later
// The nodes of the commands that manage certificates (XEP-0050 section 3.2).
#pragma once

#include <string_view>

namespace jidgate::component::certificate_nodes {

// One node for each thing that can be done, not one command that begins with a choice: every client
// shows the names of commands as a menu, each of them is one form or none, and a link can lead to
// any of them (XEP-0050 section 7.4).
constexpr std::string_view list = "urn:xmpp:jidgate:certificates:list",
                           add = "urn:xmpp:jidgate:certificates:add",
                           disable = "urn:xmpp:jidgate:certificates:disable",
                           revoke = "urn:xmpp:jidgate:certificates:revoke";
// For administrators.
constexpr std::string_view list_account = "urn:xmpp:jidgate:certificates:list-account",
                           revoke_account = "urn:xmpp:jidgate:certificates:revoke-account",
                           statistics = "urn:xmpp:jidgate:certificates:statistics";

}  // namespace jidgate::component::certificate_nodes
