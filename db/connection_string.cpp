// SPDX-License-Identifier: GPL-3.0-or-later
// Connection strings of PostgreSQL.
#include "db/connection_string.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace jidgate::db {

bool is_connection_string(const std::string& url) {
  // No text of the error is asked for: it quotes what it could not read.
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  if (!options) return false;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    // A '@' that was not encoded in the password has made the rest of it a host name.
    const std::string_view value = option->val == nullptr ? "" : option->val;
    if (std::string_view(option->keyword) == "host" && value.find('@') != value.npos) return false;
  }
  return true;
}

}  // namespace jidgate::db
