// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes core/certificate: what is read as a certificate is one in exactly one encoding, and what
// is told of it may stand anywhere.
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "core/certificate.hpp"
#include "core/certificate_policy.hpp"
#include "core/crypto.hpp"
#include "core/text.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace jidgate;

std::string encoded_again(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<X509, decltype(&X509_free)> x509(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free);
  REQUIRE(x509);
  std::string out(static_cast<std::size_t>(i2d_X509(x509.get(), nullptr)), '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  i2d_X509(x509.get(), &to);
  ERR_clear_error();
  return out;
}

void check_refusal(const NotACertificate& refusal) {
  REQUIRE(is_plain_line(refusal.text) && refusal.text.ends_with('.'));
}

void check_addresses(const Certificate& certificate) {
  REQUIRE(certificate.xmpp_addresses.size() <= 64);
  for (const Jid& address : certificate.xmpp_addresses) {
    REQUIRE(Jid::parse(address.to_string()) == address);
  }
}

void check_problems(const Certificate& certificate) {
  std::set<std::string_view> words;
  for (const auto& problem : certificate.problems) {
    REQUIRE(words.insert(problem.word).second);
    REQUIRE(is_plain_line(problem.text) && problem.text.ends_with('.'));
  }
  REQUIRE(certificate.key != "other" || words.count("key") == 1);
  REQUIRE(words.count("time") == 1 || certificate.not_before <= certificate.not_after);
  REQUIRE(!certificate.weak_signature || certificate.self_signed ||
          words.count("weak-signature") == 1);
}

void check_policy(const Certificate& certificate) {
  const auto now = WallTime(std::chrono::hours(24 * 365 * 56));
  const auto own = Jid::parse("hamlet@shakespeare.lit").value();
  const auto refusal = CertificatePolicy().refusal(certificate, own, now);
  if (refusal) {
    REQUIRE(is_plain_line(*refusal) && refusal->ends_with('.'));
    return;
  }
  const auto& addresses = certificate.xmpp_addresses;
  REQUIRE(certificate.problems.empty());
  REQUIRE(std::any_of(addresses.begin(), addresses.end(),
                      [&](const Jid& address) { return address.bare() == own; }));
}

void check_read(std::string_view octets) {
  const auto outcome = read_certificate(octets);
  REQUIRE(ERR_peek_error() == 0);
  if (const auto* refusal = std::get_if<NotACertificate>(&outcome)) return check_refusal(*refusal);
  const auto& certificate = std::get<Certificate>(outcome);
  REQUIRE(certificate.der == octets);
  REQUIRE(certificate.fingerprint == sha256(octets));
  REQUIRE(encoded_again(certificate.der) == octets);
  REQUIRE(is_plain_line(certificate.subject) && certificate.subject.size() <= 512);
  check_addresses(certificate);
  check_problems(certificate);
  check_policy(certificate);
  REQUIRE(std::holds_alternative<NotACertificate>(read_certificate(certificate.der + '\0')));
}

std::string without_space(std::string_view text) {
  std::string out(text);
  out.erase(std::remove_if(out.begin(), out.end(),
                           [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }),
            out.end());
  return out;
}

void check_base64(std::string_view text) {
  const auto outcome = der_from_base64(text);
  if (const auto* refusal = std::get_if<NotACertificate>(&outcome)) return check_refusal(*refusal);
  const auto& der = std::get<std::string>(outcome);
  REQUIRE(base64_encode(der) == without_space(text));
  REQUIRE(std::get<std::string>(der_from_any(text)) == der);
  check_read(der);
}

void check_any(std::string_view text) {
  const auto outcome = der_from_any(text);
  REQUIRE(ERR_peek_error() == 0);
  if (const auto* refusal = std::get_if<NotACertificate>(&outcome)) return check_refusal(*refusal);
  const auto& der = std::get<std::string>(outcome);
  if (der == text) return;  // was read already
  REQUIRE(without_space(text).find(base64_encode(der)) != std::string::npos);
  REQUIRE(ascii_lower(text).find("private key") == std::string::npos);
  check_read(der);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(octets), size);
  check_read(input);
  check_base64(input);
  check_any(input);
  return 0;
}
