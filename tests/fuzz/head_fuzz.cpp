// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes http/head and http/body: what a message is does not depend on how it was cut, and nothing
// that could be read in two ways is let through.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/text.hpp"
#include "http/body.hpp"
#include "http/head.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace jidgate;
using namespace jidgate::http;

constexpr std::uint64_t body_limit = 1000;

void check_head(const Head& head, std::string_view octets) {
  REQUIRE(!head.method.empty() && head.method.size() <= HeadLimits().method);
  REQUIRE(!head.target.empty() && head.target.size() <= HeadLimits().target);
  REQUIRE(head.fields.size() <= HeadLimits().fields && octets.size() <= HeadLimits().head);
  REQUIRE(octets.ends_with("\r\n\r\n") && octets.find('\0') == std::string_view::npos);
  REQUIRE(std::count(octets.begin(), octets.end(), '\n') ==
          std::count(octets.begin(), octets.end(), '\r'));
  REQUIRE(head.minor_version == 0 || head.count("host") == 1);
  REQUIRE(head.count("host") <= 1 && head.count("content-length") <= 1);
  REQUIRE(head.count("transfer-encoding") == (head.chunked ? 1 : 0));
  REQUIRE(head.count("content-length") == (head.content_length ? 1 : 0));
  REQUIRE(!(head.chunked && head.content_length));
  REQUIRE(!(head.chunked && head.minor_version == 0));
  for (const Field& field : head.fields) {
    REQUIRE(!field.name.empty() && trim(field.value) == field.value);
    REQUIRE(field.name.find_first_of(" \t\r\n:") == std::string::npos);
    REQUIRE(field.value.find_first_of("\r\n") == std::string::npos);
  }
}

void check_body(const Head& head, std::string_view octets, std::size_t step) {
  std::string left(octets);
  std::string body;
  const int whole = BodyReader(head, body_limit).feed(left, body);
  REQUIRE(body.size() <= body_limit);

  BodyReader reader(head, body_limit);
  std::string arrived;
  std::string taken;
  int cut = reader.is_complete() ? 200 : 0;
  std::size_t at = 0;
  while (cut == 0 && at < octets.size()) {
    arrived += octets.substr(at, step);
    at = std::min(at + step, octets.size());
    cut = reader.feed(arrived, taken);
  }
  REQUIRE(cut == whole);
  if (whole != 200) return;
  REQUIRE(taken == body);
  REQUIRE(arrived + std::string(octets.substr(at)) == left);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  Head head;
  const HeadResult whole = parse_head(text, head);
  REQUIRE(whole.status == 0 || whole.status == 200 || (whole.status >= 400 && whole.status < 600));
  if (whole.status == 200) {
    check_head(head, text.substr(0, whole.used));
    for (const std::size_t step : {1U, 3U, 4096U}) check_body(head, text.substr(whole.used), step);
  }
  // Steps of very different size; what one of them cuts in two, another does not.
  for (const std::size_t step : {size / 7 + 1, size / 31 + 1, size / 97 + 1}) {
    HeadResult cut;
    for (std::size_t length = step; cut.status == 0 && length < size + step; length += step) {
      Head part;
      cut = parse_head(text.substr(0, length), part);
    }
    REQUIRE(cut.status == whole.status && cut.used == whole.used);
  }
  // The reactor parses only where this says so.
  if (whole.status == 200) REQUIRE(may_decide_head(text.substr(0, whole.used), whole.used - 1));
  return 0;
}
