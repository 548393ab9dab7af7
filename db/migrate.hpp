// SPDX-License-Identifier: GPL-3.0-or-later
// The schema, brought forward step by step. There is no way back.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace jidgate::db {

// One file of migrations/, compiled in.
struct Migration {
  unsigned version;
  std::string_view name;
  std::string_view sql;
};
std::span<const Migration> migrations();  // in order, versions 1, 2, 3 …
unsigned newest_version();

struct Migrated {
  unsigned from, to;
};
// Each step in a transaction of its own, under an advisory lock: several at once are harmless.
// Throws std::runtime_error when the schema is newer than this program, or a step fails.
Migrated migrate(const std::string& url);

// The version of the schema; 0: there is none. Throws when the database cannot be asked.
unsigned schema_version(const std::string& url);

}  // namespace jidgate::db
