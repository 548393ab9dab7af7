// SPDX-License-Identifier: GPL-3.0-or-later
// `jidgate migrate`: brings the database schema forward.
#include <ostream>

#include "component/program/command.hpp"
#include "db/migrate.hpp"

namespace jidgate::program {

int run_migrate(Invocation invocation) {
  const std::string& url = invocation.settings.database.url;
  if (url.empty()) {
    invocation.surroundings.err << "jidgate migrate: database.url is empty: no database\n";
    return exit_usage;
  }
  const db::Migrated done = db::migrate(url);
  invocation.surroundings.out << "schema version " << done.to;
  if (done.from == done.to) {
    invocation.surroundings.out << ", nothing to do\n";
  } else {
    invocation.surroundings.out << ", was " << done.from << "\n";
  }
  return exit_done;
}

}  // namespace jidgate::program
