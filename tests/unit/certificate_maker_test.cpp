// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates that jidgate makes itself.
#include "core/certificate_maker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string>

#include "core/certificate_policy.hpp"
#include "core/date_text.hpp"

namespace jidgate {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr WallTime now = std::chrono::sys_days(2026y / 6 / 1) + 12h + 300ms;

CertificateOrder order(std::string_view address) {
  return {Jid::parse(address).value(), "", std::chrono::days(365), KeyKind::p_256};
}

Certificate read(const MadeCertificate& made) {
  auto outcome = read_certificate(made.der);
  if (const auto* fault = std::get_if<NotACertificate>(&outcome)) {
    throw std::runtime_error(fault->text);
  }
  return std::get<Certificate>(std::move(outcome));
}

using X509Owned = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyOwned = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

X509Owned parsed(const MadeCertificate& made) {
  const auto* at = reinterpret_cast<const unsigned char*>(made.der.data());
  return {d2i_X509(nullptr, &at, static_cast<long>(made.der.size())), &X509_free};
}

KeyOwned key_of(const MadeCertificate& made) {
  const auto text = made.key_pem.reveal();
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  return {PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
}

std::string extension(X509* x509, int kind) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  X509V3_EXT_print(bio.get(), X509_get_ext(x509, X509_get_ext_by_NID(x509, kind, -1)), 0, 0);
  char* octets = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &octets);
  return {octets, static_cast<std::size_t>(size)};
}

TEST(CertificateMaker, MakesWhatItsReaderAndItsPolicyTake) {
  const auto made = make_certificate(order("hamlet@shakespeare.lit"), now);
  EXPECT_EQ(ERR_peek_error(), 0u);
  const auto certificate = read(made);
  EXPECT_TRUE(certificate.problems.empty());
  EXPECT_TRUE(certificate.self_signed);
  EXPECT_FALSE(certificate.weak_signature);
  EXPECT_EQ(certificate.key, "P-256");
  EXPECT_EQ(certificate.subject, "CN=hamlet@shakespeare.lit");
  EXPECT_THAT(certificate.xmpp_addresses,
              ElementsAre(Jid::parse("hamlet@shakespeare.lit").value()));
  const CertificatePolicy policy;
  EXPECT_EQ(policy.refusal(certificate, Jid::parse("hamlet@shakespeare.lit").value(), now),
            std::nullopt);
  EXPECT_NE(policy.refusal(certificate, Jid::parse("romeo@montague.lit").value(), now),
            std::nullopt);
}

TEST(CertificateMaker, DatesItFromNowOn) {
  auto wanted = order("hamlet@shakespeare.lit");
  wanted.validity = std::chrono::days(30);
  const auto certificate = read(make_certificate(wanted, now));
  EXPECT_EQ(date_text(certificate.not_before), "2026-06-01T12:00:00Z");
  EXPECT_EQ(date_text(certificate.not_after), "2026-07-01T12:00:00Z");
}

