// SPDX-License-Identifier: GPL-3.0-or-later
// Codes that a person types into a chat to confirm.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace jidgate {

constexpr std::size_t shortest_typed_code = 4;  // octets

// Whether a person who sends this text can only have meant the code. Whoever asks chooses it, and
// "?" or "no thanks" is what many a person answers to a question out of the blue: so a digit has to
// be in it, and no white space.
constexpr bool is_typed_code(std::string_view code) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  return code.size() >= shortest_typed_code && std::any_of(code.begin(), code.end(), is_digit) &&
         std::none_of(code.begin(), code.end(), is_space);
}

}  // namespace jidgate
