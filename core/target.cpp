// SPDX-License-Identifier: GPL-3.0-or-later
// Request targets and URLs, and the one path that rules see: see target.hpp.
#include "core/target.hpp"

#include <algorithm>
#include <charconv>

#include "core/jid.hpp"
#include "core/network.hpp"
#include "core/text.hpp"

namespace jidgate {
namespace {

constexpr std::string_view::size_type npos = std::string_view::npos;

constexpr bool is_digit(char c) {
  return '0' <= c && c <= '9';
}
constexpr bool is_hex(char c) {
  return hex_value(c) >= 0;
}

// Whether `text` has an escape at `at`.
bool is_escape(std::string_view text, std::size_t at) {
  return text[at] == '%' && text.size() - at >= 3 && is_hex(text[at + 1]) && is_hex(text[at + 2]);
}

bool has_broken_escape(std::string_view text) {
  for (auto at = text.find('%'); at != npos; at = text.find('%', at + 1)) {
    if (!is_escape(text, at)) return true;
  }
  return false;
}

// The octets that may stand in a target. RFC 3986 knows fewer, but browsers send \ ^ ` { | } and
// brackets as they were typed, in queries above all; rule_path() judges the ones that matter.
bool is_target_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '<' && c != '>' && c != '#';
  });
}

// Cuts `text` at the first '?': an empty query is one.
struct PathAndQuery {
  std::string_view path, query;
  bool has_query;
};
PathAndQuery split_query(std::string_view text) {
  const auto mark = text.find('?');
  if (mark == npos) return {text, {}, false};
  return {text.substr(0, mark), text.substr(mark + 1), true};
}

struct AbsoluteParts {
  std::string_view scheme, authority, path, query;
  bool has_query;
};
std::optional<AbsoluteParts> split_absolute(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == npos || !is_target_text(text)) return std::nullopt;
  AbsoluteParts parts{};
  parts.scheme = text.substr(0, colon);
  if (!ascii_iequals(parts.scheme, "http") && !ascii_iequals(parts.scheme, "https")) {
    return std::nullopt;
  }
  text.remove_prefix(colon + 3);
  const auto end = std::min(text.find_first_of("/?"), text.size());
  parts.authority = text.substr(0, end);
  const auto [path, query, has_query] = split_query(text.substr(end));
  if (has_broken_escape(path)) return std::nullopt;
  parts.path = path.empty() ? std::string_view("/") : path;
  parts.query = query;
  parts.has_query = has_query;
  return parts;
}

std::optional<std::string> read_port(std::string_view digits, std::string_view scheme) {
  if (digits.empty()) return "";  // RFC 3986 section 3.2.3: as if it were not there
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 || port > 65535) {
    return std::nullopt;
  }
  if ((port == 80 && ascii_iequals(scheme, "http")) ||
      (port == 443 && ascii_iequals(scheme, "https"))) {
    return "";
  }
  return std::to_string(port);
}

// A name, or an IPv4 address: what ends in a number is read by some as a part of an address
// ("127.1", "0x7f000001"), so it has to be a whole one.
std::optional<std::string> read_name(std::string_view text) {
  auto name = to_ascii_domain(text);
  if (!name) return std::nullopt;
  const std::string_view last = std::string_view(*name).substr(name->rfind('.') + 1);
  const bool numeric =
      std::all_of(last.begin(), last.end(), is_digit) ||
      (last.starts_with("0x") && std::all_of(last.begin() + 2, last.end(), is_hex));
  if (numeric && !Address::parse(*name)) return std::nullopt;
  return name;
}

// Marks that servers behind us are known to read in more than one way.
bool reads_differently(std::string_view raw, std::string_view decoded) {
  // A query or a fragment mark that decoding brings to light may end the path for somebody. "%23"
  // stays ordinary: no server is known to cut there, and it is common in file names.
  if (!is_plain_line(decoded) || decoded.find_first_of("\\;?") != npos || raw.find('#') != npos ||
      has_broken_escape(raw)) {
    return true;
  }
  for (auto at = decoded.find('%'); at != npos; at = decoded.find('%', at + 1)) {
    if (is_escape(decoded, at)) return true;
  }
  const auto slashes = [](std::string_view text) {
    return std::count(text.begin(), text.end(), '/');
  };
  return slashes(raw) != slashes(decoded);
}

