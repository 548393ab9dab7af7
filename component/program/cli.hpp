// SPDX-License-Identifier: GPL-3.0-or-later
// The command line: jidgate COMMAND [--config FILE] [options].
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "component/program/options.hpp"
#include "core/settings.hpp"

namespace jidgate::program {

enum ExitStatus { exit_done = 0, exit_failed = 1, exit_usage = 2 };

// What the program stands on; a test puts its own in.
struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  std::map<std::string, std::string> environment;
  std::function<int(Settings, const ConfigurationSource&)> serve;
};

// `arguments` without the program's name. Returns the exit status.
int run_command_line(const std::vector<std::string>& arguments, Surroundings& surroundings);

}  // namespace jidgate::program
