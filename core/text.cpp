// SPDX-License-Identifier: GPL-3.0-or-later
// What text may be: see text.hpp.
#include "core/text.hpp"

#include <array>
#include <cstdint>

namespace jidgate {
namespace {

constexpr bool between(char32_t code, char32_t first, char32_t last) {
  return first <= code && code <= last;
}

// Takes the first character off `text`. nullopt when it is not well-formed; `text` is not empty.
std::optional<char32_t> take_character(std::string_view& text) {
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = octet(0);
  if (lead < 0x80) {
    text.remove_prefix(1);
    return lead;
  }
  // The table 3-7 of Unicode in short: the lead octet tells the length and the smallest code point
  // that may not be written shorter.
  std::size_t length = 0;
  char32_t code = 0, smallest = 0;
  if (between(lead, 0xC2, 0xDF)) {
    length = 2, code = lead & 0x1Fu, smallest = 0x80;
  } else if (between(lead, 0xE0, 0xEF)) {
    length = 3, code = lead & 0x0Fu, smallest = 0x800;
  } else if (between(lead, 0xF0, 0xF4)) {
    length = 4, code = lead & 0x07u, smallest = 0x10000;
  } else {
    return std::nullopt;
  }
  if (text.size() < length) return std::nullopt;
  for (std::size_t at = 1; at < length; ++at) {
    if ((octet(at) & 0xC0u) != 0x80) return std::nullopt;
    code = code << 6 | (octet(at) & 0x3Fu);
  }
  if (code < smallest || code > 0x10FFFF || between(code, 0xD800, 0xDFFF)) return std::nullopt;
  text.remove_prefix(length);
  return code;
}

template <class Allowed>
bool consists_of(std::string_view text, Allowed allowed) {
  while (!text.empty()) {
    const auto code = take_character(text);
    if (!code || !allowed(*code)) return false;
  }
  return true;
}

// XML 1.0 section 2.2, production Char.
constexpr bool is_xml_character(char32_t code) {
  return code == 0x9 || code == 0xA || code == 0xD || between(code, 0x20, 0xD7FF) ||
         between(code, 0xE000, 0xFFFD) || between(code, 0x10000, 0x10FFFF);
}

// Characters that change how their neighbours are shown, or that are not shown themselves. The
// variation selectors U+FE00 to U+FE0F are left: people's emoji carry them.
constexpr bool is_invisible_or_reordering(char32_t code) {
  constexpr std::array<std::array<char32_t, 2>, 15> ranges{{
      {0x00AD, 0x00AD},    // soft hyphen
      {0x034F, 0x034F},    // combining grapheme joiner
      {0x061C, 0x061C},    // Arabic letter mark
      {0x115F, 0x1160},    // Hangul fillers
      {0x17B4, 0x17B5},    // Khmer inherent vowels
      {0x180B, 0x180F},    // Mongolian selectors and vowel separator
      {0x200B, 0x200F},    // zero-width space and joiners, directional marks
      {0x2028, 0x202E},    // line and paragraph separator, embeddings and overrides
      {0x2060, 0x206F},    // word joiner, invisible operators, isolates
      {0x3164, 0x3164},    // Hangul filler
      {0xFEFF, 0xFEFF},    // zero-width no-break space
      {0xFFA0, 0xFFA0},    // halfwidth Hangul filler
      {0xFFF0, 0xFFFB},    // interlinear annotation
      {0x1D173, 0x1D17A},  // musical formatting
      {0xE0000, 0xE0FFF},  // tags, selectors supplement
  }};
  for (const auto& [first, last] : ranges) {
    if (between(code, first, last)) return true;
  }
  return false;
}

constexpr bool is_ascii_letter_or_digit(char c) {
  return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9');
}

constexpr char lower(char c) {
  return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode64(std::string_view octets, std::string_view digits) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char octet : octets) {
    bits = (bits << 8 | static_cast<unsigned char>(octet)) & 0xFFFFFF;
    for (held += 8; held >= 6; held -= 6) out += digits[bits >> (held - 6) & 63];
  }
  if (held > 0) out += digits[bits << (6 - held) & 63];
  return out;
}

// Without padding. Refuses the one-digit rest and bits that no octet stands for, so that each octet
// string has exactly one encoding.
std::optional<std::string> decode64(std::string_view text, std::string_view digits) {
  std::array<int, 256> values;
  values.fill(-1);
  for (std::size_t at = 0; at < digits.size(); ++at) {
    values[static_cast<unsigned char>(digits[at])] = static_cast<int>(at);
  }
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char digit : text) {
    const int value = values[static_cast<unsigned char>(digit)];
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFFFFF;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFF);
    }
  }
  if (held >= 6 || (bits & ((1u << held) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace

bool is_utf8(std::string_view text) {
  return consists_of(text, [](char32_t) { return true; });
}

bool is_xml_text(std::string_view text) {
  return consists_of(text, is_xml_character);
}

bool is_plain_line(std::string_view text) {
  return consists_of(text, [](char32_t code) {
    return is_xml_character(code) && code >= 0x20 && !between(code, 0x7F, 0x9F) &&
           !is_invisible_or_reordering(code);
  });
}

std::string_view utf8_prefix(std::string_view text, std::size_t octets) {
  if (text.size() <= octets) return text;
  while (octets > 0 && (static_cast<unsigned char>(text[octets]) & 0xC0u) == 0x80) --octets;
  return text.substr(0, octets);
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_ascii_letter_or_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos ||
        keep.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out += {'%', hex[octet >> 4], hex[octet & 15]};
    }
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (text.size() - at < 3) return std::nullopt;
    const int high = hex_value(text[at + 1]), low = hex_value(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

std::string base64_encode(std::string_view octets) {
  std::string out = encode64(octets, base64_digits);
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string base64url_encode(std::string_view octets) {
  return encode64(octets, base64url_digits);
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return decode64(text, base64_digits);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  return decode64(text, base64url_digits);
}

std::string hex_encode(std::string_view octets) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  out.reserve(octets.size() * 2);
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    out += {hex[octet >> 4], hex[octet & 15]};
  }
  return out;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string octets;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    octets.push_back(static_cast<char>(high << 4 | low));
  }
  return octets;
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool ascii_iequals(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t at = 0; at < left.size(); ++at) {
    if (lower(left[at]) != lower(right[at])) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace jidgate
