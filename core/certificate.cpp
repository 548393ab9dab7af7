// SPDX-License-Identifier: GPL-3.0-or-later
// The strict reader of certificates (RFC 5280) by OpenSSL: see certificate.hpp.
#include "core/certificate.hpp"

#include <openssl/asn1.h>
#include <openssl/core_names.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

#include "core/certificate_openssl.hpp"
#include "core/crypto.hpp"
#include "core/text.hpp"

namespace jidgate {
namespace {

using openssl::Owned;
using openssl::OwnedBio;
using openssl::OwnedCertificate;
using openssl::OwnedNames;

constexpr std::size_t longest_subject = 512;
constexpr int most_names = 64, most_extensions = 64;
constexpr int shortest_rsa = 2048, longest_rsa = 8192;
// OpenSSL checks no signature with a longer exponent where the modulus has more than 3072 bits, and
// a longer one only costs time.
constexpr int longest_rsa_exponent = 64;
// Bits of security. SHA-1 has 63 of them, MD5 39, SHA-224 112.
constexpr int weakest_signature = 80;
// A certificate nests to a depth of about ten.
constexpr int deepest_der = 32;

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string_view text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

template <auto encode, class T>
std::string encoded(const T* value) {
  std::string out(static_cast<std::size_t>(std::max(encode(value, nullptr), 0)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  if (!out.empty()) encode(value, &at);
  return out;
}

// Whether every length and every tag is written as X.690 section 10 has it: definite, as short as
// can be, strings in one piece. Encoding again does not tell, because OpenSSL keeps the octets of
// the parts that were signed and writes them as they came.
bool is_distinguished(const unsigned char* at, const unsigned char* end, int depth) {
  while (at != end) {
    const unsigned char* content = at;
    long length = 0;
    int tag = 0, tag_class = 0;
    const int form = ASN1_get_object(&content, &length, &tag, &tag_class, end - at);
    if ((form & 0x80) != 0 || (form & 1) != 0) return false;  // broken, or of no definite length
    const bool constructed = (form & V_ASN1_CONSTRUCTED) != 0;
    if (content - at + length !=
        ASN1_object_size(constructed ? 1 : 0, static_cast<int>(length), tag)) {
      return false;
    }
    if (tag_class == V_ASN1_UNIVERSAL &&
        constructed != (tag == V_ASN1_SEQUENCE || tag == V_ASN1_SET)) {
      return false;
    }
    at = content + length;
    if (constructed && (depth == 0 || !is_distinguished(content, at, depth - 1))) return false;
  }
  return true;
}

void add_problem(Certificate& certificate, std::string_view word, std::string text) {
  certificate.problems.push_back({word, std::move(text)});
}

// RFC 5280 section 4.1.2.5: both forms with seconds, in UTC. OpenSSL reads fractions and other
// zones too, and other readers read them differently.
std::optional<std::chrono::sys_seconds> time_of(const ASN1_TIME* time) {
  const int length = ASN1_STRING_type(time) == V_ASN1_UTCTIME ? 13 : 15;
  std::tm broken_down{};
  if (ASN1_STRING_length(time) != length || !text_of(time).ends_with('Z') ||
      ASN1_TIME_to_tm(time, &broken_down) != 1) {
    return std::nullopt;
  }
  return std::chrono::sys_seconds(std::chrono::seconds(timegm(&broken_down)));
}

void read_validity(const X509* x509, Certificate& certificate) {
  const auto from = time_of(X509_get0_notBefore(x509)), to = time_of(X509_get0_notAfter(x509));
  if (!from || !to) {
    add_problem(certificate, "time",
                "The dates of the certificate cannot be read; make a new one.");
    return;
  }
  certificate.not_before = *from;
  certificate.not_after = *to;
  if (*to < *from) {
    add_problem(certificate, "time", "The certificate ends before it begins; make a new one.");
  }
}

std::optional<std::string> print_name(const X509_NAME* name, unsigned long flags) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, flags) < 0) return std::nullopt;
  char* printed = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &printed);
  const std::string_view text =
      utf8_prefix({printed, static_cast<std::size_t>(size)}, longest_subject);
  if (!is_plain_line(text)) return std::nullopt;
  return std::string(text);
}

