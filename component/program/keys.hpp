// SPDX-License-Identifier: GPL-3.0-or-later
// The table of every key of the configuration. Help, manual page, flags and defaults all come from
// here, so that they cannot differ.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace jidgate::program {

enum class KeyKind {
  single,  // given once
  words,   // repeatable, and several words in one value
  lines,   // repeatable, one value a line
};

struct Key {
  std::string_view section;  // as in the file; NAME, SITE.N or DOMAIN where the operator chooses
  std::string_view name;
  KeyKind kind;
  std::string_view fallback;  // as it would be written in the file
  std::string_view help;
};

std::span<const Key> keys();
const Key* find_key(std::string_view section, std::string_view name);

// Which section of the table one of the file belongs to ("site.files" -> "site.NAME").
std::optional<std::string_view> section_kind(std::string_view section);
// Whether a section is always there, so that flags and the environment can set its keys.
bool is_fixed(std::string_view section);
// A secret on the command line could be read by every user of the machine.
bool may_be_flag(const Key& key);

}  // namespace jidgate::program
