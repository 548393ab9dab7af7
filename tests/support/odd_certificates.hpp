// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates with any fault that a test wants: put together from DER, piece by piece.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace jidgate::test {

// DER.
std::string tlv(int tag, std::string_view content);
std::string oid(const std::string& dotted);
std::string sequence(std::string_view content);
std::string utf8_string(std::string_view text);
std::string utc_time(std::string_view text);          // "200101000000Z"
std::string generalized_time(std::string_view text);  // "20200101000000Z"
// AlgorithmIdentifier; without parameters they are left out.
std::string algorithm(const std::string& dotted, std::string_view parameters = {});
std::string rsa_with(const std::string& digest);  // "MD5", "SHA1", "SHA256"
std::string ecdsa_with(const std::string& digest);

// Names.
std::string common_name(std::string_view text, int tag = 0x0C);

// Extensions.
std::string extension(const std::string& dotted, std::string_view value, bool critical = false);
std::string key_usage(unsigned char bits);  // the first octet: 0x80 is digitalSignature
std::string extended_key_usage(const std::string& dotted);
std::string basic_constraints(bool authority);
std::string alternative_names(std::string_view names);
std::string other_name(const std::string& dotted, std::string_view value);
std::string xmpp_address(std::string_view octets, int tag = 0x0C);  // of a type, UTF8String
std::string dns_name(std::string_view name);

// Keys and SubjectPublicKeyInfos.
using Key = std::shared_ptr<EVP_PKEY>;
Key ec_key(const char* curve);
Key key_of_kind(const char* kind);  // "ED25519", "X25519", …
std::string public_key(EVP_PKEY* key);
std::string public_key(const std::string& algorithm, std::string_view bits);
// The modulus is a random odd number: nobody can sign with it, and it costs no time to make.
std::string rsa_public_key(int bits, std::string_view exponent = std::string_view("\1\0\1", 3));
std::string rsa_numbers(int bits, std::string_view exponent, bool odd_modulus = true);

// Each member is DER. As it stands it has no fault: EC P-256, for hamlet@shakespeare.lit, in date
// from 2020 to 2099, and self-issued; the signature is no signature at all.
struct OddCertificate {
  std::string version = tlv(0xA0, tlv(0x02, "\x02"));
  std::string serial_number = tlv(0x02, "\x01");
  std::string signature_algorithm = ecdsa_with("SHA256");
  std::string inner_algorithm;  // empty: the same
  std::string subject = common_name("hamlet");
  std::string issuer;  // empty: the subject
  std::string not_before = utc_time("200101000000Z");
  std::string not_after = generalized_time("20990101000000Z");
  std::string public_key = test::public_key(ec_key("P-256").get());
  std::string basic_constraints = test::basic_constraints(false);
  std::string key_usage = test::key_usage(0x80);
  std::string extended_key_usage = test::extended_key_usage("1.3.6.1.5.5.7.3.2");
  std::string alternative_names = test::alternative_names(xmpp_address("hamlet@shakespeare.lit"));
  std::string further_extensions;
  Key signer;                     // null: nobody
  const char* digest = "SHA256";  // what the signer signs with

  std::string der() const;
};

std::string pem(std::string_view der, std::string_view label = "CERTIFICATE");

}  // namespace jidgate::test
