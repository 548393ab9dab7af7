// SPDX-License-Identifier: GPL-3.0-or-later
// How a confirmation ended, and how the question went out: the words of the SQL view, the metrics
// and the log.
#pragma once

#include <string_view>

namespace jidgate {

enum class Outcome { confirmed, denied, expired, unreachable, cancelled };
enum class Via { iq, message, page };

constexpr std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::confirmed:
      return "confirmed";
    case Outcome::denied:
      return "denied";
    case Outcome::expired:
      return "expired";
    case Outcome::unreachable:
      return "unreachable";
    case Outcome::cancelled:
      return "cancelled";
  }
  return "";
}

constexpr std::string_view to_string(Via via) {
  switch (via) {
    case Via::iq:
      return "iq";
    case Via::message:
      return "message";
    case Via::page:
      return "page";
  }
  return "";
}

}  // namespace jidgate
