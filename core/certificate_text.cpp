// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates as text, Base64 and PEM (RFC 7468): see certificate.hpp. No error repeats what came:
// it may hold a key.
#include <algorithm>
#include <iterator>
#include <optional>

#include "core/certificate.hpp"
#include "core/text.hpp"

namespace jidgate {
namespace {

// Four times what the longest certificate needs, for white space and words around it.
constexpr std::size_t longest_text = 65536;
constexpr std::string_view begin_mark = "-----BEGIN ", end_mark = "-----END ", dashes = "-----";

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::optional<NotACertificate> size_fault(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), is_space)) {
    return NotACertificate{"There is no certificate in it."};
  }
  if (text.size() > longest_text) return NotACertificate{"This is longer than any certificate."};
  return std::nullopt;
}

bool names_private_key(std::string_view text) {
  return ascii_lower(text).find("private key") != std::string::npos;
}

NotACertificate private_key() {
  return {
      "There is a private key in it, which nobody but you must have. Send the certificate alone; "
      "if others have seen the key, make a new one."};
}

// What stands between the marks of the only certificate in it.
std::variant<std::string_view, NotACertificate> armoured(std::string_view text) {
  std::optional<std::string_view> found;
  while (true) {
    const auto begin = text.find(begin_mark);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin + begin_mark.size());
    const auto label = text.substr(0, text.find(dashes));
    if (label != "CERTIFICATE" && label != "X509 CERTIFICATE") continue;
    if (found) {
      return NotACertificate{"There are several certificates in it. Send your own alone."};
    }
    text.remove_prefix(std::min(text.size(), label.size() + dashes.size()));
    const auto end = text.find(std::string(end_mark) + std::string(label) + std::string(dashes));
    if (end == std::string_view::npos || text.find(dashes) != end) {
      return NotACertificate{"The END line of the certificate is missing."};
    }
    found = text.substr(0, end);
    text.remove_prefix(end);
  }
  if (!found) return NotACertificate{"There is no certificate in it."};
  return *found;
}

}  // namespace

std::variant<std::string, NotACertificate> der_from_base64(std::string_view text) {
  if (auto fault = size_fault(text)) return *std::move(fault);
  if (names_private_key(text)) return private_key();
  if (text.find(dashes) != std::string_view::npos) {
    return NotACertificate{"Send the Base64 alone, without the BEGIN and END lines of PEM."};
  }
  std::string digits;
  digits.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
               [](char c) { return !is_space(c); });
  auto der = base64_decode(digits);
  if (der) return *std::move(der);
  if (digits.find_first_of("-_") != std::string::npos &&
      base64url_decode(std::string_view(digits).substr(0, digits.find('=')))) {
    return NotACertificate{
        "This is not Base64 as RFC 4648 section 4 has it: '+' and '/', not '-' and '_'."};
  }
  return NotACertificate{"This is not valid Base64."};
}

std::variant<std::string, NotACertificate> der_from_any(std::string_view text) {
  if (auto fault = size_fault(text)) return *std::move(fault);
  // A SEQUENCE with a long length, as no text begins: in text, '0' is followed by ASCII.
  if (text.size() > 1 && text[0] == '\x30' && static_cast<unsigned char>(text[1]) > 0x80) {
    return std::string(text);
  }
  if (names_private_key(text)) return private_key();
  if (text.find(begin_mark) == std::string_view::npos) return der_from_base64(text);
  const auto inner = armoured(text);
  if (const auto* fault = std::get_if<NotACertificate>(&inner)) return *fault;
  return der_from_base64(std::get<std::string_view>(inner));
}

std::string pem_encode(std::string_view der) {
  constexpr std::size_t line = 64;  // RFC 7468 section 2
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  const std::string text = base64_encode(der);
  for (std::size_t at = 0; at < text.size(); at += line) pem.append(text, at, line).append("\n");
  return pem + "-----END CERTIFICATE-----\n";
}

}  // namespace jidgate
