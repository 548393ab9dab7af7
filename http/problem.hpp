// SPDX-License-Identifier: GPL-3.0-or-later
// Answers that refuse (RFC 9457): a problem document for programs, a page for people.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/settings.hpp"
#include "http/gate.hpp"

namespace jidgate::http {

struct ProblemExtras {
  std::optional<Seconds> retry_after;
  // Instead of the reason's own text. Never anything that the request held.
  std::string_view detail;
};

// `reason` is one of the stable words ("denied", "unanswered", "link-down", …); an unknown one is
// described by its status. What is written depends on status, reason and extras alone, so that
// it tells nobody which accounts exist or are online.
Reply problem(int status, std::string_view reason, const Exchange& exchange,
              const ProblemExtras& extras = {});
// For a status that speaks for itself: refused heads, unknown paths.
Reply problem(int status, const Exchange& exchange);

// "Not Found"; empty for a status that is never answered here.
std::string_view status_text(int status);

}  // namespace jidgate::http
