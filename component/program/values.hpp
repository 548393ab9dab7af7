// SPDX-License-Identifier: GPL-3.0-or-later
// The forms that a value of the configuration may have. Pure functions: nullopt is a wrong form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/settings.hpp"

namespace jidgate::program {

std::optional<std::uint64_t> parse_count(std::string_view text);  // decimal digits, no sign
std::optional<Seconds> parse_duration(std::string_view text);     // 10s 5m 12h 30d, or 0
std::optional<std::uint64_t> parse_size(std::string_view text);   // 512, 16KiB, 1MiB, 1GiB
std::optional<RateLimit> parse_rate(std::string_view text);       // 3/2m, or 0
std::optional<bool> parse_switch(std::string_view text);          // yes no on off true false

struct HostPort {
  std::string host;  // IPv6 without brackets
  std::uint16_t port;
};
// "host:port" or "[::1]:port"; the port may be absent where `default_port` is given.
std::optional<HostPort> parse_host_port(std::string_view text,
                                        std::optional<std::uint16_t> default_port = {});
// "ADDRESS:PORT", "localhost:PORT", each also with http:// or https:// before it.
std::optional<Listen> parse_listen(std::string_view text);
std::optional<Jid> parse_account(std::string_view text);  // the bare JID of an account
// A JID, *@domain, or group:NAME.
std::optional<Admission> parse_admission(std::string_view text);
// scheme://host[:port] and nothing after it; normalised.
std::optional<std::string> parse_origin(std::string_view text);
// http://host:port or unix:/path.
std::optional<std::string> parse_upstream(std::string_view text);
// The path of a rule as RulePath has it; nullopt when a server could read it in two ways.
std::optional<std::string> parse_rule_path(std::string_view text);

// Names of sites, policies and groups, which stand in URLs and metrics: a-z 0-9 - _, at most 64.
bool is_name(std::string_view text);
bool is_method(std::string_view text);  // a token of RFC 9110
bool is_loopback_host(std::string_view host);
std::vector<std::string> split_words(std::string_view text);

}  // namespace jidgate::program
