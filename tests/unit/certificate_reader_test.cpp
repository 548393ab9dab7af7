// SPDX-License-Identifier: GPL-3.0-or-later
// What the strict reader makes of certificates, sound and odd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/certificate.hpp"
#include "core/crypto.hpp"
#include "core/date_text.hpp"
#include "core/text.hpp"
#include "tests/support/odd_certificates.hpp"

namespace jidgate {
namespace {

using namespace test;
using namespace std::string_literals;
using testing::HasSubstr;

using Change = std::function<void(OddCertificate&)>;

std::string odd(const Change& change) {
  OddCertificate certificate;
  change(certificate);
  return certificate.der();
}

Certificate read(std::string_view der) {
  auto outcome = read_certificate(der);
  EXPECT_EQ(ERR_peek_error(), 0u) << "left in OpenSSL's queue";
  if (const auto* fault = std::get_if<NotACertificate>(&outcome)) {
    throw std::runtime_error("refused: " + fault->text);
  }
  return std::get<Certificate>(std::move(outcome));
}

// The words of the problems in order, or what is wrong with the octets.
std::string verdict(std::string_view der) {
  const auto outcome = read_certificate(der);
  EXPECT_EQ(ERR_peek_error(), 0u) << "left in OpenSSL's queue";
  if (const auto* fault = std::get_if<NotACertificate>(&outcome)) {
    EXPECT_TRUE(is_plain_line(fault->text));
    return "none: " + fault->text;
  }
  std::string words;
  for (const auto& problem : std::get<Certificate>(outcome).problems) {
    EXPECT_TRUE(problem.text.ends_with('.')) << problem.text;
    words.append(words.empty() ? "" : " ").append(problem.word);
  }
  return words;
}

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

std::string curve_spelled_out() {
  const Key key = ec_key("P-256");
  EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_ENCODING,
                                 OSSL_PKEY_EC_ENCODING_EXPLICIT);
  return public_key(key.get());
}

Change with_key(const std::string& key) {
  return [key](OddCertificate& c) { c.public_key = key; };
}
Change with_rsa(const std::string& key) {
  return [key](OddCertificate& c) {
    c.public_key = key;
    c.signature_algorithm = rsa_with("SHA256");
  };
}
Change with_curve(const char* curve) {
  return with_key(public_key(ec_key(curve).get()));
}
Change by_an_authority(const std::string& algorithm) {
  return [algorithm](OddCertificate& c) {
    c.issuer = common_name("an authority");
    c.signature_algorithm = algorithm;
  };
}
Change with_names(const std::string& names) {
  return [names](OddCertificate& c) { c.alternative_names = alternative_names(names); };
}
Change with_more(const std::string& extension) {
  return [extension](OddCertificate& c) { c.further_extensions = extension; };
}
std::string many(int count, const std::string& what) {
  std::string out;
  for (int i = 0; i < count; ++i) out += what;
  return out;
}
std::string many_extensions(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += extension("1.2.3.4." + std::to_string(i), "x");
  return out;
}

struct Row {
  std::string_view what;
  Change change;
  std::string_view words;
};

void expect_all(const std::vector<Row>& rows) {
  for (const auto& row : rows) EXPECT_EQ(verdict(odd(row.change)), row.words) << row.what;
}

TEST(CertificateReader, TakesTheKeysThatLast) {
  const std::pair<Change, std::string> rows[] = {
      {with_curve("P-256"), "P-256"},
      {with_curve("P-384"), "P-384"},
      {with_curve("P-521"), "P-521"},
      {with_key(public_key(key_of_kind("ED25519").get())), "Ed25519"},
      {with_key(public_key(key_of_kind("ED448").get())), "Ed448"},
      {with_rsa(rsa_public_key(2048)), "RSA 2048"},
      {with_rsa(rsa_public_key(3072)), "RSA 3072"},
      {with_rsa(rsa_public_key(4095)), "RSA 4095"},
      {with_rsa(rsa_public_key(8192)), "RSA 8192"},
      {with_rsa(rsa_public_key(2048, "\3")), "RSA 2048"},
      {with_rsa(rsa_public_key(2048, "\x7F" + std::string(7, '\xFF'))), "RSA 2048"},
  };
  for (const auto& [change, name] : rows) {
    const auto certificate = read(odd(change));
    EXPECT_EQ(certificate.key, name);
    EXPECT_TRUE(certificate.problems.empty()) << name << ": " << certificate.problems[0].text;
  }
}

TEST(CertificateReader, RefusesTheKeysThatDoNotLast) {
  const std::string pss = "1.2.840.113549.1.1.10", dsa = "1.2.840.10040.4.1";
  const std::string number = tlv(0x02, "\x7F" + random_octets(127));
  expect_all({
      {"RSA 512", with_rsa(rsa_public_key(512)), "weak-key"},
      {"RSA 1024", with_rsa(rsa_public_key(1024)), "weak-key"},
      {"RSA 2047", with_rsa(rsa_public_key(2047)), "weak-key"},
      {"RSA 8193", with_rsa(rsa_public_key(8193)), "key"},
      {"RSA 16384", with_rsa(rsa_public_key(16384)), "key"},
      {"RSA with e = 1", with_rsa(rsa_public_key(2048, "\1")), "weak-key"},
      {"RSA with e = 2", with_rsa(rsa_public_key(2048, "\2")), "weak-key"},
      {"RSA with e = 65536", with_rsa(rsa_public_key(2048, "\1\0\0"s)), "weak-key"},
      {"RSA with e of 65 bits", with_rsa(rsa_public_key(2048, "\1" + std::string(8, '\1'))),
       "weak-key"},
      {"RSA with e of 2047 bits", with_rsa(rsa_public_key(2048, std::string(256, '\x7F'))),
       "weak-key"},
      {"RSA of an even number",
       with_rsa(public_key(algorithm("1.2.840.113549.1.1.1", tlv(0x05, "")),
                           rsa_numbers(2048, "\1\0\1"s, false))),
       "weak-key"},
      {"RSA-PSS", with_rsa(public_key(algorithm(pss), rsa_numbers(2048, "\1\0\1"s))), "key"},
      {"P-192", with_curve("P-192"), "key"},
      {"P-224", with_curve("P-224"), "key"},
      {"secp256k1", with_curve("secp256k1"), "key"},
      {"brainpoolP256r1", with_curve("brainpoolP256r1"), "key"},
      {"P-256, the curve spelled out", with_key(curve_spelled_out()), "key"},
      {"P-256, no point",
       with_key(public_key(algorithm("1.2.840.10045.2.1", oid("1.2.840.10045.3.1.7")),
                           "\x04" + std::string(64, '\x01'))),
       "key"},
      {"P-256, the point at infinity",
       with_key(public_key(algorithm("1.2.840.10045.2.1", oid("1.2.840.10045.3.1.7")), "\0"s)),
       "key"},
      {"DSA",
       [&](OddCertificate& c) {
         c.public_key = public_key(algorithm(dsa, sequence(number + number + number)), number);
       },
       "key"},
      {"X25519", with_key(public_key(key_of_kind("X25519").get())), "key"},
      {"Ed25519, too short", with_key(public_key(algorithm("1.3.101.112"), "short")), "key"},
      {"of a kind nobody knows", with_key(public_key(algorithm("1.2.3.4"), "?")), "key"},
  });
}

// What a certificate authority signs can be forged where its digest is weak; what a key signs for
// itself is relied upon nowhere.
TEST(CertificateReader, RefusesWeakSignaturesOfOthers) {
  expect_all({
      {"SHA-256 by an authority", by_an_authority(ecdsa_with("SHA256")), ""},
      {"SHA-224 by an authority", by_an_authority(ecdsa_with("SHA224")), ""},
      {"RSA-PSS by an authority, of SHA-1, which is its default",
       by_an_authority(algorithm("1.2.840.113549.1.1.10", sequence(""))), "weak-signature"},
      {"Ed25519 by an authority", by_an_authority(algorithm("1.3.101.112")), ""},
      {"SHA-1 by an authority", by_an_authority(ecdsa_with("SHA1")), "weak-signature"},
      {"RSA with SHA-1 by an authority", by_an_authority(rsa_with("SHA1")), "weak-signature"},
      {"RSA with MD5 by an authority", by_an_authority(rsa_with("MD5")), "weak-signature"},
      {"of a kind nobody knows", by_an_authority(algorithm("1.2.3.4")), "signature"},
      {"inside another algorithm than outside",
       [](OddCertificate& c) { c.inner_algorithm = ecdsa_with("SHA1"); }, "signature"},
      {"SHA-1, the name its own, but the algorithm not of its key",
       [](OddCertificate& c) { c.signature_algorithm = rsa_with("SHA1"); }, "weak-signature"},
      {"SHA-1, the name its own, but the key identifier another's",
       [](OddCertificate& c) {
         c.signature_algorithm = ecdsa_with("SHA1");
         c.further_extensions = extension("2.5.29.14", tlv(0x04, "mine")) +
                                extension("2.5.29.35", sequence(tlv(0x80, "another's")));
       },
       "weak-signature"},
  });
  const auto own = read(odd([](OddCertificate& c) { c.signature_algorithm = ecdsa_with("SHA1"); }));
  EXPECT_TRUE(own.self_signed);
  EXPECT_TRUE(own.weak_signature);
  EXPECT_TRUE(own.problems.empty());
}

// XEP-0257 section 3 wants certificates for SASL EXTERNAL over TLS: signatures by a client.
TEST(CertificateReader, RefusesCertificatesForOtherUses) {
  const auto usage = [](const std::string& value) {
    return [value](OddCertificate& c) { c.key_usage = value; };
  };
  const auto extended = [](const std::string& value) {
    return [value](OddCertificate& c) { c.extended_key_usage = value; };
  };
  const auto authority = [](OddCertificate& c) { c.basic_constraints = basic_constraints(true); };
  expect_all({
      {"no keyUsage", usage(""), ""},
      {"digitalSignature and keyEncipherment", usage(key_usage(0xA0)), ""},
      {"keyEncipherment alone", usage(key_usage(0x20)), "usage"},
      {"keyCertSign alone", usage(key_usage(0x04)), "usage"},
      {"no extendedKeyUsage", extended(""), ""},
      {"any usage", extended(extended_key_usage("2.5.29.37.0")), ""},
      // RFC 6120 section 13.7.1.4: id-on-xmppAddr "MAY be used in conjunction with the extended key
      // usage extension".
      {"XMPP", extended(extended_key_usage("1.3.6.1.5.5.7.8.5")), ""},
      {"serverAuth alone", extended(extended_key_usage("1.3.6.1.5.5.7.3.1")), "usage"},
      {"emailProtection alone", extended(extended_key_usage("1.3.6.1.5.5.7.3.4")), "usage"},
      {"no basicConstraints", [](OddCertificate& c) { c.basic_constraints = ""; }, ""},
      {"CA:TRUE of its own, as `openssl req -x509` makes it", authority, ""},
      {"CA:TRUE by an authority",
       [&](OddCertificate& c) {
         authority(c);
         c.issuer = common_name("an authority");
       },
       "authority"},
      {"no extension at all",
       [](OddCertificate& c) {
         c.basic_constraints = c.key_usage = c.extended_key_usage = c.alternative_names = "";
       },
       ""},
  });
}

TEST(CertificateReader, RefusesWhatExtensionsMakeUnsure) {
  expect_all({
      {"unknown", with_more(extension("1.2.3.4", "x")), ""},
      {"unknown and critical", with_more(extension("1.2.3.4", "x", true)), "extension"},
      {"60 of them", with_more(many_extensions(60)), ""},
      {"61 of them", with_more(many_extensions(61)), "extension"},
      {"2000 of them", with_more(many_extensions(700)), "extension"},
      {"unknown, twice", with_more(many(2, extension("1.2.3.4", "x"))), "extension"},
      {"keyUsage twice", with_more(key_usage(0x80)), "extension"},
      {"basicConstraints broken",
       [](OddCertificate& c) { c.basic_constraints = extension("2.5.29.19", "x"); }, "extension"},
      {"keyUsage broken", [](OddCertificate& c) { c.key_usage = extension("2.5.29.15", ""); },
       "extension"},
      {"extendedKeyUsage broken",
       [](OddCertificate& c) { c.extended_key_usage = extension("2.5.29.37", "\x30\x7F"); },
       "extension"},
      {"subjectAltName twice", with_more(alternative_names(xmpp_address("juliet@verona.test"))),
       "extension alternative-name"},
  });
}

TEST(CertificateReader, RefusesNamesThatAreUnsure) {
  const auto raw = [](const std::string& value) {
    return [value](OddCertificate& c) { c.alternative_names = extension("2.5.29.17", value); };
  };
  const std::string own = xmpp_address("hamlet@shakespeare.lit");
  expect_all({
      {"none", [](OddCertificate& c) { c.alternative_names = ""; }, ""},
      {"64 names", with_names(own + many(63, dns_name("a.example"))), ""},
      {"65 names", with_names(own + many(64, dns_name("a.example"))), "alternative-name"},
      {"an empty list", raw(sequence("")), ""},
      {"garbage", raw("garbage"), "extension alternative-name"},
      {"something behind it", raw(sequence(own) + own), "alternative-name"},
      {"a length that is not the shortest", raw("\x30\x81" + sequence(own).substr(1)),
       "alternative-name"},
      {"a length that is not the shortest inside", raw(sequence("\xA0\x81" + own.substr(1))),
       "alternative-name"},
      {"an indefinite length", raw("\x30\x80" + own + "\0\0"s), "alternative-name"},
      {"other kinds beside it", with_names(dns_name("a.example") + own), ""},
      {"other otherNames beside it",
       with_names(other_name("1.3.6.1.4.1.311.20.2.3", utf8_string("h@s.lit")) + own), ""},
  });
}

// RFC 6120 section 13.7.1.4: "XmppAddr ::= UTF8String".
TEST(CertificateReader, RefusesAddressesThatAreNone) {
  const auto address = [](const std::string& octets, int tag = 0x0C) {
    return with_names(xmpp_address(octets, tag));
  };
  expect_all({
      {"IA5String", address("hamlet@shakespeare.lit", 0x16), "address"},
      {"PrintableString", address("hamlet.shakespeare.lit", 0x13), "address"},
      {"OCTET STRING", address("hamlet@shakespeare.lit", 0x04), "address"},
      {"BMPString", address("\0h\0@\0s"s, 0x1E), "address"},
      {"INTEGER", address("\1", 0x02), "address"},
      {"SEQUENCE", address(utf8_string("hamlet@shakespeare.lit"), 0x30), "address"},
      {"empty", address(""), "address"},
      {"NUL at the end", address("hamlet@shakespeare.lit\0"s), "address"},
      {"NUL inside", address("hamlet@shakespeare.lit\0.evil.example"s), "address"},
      {"not UTF-8", address("haml\xE9t@shakespeare.lit"), "address"},
      {"an overlong form", address("hamlet\xC1\x80shakespeare.lit"), "address"},
      {"a control", address("ham\nlet@shakespeare.lit"), "address"},
      {"DEL", address("ham\x7Flet@shakespeare.lit"), "address"},
      {"right to left", address("ham\u202Elet@shakespeare.lit"), "address"},
      {"white space around it", address(" hamlet@shakespeare.lit"), "address"},
      {"two @", address("hamlet@shakespeare.lit@evil.example"), "address"},
      {"a URI", address("xmpp:hamlet@shakespeare.lit"), "address"},
      {"too long", address(std::string(1024, 'h') + "@shakespeare.lit"), "address"},
      {"the second one",
       with_names(xmpp_address("hamlet@shakespeare.lit") + xmpp_address("hamlet@", 0x0C)),
       "address"},
      {"both ways of being wrong", with_names(xmpp_address("@") + xmpp_address("h@s", 0x16)),
       "address"},
  });
}

TEST(CertificateReader, ReadsEveryAddressInOrderAndPrepared) {
  const auto certificate =
      read(odd(with_names(xmpp_address("Hamlet@Shakespeare.LIT") + dns_name("not.an.address") +
                          xmpp_address("hamlet@shakespeare.lit/Elsinore") +
                          xmpp_address("shakespeare.lit") + xmpp_address("b\u00FCcher@b.test"))));
  std::vector<std::string> addresses;
  for (const auto& jid : certificate.xmpp_addresses) addresses.push_back(jid.to_string());
  EXPECT_THAT(addresses,
              testing::ElementsAre("hamlet@shakespeare.lit", "hamlet@shakespeare.lit/Elsinore",
                                   "shakespeare.lit", "b\u00FCcher@b.test"));
  EXPECT_TRUE(certificate.problems.empty());
}

TEST(CertificateReader, RefusesOtherVersions) {
  const auto version = [](const std::string& value) {
    return [value](OddCertificate& c) {
      c.version = value;
      c.basic_constraints = c.key_usage = c.extended_key_usage = c.alternative_names = "";
    };
  };
  expect_all({
      {"version 1", version(""), "version"},
      {"version 2", version(tlv(0xA0, tlv(0x02, "\1"))), "version"},
      {"version 4", version(tlv(0xA0, tlv(0x02, "\3"))), "version"},
      {"version -1", version(tlv(0xA0, tlv(0x02, "\xFF"))), "version"},
      {"version 1 with extensions", [](OddCertificate& c) { c.version = ""; }, "version"},
  });
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
       {utc_time("2601010000Z"), utc_time("260101000000"), utc_time(""),
        utc_time("260101000000+0000"), utc_time("26010100000aZ"), utc_time("261301000000Z"),
        utc_time("260229000000Z"), utc_time("260101240000Z"), utc_time("260101006000Z"),
        generalized_time("20260101000000.5Z"), generalized_time("202601010000Z"),
        generalized_time("260101000000Z"), utc_time("20260101000000Z"), utc_time("260101000000\0"s),
        utc_time("26010100000\0Z"s)}) {
    EXPECT_EQ(verdict(odd([&](OddCertificate& c) { c.not_before = date; })), "time") << date;
    EXPECT_EQ(verdict(odd([&](OddCertificate& c) { c.not_after = date; })), "time") << date;
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

TEST(CertificateReader, NotesEveryProblemOnce) {
  EXPECT_EQ(verdict(odd([](OddCertificate& c) {
              c.version = tlv(0xA0, tlv(0x02, "\1"));
              c.not_before = utc_time("");
              c.public_key = rsa_public_key(1024);
              c.issuer = common_name("an authority");
              c.signature_algorithm = rsa_with("MD5");
              c.extended_key_usage = extended_key_usage("1.3.6.1.5.5.7.3.1");
              c.alternative_names = alternative_names(many(3, xmpp_address("@")));
            })),
            "version time weak-key weak-signature usage address");
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
  const auto sized = [](std::size_t size) {
    const std::size_t frame =
        odd(with_more(extension("1.2.3.4", std::string(1000, 'x')))).size() - 1000;
    std::string der = odd(with_more(extension("1.2.3.4", std::string(size - frame, 'x'))));
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
  EXPECT_EQ(verdict(odd(with_key(public_key(algorithm("1.2.3.4"), "?")))), "key");
}

}  // namespace
}  // namespace jidgate
