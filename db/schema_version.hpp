// SPDX-License-Identifier: GPL-3.0-or-later
// The version of the schema, asked within a transaction.
#pragma once

#include "db/pqxx_adapter.hpp"

namespace jidgate::db {

unsigned read_schema_version(pqxx::transaction_base& transaction);  // 0: there is no schema

}  // namespace jidgate::db
