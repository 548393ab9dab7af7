// SPDX-License-Identifier: GPL-3.0-or-later
// Reads an X.509 client certificate strictly: what it is, and what is wrong with it. Whether it is
// accepted is decided in certificate_policy.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "core/jid.hpp"

namespace jidgate {

constexpr std::size_t shortest_certificate = 64, longest_certificate = 16384;  // octets of DER

// What keeps a certificate from being trusted with a login, whatever the configuration says.
struct CertificateProblem {
  // Stable, and at most once in a certificate: "version", "time", "subject", "key", "weak-key",
  // "signature", "weak-signature", "extension", "usage", "authority", "alternative-name",
  // "address".
  std::string_view word;
  std::string text;  // what is wrong and what to do, for the person who registers it
};

// Everything that is asked of a certificate later is read once, here.
struct Certificate {
  std::string der;          // as it came: the fingerprint is over exactly these octets
  std::string fingerprint;  // SHA-256, 32 octets
  std::string subject;      // RFC 2253, at most 512 octets, XML text
  std::string key;          // "RSA 4096", "P-256", "P-384", "P-521", "Ed25519", "Ed448", "other"
  // In seconds: a WallTime ends in the year 2262, certificates do not. Compare with a WallTime
  // only after floor<seconds>() of it, or the comparison overflows.
  std::chrono::sys_seconds not_before, not_after;
  std::vector<Jid> xmpp_addresses;  // every id-on-xmppAddr (RFC 6120 section 13.7.1.4), in order
  // Issuer and subject, key and signature fit each other. The signature was not verified.
  bool self_signed = false;
  // MD5, SHA-1 and the like. A problem only where the signature is somebody else's: on a signature
  // of its own nothing relies.
  bool weak_signature = false;
  std::vector<CertificateProblem> problems;
};

// Why octets are no certificate: one sentence.
struct NotACertificate {
  std::string text;
};

// DER and nothing else: every octet is consumed, and encoding it again gives the same octets, so
// that one certificate has one fingerprint. The certificate's own signature is not verified: TLS
// proves who holds the key. Any thread.
std::variant<Certificate, NotACertificate> read_certificate(std::string_view der);

// The DER of what a client or a person sends: Base64 with white space anywhere, as in XEP-0257.
std::variant<std::string, NotACertificate> der_from_base64(std::string_view text);
// One PEM certificate (text before and after it is ignored), or bare Base64, or DER itself. A
// private key anywhere in it is refused, and is repeated nowhere.
std::variant<std::string, NotACertificate> der_from_any(std::string_view text);
std::string pem_encode(std::string_view der);

}  // namespace jidgate
