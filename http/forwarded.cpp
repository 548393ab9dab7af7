// SPDX-License-Identifier: GPL-3.0-or-later
// Strict reading of X-Original-* and X-Forwarded-*.
#include "http/forwarded.hpp"

#include <optional>
#include <utility>

#include "core/text.hpp"
#include "http/auth_params.hpp"
#include "http/negotiation.hpp"

namespace jidgate::http {
namespace {

constexpr std::size_t longest_method = HeadLimits{}.method;

constexpr std::string_view missing = "is missing";
constexpr std::string_view repeated = "stands more than once";
constexpr std::string_view unreadable = "cannot be read";

template <class T>
using OrFault = std::variant<T, ForwardedFault>;

OrFault<std::string_view> required(const Head& head, std::string_view name) {
  switch (head.count(name)) {
    case 0:
      return ForwardedFault{name, missing};
    case 1:
      return *head.only(name);
    default:
      return ForwardedFault{name, repeated};
  }
}

bool is_method(std::string_view text) {
  return is_token(text) && text.size() <= longest_method;
}

// The last hop that is no trusted proxy of ours. What stands left of it was written by that client,
// and is not even read.
OrFault<Address> walk_forwarded_for(std::string_view list, std::span<const Network> trusted) {
  while (true) {
    const auto comma = list.rfind(',');
    const bool is_first = comma == std::string_view::npos;
    const auto hop = Address::parse(trim(is_first ? list : list.substr(comma + 1)));
    // Taking the next one instead would skip whatever hangs on the address (CVE-2024-47070).
    if (!hop) return ForwardedFault{"X-Forwarded-For", unreadable};
    if (is_first || !contains(trusted, *hop)) return *hop;
    list = list.substr(0, comma);
  }
}

bool names_client(const Head& head) {
  return head.count("X-Forwarded-For") > 0;
}

OrFault<Address> behind_proxy(const Head& head, const Address& peer,
                              std::span<const Network> trusted) {
  if (!names_client(head)) return peer;
  return walk_forwarded_for(list_field(head, "X-Forwarded-For"), trusted);
}

}  // namespace

OrFault<Address> client_address(const Head& head, const Address& peer,
                                std::span<const Network> trusted) {
  return contains(trusted, peer) ? behind_proxy(head, peer, trusted) : peer;
}

OrFault<Forwarded> read_original(const Head& head, const Address& peer,
                                 std::span<const Network> trusted) {
  const auto url_text = required(head, "X-Original-URL");
  if (const auto* fault = std::get_if<ForwardedFault>(&url_text)) return *fault;
  const auto method = required(head, "X-Original-Method");
  if (const auto* fault = std::get_if<ForwardedFault>(&method)) return *fault;
  if (!is_method(std::get<std::string_view>(method)))
    return ForwardedFault{"X-Original-Method", unreadable};
  auto url = parse_url(std::get<std::string_view>(url_text));
  if (!url) return ForwardedFault{"X-Original-URL", unreadable};

  auto client = behind_proxy(head, peer, trusted);
  if (!names_client(head) && head.count("X-Real-IP") > 0) {
    const auto text = head.only("X-Real-IP");
    if (!text) return ForwardedFault{"X-Real-IP", repeated};
    const auto address = Address::parse(*text);
    if (!address) return ForwardedFault{"X-Real-IP", unreadable};
    client = *address;
  }
  if (const auto* fault = std::get_if<ForwardedFault>(&client)) return *fault;

  auto target = url->path;
  if (url->has_query) target.append("?").append(url->query);
  return Forwarded{std::string(std::get<std::string_view>(method)),
                   std::move(target),
                   std::move(url->scheme),
                   std::move(url->host),
                   std::move(url->path),
                   std::get<Address>(client),
                   names_client(head) || head.count("X-Real-IP") > 0};
}

OrFault<Forwarded> read_forwarded(const Head& head, const Address& peer,
                                  std::span<const Network> trusted) {
  std::string_view values[4];
  constexpr std::string_view names[] = {"X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri",
                                        "X-Forwarded-Method"};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    const auto value = required(head, names[i]);
    if (const auto* fault = std::get_if<ForwardedFault>(&value)) return *fault;
    values[i] = std::get<std::string_view>(value);
  }
  const auto [proto, host_text, uri, method] = values;

  // Traefik names the WebSocket schemes where the client asks for an upgrade.
  std::string scheme;
  if (proto == "https" || proto == "wss")
    scheme = "https";
  else if (proto == "http" || proto == "ws")
    scheme = "http";
  else
    return ForwardedFault{names[0], unreadable};
  auto host = parse_host(host_text, scheme);
  if (!host) return ForwardedFault{names[1], unreadable};
  if (!is_method(method)) return ForwardedFault{names[3], unreadable};
  const auto target = parse_target(uri, method);
  if (!target || target->form != RequestTarget::Form::origin)
    return ForwardedFault{names[2], unreadable};
  const auto client = behind_proxy(head, peer, trusted);
  if (const auto* fault = std::get_if<ForwardedFault>(&client)) return *fault;
  return Forwarded{std::string(method), std::string(uri),          std::move(scheme),
                   std::move(*host),    std::string(target->path), std::get<Address>(client),
                   names_client(head)};
}

}  // namespace jidgate::http
