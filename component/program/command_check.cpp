// SPDX-License-Identifier: GPL-3.0-or-later
// `jidgate check`: the configuration, and with --connect what it leads to.
#include <ostream>

#include "component/program/command.hpp"
#include "component/program/contents.hpp"
#include "component/program/probe.hpp"
#include "db/migrate.hpp"

namespace jidgate::program {
namespace {

std::optional<std::string> database_fault(const std::string& url) {
  unsigned version = 0;
  try {
    version = db::schema_version(url);
  } catch (const std::exception& error) {
    return error.what();
  }
  if (version == db::newest_version()) return std::nullopt;
  return "the schema has version " + std::to_string(version) + ", expected " +
         std::to_string(db::newest_version()) +
         (version < db::newest_version() ? " (jidgate migrate)" : " (a newer jidgate)");
}

std::optional<std::string> link_fault(const Settings& settings, std::string& remark) {
  const auto& admin = settings.http.admin_listen;
  if (admin && admin->port != 0 && is_listening(*admin)) {
    remark = "not tried, a daemon runs; see /readyz at http.admin-listen";
    return std::nullopt;
  }
  return component_link_fault(settings.xmpp);
}

bool report(std::ostream& out, std::string_view what, const std::optional<std::string>& fault,
            const std::string& remark = "ok") {
  out << what << ": " << fault.value_or(remark) << "\n";
  return !fault;
}

}  // namespace

void describe_check(boost::program_options::options_description& flags) {
  flags.add_options()("connect", "try the XMPP server and the database as well");
}

int run_check(Invocation invocation) {
  std::ostream& out = invocation.surroundings.out;
  if (const auto faults = content_faults(invocation.settings); !faults.empty()) {
    for (const std::string& fault : faults) invocation.surroundings.err << fault << "\n";
    return exit_usage;
  }
  report(out, "configuration", std::nullopt);
  if (invocation.flags.count("connect") == 0) return exit_done;
  const Settings& settings = invocation.settings;
  std::string remark = "ok";
  const auto fault = link_fault(settings, remark);
  bool good = report(out, "xmpp", fault, remark);
  if (!settings.database.url.empty()) {
    good = report(out, "database", database_fault(settings.database.url)) && good;
  }
  return good ? exit_done : exit_failed;
}

}  // namespace jidgate::program
