// SPDX-License-Identifier: GPL-3.0-or-later
// A certificate authority for tests, made at run time.
#include "tests/support/test_authority.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace jidgate::test {
namespace {

template <class Write>
std::string pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  if (write(bio.get()) != 1) throw std::runtime_error("no PEM");
  std::string text(BIO_ctrl_pending(bio.get()), '\0');
  BIO_read(bio.get(), text.data(), static_cast<int>(text.size()));
  return text;
}

}  // namespace

TestAuthority::TestAuthority()
    : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free),
      certificate_(make(key_.get(), "Test authority", nullptr, key_.get(), NID_basic_constraints,
                        "critical,CA:TRUE")) {}

std::string TestAuthority::certificate() const {
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
}

TlsIdentity TestAuthority::issue(const std::string& alternative_name) const {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Certificate leaf = make(key.get(), "Test server", certificate_.get(), key_.get(),
                                NID_subject_alt_name, alternative_name);
  return {pem([&](BIO* bio) { return PEM_write_bio_X509(bio, leaf.get()); }), pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

TestAuthority::Certificate TestAuthority::make(EVP_PKEY* key, const char* name, const X509* issuer,
                                               EVP_PKEY* issuer_key, int extension,
                                               const std::string& value) {
  Certificate made(X509_new(), &X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), issuer ? 2 : 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(made.get(),
                       issuer ? X509_get_subject_name(issuer) : X509_get_subject_name(made.get()));
  X509_EXTENSION* made_extension = X509V3_EXT_nconf_nid(nullptr, nullptr, extension, value.c_str());
  X509_add_ext(made.get(), made_extension, -1);
  X509_EXTENSION_free(made_extension);
  if (X509_sign(made.get(), issuer_key, EVP_sha256()) <= 0) {
    throw std::runtime_error("cannot sign a certificate");
  }
  return made;
}

}  // namespace jidgate::test