TEST(CertificateMaker, KeyAndCertificateBelongTogether) {
  const auto made = make_certificate(order("hamlet@shakespeare.lit"), now);
  const auto x509 = parsed(made);
  const auto key = key_of(made);
  ASSERT_TRUE(key);
  EXPECT_THAT(std::string(made.key_pem.reveal()),
              testing::StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_EQ(X509_check_private_key(x509.get(), key.get()), 1);
  EXPECT_EQ(X509_verify(x509.get(), key.get()), 1);
  const auto from_pem = der_from_any(made.certificate_pem);
  ASSERT_TRUE(std::holds_alternative<std::string>(from_pem));
  EXPECT_EQ(std::get<std::string>(from_pem), made.der);
}

// As the recipe has it: clientAuth, digitalSignature, CA:FALSE.
TEST(CertificateMaker, SaysWhatItIsFor) {
  const auto x509 = parsed(make_certificate(order("hamlet@shakespeare.lit"), now));
  EXPECT_EQ(extension(x509.get(), NID_key_usage), "Digital Signature");
  EXPECT_EQ(extension(x509.get(), NID_ext_key_usage), "TLS Web Client Authentication");
  EXPECT_EQ(extension(x509.get(), NID_basic_constraints), "CA:FALSE");
  EXPECT_EQ(X509_get_ext_count(x509.get()), 4);
}

TEST(CertificateMaker, MakesRsaAsTheRecipeDoes) {
  CertificateOrder wanted{.address = Jid::parse("hamlet@shakespeare.lit").value()};
  const auto made = make_certificate(wanted, now);
  EXPECT_EQ(read(made).key, "RSA 4096");
  EXPECT_TRUE(read(made).problems.empty());
  const auto x509 = parsed(made);
  EXPECT_EQ(extension(x509.get(), NID_key_usage), "Digital Signature, Key Encipherment");
  EXPECT_EQ(X509_check_private_key(x509.get(), key_of(made).get()), 1);
}

TEST(CertificateMaker, SerialNumbersAreRandom) {
  const auto first = parsed(make_certificate(order("hamlet@shakespeare.lit"), now));
  const auto second = parsed(make_certificate(order("hamlet@shakespeare.lit"), now));
  const auto* number = X509_get0_serialNumber(first.get());
  EXPECT_NE(ASN1_INTEGER_cmp(number, X509_get0_serialNumber(second.get())), 0);
  // RFC 5280 section 4.1.2.2: positive, and at most 20 octets.
  EXPECT_EQ(ASN1_STRING_type(number), V_ASN1_INTEGER);
  EXPECT_GE(ASN1_STRING_length(number), 8);
  EXPECT_LE(ASN1_STRING_length(number), 16);
}

TEST(CertificateMaker, WritesEveryAddressAsItIs) {
  for (const auto text : {"hamlet@shakespeare.lit/denmark", "b\u00FCcher@b\u00FCcher.example",
                          "a@b.test/\"<'>&/@: ,;DNS:evil.example\\20", "shakespeare.lit"}) {
    EXPECT_THAT(read(make_certificate(order(text), now)).xmpp_addresses,
                ElementsAre(Jid::parse(text).value()));
  }
  const std::string longest =
      std::string(1023, 'a') + '@' + std::string(1023, 'b') + '/' + std::string(1023, 'c');
  const auto certificate = read(make_certificate(order(longest), now));
  EXPECT_THAT(certificate.xmpp_addresses, ElementsAre(Jid::parse(longest).value()));
  EXPECT_EQ(certificate.subject, "CN=" + std::string(64, 'a'));
}

TEST(CertificateMaker, NamesItAsWanted) {
  auto wanted = order("hamlet@shakespeare.lit");
  wanted.common_name = "Prince of Denmark, \u00FC";
  EXPECT_EQ(read(make_certificate(wanted, now)).subject, "CN=Prince of Denmark\\, \u00FC");
  wanted.common_name = std::string(63, 'x') + "\u00FC";  // is not cut in two
  EXPECT_EQ(read(make_certificate(wanted, now)).subject, "CN=" + std::string(63, 'x'));
  wanted.common_name = "\xFF";
  EXPECT_THROW(make_certificate(wanted, now), std::runtime_error);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(CertificateMaker, MakesNoneWithoutDates) {
  auto wanted = order("hamlet@shakespeare.lit");
  for (const int days : {0, -1, 3'000'000, 2'147'483'647}) {
    wanted.validity = std::chrono::days(days);
    EXPECT_THROW(make_certificate(wanted, now), std::runtime_error) << days;
  }
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(CertificateMaker, PutsBothIntoOneEncryptedFile) {
  const auto made = make_certificate(order("hamlet@shakespeare.lit"), now);
  const std::string octets = to_pkcs12(made, Secret("to be or not"), "denmark");
  EXPECT_EQ(ERR_peek_error(), 0u);
  const auto* at = reinterpret_cast<const unsigned char*>(octets.data());
  const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> file(
      d2i_PKCS12(nullptr, &at, static_cast<long>(octets.size())), &PKCS12_free);
  ASSERT_TRUE(file);
  EVP_PKEY* key = nullptr;
  X509* x509 = nullptr;
  EXPECT_EQ(PKCS12_parse(file.get(), "not to be", &key, &x509, nullptr), 0);
  ERR_clear_error();
  ASSERT_EQ(PKCS12_parse(file.get(), "to be or not", &key, &x509, nullptr), 1);
  const KeyOwned key_owned(key, &EVP_PKEY_free);
  const X509Owned x509_owned(x509, &X509_free);
  EXPECT_EQ(X509_cmp(x509, parsed(made).get()), 0);
  EXPECT_EQ(EVP_PKEY_eq(key, key_of(made).get()), 1);
  int size = 0;
  const auto* name = X509_alias_get0(x509, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(name), static_cast<std::size_t>(size)),
            "denmark");
}

TEST(CertificateMaker, EncryptsWithNoEmptyPassphrase) {
  const auto made = make_certificate(order("hamlet@shakespeare.lit"), now);
  EXPECT_THROW(to_pkcs12(made, Secret(), "denmark"), std::runtime_error);
  EXPECT_THROW(to_pkcs12(made, Secret("a\0b"s), "denmark"), std::runtime_error);
}

}  // namespace
}  // namespace jidgate
