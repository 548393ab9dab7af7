// SPDX-License-Identifier: GPL-3.0-or-later
// Client certificates that are as they should be. For others see odd_certificates.hpp.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/certificate_maker.hpp"

namespace jidgate::test {

// DER of a new one for this address, good for a day from then on.
inline std::string sample_certificate(std::string_view address,
                                      WallTime from = std::chrono::system_clock::now()) {
  const CertificateOrder order{
      Jid::parse(address).value(), {}, std::chrono::days(1), KeyKind::p_256};
  return make_certificate(order, from).der;
}

}  // namespace jidgate::test
