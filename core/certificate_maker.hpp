// SPDX-License-Identifier: GPL-3.0-or-later
// Makes a key and a self-signed client certificate for it.
#pragma once

#include <chrono>
#include <string>

#include "core/clock.hpp"
#include "core/crypto.hpp"
#include "core/jid.hpp"

namespace jidgate {

enum class KeyKind {
  // What the usual openssl recipe asks for, and the one kind that every client and server takes.
  // Its cost is the client's: verifying, which is the server's part of a login, is cheap with RSA.
  rsa_4096,
  p_256,  // made at once, where RSA takes a second or several
};

struct CertificateOrder {
  Jid address;                // its id-on-xmppAddr; a full JID is good for that resource only
  std::string common_name{};  // one line; the address where it is empty
  std::chrono::days validity{365};
  KeyKind key = KeyKind::rsa_4096;
};

struct MadeCertificate {
  Secret key_pem;  // PKCS#8, not encrypted
  std::string certificate_pem, der;
};

// Valid from `now` on. Blocks for as long as it takes to find the key. Throws std::runtime_error
// when OpenSSL cannot do it: a validity beyond the year 9999, a name that is no UTF-8.
MadeCertificate make_certificate(const CertificateOrder& order, WallTime now);

// Key and certificate in one encrypted file, as browsers and mobile clients import them. The
// passphrase is not empty and holds no NUL. Throws std::runtime_error otherwise.
std::string to_pkcs12(const MadeCertificate& made, const Secret& passphrase,
                      const std::string& friendly_name);

}  // namespace jidgate
