// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration from its three sources.
#include "component/program/options.hpp"

#include <unistd.h>

#include "component/program/keys.hpp"
#include "component/program/sections.hpp"

namespace jidgate::program {
namespace {

void refuse_repeated(const RawConfig& config, Faults& faults) {
  for (const auto& [section, values] : config) {
    for (const auto& [name, list] : values) {
      const Key* key = find_key(section_kind(section).value(), name);
      if (key->kind == KeyKind::single && list.size() > 1) {
        faults.add(list[1], "given again, expected once");
      }
    }
  }
}

}  // namespace

std::variant<Settings, ConfigurationFaults> ConfigurationSource::load() const {
  Faults faults;
  RawConfig config = read_file(file, faults);
  override_with(config, read_environment(environment, faults));
  override_with(config, read_flags(flags));
  refuse_repeated(config, faults);

  Settings settings;
  const Reading reading{config, file, faults};
  read_daemon_sections(reading, settings);
  read_site_sections(reading, settings);
  read_record_sections(reading, settings);
  if (!faults.empty()) return faults.take();
  return settings;
}

std::vector<std::string> needs_restart(const Settings& running, const Settings& loaded) {
  std::vector<std::string> changed;
  const auto compare = [&](const char* name, const auto& a, const auto& b) {
    if (!(a == b)) changed.emplace_back(name);
  };
  compare("xmpp", running.xmpp, loaded.xmpp);
  compare("database", running.database, loaded.database);
  compare("log", running.log, loaded.log);
  const HttpSettings &was = running.http, &is = loaded.http;
  compare("http.listen", was.listen, is.listen);
  compare("http.admin-listen", was.admin_listen, is.admin_listen);
  compare("http.tls-certificate", was.tls_certificate, is.tls_certificate);
  compare("http.tls-key", was.tls_key, is.tls_key);
  compare("http.workers", was.workers, is.workers);
  compare("http.max-connections", was.max_connections, is.max_connections);
  compare("http.max-connections-per-address", was.max_connections_per_address,
          is.max_connections_per_address);
  compare("http.max-head", was.max_head, is.max_head);
  compare("http.max-body", was.max_body, is.max_body);
  return changed;
}

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

}  // namespace jidgate::program
