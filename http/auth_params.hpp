// SPDX-License-Identifier: GPL-3.0-or-later
// The grammar that Authorization values share (RFC 9110 section 11), and what XEP-0070 puts in
// them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/credentials.hpp"

namespace jidgate::http {

// No Authorization value is longer: a JID of 3071 octets, percent-encoded, fits in base64.
inline constexpr std::size_t longest_authorization = 16384;

struct AuthParam {
  std::string name;   // lower case
  std::string value;  // unquoted
};

// token: 1*tchar.
bool is_token(std::string_view text);
// What follows "scheme SP"; nullopt when the value has another scheme, or nothing follows.
std::optional<std::string_view> after_scheme(std::string_view value, std::string_view scheme);
// A comma separated list of auth-params, at most 32 of them and none twice; nullopt otherwise.
std::optional<std::vector<AuthParam>> read_auth_params(std::string_view text);
// ext-value in UTF-8 (RFC 8187 section 3.2.1); nullopt for other charsets and broken ones.
std::optional<std::string> read_ext_value(std::string_view text);

// XEP-0070 section 4.3.1: characters outside US-ASCII "MUST be transformed into a percent-encoded
// octet". '%' itself may stand in a JID, so only runs of escapes of octets above 0x7F that are
// UTF-8 are undone; %40, %2F, %25 and the like stay as they are, or `juliet%40evil` would become
// another JID.
std::string decode_non_ascii(std::string_view text);

// The credentials that a user name and a transaction identifier, as received, stand for.
CredentialResult make_credentials(std::string_view userid, std::string_view transaction_id);

}  // namespace jidgate::http
