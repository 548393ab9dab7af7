// SPDX-License-Identifier: GPL-3.0-or-later
// Basic credentials (RFC 7617): userid = JID, password = transaction identifier.
#include "core/text.hpp"
#include "http/auth_params.hpp"
#include "http/credentials.hpp"

namespace jidgate::http {

CredentialResult read_basic(std::string_view value) {
  const auto token = after_scheme(value, "basic");
  if (!token) return CredentialFault::malformed;
  // XEP-0070 section 4.3.1: "Base64 encoding MUST adhere to Section 4 of RFC 4648".
  const auto pair = base64_decode(*token);
  if (!pair) return CredentialFault::malformed;
  // RFC 7617 section 2: a user-id holds no colon. A resource that does cannot be expressed here.
  const auto colon = pair->find(':');
  if (colon == std::string::npos) return CredentialFault::malformed;
  const std::string_view text = *pair;
  return make_credentials(text.substr(0, colon), text.substr(colon + 1));
}

}  // namespace jidgate::http
