// SPDX-License-Identifier: GPL-3.0-or-later
// Tries what the configuration leads to, for `jidgate check --connect`.
#pragma once

#include <optional>
#include <string>

#include "core/settings.hpp"

namespace jidgate::program {

// What is wrong with the component link; nullopt: the server took the handshake.
std::optional<std::string> component_link_fault(const XmppSettings& xmpp);

// Whether something accepts connections there: a daemon that runs with this configuration. A second
// component link beside its own would replace it, or take answers away from it.
bool is_listening(const Listen& where);

}  // namespace jidgate::program
