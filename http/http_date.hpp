// SPDX-License-Identifier: GPL-3.0-or-later
// Dates as HTTP writes them (RFC 9110 section 5.6.7).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace jidgate::http {

using HttpTime = std::chrono::sys_seconds;

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string format_http_date(HttpTime time);
// All three forms that a recipient must take. A two-digit year that seems more than 50 years after
// `now` is one of the past.
std::optional<HttpTime> parse_http_date(std::string_view text, HttpTime now);

}  // namespace jidgate::http
