// SPDX-License-Identifier: GPL-3.0-or-later
// The challenges of a 401 (XEP-0070 section 4.2).
#include "http/credentials.hpp"

namespace jidgate::http {

std::vector<std::string> challenges(const Site& site, const DigestAuthority::Challenge& challenge,
                                    bool stale) {
  std::vector<std::string> lines;
  // XEP-0070 section 4.2: "one WWW-Authenticate header for each authentication scheme", of which
  // "at least one […] MUST specify a realm of "xmpp" (case-sensitive)".
  if (site.basic) lines.emplace_back(R"(Basic realm="xmpp", charset="UTF-8")");
  if (!site.digest) return lines;
  for (const std::string_view algorithm : {"SHA-256", "MD5"}) {
    auto& line = lines.emplace_back(R"(Digest realm="xmpp", nonce=")");
    line.append(challenge.nonce).append(R"(", opaque=")").append(challenge.opaque);
    line.append(R"(", qop="auth", algorithm=)").append(algorithm).append(", charset=UTF-8");
    if (stale) line += ", stale=true";
  }
  return lines;
}

std::vector<std::string> challenges(const Site& site, DigestAuthority& digest, bool stale) {
  return challenges(site, site.digest ? digest.challenge(site.name) : DigestAuthority::Challenge{},
                    stale);
}

}  // namespace jidgate::http
