// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates by OpenSSL's functions.
#include "tls_files.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <memory>
#include <stdexcept>

namespace jidgate::http::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

Memory memory() {
  return {BIO_new(BIO_s_mem()), BIO_free};
}

std::string content_of(BIO* bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(length)};
}

std::string pem_of(EVP_PKEY* key, const std::string& passphrase) {
  const Memory out = memory();
  PEM_write_bio_PrivateKey(out.get(), key, passphrase.empty() ? nullptr : EVP_aes_128_cbc(),
                           reinterpret_cast<const unsigned char*>(passphrase.data()),
                           static_cast<int>(passphrase.size()), nullptr, nullptr);
  return content_of(out.get());
}

void write(const std::string& file, const std::string& content) {
  // Renamed into place, as tools that renew certificates do.
  std::ofstream(file + ".new") << content;
  std::filesystem::rename(file + ".new", file);
}

}  // namespace

TlsFiles::TlsFiles() {
  std::string name = (std::filesystem::temp_directory_path() / "jidgate-tls-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  directory_ = name;
}

TlsFiles::~TlsFiles() {
  std::filesystem::remove_all(directory_);
}

void TlsFiles::renew(const std::string& name, int days) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(X509_new(), X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400L * days);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const Memory out = memory();
  PEM_write_bio_X509(out.get(), certificate.get());
  write_certificate(content_of(out.get()));
  write_key(pem_of(key.get(), {}));
}

void TlsFiles::write_certificate(const std::string& content) {
  write(certificate(), content);
}

void TlsFiles::write_key(const std::string& content) {
  write(key(), content);
}

std::string new_key(const std::string& passphrase) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  return pem_of(key.get(), passphrase);
}

}  // namespace jidgate::http::test
