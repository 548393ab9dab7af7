// SPDX-License-Identifier: GPL-3.0-or-later
// Problem documents and pages, and what a request's fields say about its sender.
#include "http/problem.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "http/negotiation.hpp"

namespace jidgate::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Exchange accepting(std::string accept) {
  Exchange exchange;
  exchange.request_id = "0123456789abcdef0123456789abcdef";
  if (!accept.empty()) exchange.head.fields = {{"Accept", std::move(accept)}};
  return exchange;
}

std::vector<std::string> values(const Reply& reply, std::string_view name) {
  std::vector<std::string> found;
  for (const auto& [field, value] : reply.headers)
    if (field == name) found.push_back(value);
  return found;
}

// RFC 9457 section 3: "application/problem+json" with type, title, status, detail and instance.
TEST(Problem, IsADocumentForPrograms) {
  for (const auto* accept : {"", "*/*", "application/json", "application/json, text/html;q=0.9"}) {
    const auto reply = problem(429, "account-limit", accepting(accept), {Seconds(120), {}});
    EXPECT_EQ(reply.status, 429);
    EXPECT_THAT(values(reply, "Content-Type"), ElementsAre("application/problem+json"));
    const auto document = nlohmann::json::parse(reply.body);
    EXPECT_EQ(document["type"], "urn:xmpp:jidgate:problem:account-limit");
    EXPECT_EQ(document["status"], 429);
    EXPECT_EQ(document["reason"], "account-limit");
    EXPECT_EQ(document["retry_after"], 120);
    EXPECT_EQ(document["instance"], "urn:uuid:01234567-89ab-cdef-0123-456789abcdef");
    EXPECT_FALSE(document["title"].get<std::string>().empty());
    EXPECT_FALSE(document["detail"].get<std::string>().empty());
    EXPECT_THAT(values(reply, "Retry-After"), ElementsAre("120"));
  }
}

TEST(Problem, IsAPageForBrowsers) {
  const auto reply = problem(403, "denied", accepting("text/html,application/xhtml+xml,*/*;q=0.8"));
  EXPECT_THAT(values(reply, "Content-Type"), ElementsAre("text/html; charset=utf-8"));
  EXPECT_THAT(reply.body, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(reply.body, HasSubstr("<h1>Denied</h1>"));
  EXPECT_THAT(reply.body, HasSubstr("0123456789abcdef0123456789abcdef"));
  const auto policy = values(reply, "Content-Security-Policy").at(0);
  EXPECT_THAT(policy, StartsWith("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
}

TEST(Problem, OfEitherKindIsNeitherKeptNorGuessedAt) {
  for (const auto* accept : {"*/*", "text/html"}) {
    const auto reply = problem(401, "unanswered", accepting(accept));
    EXPECT_THAT(values(reply, "Cache-Control"), ElementsAre("no-store"));
    EXPECT_THAT(values(reply, "X-Content-Type-Options"), ElementsAre("nosniff"));
    EXPECT_THAT(values(reply, "Vary"), ElementsAre("Accept"));
    EXPECT_THAT(values(reply, "Retry-After"), ElementsAre());
  }
}

TEST(Problem, OfAReasonThatIsNotListedIsDescribedByItsStatus) {
  const auto document = nlohmann::json::parse(problem(503, "moon-phase", accepting("*/*")).body);
  EXPECT_EQ(document["title"], "Service Unavailable");
  EXPECT_EQ(document["reason"], "moon-phase");
}

TEST(Problem, OfEveryStatusThatRefusesAHeadHasATextOfItsOwn) {
  for (const int status : {400, 401, 403, 404, 405, 408, 413, 414, 417, 431, 500, 501, 503, 505}) {
    const auto document = nlohmann::json::parse(problem(status, accepting("*/*")).body);
    EXPECT_EQ(document["status"], status);
    EXPECT_EQ(document["title"], status_text(status));
    EXPECT_NE(document["title"], "") << status;
    EXPECT_NE(document["detail"], "") << status;
  }
  EXPECT_EQ(status_text(299), "");
}

TEST(Problem, EscapesWhatItIsGiven) {
  const auto page = problem(400, "<&\">", accepting("text/html"), {{}, "<script>\"&"});
  EXPECT_THAT(page.body, Not(HasSubstr("<script>")));
  EXPECT_THAT(page.body, HasSubstr("&lt;script&gt;&quot;&amp;"));
  EXPECT_THAT(page.body, HasSubstr("&lt;&amp;&quot;&gt;"));
  const auto json = problem(400, "a\"b", accepting(""), {{}, "\xff\""});
  EXPECT_EQ(nlohmann::json::parse(json.body)["detail"], "\xef\xbf\xbd\"");
}

TEST(Problem, NeverSaysToTryAgainAtOnce) {
  EXPECT_THAT(values(problem(503, "busy", accepting(""), {Seconds(0), {}}), "Retry-After"),
              ElementsAre("1"));
}

Head with(std::vector<Field> fields) {
  Head head;
  head.fields = std::move(fields);
  return head;
}

TEST(Accept, WantsAPageOnlyWhenItNamesHtml) {
  for (const auto* accept : {"text/html", "TEXT/HTML;level=1", "text/html;q=0.5, */*",
                             "application/json;q=0.4,text/html ; q=0.5", "text/html;q=1.000",
                             "text/html, application/json"})
    EXPECT_TRUE(prefers_html(with({{"accept", accept}}))) << accept;
  for (const auto* accept :
       {"", "*/*", "text/*", "application/json", "text/html;q=0", "text/html;q=0.000",
        "text/html;q=2", "text/html;q=1.1", "text/html;q=x", "text/html;q=0.0001", "text/html;q=",
        "text/html;q=0.5,application/problem+json", "text/htmlx", ",,;;,", "text/html;q=0..5"})
    EXPECT_FALSE(prefers_html(with({{"Accept", accept}}))) << accept;
  EXPECT_TRUE(prefers_html(with({{"Accept", "*/*;q=0.1"}, {"Accept", "text/html"}})));
  EXPECT_FALSE(prefers_html(with({})));
}

TEST(Prefetch, IsKnownByItsPurpose) {
  for (const auto& field : {Field{"Sec-Purpose", "prefetch"}, Field{"Purpose", "Prefetch"},
                            Field{"sec-purpose", "prefetch;prerender"}, Field{"X-Moz", "prefetch"},
                            Field{"Sec-Purpose", "a, prefetch"}})
    EXPECT_TRUE(is_prefetch(with({field}))) << field.value;
  EXPECT_FALSE(is_prefetch(with({{"Sec-Purpose", "prefetching"}})));
  EXPECT_FALSE(is_prefetch(with({{"Sec_Purpose", "prefetch"}})));
  EXPECT_FALSE(is_prefetch(with({})));
}

}  // namespace
}  // namespace jidgate::http