void read_subject(const X509* x509, Certificate& certificate) {
  const X509_NAME* name = X509_get_subject_name(x509);
  if (X509_NAME_entry_count(name) == 0) return;
  // Letters of all scripts as themselves, unless there are characters among them that are not seen.
  auto subject =
      print_name(name, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  if (!subject) subject = print_name(name, XN_FLAG_RFC2253);
  if (!subject) {
    add_problem(certificate, "subject",
                "The subject of the certificate cannot be read; make one whose subject is UTF-8.");
    return;
  }
  certificate.subject = *std::move(subject);
}

using OwnedNumber = Owned<BIGNUM, BN_free>;

OwnedNumber number_of(const EVP_PKEY* key, const char* parameter) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, parameter, &number);
  return OwnedNumber(number);
}

void read_rsa(const EVP_PKEY* key, Certificate& certificate) {
  const int bits = EVP_PKEY_get_bits(key);
  certificate.key = "RSA " + std::to_string(bits);
  if (bits < shortest_rsa || bits > longest_rsa) {
    add_problem(certificate, bits < shortest_rsa ? "weak-key" : "key",
                "The RSA key has " + std::to_string(bits) + " bits; make one of " +
                    std::to_string(shortest_rsa) + " to " + std::to_string(longest_rsa) + ".");
    return;
  }
  const auto modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N);
  const auto exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  // With an exponent of 1 everybody can sign; an even number is none that RSA works with.
  if (!modulus || !exponent || BN_is_odd(modulus.get()) == 0 || BN_is_odd(exponent.get()) == 0 ||
      BN_is_one(exponent.get()) != 0 || BN_num_bits(exponent.get()) > longest_rsa_exponent) {
    add_problem(certificate, "weak-key",
                "The RSA key is not a sound one; make a new one with the usual exponent, 65537.");
  }
}

// The curve as the certificate names it; empty for any other and for one that it spells out, which
// RFC 5480 section 2.1.1 forbids.
std::string curve_of(const X509* x509) {
  X509_ALGOR* algorithm = nullptr;
  X509_PUBKEY_get0_param(nullptr, nullptr, nullptr, &algorithm, X509_get_X509_PUBKEY(x509));
  int type = V_ASN1_UNDEF;
  const void* parameter = nullptr;
  X509_ALGOR_get0(nullptr, &type, &parameter, algorithm);
  if (type != V_ASN1_OBJECT) return "";
  switch (OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(parameter))) {
    case NID_X9_62_prime256v1:
      return "P-256";
    case NID_secp384r1:
      return "P-384";
    case NID_secp521r1:
      return "P-521";
    default:
      return "";
  }
}

// OpenSSL decodes the point at infinity as well: everybody can sign for that.
bool is_point(EVP_PKEY* key) {
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context && EVP_PKEY_public_check_quick(context.get()) == 1;
}

void read_key(const X509* x509, Certificate& certificate) {
  certificate.key = "other";
  EVP_PKEY* key = X509_get0_pubkey(x509);
  if (key == nullptr) {
    // OpenSSL does not know the kind, or the key is not one of its kind.
  } else if (EVP_PKEY_is_a(key, "RSA") == 1) {
    return read_rsa(key, certificate);
  } else if (EVP_PKEY_is_a(key, "EC") == 1) {
    auto curve = curve_of(x509);
    if (!curve.empty() && is_point(key)) certificate.key = std::move(curve);
  } else if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    certificate.key = "Ed25519";
  } else if (EVP_PKEY_is_a(key, "ED448") == 1) {
    certificate.key = "Ed448";
  }
  if (certificate.key == "other") {
    add_problem(certificate, "key",
                "The key is of a kind that is not accepted; make one that is RSA, P-256, P-384, "
                "P-521, Ed25519 or Ed448.");
  }
}

