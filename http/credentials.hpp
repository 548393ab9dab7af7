// SPDX-License-Identifier: GPL-3.0-or-later
// Authorization headers (RFC 7617, RFC 7616) as XEP-0070 section 4.3 profiles them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "core/crypto.hpp"
#include "core/jid.hpp"
#include "core/settings.hpp"

namespace jidgate::http {

// What both schemes carry.
struct Credentials {
  Jid jid;                     // as given, full or bare
  std::string transaction_id;  // plain line of XML text, 1 to 128 octets
  // What a grant is keyed by: the transaction id for Basic; the nonce for Digest, whose cnonce
  // browsers make anew for each request.
  std::string grant_token;
};

enum class CredentialFault {
  malformed,      // 401 with a new challenge
  no_local_part,  // 403: names no account
  scheme_not_offered,
  stale,       // Digest nonce out of date: 401 stale=true, no question
  replayed,    // Digest nonce and nc seen before
  unverified,  // Digest response does not match what the site wants
};

using CredentialResult = std::variant<Credentials, CredentialFault>;

// The value of one Authorization field with scheme Basic. XEP-0070 section 4.3.1.
CredentialResult read_basic(std::string_view value);

// Digest nonces: keyed, stateless, with a replay window that tolerates out-of-order nc. Any thread.
class DigestAuthority {
 public:
  explicit DigestAuthority(const Clock& clock);
  ~DigestAuthority();

  // What one 401 offers; both Digest lines of it share the nonce.
  struct Challenge {
    std::string nonce;   // good for five minutes, for this site
    std::string opaque;  // the same for all challenges of this site
    std::string code;    // six digits: the password that DigestPassword::code wants
  };
  Challenge challenge(std::string_view site);

  struct Request {
    std::string_view value;   // of the one Authorization field, scheme Digest
    std::string_view method;  // of the request that is being authorised
    std::string_view target;  // its request-target as the client sent it
    std::string_view site;
    DigestPassword password = DigestPassword::empty_or_transaction;
  };
  // XEP-0070 section 4.3.2: username = JID, cnonce = transaction identifier.
  CredentialResult read(const Request& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The WWW-Authenticate values of a 401, one header line each, in this order: Basic, Digest SHA-256,
// Digest MD5 (nginx before 1.23 passes on only the first).
std::vector<std::string> challenges(const Site& site, DigestAuthority& digest, bool stale);
// The same from a challenge in hand, whose code is to be shown on the page.
std::vector<std::string> challenges(const Site& site, const DigestAuthority::Challenge& challenge,
                                    bool stale);

// "basic", "digest" or another scheme's name, lower case; empty when the value is malformed.
std::string scheme_of(std::string_view authorization);

}  // namespace jidgate::http
