// SPDX-License-Identifier: GPL-3.0-or-later
// Reads tests/vectors: one vector a line, tab-separated fields, escapes `\\`, `\xNN` (one octet),
// `\uNNNN` and `\UNNNNNNNN` (one code point in UTF-8).
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace jidgate {

struct VectorRow {
  std::string line;  // as it stands in the file, to say which one failed
  std::vector<std::string> fields;
};

inline std::string utf8_character(unsigned long code) {
  const auto octet = [](unsigned long value) { return static_cast<char>(value); };
  const auto tail = [&](unsigned shift) { return octet(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) return {octet(code)};
  if (code < 0x800) return {octet(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {octet(0xE0 | code >> 12), tail(6), tail(0)};
  return {octet(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

inline std::string unescape_vector(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    const char kind = text.at(++at);
    if (kind == '\\') {
      out += '\\';
      continue;
    }
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    if (digits == 0) throw std::runtime_error("unknown escape in " + std::string(text));
    const auto value = std::stoul(std::string(text.substr(at + 1, digits)), nullptr, 16);
    out += kind == 'x' ? std::string(1, static_cast<char>(value)) : utf8_character(value);
    at += digits;
  }
  return out;
}

inline std::vector<VectorRow> read_vectors(const std::string& name) {
  std::ifstream file(std::string(JIDGATE_VECTORS "/") + name);
  if (!file) throw std::runtime_error("no vectors " + name);
  std::vector<VectorRow> rows;
  for (std::string line; std::getline(file, line);) {
    VectorRow row{line, {}};
    std::string_view rest = line;
    while (true) {
      const auto tab = rest.find('\t');
      row.fields.push_back(unescape_vector(rest.substr(0, tab)));
      if (tab == std::string_view::npos) break;
      rest.remove_prefix(tab + 1);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace jidgate