void read_signature(X509* x509, Certificate& certificate) {
  certificate.self_signed = (X509_get_extension_flags(x509) & EXFLAG_SS) != 0;
  const X509_ALGOR* outer = nullptr;
  X509_get0_signature(nullptr, &outer, x509);
  int security = 0;
  // RFC 5280 section 4.1.1.2: "This field MUST contain the same algorithm identifier as the
  // signature field in the sequence tbsCertificate".
  if (X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(x509)) != 0 ||
      X509_get_signature_info(x509, nullptr, nullptr, &security, nullptr) != 1) {
    add_problem(certificate, "signature",
                "The signature of the certificate is of no kind that is known; have it signed with "
                "SHA-256.");
    return;
  }
  certificate.weak_signature = security < weakest_signature;
  // A signature that a key makes for itself proves nothing, whatever its digest: the account
  // vouches for the octets and TLS for the key. OpenSSL's security levels leave it out for the same
  // reason.
  if (certificate.weak_signature && !certificate.self_signed) {
    add_problem(certificate, "weak-signature",
                "The certificate was signed with MD5, SHA-1 or the like, which can be forged; have "
                "it signed with SHA-256.");
  }
}

// RFC 5280 section 4.2: "A certificate MUST NOT include more than one instance of a particular
// extension." There are few, so each is compared with each.
bool has_extension_twice(const X509* x509, int count) {
  for (int at = 0; at < count; ++at) {
    const ASN1_OBJECT* kind = X509_EXTENSION_get_object(X509_get_ext(x509, at));
    if (X509_get_ext_by_OBJ(x509, kind, at) >= 0) return true;
  }
  return false;
}

const char* extension_fault(X509* x509) {
  const int count = X509_get_ext_count(x509);
  if (count > most_extensions) return "The certificate has too many extensions; make a plain one.";
  if (has_extension_twice(x509, count)) {
    return "The certificate has the same extension twice; make a new one.";
  }
  const auto flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_CRITICAL) != 0) {
    return "The certificate has a critical extension that is not known; make one without it.";
  }
  if ((flags & EXFLAG_INVALID) != 0) {
    return "An extension of the certificate is broken; make a new one.";
  }
  return nullptr;
}

// RFC 6120 section 13.7.1.4: id-on-xmppAddr may stand in the extended key usage "to explicitly
// define and limit the intended use of a certificate to the XMPP network".
bool is_for_xmpp(const X509* x509) {
  const Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usage(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(x509, NID_ext_key_usage, nullptr, nullptr)));
  for (int at = 0; at < sk_ASN1_OBJECT_num(usage.get()); ++at) {
    if (OBJ_obj2nid(sk_ASN1_OBJECT_value(usage.get(), at)) == NID_XmppAddr) return true;
  }
  return false;
}

void read_extensions(X509* x509, Certificate& certificate) {
  if (const char* fault = extension_fault(x509)) {
    add_problem(certificate, "extension", fault);
    return;  // what they say cannot be relied upon
  }
  // `openssl req -x509` makes an authority of every key that signs for itself, so a self-signed one
  // is none by that.
  if ((X509_get_extension_flags(x509) & EXFLAG_CA) != 0 && !certificate.self_signed) {
    add_problem(
        certificate, "authority",
        "The certificate is that of an authority, which signs others; make one for yourself "
        "with CA:FALSE.");
  }
  // Both are all ones where there is no such extension.
  if ((X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) == 0) {
    add_problem(certificate, "usage",
                "The keyUsage of the certificate lacks digitalSignature; make one with it.");
  } else if ((X509_get_extended_key_usage(x509) & (XKU_SSL_CLIENT | XKU_ANYEKU)) == 0 &&
             !is_for_xmpp(x509)) {
    add_problem(certificate, "usage",
                "The extendedKeyUsage of the certificate lacks clientAuth; make one with it.");
  }
}

