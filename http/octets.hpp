// SPDX-License-Identifier: GPL-3.0-or-later
// Which octets may stand where in HTTP (RFC 9110 section 5.6).
#pragma once

#include <array>
#include <string_view>

namespace jidgate::http {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

inline constexpr auto token_octets = [] {
  std::array<bool, 256> allowed{};
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    allowed[static_cast<std::size_t>(octet)] =
        is_digit(c) || is_letter(c) ||
        std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  }
  return allowed;
}();
// tchar.
constexpr bool is_token_octet(char c) {
  return token_octets[static_cast<unsigned char>(c)];
}

// VCHAR, obs-text, space and tab: what a field value and a quoted string are made of.
constexpr bool is_value_octet(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return c == '\t' || (octet >= 0x20 && octet != 0x7f);
}

}  // namespace jidgate::http
