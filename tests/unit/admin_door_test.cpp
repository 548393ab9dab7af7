// SPDX-License-Identifier: GPL-3.0-or-later
// Health, readiness and metrics: exact paths, and nothing else of the request.
#include "http/admin_door.hpp"

#include <gmock/gmock.h>

namespace jidgate::http {
namespace {

using testing::HasSubstr;

class AdminDoorTest : public testing::Test {
 protected:
  // The answer, or nothing where the door is not concerned.
  std::optional<Reply> request(std::string target, std::string method = "GET",
                               std::vector<Field> fields = {}) {
    Exchange exchange;
    exchange.head.method = std::move(method);
    exchange.head.target = std::move(target);
    exchange.head.fields = std::move(fields);
    const auto responder = door_.decide(exchange);
    if (!responder) return std::nullopt;
    return (*responder)(exchange);
  }
  int status(std::string target, std::string method = "GET") {
    const auto reply = request(std::move(target), std::move(method));
    return reply ? reply->status : 0;
  }

  Metrics metrics_;
  std::vector<std::string> reasons_;
  AdminDoor door_{metrics_, [this] { return reasons_; }};
};

TEST_F(AdminDoorTest, IsAliveWhateverIsMissing) {
  reasons_ = {"xmpp: not connected"};
  for (const auto* path : {"/healthz", "/ping", "/healthz?verbose", "http://127.0.0.1/healthz"})
    EXPECT_EQ(status(path), 200) << path;
}

TEST_F(AdminDoorTest, IsReadyWhenNothingIsMissing) {
  EXPECT_EQ(status("/readyz"), 200);
  EXPECT_EQ(status("/ready"), 200);
  reasons_ = {"xmpp: not connected", "database: away"};
  EXPECT_EQ(status("/ready"), 503);
  const auto reply = request("/readyz");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->body, "xmpp: not connected\ndatabase: away\n");
}

TEST_F(AdminDoorTest, RendersTheMetricsOfThisMoment) {
  metrics_.set("xmpp_connected", 1);
  const auto reply = request("/metrics");
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->body, HasSubstr("jidgate_xmpp_connected 1"));
  EXPECT_EQ(reply->headers.at(0).second, "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(AdminDoorTest, AnswersGetAndHeadOnly) {
  EXPECT_EQ(status("/readyz", "HEAD"), 200);
  for (const auto* path : {"/healthz", "/readyz", "/metrics"}) {
    const auto reply = request(path, "POST");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 405);
    EXPECT_THAT(reply->headers, testing::Contains(testing::Pair("Allow", "GET, HEAD")));
  }
}

// CVE-2026-34457: a health checker's User-Agent must not make a health check of any request.
TEST_F(AdminDoorTest, KnowsExactPathsOnly) {
  for (const auto* path : {"/", "/healthz/", "/Healthz", "/healthz/../private", "//healthz",
                           "/%68ealthz", "/health", "/metrics/x", "*", "healthz"})
    EXPECT_FALSE(request(path, "GET", {{"User-Agent", "kube-probe/1.30"}})) << path;
}

}  // namespace
}  // namespace jidgate::http
