// SPDX-License-Identifier: GPL-3.0-or-later
// Request targets and URLs (RFC 9112 section 3.2, RFC 3986), and the one path that rules see.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jidgate {

// A host as HTTP names it, normalised: lower-case A-labels, one trailing dot and the default port
// off. `port` is empty for the scheme's default.
struct HostName {
  std::string host;
  std::string port;
};
// `scheme` in any case; an unknown one has no default port. An IPv6 literal is in brackets.
std::optional<HostName> parse_host(std::string_view text, std::string_view scheme);

// The path as every rule compares it: decoded once, without dot segments or empty segments.
// `ambiguous` when a server behind us may read it otherwise than we do (encoded slash, backslash,
// double encoding, dot segments, '//', ';', NUL, control, invalid UTF-8, a segment that ends in '.'
// or a space …): then it gets the strictest reading and never a bypass.
struct RulePath {
  std::string path;  // begins with '/'
  bool ambiguous = false;
};
// `raw` is the path without query, as it stood in the request line.
RulePath rule_path(std::string_view raw);

struct RequestTarget {
  enum class Form { origin, absolute, asterisk, authority } form = Form::origin;
  std::string_view scheme, authority;  // absolute and authority form only
  std::string_view path;               // raw, begins with '/'; "*" in asterisk form
  std::string_view query;              // raw, without '?'
  bool has_query = false;
};
// Views into `target`. nullopt when it has none of the four forms for this method, or holds '#',
// userinfo, a broken escape in the path, or an octet that no browser would send either: controls,
// space, '"', '<', '>' and what is not ASCII. The rest stays raw, as it came.
std::optional<RequestTarget> parse_target(std::string_view target, std::string_view method);

// An absolute http(s) URL as a proxy hands it over in one header.
struct Url {
  std::string scheme;
  HostName host;
  std::string path;   // raw
  std::string query;  // raw, without '?'
  bool has_query = false;
};
std::optional<Url> parse_url(std::string_view text);

}  // namespace jidgate
