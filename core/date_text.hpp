// SPDX-License-Identifier: GPL-3.0-or-later
// Dates as people and programs read them alike: "2026-11-24T19:30:00Z" (ISO 8601, UTC).
#pragma once

#include <chrono>
#include <string>

namespace jidgate {

std::string date_text(std::chrono::sys_seconds time);  // years 0 to 9999

}  // namespace jidgate
