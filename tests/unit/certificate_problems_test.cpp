// SPDX-License-Identifier: GPL-3.0-or-later
// What the strict reader finds wrong with certificates: every fault that one can have, by itself.
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/crypto.hpp"
#include "tests/unit/certificate_verdict.hpp"

namespace jidgate {
namespace {

using namespace test;
using namespace std::string_literals;

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

TEST(CertificateProblems, TakesTheKeysThatLast) {
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

TEST(CertificateProblems, RefusesTheKeysThatDoNotLast) {
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
TEST(CertificateProblems, RefusesWeakSignaturesOfOthers) {
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
TEST(CertificateProblems, RefusesCertificatesForOtherUses) {
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

TEST(CertificateProblems, RefusesWhatExtensionsMakeUnsure) {
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

TEST(CertificateProblems, RefusesNamesThatAreUnsure) {
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
TEST(CertificateProblems, RefusesAddressesThatAreNone) {
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

TEST(CertificateProblems, RefusesOtherVersions) {
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

TEST(CertificateProblems, NotesEveryProblemOnce) {
  EXPECT_EQ(verdict(odd([](OddCertificate& c) {
              c.version = tlv(0xA0, tlv(0x02, "\1"));
              c.not_before = utc_time("261301000000Z");
              c.public_key = rsa_public_key(1024);
              c.issuer = common_name("an authority");
              c.signature_algorithm = rsa_with("MD5");
              c.extended_key_usage = extended_key_usage("1.3.6.1.5.5.7.3.1");
              c.alternative_names = alternative_names(many(3, xmpp_address("@")));
            })),
            "version time weak-key weak-signature usage address");
}

}  // namespace
}  // namespace jidgate
