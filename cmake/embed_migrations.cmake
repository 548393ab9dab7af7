# Writes OUTPUT, a C++ source that holds FILES, each named NNN_name.sql, in order:
#   cmake "-DFILES=001_a.sql;002_b.sql" -DOUTPUT=migrations.cpp -P embed_migrations.cmake
set(rows "")
set(expected 1)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME_WE)
  if(NOT name MATCHES "^0*([0-9]+)_[a-z_]+$" OR NOT CMAKE_MATCH_1 EQUAL expected)
    message(FATAL_ERROR "${name}.sql: expected the next number, ${expected}, and a name")
  endif()
  math(EXPR expected "${expected} + 1")
  file(READ "${file}" sql)
  string(APPEND rows "    {${CMAKE_MATCH_1}, \"${name}\", R\"sql(${sql})sql\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// SPDX-License-Identifier: GPL-3.0-or-later
// Made from the files of migrations/.
#include \"db/migrate.hpp\"

namespace jidgate::db {
namespace {

constexpr Migration table[] = {
${rows}};

}  // namespace

std::span<const Migration> migrations() { return table; }

}  // namespace jidgate::db
")
