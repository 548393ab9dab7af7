// SPDX-License-Identifier: GPL-3.0-or-later
// Random numbers, digests and keyed digests. With certificate*.cpp the only part of core/ that
// knows OpenSSL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace jidgate {

// Throws std::runtime_error when the system's generator fails: nothing can be trusted then.
std::string random_octets(std::size_t count);
// 128 random bits in lower-case hexadecimal: stanza ids, threads, request ids.
std::string random_id();

std::string sha256(std::string_view octets);  // 32 octets
std::string md5_hex(std::string_view octets);
std::string sha256_hex(std::string_view octets);
std::string sha1_hex(std::string_view octets);
std::string hmac_sha256(std::string_view key, std::string_view octets);  // 32 octets
bool equal_in_constant_time(std::string_view left, std::string_view right);

// A secret: not copyable, wiped when it dies, never printed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  std::string_view reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace jidgate
