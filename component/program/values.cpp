// SPDX-License-Identifier: GPL-3.0-or-later
// The forms that a value of the configuration may have.
#include "component/program/values.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/target.hpp"
#include "core/text.hpp"

namespace jidgate::program {
namespace {

constexpr std::uint64_t most_seconds = 10ULL * 366 * 86400;

// "16KiB" -> 16 and "KiB".
std::optional<std::pair<std::uint64_t, std::string_view>> number_and_unit(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_count(text.substr(0, digits));
  if (!number) return std::nullopt;
  return std::pair{*number, text.substr(digits)};
}

bool consume(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Seconds> parse_duration(std::string_view text) {
  const auto parsed = number_and_unit(text);
  if (!parsed) return std::nullopt;
  const auto [number, unit] = *parsed;
  const std::uint64_t scale = unit == "s"                   ? 1
                              : unit == "m"                 ? 60
                              : unit == "h"                 ? 3600
                              : unit == "d"                 ? 86400
                              : unit.empty() && number == 0 ? 1
                                                            : 0;
  if (scale == 0 || number > most_seconds / scale) return std::nullopt;
  return Seconds(number * scale);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto parsed = number_and_unit(text);
  if (!parsed) return std::nullopt;
  const auto [number, unit] = *parsed;
  const unsigned shift = unit.empty()    ? 0
                         : unit == "KiB" ? 10
                         : unit == "MiB" ? 20
                         : unit == "GiB" ? 30
                                         : 64;
  if (shift == 64 || number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
    return std::nullopt;
  }
  return number << shift;
}

std::optional<RateLimit> parse_rate(std::string_view text) {
  if (text == "0") return RateLimit{};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto count = parse_count(text.substr(0, slash));
  const auto window = parse_duration(text.substr(slash + 1));
  if (!count || !window || *count == 0 || *count > 1'000'000 || window->count() == 0) {
    return std::nullopt;
  }
  return RateLimit{static_cast<unsigned>(*count), *window};
}

std::optional<bool> parse_switch(std::string_view text) {
  if (text == "yes" || text == "on" || text == "true") return true;
  if (text == "no" || text == "off" || text == "false") return false;
  return std::nullopt;
}

std::optional<HostPort> parse_host_port(std::string_view text,
                                        std::optional<std::uint16_t> default_port) {
  HostPort result;
  if (consume(text, "[")) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    result.host = text.substr(0, end);
    const auto address = Address::parse(result.host);
    if (!address) return std::nullopt;
    text.remove_prefix(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    result.host = text.substr(0, colon);
    if (!Address::parse(result.host) && !to_ascii_domain(result.host)) return std::nullopt;
    text.remove_prefix(colon);
  }
  if (text.empty()) {
    if (!default_port) return std::nullopt;
    result.port = *default_port;
    return result;
  }
  const auto port = consume(text, ":") ? parse_count(text) : std::nullopt;
  if (!port || *port > 65535) return std::nullopt;
  result.port = static_cast<std::uint16_t>(*port);
  return result;
}

std::optional<Listen> parse_listen(std::string_view text) {
  Listen listen;
  listen.tls = consume(text, "https://");
  if (!listen.tls) consume(text, "http://");
  auto where = parse_host_port(text);
  if (!where) return std::nullopt;
  if (where->host == "localhost") where->host = "127.0.0.1";
  if (!Address::parse(where->host)) return std::nullopt;
  listen.host = std::move(where->host);
  listen.port = where->port;
  return listen;
}

std::optional<Jid> parse_account(std::string_view text) {
  auto jid = Jid::parse(text);
  return jid && jid->is_account() && jid->is_bare() ? jid : std::nullopt;
}

std::optional<Admission> parse_admission(std::string_view text) {
  if (consume(text, "group:")) {
    if (!is_name(text)) return std::nullopt;
    return Admission{Admission::Kind::group, std::string(text)};
  }
  if (consume(text, "*@")) {
    auto domain = prepare_domain(text);
    if (!domain) return std::nullopt;
    return Admission{Admission::Kind::domain, std::move(*domain)};
  }
  const auto jid = parse_account(text);
  if (!jid) return std::nullopt;
  return Admission{Admission::Kind::account, jid->to_string()};
}

std::optional<std::string> parse_origin(std::string_view text) {
  const auto url = parse_url(text);
  if (!url || url->has_query || (url->path != "/" && !url->path.empty())) return std::nullopt;
  std::string origin = url->scheme + "://" + url->host.host;
  if (!url->host.port.empty()) origin += ":" + url->host.port;
  return origin;
}

std::optional<std::string> parse_upstream(std::string_view text) {
  std::string_view rest = text;
  if (consume(rest, "unix:")) {
    // The longest path that sockaddr_un holds.
    if (!rest.starts_with('/') || rest.size() > 107) return std::nullopt;
    return std::string(text);
  }
  const auto origin = parse_origin(text);
  if (!origin || !origin->starts_with("http://")) return std::nullopt;
  return origin;
}

std::optional<std::string> parse_rule_path(std::string_view text) {
  if (!text.starts_with('/')) return std::nullopt;
  RulePath path = rule_path(text);
  if (path.ambiguous) return std::nullopt;
  return std::move(path.path);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

bool is_method(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_loopback_host(std::string_view host) {
  const auto address = Address::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!(text = trim(text)).empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

}  // namespace jidgate::program
