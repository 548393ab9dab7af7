// SPDX-License-Identifier: GPL-3.0-or-later
// What text may be: strict UTF-8, XML 1.0 characters, percent- and base64-coding. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace jidgate {

// Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text);
// UTF-8 of which every character may stand in an XML 1.0 document (Char production).
bool is_xml_text(std::string_view text);
// XML text on one line that shows a person what it holds: no C0/C1 control, no line or paragraph
// separator, no bidirectional or zero-width formatting character.
bool is_plain_line(std::string_view text);

// Cuts after at most `octets` octets, never inside a character.
std::string_view utf8_prefix(std::string_view text, std::size_t octets);

// Every octet that is not unreserved (RFC 3986) and not in `keep` becomes %XX.
std::string percent_encode(std::string_view text, std::string_view keep = {});
// Decodes each %XX once; nullopt for a broken escape.
std::optional<std::string> percent_decode(std::string_view text);

std::string base64_encode(std::string_view octets);
std::string base64url_encode(std::string_view octets);  // without padding
// Strict RFC 4648 section 4 (padding required, no white space); nullopt otherwise.
std::optional<std::string> base64_decode(std::string_view text);
std::optional<std::string> base64url_decode(std::string_view text);  // without padding

// Of a hexadecimal digit in either case; -1 for anything else.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
std::string hex_encode(std::string_view octets);  // lower case
// Pairs of digits in either case; nullopt otherwise.
std::optional<std::string> hex_decode(std::string_view text);
std::string ascii_lower(std::string_view text);
bool ascii_iequals(std::string_view left, std::string_view right);
std::string_view trim(std::string_view text);  // ASCII white space off both ends

}  // namespace jidgate
