// SPDX-License-Identifier: GPL-3.0-or-later
// A certificate authority for tests, made at run time.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace jidgate::test {

struct TlsIdentity {
  std::string certificate, key;  // PEM
};

class TestAuthority {
 public:
  TestAuthority();
  std::string certificate() const;  // PEM
  // A server certificate for e.g. "DNS:verona.test" or "IP:127.0.0.1", good for a day.
  TlsIdentity issue(const std::string& alternative_name) const;

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  static Certificate make(EVP_PKEY* key, const char* name, const X509* issuer, EVP_PKEY* issuer_key,
                          int extension, const std::string& value);

  Key key_;
  Certificate certificate_;
};

}  // namespace jidgate::test
