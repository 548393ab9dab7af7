// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the configuration hold, tried before anything is started with them.
#pragma once

#include <string>
#include <vector>

#include "core/settings.hpp"

namespace jidgate::program {

// Faults of the files that the running daemon reads itself. Not part of loading the configuration:
// `jidgate migrate` may run as a user who cannot read the component's secret.
std::vector<std::string> content_faults(const Settings& settings);

}  // namespace jidgate::program
