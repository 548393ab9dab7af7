// SPDX-License-Identifier: GPL-3.0-or-later
// `jidgate serve`: makes every part, runs them until SIGTERM, and ends them in order.
#pragma once

#include "component/program/options.hpp"
#include "core/settings.hpp"

namespace jidgate::program {

// Returns the exit status. `source` is read again on SIGHUP.
int serve(Settings settings, const ConfigurationSource& source);

}  // namespace jidgate::program
