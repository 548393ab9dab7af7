// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of Digest (RFC 7616) that DigestAuthority is made of.
#pragma once

#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/jid.hpp"

namespace jidgate::http {

enum class DigestAlgorithm { md5, sha256 };

// The value of an Authorization field with scheme Digest, read strictly.
struct DigestFields {
  std::string username;  // unquoted, otherwise as received: HA1 is made from it
  std::string nonce, opaque, uri, cnonce, response;
  std::string nc_text;
  std::uint32_t nc = 0;  // at least 1
  DigestAlgorithm algorithm = DigestAlgorithm::md5;
};
// nullopt for anything but realm "xmpp", qop auth, MD5 or SHA-256 and a plain user name.
std::optional<DigestFields> read_digest_fields(std::string_view authorization);

// What a client that knows `password` puts into `response`; `realm` is "xmpp" but in test vectors.
std::string digest_response(const DigestFields& fields, std::string_view realm,
                            std::string_view password, std::string_view method);

// Which nc of which nonce were used. nc may come out of order (Firefox counts over parallel
// connections), but each counts once.
class NonceWindows {
 public:
  using Time = std::chrono::milliseconds;
  struct Nonce {
    Time issued;
    std::string random;
    auto operator<=>(const Nonce&) const = default;
  };

  explicit NonceWindows(std::size_t capacity) : capacity_(capacity) {}
  // False for a nonce that was forgotten to make room: it may have been used, so it is over.
  bool knows(const Nonce& nonce) const { return nonce.issued > forgotten_until_; }
  // False when this nc was used, or lies too far behind the newest to be sure.
  bool take(const Nonce& nonce, std::uint32_t nc);
  // Drops the nonces that are out of date anyway.
  void forget_until(Time issued);
  std::size_t size() const { return windows_.size(); }

 private:
  static constexpr std::size_t width = 64;
  struct Window {
    std::uint32_t newest = 0;
    std::bitset<width> used;  // bit n: newest - n
  };
  std::size_t capacity_;
  Time forgotten_until_{-1};
  std::map<Nonce, Window> windows_;
};

}  // namespace jidgate::http
