// SPDX-License-Identifier: GPL-3.0-or-later
// core/date_text: dates from the first to the last that a certificate can hold.
#include "core/date_text.hpp"

#include <gtest/gtest.h>

namespace jidgate {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

TEST(DateText, IsIso8601InUtc) {
  EXPECT_EQ(date_text(sys_seconds(seconds(0))), "1970-01-01T00:00:00Z");
  EXPECT_EQ(date_text(sys_seconds(seconds(-1))), "1969-12-31T23:59:59Z");
  EXPECT_EQ(date_text(sys_seconds(seconds(951782400))), "2000-02-29T00:00:00Z");
  EXPECT_EQ(date_text(sys_seconds(seconds(1795548612))), "2026-11-24T19:30:12Z");
}

// RFC 5280 section 4.1.2.5: a certificate without "well-defined expiration date" has
// 99991231235959Z.
TEST(DateText, ReachesTheLastSecondOfACertificate) {
  EXPECT_EQ(date_text(sys_seconds(seconds(253402300799))), "9999-12-31T23:59:59Z");
}

}  // namespace
}  // namespace jidgate
