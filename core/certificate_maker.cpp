// SPDX-License-Identifier: GPL-3.0-or-later
// Makes client certificates by OpenSSL: see certificate_maker.hpp.
#include "core/certificate_maker.hpp"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <limits>
#include <stdexcept>

#include "core/certificate_openssl.hpp"
#include "core/text.hpp"

namespace jidgate {
namespace {

using openssl::Owned;
using openssl::OwnedBio;
using openssl::OwnedCertificate;
using openssl::OwnedKey;
using openssl::OwnedNames;

constexpr std::size_t longest_common_name = 64;  // RFC 5280 appendix A.1: ub-common-name
constexpr int pkcs12_iterations = 100'000;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string content_of(BIO* bio) {
  char* octets = nullptr;
  const long size = BIO_get_mem_data(bio, &octets);
  return {octets, static_cast<std::size_t>(size)};
}

OwnedKey make_key(KeyKind kind) {
  OwnedKey key(kind == KeyKind::rsa_4096 ? EVP_RSA_gen(4096) : EVP_EC_gen("P-256"));
  require(key != nullptr, "make a key");
  return key;
}

// 128 random bits: two certificates of one name never look alike to software that remembers them by
// issuer and serial number.
void set_serial_number(X509* x509) {
  const std::string bits = random_octets(16);
  const Owned<BIGNUM, BN_free> number(
      BN_bin2bn(octets_of(bits), static_cast<int>(bits.size()), nullptr));
  require(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr,
          "number a certificate");
}

void set_validity(X509* x509, WallTime now, std::chrono::days validity) {
  std::time_t from = WallTime::clock::to_time_t(now);
  constexpr std::chrono::days most{std::numeric_limits<int>::max()};
  require(
      validity.count() > 0 && validity < most &&
          X509_time_adj_ex(X509_getm_notBefore(x509), 0, 0, &from) &&
          X509_time_adj_ex(X509_getm_notAfter(x509), static_cast<int>(validity.count()), 0, &from),
      "date a certificate");
}

void set_names(X509* x509, std::string_view common_name) {
  X509_NAME* name = X509_get_subject_name(x509);
  const std::string_view cut = utf8_prefix(common_name, longest_common_name);
  require(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, octets_of(cut),
                                     static_cast<int>(cut.size()), -1, 0) == 1 &&
              X509_set_issuer_name(x509, name) == 1,
          "name a certificate");
}

void add_extension(X509* x509, int kind, const char* value) {
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_nconf_nid(nullptr, nullptr, kind, value));
  require(extension && X509_add_ext(x509, extension.get(), -1) == 1, "extend a certificate");
}

// Put together here and not from a line of OpenSSL's language of extensions: a resource may hold
// all that means something there.
void add_address(X509* x509, const std::string& address) {
  const OwnedNames names(GENERAL_NAMES_new());
  Owned<GENERAL_NAME, GENERAL_NAME_free> name(GENERAL_NAME_new());
  Owned<ASN1_TYPE, ASN1_TYPE_free> value(ASN1_TYPE_new());
  Owned<ASN1_UTF8STRING, ASN1_UTF8STRING_free> text(ASN1_UTF8STRING_new());
  constexpr auto refused = "put an address into a certificate";
  require(names && name && value && text &&
              ASN1_STRING_set(text.get(), address.data(), static_cast<int>(address.size())) == 1,
          refused);
  ASN1_TYPE_set(value.get(), V_ASN1_UTF8STRING, text.release());
  require(GENERAL_NAME_set0_othername(name.get(), OBJ_nid2obj(NID_XmppAddr), value.get()) == 1,
          refused);
  (void)value.release();  // it is the name's now
  require(sk_GENERAL_NAME_push(names.get(), name.get()) > 0, refused);
  (void)name.release();
  require(X509_add1_ext_i2d(x509, NID_subject_alt_name, names.get(), 0, X509V3_ADD_APPEND) == 1,
          refused);
}

}  // namespace

MadeCertificate make_certificate(const CertificateOrder& order, WallTime now) {
  const openssl::ErrorQueueGuard errors;
  const std::string address = order.address.to_string();
  const OwnedKey key = make_key(order.key);
  const OwnedCertificate x509(X509_new());
  require(x509 && X509_set_version(x509.get(), X509_VERSION_3) == 1 &&
              X509_set_pubkey(x509.get(), key.get()) == 1,
          "begin a certificate");
  set_serial_number(x509.get());
  set_validity(x509.get(), now, order.validity);
  set_names(x509.get(), order.common_name.empty() ? address : order.common_name);
  add_extension(x509.get(), NID_ext_key_usage, "clientAuth");
  // RFC 8813 section 3: keyEncipherment is no usage of a key on a curve.
  add_extension(
      x509.get(), NID_key_usage,
      order.key == KeyKind::rsa_4096 ? "digitalSignature,keyEncipherment" : "digitalSignature");
  add_extension(x509.get(), NID_basic_constraints, "CA:FALSE");
  add_address(x509.get(), address);
  require(X509_sign(x509.get(), key.get(), EVP_sha256()) > 0, "sign a certificate");

  const OwnedBio key_text(BIO_new(BIO_s_secmem()));  // which is wiped
  require(key_text && PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0,
                                               nullptr, nullptr) == 1,
          "write a key");
  const OwnedBio text(BIO_new(BIO_s_mem())), octets(BIO_new(BIO_s_mem()));
  require(text && octets && PEM_write_bio_X509(text.get(), x509.get()) == 1 &&
              i2d_X509_bio(octets.get(), x509.get()) == 1,
          "write a certificate");
  return {Secret(content_of(key_text.get())), content_of(text.get()), content_of(octets.get())};
}

std::string to_pkcs12(const MadeCertificate& made, const Secret& passphrase,
                      const std::string& friendly_name) {
  const openssl::ErrorQueueGuard errors;
  const std::string_view secret = passphrase.reveal();
  // OpenSSL takes it as a C string, which a Secret's text is: it is that of a std::string.
  require(!secret.empty() && secret.find('\0') == std::string_view::npos,
          "encrypt a file with such a passphrase");
  const std::string_view key_text = made.key_pem.reveal();
  const OwnedBio key_source(BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size())));
  const OwnedKey key(PEM_read_bio_PrivateKey(key_source.get(), nullptr, nullptr, nullptr));
  const auto* at = octets_of(made.der);
  const OwnedCertificate x509(d2i_X509(nullptr, &at, static_cast<long>(made.der.size())));
  const Owned<PKCS12, PKCS12_free> file(PKCS12_create(secret.data(), friendly_name.c_str(),
                                                      key.get(), x509.get(), nullptr, 0, 0,
                                                      pkcs12_iterations, pkcs12_iterations, 0));
  const OwnedBio octets(BIO_new(BIO_s_mem()));
  require(file && octets && i2d_PKCS12_bio(octets.get(), file.get()) == 1, "write a PKCS#12 file");
  return content_of(octets.get());
}

}  // namespace jidgate
