// SPDX-License-Identifier: GPL-3.0-or-later
// Threads for blocking work: what is kept in order, how much may wait, and how they end.
#include "core/strands.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/locked.hpp"

namespace jidgate {
namespace {

TEST(StrandsTest, WhatHasTheSameKeyIsDoneInTheOrderThatItCame) {
  constexpr int keys = 50, each = 200;
  Locked<std::map<std::string, std::vector<int>>> done;
  Strands strands("test", 4, keys * each);
  std::vector<std::thread> posters;
  // Every key has its own poster: between two posters there is no order.
  for (int part = 0; part < 5; ++part) {
    posters.emplace_back([&, part] {
      for (int i = 0; i < each; ++i) {
        for (int k = part; k < keys; k += 5) {
          const std::string key = "account" + std::to_string(k) + "@verona.test";
          EXPECT_TRUE(strands.post(
              key, [&done, key, i] { done.with([&](auto& all) { all[key].push_back(i); }); }));
        }
      }
    });
  }
  for (auto& poster : posters) poster.join();
  strands.stop();
  std::vector<int> in_order;
  for (int i = 0; i < each; ++i) in_order.push_back(i);
  done.with([&](const auto& all) {
    EXPECT_EQ(all.size(), static_cast<std::size_t>(keys));
    for (const auto& [key, order] : all) EXPECT_EQ(order, in_order) << key;
  });
}

TEST(StrandsTest, DifferentKeysAreWorkedOnAtTheSameTime) {
  Strands strands("test", 4, 100);
  // Both must run at once to get past the latch; some of the keys share a thread, so that two which
  // do not are looked for.
  std::set<std::thread::id> threads;
  std::vector<std::string> apart;
  for (int k = 0; apart.size() < 2; ++k) {
    const std::string key = std::to_string(k);
    std::promise<std::thread::id> where;
    ASSERT_TRUE(strands.post(key, [&] { where.set_value(std::this_thread::get_id()); }));
    if (threads.insert(where.get_future().get()).second) apart.push_back(key);
  }
  std::latch both(2);
  std::array<std::promise<void>, 2> passed;
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(strands.post(apart[i], [&both, &passed, i] {
      both.arrive_and_wait();
      passed[i].set_value();
    }));
  }
  for (auto& each : passed) each.get_future().get();
}

TEST(StrandsTest, WhatIsTooMuchIsDroppedAtOnceAndNothingElse) {
  Strands strands("test", 1, 3);
  std::promise<void> release, busy;
  ASSERT_TRUE(strands.post("a", [&] {
    busy.set_value();
    release.get_future().wait();
  }));
  busy.get_future().wait();
  std::atomic<int> done{0};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(strands.post("a", [&] { ++done; }));
  auto held = std::make_shared<int>(1);
  EXPECT_FALSE(strands.post("b", [&, held] { ++done; }));
  EXPECT_EQ(held.use_count(), 1);
  release.set_value();
  strands.stop();
  EXPECT_EQ(done, 3);
}

TEST(StrandsTest, StoppingDoesWhatWasTakenAndTakesNoMore) {
  std::atomic<int> done{0};
  Strands strands("test", 2, 1000);
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(strands.post(std::to_string(i), [&] { ++done; }));
  }
  strands.stop();
  EXPECT_EQ(done, 500);
  EXPECT_FALSE(strands.post("a", [&] { ++done; }));
  strands.stop();
  EXPECT_EQ(done, 500);
}

TEST(StrandsTest, WorkMayPostFurtherWork) {
  Strands strands("test", 1, 10);
  std::promise<int> done;
  ASSERT_TRUE(
      strands.post("a", [&] { EXPECT_TRUE(strands.post("a", [&] { done.set_value(1); })); }));
  EXPECT_EQ(done.get_future().get(), 1);
}

TEST(StrandsTest, WhatWorkThrowsEndsItAlone) {
  std::atomic<int> done{0};
  Strands strands("test", 1, 10);
  ASSERT_TRUE(strands.post("a", [] { throw std::runtime_error("no"); }));
  ASSERT_TRUE(strands.post("a", [&] { ++done; }));
  strands.stop();
  EXPECT_EQ(done, 1);
}

TEST(StrandsTest, WhatWorkHoldsIsGoneBeforeTheNextBegins) {
  Strands strands("test", 1, 10);
  auto held = std::make_shared<int>(1);
  std::promise<long> left;
  ASSERT_TRUE(strands.post("a", [copy = held] { (void)copy; }));
  ASSERT_TRUE(strands.post("a", [&] { left.set_value(held.use_count()); }));
  EXPECT_EQ(left.get_future().get(), 1);
}

TEST(StrandsTest, ThreadsBearTheName) {
  Strands strands("twelve-chars", 1, 10);
  std::promise<std::string> name;
  ASSERT_TRUE(strands.post("a", [&] {
    char text[16] = {};
    ::pthread_getname_np(::pthread_self(), text, sizeof text);
    name.set_value(text);
  }));
  EXPECT_EQ(name.get_future().get(), "twelve-chars-0");
}

}  // namespace
}  // namespace jidgate
