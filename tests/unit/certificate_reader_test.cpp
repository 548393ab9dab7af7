// SPDX-License-Identifier: GPL-3.0-or-later
// What the strict reader makes of certificates, sound and odd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/asn1err.h>
#include <openssl/err.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/certificate.hpp"
#include "core/crypto.hpp"
#include "core/date_text.hpp"
#include "core/text.hpp"
#include "tests/unit/certificate_verdict.hpp"

namespace jidgate {
namespace {

using namespace test;
using namespace std::string_literals;
using testing::HasSubstr;

TEST(CertificateReader, TellsWhatStandsInACertificate) {
  const std::string der = OddCertificate().der();
  const auto certificate = read(der);
  EXPECT_EQ(certificate.der, der);
  EXPECT_EQ(certificate.fingerprint, sha256(der));
  EXPECT_EQ(certificate.subject, "CN=hamlet");
  EXPECT_EQ(certificate.key, "P-256");
  EXPECT_EQ(date_text(certificate.not_before), "2020-01-01T00:00:00Z");
  EXPECT_EQ(date_text(certificate.not_after), "2099-01-01T00:00:00Z");
  ASSERT_EQ(certificate.xmpp_addresses.size(), 1u);
  EXPECT_EQ(certificate.xmpp_addresses[0].to_string(), "hamlet@shakespeare.lit");
  EXPECT_TRUE(certificate.self_signed);
  EXPECT_FALSE(certificate.weak_signature);
  EXPECT_TRUE(certificate.problems.empty());
}

TEST(CertificateReader, ReadsEveryAddressInOrderAndPrepared) {
  const auto certificate = read(odd([](OddCertificate& c) {
    c.alternative_names =
        alternative_names(xmpp_address("Hamlet@Shakespeare.LIT") + dns_name("not.an.address") +
                          xmpp_address("hamlet@shakespeare.lit/Elsinore") +
                          xmpp_address("shakespeare.lit") + xmpp_address("b\u00FCcher@b.test"));
  }));
  std::vector<std::string> addresses;
  for (const auto& jid : certificate.xmpp_addresses) addresses.push_back(jid.to_string());
  EXPECT_THAT(addresses,
              testing::ElementsAre("hamlet@shakespeare.lit", "hamlet@shakespeare.lit/Elsinore",
                                   "shakespeare.lit", "b\u00FCcher@b.test"));
  EXPECT_TRUE(certificate.problems.empty());
}

// RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050, both with seconds and Z.
TEST(CertificateReader, ReadsDates) {
  const auto dates = [](const std::string& from, const std::string& to) {
    const auto c = read(odd([&](OddCertificate& odd) {
      odd.not_before = from;
      odd.not_after = to;
    }));
    return date_text(c.not_before) + ' ' + date_text(c.not_after) +
           (c.problems.empty() ? "" : " " + std::string(c.problems[0].word));
  };
  EXPECT_EQ(dates(utc_time("500101000000Z"), utc_time("491231235959Z")),
            "1950-01-01T00:00:00Z 2049-12-31T23:59:59Z");
  EXPECT_EQ(dates(generalized_time("19491231235959Z"), generalized_time("99991231235959Z")),
            "1949-12-31T23:59:59Z 9999-12-31T23:59:59Z");
  EXPECT_EQ(dates(generalized_time("00000101000000Z"), utc_time("240229000000Z")),
            "0000-01-01T00:00:00Z 2024-02-29T00:00:00Z");
  EXPECT_EQ(dates(utc_time("260101000000Z"), utc_time("260101000000Z")),
            "2026-01-01T00:00:00Z 2026-01-01T00:00:00Z");
  EXPECT_EQ(dates(utc_time("260101000001Z"), utc_time("260101000000Z")),
            "2026-01-01T00:00:01Z 2026-01-01T00:00:00Z time");
}

TEST(CertificateReader, RefusesDatesThatCannotBeRead) {
  for (const auto& date :
       {utc_time("260101000000+0000"), utc_time("26010100000aZ"), utc_time("261301000000Z"),
        utc_time("260229000000Z"), utc_time("260101240000Z"), utc_time("260101006000Z"),
        generalized_time("20260101000000.5Z"), utc_time("20260101000000Z"),
        utc_time("260101000000\0"s), utc_time("26010100000\0Z"s)}) {
    EXPECT_EQ(verdict(odd([&](OddCertificate& c) { c.not_before = date; })), "time") << date;
    EXPECT_EQ(verdict(odd([&](OddCertificate& c) { c.not_after = date; })), "time") << date;
  }
#ifdef ASN1_R_UTCTIME_IS_TOO_SHORT
  const auto too_short = HasSubstr("no X.509 certificate");  // OpenSSL itself does not read it
#else
  const auto too_short = testing::StrEq("time");
#endif
  for (const auto& date : {utc_time("2601010000Z"), utc_time("260101000000"), utc_time(""),
                           generalized_time("202601010000Z"), generalized_time("260101000000Z")}) {
    EXPECT_THAT(verdict(odd([&](OddCertificate& c) { c.not_before = date; })), too_short) << date;
    EXPECT_THAT(verdict(odd([&](OddCertificate& c) { c.not_after = date; })), too_short) << date;
  }
}

TEST(CertificateReader, PrintsTheSubject) {
  const auto subject = [](const std::string& name) {
    return read(odd([&](OddCertificate& c) { c.subject = name; })).subject;
  };
  EXPECT_EQ(subject(common_name("J\u00FCrgen \u6F22")), "CN=J\u00FCrgen \u6F22");
  EXPECT_EQ(subject(common_name("J\xFCrgen", 0x14)), "CN=J\u00FCrgen");  // T61String
  EXPECT_EQ(subject(common_name("\0J\x6F\x22"s, 0x1E)), "CN=J\u6F22");   // BMPString
  EXPECT_EQ(subject(common_name("a,b+c\"<>;=\\")), "CN=a\\,b\\+c\\\"\\<\\>\\;=\\\\");
  EXPECT_EQ(subject(common_name("a\nb\0c\x7F"s)), "CN=a\\0Ab\\00c\\7F");
  EXPECT_EQ(subject(common_name("a\u202Eb\u0085")), "CN=a\\E2\\80\\AEb\\C2\\85");
  EXPECT_EQ(subject(common_name("\uFFFE")), "CN=\\EF\\BF\\BE");
  EXPECT_EQ(subject(sequence("")), "");
  EXPECT_EQ(subject(sequence(tlv(0x31, sequence(oid("2.5.4.3") + utf8_string("a")) +
                                           sequence(oid("2.5.4.10") + utf8_string("b"))) +
                             tlv(0x31, sequence(oid("1.2.3.4") + utf8_string("c"))))),
            "1.2.3.4=#0C0163,O=b+CN=a");
  const std::string longest =
      subject(common_name(std::string(400, 'a') + many(60, "\u00FC\u6F22")));
  EXPECT_LE(longest.size(), 512u);
  EXPECT_GE(longest.size(), 510u);
  EXPECT_TRUE(is_utf8(longest));
}

TEST(CertificateReader, RefusesASubjectThatCannotBeRead) {
  // Half a pair of UTF-16, which is no character.
  EXPECT_EQ(verdict(odd([](OddCertificate& c) { c.subject = common_name("\xD8\0"s, 0x1E); })),
            "none: This is no X.509 certificate in DER. Send the certificate alone: no key, no "
            "request, no PKCS#12 file.");
}

// Otherwise one certificate had several fingerprints, and could come back after it was revoked.
TEST(CertificateReader, TakesOnlyTheOneEncodingOfACertificate) {
  const std::string der = OddCertificate().der();
  ASSERT_EQ(der.substr(0, 2), "\x30\x82");
  const auto not_der = HasSubstr("not encoded as DER demands");
  // The length of the whole in three octets where two do.
  EXPECT_THAT(verdict("\x30\x83\0"s + der.substr(2)), not_der);
  // In indefinite form.
  EXPECT_THAT(verdict("\x30\x80"s + der.substr(4) + "\0\0"s), not_der);
  // Of something within the signed part, which OpenSSL keeps and writes as it came.
  const std::string good = common_name("hamlet");
  EXPECT_THAT(verdict(odd([&](OddCertificate& c) { c.subject = "\x30\x81" + good.substr(1); })),
              not_der);
  EXPECT_THAT(verdict(odd([&](OddCertificate& c) {
                c.further_extensions = "\x30\x81" + extension("1.2.3.4", "x").substr(1);
              })),
              not_der);
  EXPECT_THAT(verdict(odd([&](OddCertificate& c) {
                c.subject =
                    sequence("\x31\x80" + sequence(oid("2.5.4.3") + utf8_string("a")) + "\0\0"s);
              })),
              not_der);
  // A string in pieces.
  EXPECT_THAT(verdict(odd([](OddCertificate& c) {
                c.further_extensions = sequence(oid("1.2.3.4") + tlv(0x24, tlv(0x04, "x")));
              })),
              not_der);
  EXPECT_THAT(
      verdict(odd([](OddCertificate& c) { c.subject = common_name(utf8_string("hamlet"), 0x2C); })),
      not_der);
  EXPECT_THAT(verdict(odd([](OddCertificate& c) { c.serial_number = tlv(0x02, "\0\1"s); })),
              HasSubstr("no X.509 certificate"));
}

TEST(CertificateReader, TakesNothingBehindTheEnd) {
  const std::string der = OddCertificate().der();
  for (const auto& rest : {"\0"s, "\n"s, der}) {
    EXPECT_THAT(verdict(der + rest), HasSubstr("follows behind the end"));
  }
}

TEST(CertificateReader, TakesNothingThatIsNoCertificate) {
  const std::string der = OddCertificate().der();
  const std::string key = OddCertificate().public_key;
  for (std::size_t size = shortest_certificate; size < der.size(); ++size) {
    EXPECT_THAT(verdict(der.substr(0, size)), HasSubstr("no X.509 certificate")) << size;
  }
  for (const auto& octets : {std::string(64, '\0'), std::string(64, '0'), std::string(9000, '\xFF'),
                             "\x30\x80"s + std::string(64, '\0'), key, many(4000, "\x30\x80"),
                             many(4000, "\xA0\x80"), pem(der)}) {
    EXPECT_THAT(verdict(octets), HasSubstr("no X.509 certificate"));
  }
}

TEST(CertificateReader, HasBounds) {
  const auto filled = [](std::size_t size) {
    return odd([&](OddCertificate& c) {
      c.further_extensions = extension("1.2.3.4", std::string(size, 'x'));
    });
  };
  const auto sized = [&](std::size_t size) {
    std::string der = filled(size - (filled(1000).size() - 1000));
    EXPECT_EQ(der.size(), size);
    return der;
  };
  EXPECT_EQ(verdict(sized(longest_certificate)), "");
  EXPECT_THAT(verdict(sized(longest_certificate + 1)), HasSubstr("64 to 16384 octets"));
  EXPECT_THAT(verdict(std::string(1 << 20, '0')), HasSubstr("64 to 16384 octets"));
  EXPECT_THAT(verdict(""), HasSubstr("64 to 16384 octets"));
  EXPECT_THAT(verdict(std::string(63, '0')), HasSubstr("64 to 16384 octets"));
}

// A name of the greatest depth that fits: refused, and the stack is not used up.
TEST(CertificateReader, DoesNotFollowIntoTheDepth) {
  std::string deep = utf8_string("x");
  for (int level = 0; level < 3000; ++level) deep = sequence(deep);
  EXPECT_THAT(verdict(odd([&](OddCertificate& c) {
                c.subject = sequence(tlv(0x31, sequence(oid("2.5.4.3") + deep)));
              })),
              HasSubstr("none: "));
}

TEST(CertificateReader, LeavesNoErrorsOfOpenSslBehind) {
  ERR_raise(ERR_LIB_USER, 1);
  EXPECT_THAT(verdict(std::string(64, '0')), HasSubstr("none: "));
  ERR_raise(ERR_LIB_USER, 1);
  EXPECT_EQ(
      verdict(odd([](OddCertificate& c) { c.public_key = public_key(algorithm("1.2.3.4"), "?"); })),
      "key");
}

}  // namespace
}  // namespace jidgate
