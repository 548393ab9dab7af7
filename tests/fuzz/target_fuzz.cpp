// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes core/target: a path that is not called ambiguous has one reading, and nothing is lost.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/target.hpp"
#include "core/text.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace jidgate;

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void check_path(std::string_view raw) {
  const RulePath path = rule_path(raw);
  REQUIRE(path.path.starts_with('/'));
  REQUIRE(!holds(path.path, "//") && !holds(path.path, "\\"));
  const std::string closed = path.path + '/';
  REQUIRE(!holds(closed, "/./") && !holds(closed, "/../"));
  const RulePath again = rule_path(percent_encode(path.path, "/"));
  REQUIRE(again.path == path.path);
  if (path.ambiguous) return;

  REQUIRE(!again.ambiguous);
  REQUIRE(raw.starts_with('/'));
  REQUIRE(percent_decode(raw) == path.path);
  // Decoding once more, as a second server might, finds nothing.
  REQUIRE(percent_decode(path.path).value_or(path.path) == path.path);
  REQUIRE(is_plain_line(path.path));
  REQUIRE(!holds(path.path, ";"));
  // As many segments before decoding as after it.
  const auto slashes = [](std::string_view text) {
    return std::count(text.begin(), text.end(), '/');
  };
  REQUIRE(slashes(raw) == slashes(path.path));
}

std::string with_query(std::string_view path, bool has_query, std::string_view query) {
  std::string text(path);
  if (has_query) text.append("?").append(query);
  return text;
}

void check_target(std::string_view text, std::string_view method) {
  using Form = RequestTarget::Form;
  const auto target = parse_target(text, method);
  if (!target) return;
  REQUIRE(text.find_first_of("# \"<>") == std::string_view::npos);
  const std::string rest = with_query(target->path, target->has_query, target->query);
  switch (target->form) {
    case Form::origin:
      REQUIRE(rest == text);
      break;
    case Form::absolute: {
      std::string all = std::string(target->scheme) + "://" + std::string(target->authority);
      REQUIRE(all + rest == text || all + rest.substr(1) == text);
      REQUIRE(parse_host(target->authority, target->scheme));
      const auto url = parse_url(text);
      REQUIRE(url && url->path == target->path && url->query == target->query);
      break;
    }
    case Form::asterisk:
      REQUIRE(text == "*" && method == "OPTIONS");
      return;
    case Form::authority:
      REQUIRE(method == "CONNECT" && target->authority == text);
      return;
  }
  REQUIRE(target->path.starts_with('/') && !holds(target->path, "?"));
}

void check_host(std::string_view text) {
  const auto name = parse_host(text, "https");
  if (!name) return;
  const std::string printed = name->host + (name->port.empty() ? "" : ':' + name->port);
  const auto again = parse_host(printed, "https");
  REQUIRE(again && again->host == name->host && again->port == name->port);
  REQUIRE(name->port != "443");
  REQUIRE(ascii_lower(name->host) == name->host && !name->host.ends_with('.'));
  REQUIRE(name->host.find_first_of("/?#@%\\ ,") == std::string::npos);
}

void check_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return;
  std::string printed = url->scheme + "://" + url->host.host;
  if (!url->host.port.empty()) printed += ':' + url->host.port;
  printed += with_query(url->path, url->has_query, url->query);
  const auto again = parse_url(printed);
  REQUIRE(again && again->scheme == url->scheme && again->host.host == url->host.host &&
          again->host.port == url->host.port && again->path == url->path &&
          again->query == url->query && again->has_query == url->has_query);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  check_path(text);
  for (const auto* method : {"GET", "OPTIONS", "CONNECT"}) check_target(text, method);
  check_host(text);
  check_url(text);
  return 0;
}
