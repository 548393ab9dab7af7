// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration from its three sources: a flag is stronger than the environment, which is
// stronger than the file.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/settings.hpp"

namespace jidgate::program {

// One line for each fault: "file:key: what is wrong, what is expected".
using ConfigurationFaults = std::vector<std::string>;

// Where the configuration comes from. Kept while the daemon runs, so that a reload reads the same.
struct ConfigurationSource {
  std::string file = "/etc/jidgate/jidgate.conf";
  std::map<std::string, std::string> environment;
  std::vector<std::pair<std::string, std::string>> flags;  // "http.listen", "127.0.0.1:0"

  // Reads and checks everything anew; never throws for what the operator wrote.
  std::variant<Settings, ConfigurationFaults> load() const;
};

// What changed between two configurations and is taken over only by a restart: "xmpp",
// "http.listen".
std::vector<std::string> needs_restart(const Settings& running, const Settings& loaded);

// The environment of this process, as ConfigurationSource takes it.
std::map<std::string, std::string> process_environment();

}  // namespace jidgate::program
