// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates as clients and people send them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/certificate.hpp"
#include "core/text.hpp"
#include "tests/support/odd_certificates.hpp"

namespace jidgate {
namespace {

using namespace test;
using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

using Outcome = std::variant<std::string, NotACertificate>;

// The octets in hexadecimal, or why there are none.
std::string told(const Outcome& outcome) {
  if (const auto* fault = std::get_if<NotACertificate>(&outcome)) {
    EXPECT_TRUE(is_plain_line(fault->text) && fault->text.ends_with('.')) << fault->text;
    return fault->text;
  }
  return hex_encode(std::get<std::string>(outcome));
}

class CertificateText : public testing::Test {
 protected:
  // 0xFF and 0xFB give the digits in which the two alphabets differ.
  const std::string der_ = tlv(0x30, "\xFF\xFB\xEF" + std::string(200, '\xFF'));
  const std::string base64_ = base64_encode(der_);
  const std::string hex_ = hex_encode(der_);
};

// XEP-0257 section 2.1: "the Base64 encoded DER data of the certificate", and "Whitespace only
// added for presentation".
TEST_F(CertificateText, Base64MayHaveWhiteSpaceAnywhere) {
  std::string spread = " \t";
  for (const char digit : base64_) spread += std::string(1, digit) + "\r\n\t ";
  for (const auto& text : {base64_, "\n      " + base64_ + "\n    ", spread}) {
    EXPECT_EQ(told(der_from_base64(text)), hex_);
    EXPECT_EQ(told(der_from_any(text)), hex_);
  }
}

TEST_F(CertificateText, Base64IsStrict) {
  const std::string padded = base64_encode(der_ + "\x01\x01");
  ASSERT_TRUE(padded.ends_with("="));
  std::string unused_bits = padded;
  unused_bits[padded.find('=') - 1]++;
  for (const auto& text :
       {padded + "=", padded.substr(0, padded.size() - 1), padded + "AAAA", "=" + padded,
        base64_ + "A", base64_ + "!", "?" + base64_, base64_ + "\0"s, "\0"s + base64_,
        base64_ + "\v", base64_ + "\u00A0", "data:;base64," + base64_, unused_bits, "..."s,
        "<x509cert>" + base64_, "\xFF\xFE" + base64_}) {
    EXPECT_EQ(told(der_from_base64(text)), "This is not valid Base64.") << text;
    EXPECT_EQ(told(der_from_any(text)), "This is not valid Base64.") << text;
  }
}

TEST_F(CertificateText, Base64OfUrlsIsNotBase64) {
  const std::string url = base64url_encode(der_);
  ASSERT_NE(url.find_first_of("-_"), std::string::npos);
  EXPECT_THAT(told(der_from_base64(url)), HasSubstr("'+' and '/'"));
  EXPECT_THAT(told(der_from_any(url)), HasSubstr("'+' and '/'"));
}

TEST_F(CertificateText, NothingIsNoCertificate) {
  for (const auto text : {"", " ", "\r\n\t \n"}) {
    EXPECT_EQ(told(der_from_base64(text)), "There is no certificate in it.");
    EXPECT_EQ(told(der_from_any(text)), "There is no certificate in it.");
  }
}

TEST_F(CertificateText, LengthIsBounded) {
  const std::string spaces(65536 - base64_.size(), ' ');
  EXPECT_EQ(told(der_from_base64(base64_ + spaces)), hex_);
  EXPECT_EQ(told(der_from_any(base64_ + spaces)), hex_);
  EXPECT_EQ(told(der_from_base64(base64_ + spaces + ' ')), "This is longer than any certificate.");
  EXPECT_EQ(told(der_from_any(base64_ + spaces + ' ')), "This is longer than any certificate.");
}

TEST_F(CertificateText, PemIsTakenWhereAPersonPastes) {
  const std::string text = pem(der_);
  std::string one_line = text;
  for (char& c : one_line) c = c == '\n' ? ' ' : c;
  std::string crlf;
  for (const char c : text) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  for (const auto& variant :
       {text, one_line, crlf, "\xEF\xBB\xBF" + text,
        "Bag Attributes\n    friendlyName: me\n" + text, text + "with regards",
        "-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n" + text,
        pem(der_, "X509 CERTIFICATE"), "Certificate:\n  Data:\n    Version: 3 (0x2)\n" + text}) {
    EXPECT_EQ(told(der_from_any(variant)), hex_) << variant;
  }
}

TEST_F(CertificateText, PemIsNoBase64ForPrograms) {
  EXPECT_THAT(told(der_from_base64(pem(der_))), HasSubstr("without the BEGIN and END lines"));
}

TEST_F(CertificateText, PemHoldsOneCertificateWhole) {
  const std::string text = pem(der_);
  EXPECT_THAT(told(der_from_any(text + text)), HasSubstr("several certificates"));
  EXPECT_THAT(told(der_from_any(text + pem(der_, "X509 CERTIFICATE"))),
              HasSubstr("several certificates"));
  EXPECT_THAT(told(der_from_any(text.substr(0, text.find("-----END")))), HasSubstr("END line"));
  EXPECT_THAT(told(der_from_any(text.substr(0, text.find("-----END")) + text)),
              HasSubstr("END line"));
  EXPECT_THAT(told(der_from_any("-----BEGIN CERTIFICATE-----")), HasSubstr("END line"));
  EXPECT_THAT(told(der_from_any("-----BEGIN CERTIFICATE")), HasSubstr("END line"));
  EXPECT_THAT(told(der_from_any("-----BEGIN ")), HasSubstr("There is no certificate"));
  EXPECT_THAT(told(der_from_any("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----")),
              HasSubstr("There is no certificate"));
  EXPECT_THAT(told(der_from_any("-----BEGIN CERTIFICATE-----\n" + base64_ +
                                "\n-----END X509 CERTIFICATE-----")),
              HasSubstr("END line"));
  for (const auto label : {"CERTIFICATE REQUEST", "TRUSTED CERTIFICATE", "PUBLIC KEY", "PKCS7"}) {
    EXPECT_THAT(told(der_from_any(pem(der_, label))), HasSubstr("There is no certificate"))
        << label;
  }
  EXPECT_THAT(told(der_from_any("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\n" +
                                base64_ + "\n-----END CERTIFICATE-----")),
              HasSubstr("not valid Base64"));
}

// Nothing of what came is repeated: the errors are logged and sent.
TEST_F(CertificateText, APrivateKeyIsRefusedAndNotRepeated) {
  for (const auto label : {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY",
                           "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "private key"}) {
    const std::string key = pem("the secret itself", label);
    for (const auto& text : {key, pem(der_) + key, key + pem(der_), key.substr(0, 40),
                             base64_ + key, key.substr(key.find("-----\n") + 6)}) {
      for (const auto& outcome : {told(der_from_any(text)), told(der_from_base64(text))}) {
        EXPECT_THAT(outcome, HasSubstr("There is a private key in it"));
        EXPECT_THAT(outcome, Not(HasSubstr(base64_encode("the secret").substr(0, 8))));
      }
    }
  }
}

TEST_F(CertificateText, DerIsTakenAsItIs) {
  EXPECT_EQ(told(der_from_any(der_)), hex_);
  EXPECT_EQ(told(der_from_any(der_ + "\n")), hex_ + "0a");  // the reader refuses that
  const std::string real = OddCertificate().der();
  EXPECT_EQ(told(der_from_any(real)), hex_encode(real));
  // "0" begins text as well.
  EXPECT_EQ(told(der_from_any("0123")), hex_encode(*base64_decode("0123")));
  EXPECT_EQ(told(der_from_any("0")), "This is not valid Base64.");
}

}  // namespace
}  // namespace jidgate
