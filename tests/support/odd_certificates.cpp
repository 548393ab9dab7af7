// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates with any fault that a test wants.
#include "tests/support/odd_certificates.hpp"

#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <map>
#include <stdexcept>

#include "core/crypto.hpp"
#include "core/text.hpp"

namespace jidgate::test {
namespace {

const std::string null_parameter = tlv(0x05, "");

char octet(std::size_t value) {
  return static_cast<char>(static_cast<unsigned char>(value));
}

std::string bit_string(std::string_view octets) {
  return tlv(0x03, std::string(1, '\0') + std::string(octets));
}

std::string signature(const OddCertificate& certificate, const std::string& signed_part) {
  if (!certificate.signer) return std::string(64, 'x');
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const auto* data = reinterpret_cast<const unsigned char*>(signed_part.data());
  std::size_t size = 0;
  std::string made;
  if (EVP_DigestSignInit_ex(context.get(), nullptr, certificate.digest, nullptr, nullptr,
                            certificate.signer.get(), nullptr) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, data, signed_part.size()) == 1) {
    made.resize(size);
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(made.data()), &size, data,
                       signed_part.size()) == 1) {
      made.resize(size);
      return made;
    }
  }
  throw std::runtime_error("cannot sign");
}

}  // namespace

std::string tlv(int tag, std::string_view content) {
  std::string out(1, octet(static_cast<std::size_t>(tag)));
  const std::size_t size = content.size();
  if (size < 0x80) {
    out += octet(size);
  } else if (size < 0x100) {
    out += {octet(0x81), octet(size)};
  } else if (size < 0x10000) {
    out += {octet(0x82), octet(size >> 8), octet(size)};
  } else {
    out += {octet(0x83), octet(size >> 16), octet(size >> 8), octet(size)};
  }
  return out.append(content);
}

std::string oid(const std::string& dotted) {
  const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> object(
      OBJ_txt2obj(dotted.c_str(), 1), &ASN1_OBJECT_free);
  if (!object) throw std::runtime_error("no object " + dotted);
  return tlv(
      0x06, {reinterpret_cast<const char*>(OBJ_get0_data(object.get())), OBJ_length(object.get())});
}

std::string sequence(std::string_view content) {
  return tlv(0x30, content);
}
std::string utf8_string(std::string_view text) {
  return tlv(0x0C, text);
}
std::string utc_time(std::string_view text) {
  return tlv(0x17, text);
}
std::string generalized_time(std::string_view text) {
  return tlv(0x18, text);
}

std::string algorithm(const std::string& dotted, std::string_view parameters) {
  return sequence(oid(dotted).append(parameters));
}

std::string rsa_with(const std::string& digest) {
  const std::map<std::string, std::string> known{{"MD5", "4"}, {"SHA1", "5"}, {"SHA256", "11"}};
  return algorithm("1.2.840.113549.1.1." + known.at(digest), null_parameter);
}

std::string ecdsa_with(const std::string& digest) {
  const std::map<std::string, std::string> known{
      {"SHA1", "1"}, {"SHA224", "3.1"}, {"SHA256", "3.2"}};
  return algorithm("1.2.840.10045.4." + known.at(digest));
}

std::string common_name(std::string_view text, int tag) {
  return sequence(tlv(0x31, sequence(oid("2.5.4.3") + tlv(tag, text))));
}

std::string extension(const std::string& dotted, std::string_view value, bool critical) {
  return sequence(oid(dotted) + (critical ? tlv(0x01, "\xFF") : "") + tlv(0x04, value));
}

std::string key_usage(unsigned char bits) {
  char unused = 0;
  while (unused < 7 && (bits >> unused & 1) == 0) ++unused;
  return extension("2.5.29.15", tlv(0x03, {std::string{unused, octet(bits)}}));
}

std::string extended_key_usage(const std::string& dotted) {
  return extension("2.5.29.37", sequence(oid(dotted)));
}

std::string basic_constraints(bool authority) {
  return extension("2.5.29.19", sequence(authority ? tlv(0x01, "\xFF") : ""), true);
}

std::string alternative_names(std::string_view names) {
  return extension("2.5.29.17", sequence(names));
}

std::string other_name(const std::string& dotted, std::string_view value) {
  return tlv(0xA0, oid(dotted) + tlv(0xA0, value));
}

std::string xmpp_address(std::string_view octets, int tag) {
  return other_name("1.3.6.1.5.5.7.8.5", tlv(tag, octets));
}

std::string dns_name(std::string_view name) {
  return tlv(0x82, name);
}

Key ec_key(const char* curve) {
  return {EVP_EC_gen(curve), EVP_PKEY_free};
}

Key key_of_kind(const char* kind) {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, kind), EVP_PKEY_free};
}

std::string public_key(EVP_PKEY* key) {
  unsigned char* encoded = nullptr;
  const int size = i2d_PUBKEY(key, &encoded);
  if (size <= 0) throw std::runtime_error("no public key");
  std::string out(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
  OPENSSL_free(encoded);
  return out;
}

std::string public_key(const std::string& algorithm, std::string_view bits) {
  return sequence(algorithm + bit_string(bits));
}

std::string rsa_numbers(int bits, std::string_view exponent, bool odd_modulus) {
  std::string modulus = random_octets(static_cast<std::size_t>((bits + 7) / 8));
  const unsigned top = 1u << ((bits - 1) % 8);
  modulus.front() = octet((static_cast<unsigned char>(modulus.front()) & (top - 1)) | top);
  modulus.back() =
      octet((static_cast<unsigned char>(modulus.back()) & 0xFEu) | (odd_modulus ? 1u : 0u));
  if (top == 0x80) modulus.insert(0, 1, '\0');
  return sequence(tlv(0x02, modulus) + tlv(0x02, exponent));
}

std::string rsa_public_key(int bits, std::string_view exponent) {
  return public_key(algorithm("1.2.840.113549.1.1.1", null_parameter), rsa_numbers(bits, exponent));
}

std::string OddCertificate::der() const {
  const std::string extensions =
      basic_constraints + key_usage + extended_key_usage + alternative_names + further_extensions;
  const std::string signed_part = sequence(
      version + serial_number + (inner_algorithm.empty() ? signature_algorithm : inner_algorithm) +
      (issuer.empty() ? subject : issuer) + sequence(not_before + not_after) + subject +
      public_key + (extensions.empty() ? "" : tlv(0xA3, sequence(extensions))));
  return sequence(signed_part + signature_algorithm + bit_string(signature(*this, signed_part)));
}

std::string pem(std::string_view der, std::string_view label) {
  const std::string base64 = base64_encode(der);
  std::string out = "-----BEGIN " + std::string(label) + "-----\n";
  for (std::size_t at = 0; at < base64.size(); at += 64) out += base64.substr(at, 64) + "\n";
  return out + "-----END " + std::string(label) + "-----\n";
}

}  // namespace jidgate::test
