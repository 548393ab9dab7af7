// SPDX-License-Identifier: GPL-3.0-or-later
// Random numbers, digests and keyed digests by OpenSSL: see crypto.hpp.
#include "core/crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <limits>
#include <stdexcept>

#include "core/text.hpp"

namespace jidgate {
namespace {

unsigned char* octets_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string digest(const EVP_MD* algorithm, std::string_view octets) {
  std::string out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)), '\0');
  unsigned size = 0;
  // Fails where a policy of the system forbids the algorithm, as FIPS does with MD5.
  if (EVP_Digest(octets.data(), octets.size(), octets_of(out), &size, algorithm, nullptr) != 1) {
    throw std::runtime_error("OpenSSL computes no digest");
  }
  return out;
}

void wipe(std::string& value) {
  value.resize(value.capacity());  // what was there before a shorter value, too
  OPENSSL_cleanse(value.data(), value.size());
  value.clear();
}

}  // namespace

std::string random_octets(std::size_t count) {
  std::string out(count, '\0');
  if (count > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      RAND_bytes(octets_of(out), static_cast<int>(count)) != 1) {
    throw std::runtime_error("the random number generator of the system fails");
  }
  return out;
}

std::string random_id() {
  return hex_encode(random_octets(16));
}

std::string sha256(std::string_view octets) {
  return digest(EVP_sha256(), octets);
}
std::string md5_hex(std::string_view octets) {
  return hex_encode(digest(EVP_md5(), octets));
}
std::string sha256_hex(std::string_view octets) {
  return hex_encode(sha256(octets));
}
std::string sha1_hex(std::string_view octets) {
  return hex_encode(digest(EVP_sha1(), octets));
}

std::string hmac_sha256(std::string_view key, std::string_view octets) {
  if (key.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw std::runtime_error("a key of this size is none");
  }
  std::string out(32, '\0');
  unsigned size = 0;
  // A null key means "the last one" to OpenSSL, so an empty one still needs an address.
  const char* key_octets = key.empty() ? "" : key.data();
  if (HMAC(EVP_sha256(), key_octets, static_cast<int>(key.size()), octets_of(octets), octets.size(),
           octets_of(out), &size) == nullptr) {
    throw std::runtime_error("OpenSSL computes no keyed digest");
  }
  return out;
}

bool equal_in_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) {
  wipe(other.value_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(value_);
    value_ = std::move(other.value_);
    wipe(other.value_);
  }
  return *this;
}

Secret::~Secret() {
  wipe(value_);
}

}  // namespace jidgate
