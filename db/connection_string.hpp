// SPDX-License-Identifier: GPL-3.0-or-later
// Connection strings of PostgreSQL, looked at before anybody connects with them.
#pragma once

#include <string>

namespace jidgate::db {

// Whether libpq can read it, and reads it as it was meant. What it could not read it would repeat
// in its error texts, and parts of a password with it; so such a string never gets that far.
bool is_connection_string(const std::string& url);

}  // namespace jidgate::db
