// SPDX-License-Identifier: GPL-3.0-or-later
// What the strict reader says to odd certificates, in words that a test compares.
#pragma once

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/certificate.hpp"
#include "core/text.hpp"
#include "tests/support/odd_certificates.hpp"

namespace jidgate::test {

using Change = std::function<void(OddCertificate&)>;

inline std::string odd(const Change& change) {
  OddCertificate certificate;
  change(certificate);
  return certificate.der();
}

inline Certificate read(std::string_view der) {
  auto outcome = read_certificate(der);
  EXPECT_EQ(ERR_peek_error(), 0u) << "left in OpenSSL's queue";
  if (const auto* fault = std::get_if<NotACertificate>(&outcome)) {
    throw std::runtime_error("refused: " + fault->text);
  }
  return std::get<Certificate>(std::move(outcome));
}

// The words of the problems in order, or what is wrong with the octets.
inline std::string verdict(std::string_view der) {
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

inline std::string many(int count, const std::string& what) {
  std::string out;
  for (int i = 0; i < count; ++i) out += what;
  return out;
}

}  // namespace jidgate::test
