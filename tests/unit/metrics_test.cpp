// SPDX-License-Identifier: GPL-3.0-or-later
// The metrics page: what is counted, how it is written, and what strangers cannot do to it.
#include "core/metrics.hpp"

#include <gmock/gmock.h>

#include <sstream>
#include <stdexcept>
#include <thread>

namespace jidgate {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::size_t lines_with(const std::string& page, const std::string& start) {
  std::istringstream stream(page);
  std::size_t count = 0;
  for (std::string line; std::getline(stream, line);) count += line.starts_with(start) ? 1 : 0;
  return count;
}

TEST(MetricsTest, CountersAddUpByTheirLabels) {
  Metrics metrics;
  metrics.add("confirmations_total", {{"via", "iq"}, {"outcome", "confirmed"}});
  metrics.add("confirmations_total", {{"via", "iq"}, {"outcome", "confirmed"}});
  metrics.add("confirmations_total", {{"via", "message"}, {"outcome", "denied"}}, 3);
  EXPECT_THAT(
      metrics.render(),
      AllOf(HasSubstr("# HELP jidgate_confirmations_total "),
            HasSubstr("# TYPE jidgate_confirmations_total counter\n"),
            HasSubstr("jidgate_confirmations_total{via=\"iq\",outcome=\"confirmed\"} 2\n"),
            HasSubstr("jidgate_confirmations_total{via=\"message\",outcome=\"denied\"} 3\n")));
}

TEST(MetricsTest, GaugesAreSetAddedToAndWatched) {
  Metrics metrics;
  metrics.set("waiters", 7);
  metrics.add("waiters", {}, -2);
  metrics.watch("http_connections", [] { return 42.5; });
  metrics.set("build_info", 1, {{"version", "1.2.3"}});
  EXPECT_THAT(metrics.render(),
              AllOf(HasSubstr("# TYPE jidgate_waiters gauge\njidgate_waiters 5\n"),
                    HasSubstr("jidgate_http_connections 42.5\n"),
                    HasSubstr("jidgate_build_info{version=\"1.2.3\"} 1\n")));
}

TEST(MetricsTest, HistogramsHaveCumulativeBucketsSumAndCount) {
  Metrics metrics;
  for (const double seconds : {0.0004, 0.02, 2.0, 1000.0}) {
    metrics.observe("confirmation_duration_seconds", seconds, {{"outcome", "denied"}});
  }
  const std::string start = "jidgate_confirmation_duration_seconds";
  EXPECT_THAT(metrics.render(),
              AllOf(HasSubstr("# TYPE " + start + " histogram\n"),
                    HasSubstr(start + "_bucket{outcome=\"denied\",le=\"0.0005\"} 1\n"),
                    HasSubstr(start + "_bucket{outcome=\"denied\",le=\"0.025\"} 2\n"),
                    // The bound itself belongs to its bucket.
                    HasSubstr(start + "_bucket{outcome=\"denied\",le=\"2\"} 3\n"),
                    HasSubstr(start + "_bucket{outcome=\"denied\",le=\"300\"} 3\n"),
                    HasSubstr(start + "_bucket{outcome=\"denied\",le=\"+Inf\"} 4\n"),
                    HasSubstr(start + "_sum{outcome=\"denied\"} 1002.0204\n"),
                    HasSubstr(start + "_count{outcome=\"denied\"} 4\n")));
}

TEST(MetricsTest, CountersWithoutLabelsExistBeforeTheyCount) {
  EXPECT_THAT(Metrics().render(),
              AllOf(HasSubstr("jidgate_audit_dropped_total 0\n"), HasSubstr("jidgate_db_up 0\n")));
}

TEST(MetricsTest, AnUnknownNameAndAWrongKindAreFaultsOfTheProgram) {
  Metrics metrics;
  EXPECT_THROW(metrics.add("confirmations"), std::logic_error);
  EXPECT_THROW(metrics.set("confirmations_total", 1), std::logic_error);
  EXPECT_THROW(metrics.observe("waiters", 1), std::logic_error);
  EXPECT_THROW(metrics.add("http_request_duration_seconds"), std::logic_error);
  EXPECT_THROW(metrics.watch("nothing", [] { return 0.0; }), std::logic_error);
}

TEST(MetricsTest, LabelsAreEscapedBoundedAndAscii) {
  Metrics metrics;
  metrics.add("http_requests_total",
              {{"handler", "a\"b\\c\nd\xff"}, {"method", std::string(5000, 'M')}, {"code", "200"}});
  const std::string page = metrics.render();
  EXPECT_THAT(page, HasSubstr("{handler=\"a\\\"b\\\\c?d?\",method=\"" + std::string(64, 'M') +
                              "\",code=\"200\"} 1\n"));
  EXPECT_THAT(page, Not(HasSubstr(std::string(65, 'M'))));
}

TEST(MetricsTest, AStrangersMethodsCannotFillTheMemory) {
  Metrics metrics;
  for (int i = 0; i < 5000; ++i) {
    const std::string method = "M" + std::to_string(i);
    metrics.add("http_requests_total", {{"handler", "site"}, {"method", method}, {"code", "401"}});
  }
  const std::string page = metrics.render();
  EXPECT_EQ(lines_with(page, "jidgate_http_requests_total{"), 501u);
  EXPECT_THAT(page, HasSubstr("jidgate_http_requests_total{handler=\"other\",method=\"other\","
                              "code=\"other\"} 4500\n"));
}

TEST(MetricsTest, NothingIsLostBetweenThreads) {
  Metrics metrics;
  constexpr int threads = 4, times = 5000;
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      for (int n = 0; n < times; ++n) {
        metrics.add("late_answers_total");
        metrics.observe("http_request_duration_seconds", 0.1);
        if (n % 1000 == 0) metrics.render();
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  EXPECT_THAT(metrics.render(),
              AllOf(HasSubstr("jidgate_late_answers_total 20000\n"),
                    HasSubstr("jidgate_http_request_duration_seconds_count 20000\n")));
}

}  // namespace
}  // namespace jidgate