// Decodes once what can be decoded; a broken escape stays as it is.
std::string decode_leniently(std::string_view raw) {
  std::string decoded;
  decoded.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size(); ++at) {
    if (is_escape(raw, at)) {
      decoded += percent_decode(raw.substr(at, 3)).value();
      at += 2;
    } else {
      decoded += raw[at];
    }
  }
  return decoded;
}

}  // namespace

std::optional<HostName> parse_host(std::string_view text, std::string_view scheme) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const auto bracket = text.find(']');
    if (bracket == npos) return std::nullopt;
    host = text.substr(0, bracket + 1);
    port = text.substr(bracket + 1);
    if (!port.empty() && port.front() != ':') return std::nullopt;
    if (!port.empty()) port.remove_prefix(1);
  } else if (const auto colon = text.find(':'); colon != npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  auto read = read_port(port, scheme);
  if (!read) return std::nullopt;
  HostName name{{}, *std::move(read)};
  if (host.starts_with('[')) {
    const auto address = Address::parse(host.substr(1, host.size() - 2));
    if (!address || address->is_v4()) return std::nullopt;  // one way to name an IPv4 address
    name.host = '[' + address->to_string() + ']';
  } else {
    auto label = read_name(host);
    if (!label) return std::nullopt;
    name.host = *std::move(label);
  }
  return name;
}

RulePath rule_path(std::string_view raw) {
  const std::string decoded = decode_leniently(raw);
  RulePath result{"/", !raw.starts_with('/') || reads_differently(raw, decoded)};
  std::string_view rest = decoded;
  while (!rest.empty()) {
    const auto end = rest.find_first_of("/\\");
    const std::string_view segment = rest.substr(0, end);
    const bool is_last = end == npos;
    rest.remove_prefix(is_last ? rest.size() : end + 1);
    // What a segment loses where Windows' rules hold: "admin." and "admin " open "admin".
    if (segment.ends_with('.') || segment.ends_with(' ')) result.ambiguous = true;
    if (segment == "..") {
      // "/a/b/" -> "/a/"
      if (result.path.size() > 1)
        result.path.resize(result.path.rfind('/', result.path.size() - 2) + 1);
    } else if (segment.empty()) {
      // Only the one before the leading slash, and none behind a trailing one, may be empty.
      if (segment.data() != decoded.data()) result.ambiguous = true;
    } else if (segment != ".") {
      result.path += segment;
      if (!is_last) result.path += '/';
    }
  }
  return result;
}

std::optional<RequestTarget> parse_target(std::string_view target, std::string_view method) {
  using Form = RequestTarget::Form;
  if (target.empty() || !is_target_text(target)) return std::nullopt;
  RequestTarget parsed;
  // RFC 9112 section 3.2.3: only CONNECT has the authority form, and it has no other.
  if (method == "CONNECT") {
    const auto host = parse_host(target, {});
    if (!host || host->port.empty()) return std::nullopt;
    parsed.form = Form::authority;
    parsed.authority = target;
    return parsed;
  }
  if (target == "*") {
    if (method != "OPTIONS") return std::nullopt;
    parsed.form = Form::asterisk;
    parsed.path = target;
    return parsed;
  }
  if (target.front() == '/') {
    const auto [path, query, has_query] = split_query(target);
    if (has_broken_escape(path)) return std::nullopt;
    parsed.path = path;
    parsed.query = query;
    parsed.has_query = has_query;
    return parsed;
  }
  const auto parts = split_absolute(target);
  if (!parts || !parse_host(parts->authority, parts->scheme)) return std::nullopt;
  parsed.form = Form::absolute;
  parsed.scheme = parts->scheme;
  parsed.authority = parts->authority;
  parsed.path = parts->path;
  parsed.query = parts->query;
  parsed.has_query = parts->has_query;
  return parsed;
}

std::optional<Url> parse_url(std::string_view text) {
  const auto parts = split_absolute(text);
  if (!parts) return std::nullopt;
  auto host = parse_host(parts->authority, parts->scheme);
  if (!host) return std::nullopt;
  return Url{ascii_lower(parts->scheme), *std::move(host), std::string(parts->path),
             std::string(parts->query), parts->has_query};
}

}  // namespace jidgate