// The names; null with a problem noted, or where there are none.
OwnedNames alternative_names(const X509* x509, Certificate& certificate) {
  int critical = 0;
  OwnedNames names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nullptr)));
  if (!names) {
    if (critical == -1) return names;  // there is none; -2 would be: there are two
  } else if (sk_GENERAL_NAME_num(names.get()) > most_names) {
    add_problem(certificate, "alternative-name",
                "The subjectAltName of the certificate has more than " +
                    std::to_string(most_names) + " names; make one with fewer.");
    return nullptr;
  } else {
    const int at = X509_get_ext_by_NID(x509, NID_subject_alt_name, -1);
    const auto* octets = X509_EXTENSION_get_data(X509_get_ext(x509, at));
    if (encoded<i2d_GENERAL_NAMES>(names.get()) == text_of(octets)) return names;
  }
  add_problem(certificate, "alternative-name",
              "The subjectAltName of the certificate is broken; make a new one.");
  return nullptr;
}

void read_addresses(const X509* x509, Certificate& certificate) {
  const OwnedNames names = alternative_names(x509, certificate);
  const char* fault = nullptr;
  for (int at = 0; at < sk_GENERAL_NAME_num(names.get()); ++at) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), at);
    if (name->type != GEN_OTHERNAME || OBJ_obj2nid(name->d.otherName->type_id) != NID_XmppAddr) {
      continue;
    }
    // RFC 6120 section 13.7.1.4: "XmppAddr ::= UTF8String". By its length: a NUL does not end it.
    const ASN1_TYPE* value = name->d.otherName->value;
    if (value->type != V_ASN1_UTF8STRING) {
      fault = "An id-on-xmppAddr of the certificate is not a UTF8String; make one where it is.";
    } else if (auto jid = Jid::parse(text_of(value->value.utf8string))) {
      certificate.xmpp_addresses.push_back(*std::move(jid));
    } else {
      fault = "An id-on-xmppAddr of the certificate is not a valid address; make one where it is.";
    }
  }
  if (fault != nullptr) add_problem(certificate, "address", fault);
}

}  // namespace

std::variant<Certificate, NotACertificate> read_certificate(std::string_view der) {
  const openssl::ErrorQueueGuard errors;
  if (der.size() < shortest_certificate || der.size() > longest_certificate) {
    return NotACertificate{"A certificate has " + std::to_string(shortest_certificate) + " to " +
                           std::to_string(longest_certificate) + " octets, this one has " +
                           std::to_string(der.size()) + "."};
  }
  const auto* end = octets_of(der);
  const OwnedCertificate x509(d2i_X509(nullptr, &end, static_cast<long>(der.size())));
  if (!x509) {
    return NotACertificate{
        "This is no X.509 certificate in DER. Send the certificate alone: no key, no request, no "
        "PKCS#12 file."};
  }
  if (end != octets_of(der) + der.size()) {
    return NotACertificate{"Something follows behind the end of the certificate."};
  }
  if (encoded<i2d_X509>(x509.get()) != der || !is_distinguished(octets_of(der), end, deepest_der)) {
    return NotACertificate{"The certificate is not encoded as DER demands, with shortest lengths."};
  }
  Certificate certificate;
  certificate.der = der;
  certificate.fingerprint = sha256(der);
  if (X509_get_version(x509.get()) != X509_VERSION_3) {
    add_problem(certificate, "version",
                "The certificate is not of X.509 version 3; make one that is.");
  }
  read_validity(x509.get(), certificate);
  read_subject(x509.get(), certificate);
  read_key(x509.get(), certificate);
  read_signature(x509.get(), certificate);
  read_extensions(x509.get(), certificate);
  read_addresses(x509.get(), certificate);
  return certificate;
}

}  // namespace jidgate
