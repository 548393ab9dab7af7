// SPDX-License-Identifier: GPL-3.0-or-later
// Which certificates an account may register.
#include "core/certificate_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "core/text.hpp"
#include "tests/support/odd_certificates.hpp"

namespace jidgate {
namespace {

using namespace test;
using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::HasSubstr;

constexpr WallTime now = std::chrono::sys_days(2026y / 6 / 1) + 12h;

Jid jid(std::string_view text) {
  return Jid::parse(text).value();
}

Certificate read(const OddCertificate& certificate) {
  auto outcome = read_certificate(certificate.der());
  if (const auto* fault = std::get_if<NotACertificate>(&outcome)) {
    throw std::runtime_error(fault->text);
  }
  return std::get<Certificate>(std::move(outcome));
}

std::string refusal(const CertificatePolicy& policy, const OddCertificate& certificate,
                    const std::string& account = "hamlet@shakespeare.lit", WallTime when = now) {
  const auto text = policy.refusal(read(certificate), jid(account), when);
  EXPECT_EQ(ERR_peek_error(), 0u) << "left in OpenSSL's queue";
  EXPECT_TRUE(!text || (is_plain_line(*text) && text->ends_with('.'))) << *text;
  return text.value_or("");
}

OddCertificate with_addresses(const std::string& addresses) {
  OddCertificate certificate;
  certificate.alternative_names = addresses.empty() ? "" : alternative_names(addresses);
  return certificate;
}

TEST(CertificatePolicy, TakesWhatHasNoFault) {
  EXPECT_EQ(refusal({}, {}), "");
}

// XEP-0257 section 3: "The server still MUST reject the certificate if it is expired."
TEST(CertificatePolicy, RefusesWhatIsNotInDate) {
  OddCertificate certificate;
  certificate.not_before = utc_time("260601120000Z");
  certificate.not_after = utc_time("260601130000Z");
  const auto at = [&](WallTime when) {
    return refusal({}, certificate, "hamlet@shakespeare.lit", when);
  };
  EXPECT_EQ(at(now - 1ms),
            "The certificate is not valid before 2026-06-01T12:00:00Z; wait until then, or look at "
            "the clock of the device that made it.");
  EXPECT_EQ(at(now), "");
  // RFC 5280 section 4.1.2.5: "through notAfter, inclusive".
  EXPECT_EQ(at(now + 1h), "");
  EXPECT_EQ(at(now + 1h + 999ms), "");
  EXPECT_EQ(at(now + 1h + 1s),
            "The certificate has expired on 2026-06-01T13:00:00Z; make a new one.");
}

TEST(CertificatePolicy, ComparesDatesThatNoClockHas) {
  OddCertificate certificate;
  certificate.not_before = generalized_time("00000101000000Z");
  certificate.not_after = generalized_time("99991231235959Z");
  EXPECT_EQ(refusal({}, certificate), "");
  EXPECT_EQ(refusal({}, certificate, "hamlet@shakespeare.lit", WallTime::max()), "");
}

TEST(CertificatePolicy, WantsTheAddressOfTheAccount) {
  const auto address = [](std::string_view text) { return xmpp_address(text); };
  const std::string own = address("hamlet@shakespeare.lit"), other = address("romeo@montague.lit");
  EXPECT_EQ(refusal({}, with_addresses(own)), "");
  EXPECT_EQ(refusal({}, with_addresses(other + own)), "");
  EXPECT_EQ(refusal({}, with_addresses(address("HAMLET@Shakespeare.lit"))), "");
  // "The JID in `otherName.0` can either be a full JID or a bare JID."
  EXPECT_EQ(refusal({}, with_addresses(address("hamlet@shakespeare.lit/denmark"))), "");
  EXPECT_EQ(refusal({}, with_addresses(own), "hamlet@shakespeare.lit/denmark"), "");
  EXPECT_EQ(refusal({}, with_addresses(other)),
            "The certificate is for romeo@montague.lit, not for you; make one with "
            "hamlet@shakespeare.lit as id-on-xmppAddr in its subjectAltName.");
  EXPECT_THAT(refusal({}, with_addresses(other + address("juliet@capulet.lit"))),
              HasSubstr("for romeo@montague.lit and others, not for you"));
  for (const auto text : {"shakespeare.lit", "hamlet@shakespeare.lit.evil.example",
                          "hamlet@evil.example", "ham@shakespeare.lit"}) {
    EXPECT_THAT(refusal({}, with_addresses(address(text))), HasSubstr("not for you")) << text;
  }
}

// XEP-0257 section 3: "The client certificate SHOULD include a JID".
TEST(CertificatePolicy, MayWantAnAddressAtAll) {
  CertificatePolicy policy;
  ASSERT_TRUE(policy.settings.require_xmpp_address);
  EXPECT_EQ(refusal(policy, with_addresses("")),
            "The certificate names no XMPP address; make one with hamlet@shakespeare.lit as "
            "id-on-xmppAddr in its subjectAltName.");
  EXPECT_THAT(refusal(policy, with_addresses(dns_name("shakespeare.lit"))),
              HasSubstr("names no XMPP address"));
  policy.settings.require_xmpp_address = false;
  EXPECT_EQ(refusal(policy, with_addresses("")), "");
  EXPECT_EQ(refusal(policy, with_addresses(dns_name("shakespeare.lit"))), "");
  EXPECT_THAT(refusal(policy, with_addresses(xmpp_address("romeo@montague.lit"))),
              HasSubstr("not for you"));
  // One that cannot be read is not none.
  EXPECT_THAT(refusal(policy, with_addresses(xmpp_address("hamlet@shakespeare.lit", 0x16))),
              HasSubstr("not a UTF8String"));
}

TEST(CertificatePolicy, TellsOfEveryFaultAtOnce) {
  OddCertificate certificate = with_addresses("");
  certificate.public_key = rsa_public_key(1024);
  certificate.signature_algorithm = rsa_with("SHA256");
  certificate.key_usage = key_usage(0x20);
  certificate.not_after = utc_time("210101000000Z");
  const std::string text = refusal({}, certificate);
  for (const auto part : {"1024 bits", "digitalSignature", "expired", "no XMPP address"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  // Dates and addresses that cannot be read are not judged on top of that.
  certificate = with_addresses(xmpp_address("@"));
  certificate.not_after = utc_time("261301000000Z");
  EXPECT_EQ(refusal({}, certificate),
            "The dates of the certificate cannot be read; make a new one. An id-on-xmppAddr of the "
            "certificate is not a valid address; make one where it is.");
}

class CertificateAuthoritiesTest : public testing::Test {
 protected:
  CertificateAuthoritiesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "jidgate-ca-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = name;
  }
  ~CertificateAuthoritiesTest() override { std::filesystem::remove_all(directory_); }

  // An authority by itself, or by another.
  static OddCertificate authority(const std::string& name, const Key& key,
                                  const std::string& issuer = "", const Key& signer = nullptr) {
    OddCertificate made;
    made.subject = common_name(name);
    made.public_key = public_key(key.get());
    if (!issuer.empty()) made.issuer = common_name(issuer);
    made.signer = signer ? signer : key;
    made.basic_constraints = basic_constraints(true);
    made.key_usage = key_usage(0x04);
    made.extended_key_usage = made.alternative_names = "";
    return made;
  }
  static OddCertificate signed_by(const std::string& issuer, const Key& key) {
    OddCertificate made;
    made.issuer = common_name(issuer);
    made.signer = key;
    return made;
  }

  std::string write(const std::string& content) const {
    const std::string path = directory_ / "ca.pem";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  CertificatePolicy trusting(const std::string& content) const {
    auto loaded = CertificateAuthorities::load(write(content));
    if (const auto* fault = std::get_if<std::string>(&loaded)) throw std::runtime_error(*fault);
    return {{}, std::get<0>(std::move(loaded))};
  }
  std::string fault(const std::string& path) const {
    const auto loaded = CertificateAuthorities::load(path);
    EXPECT_EQ(ERR_peek_error(), 0u) << "left in OpenSSL's queue";
    const auto* text = std::get_if<std::string>(&loaded);
    return text == nullptr ? "" : *text;
  }

  std::filesystem::path directory_;
  const Key key_ = ec_key("P-256"), other_key_ = ec_key("P-256");
  const std::string root_ = pem(authority("root", key_).der());
};

TEST_F(CertificateAuthoritiesTest, TheirSignatureIsWantedWhereTheyAre) {
  const auto policy = trusting(root_);
  EXPECT_EQ(refusal(policy, signed_by("root", key_)), "");
  EXPECT_EQ(refusal(policy, {}),
            "No authority that this server trusts stands for the certificate (self-signed "
            "certificate); ask whoever runs the server who signs it.");
  EXPECT_THAT(refusal(policy, signed_by("another root", key_)), HasSubstr("issuer certificate"));
  // The name of the authority, but not its key.
  EXPECT_THAT(refusal(policy, signed_by("root", other_key_)), HasSubstr("signature failure"));
  OddCertificate forged = signed_by("root", nullptr);
  EXPECT_THAT(refusal(policy, forged), HasSubstr("No authority"));
}

TEST_F(CertificateAuthoritiesTest, TheOtherRulesHoldAsWell) {
  const auto policy = trusting(root_);
  const auto signed_one = signed_by("root", key_);
  EXPECT_THAT(refusal(policy, signed_one, "juliet@capulet.lit"), HasSubstr("not for you"));
  EXPECT_EQ(refusal(policy, signed_one, "hamlet@shakespeare.lit", WallTime::max()).substr(0, 27),
            "The certificate has expired");
}

TEST_F(CertificateAuthoritiesTest, EveryCertificateOfTheFileIsTrustedByItself) {
  const auto middle = authority("middle", other_key_, "root", key_);
  const auto leaf = signed_by("middle", other_key_);
  EXPECT_THAT(refusal(trusting(root_), leaf), HasSubstr("issuer certificate"));
  EXPECT_EQ(refusal(trusting(pem(middle.der())), leaf), "");
  EXPECT_EQ(refusal(trusting(root_ + pem(middle.der())), leaf), "");
  // A single certificate may be trusted like that, too.
  OddCertificate own;
  EXPECT_EQ(refusal(trusting(root_ + pem(own.der())), own), "");
}

TEST_F(CertificateAuthoritiesTest, WhatTheySignWeaklyDoesNotCount) {
  auto leaf = signed_by("root", key_);
  leaf.signature_algorithm = ecdsa_with("SHA1");
  leaf.digest = "SHA1";
  EXPECT_THAT(refusal(trusting(root_), leaf), HasSubstr("SHA-1"));
  // Nor does the weak signature of one that is trusted by itself.
  OddCertificate own;
  own.signature_algorithm = ecdsa_with("SHA1");
  EXPECT_EQ(refusal({}, own), "");
  EXPECT_THAT(refusal(trusting(pem(own.der())), own), HasSubstr("SHA-1"));
  // Nor one between the certificate and the authority.
  auto middle = authority("middle", other_key_, "root", key_);
  middle.signature_algorithm = ecdsa_with("SHA1");
  middle.digest = "SHA1";
  EXPECT_EQ(refusal(trusting(pem(middle.der())), signed_by("middle", other_key_)), "");
}

TEST_F(CertificateAuthoritiesTest, MustBeAuthoritiesAndInDate) {
  auto server = authority("server", other_key_, "root", key_);
  server.basic_constraints = basic_constraints(false);
  EXPECT_THAT(refusal(trusting(root_ + pem(server.der())), signed_by("server", other_key_)),
              HasSubstr("No authority"));
  auto old = authority("root", key_);
  old.not_after = utc_time("260101000000Z");
  EXPECT_THAT(refusal(trusting(pem(old.der())), signed_by("root", key_)), HasSubstr("expired"));
}

TEST_F(CertificateAuthoritiesTest, TheFileMayHoldMoreThanCertificates) {
  EXPECT_EQ(fault(write("root of the company\n\n" + root_ + "\nand so on\n")), "");
  EXPECT_EQ(fault(write(pem("x", "X509 CRL") + root_ + root_)), "");
}

TEST_F(CertificateAuthoritiesTest, TheFileIsReadWhole) {
  const std::string none = "holds no certificate in PEM";
  const std::string broken = "is not a readable file of certificates in PEM";
  EXPECT_THAT(fault(directory_ / "missing"), HasSubstr("missing: No such file or directory"));
  EXPECT_THAT(fault(directory_), HasSubstr(directory_.string()));
  EXPECT_THAT(fault(write("")), HasSubstr(none));
  EXPECT_THAT(fault(write(authority("root", key_).der())), HasSubstr(none));
  EXPECT_THAT(fault(write(pem("x", "CERTIFICATE REQUEST"))), HasSubstr(none));
  EXPECT_THAT(fault(write(root_ + "-----BEGIN CERTIFICATE-----\n")), HasSubstr(broken));
  EXPECT_THAT(fault(write(root_.substr(0, 200))), HasSubstr(broken));
  EXPECT_THAT(fault(write(root_ + pem("no certificate"))), HasSubstr(broken));
  std::string spoilt = root_;
  spoilt.replace(100, 4, "!!!!");
  EXPECT_THAT(fault(write(spoilt)), HasSubstr(broken));
}

// A passphrase would be asked for at a terminal that a daemon does not have.
TEST_F(CertificateAuthoritiesTest, NobodyIsAskedForAPassphrase) {
  const std::string text =
      "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
      "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n" +
      root_.substr(root_.find('\n') + 1);
  EXPECT_THAT(fault(write(text)), HasSubstr("is not a readable file of certificates in PEM"));
}

}  // namespace
}  // namespace jidgate
