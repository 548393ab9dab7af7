// SPDX-License-Identifier: GPL-3.0-or-later
// component/turnstile: how much of one account is under way.
#include "component/turnstile.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace jidgate::component {
namespace {

TEST(Turnstile, LetsInSoManyOfOneAndNoMore) {
  Turnstile turnstile(2);
  auto first = turnstile.enter("romeo@verona.test"), second = turnstile.enter("romeo@verona.test");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(turnstile.enter("romeo@verona.test"));
  EXPECT_TRUE(turnstile.enter("juliet@verona.test")) << "others do not wait for him";
  first.reset();
  EXPECT_TRUE(turnstile.enter("romeo@verona.test"));
}

TEST(Turnstile, WorkIsUnderWayUntilTheLastCopyOfItsTicketIsGone) {
  Turnstile turnstile(1);
  auto ticket = turnstile.enter("romeo@verona.test");
  auto copy = ticket;
  ticket.reset();
  EXPECT_FALSE(turnstile.enter("romeo@verona.test"));
  copy.reset();
  EXPECT_TRUE(turnstile.enter("romeo@verona.test"));
}

TEST(Turnstile, TicketsMayOutliveIt) {
  std::optional<Turnstile> turnstile(std::in_place, 1);
  const auto ticket = turnstile->enter("romeo@verona.test");
  turnstile.reset();
  EXPECT_TRUE(ticket);
}

}  // namespace
}  // namespace jidgate::component
