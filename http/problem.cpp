// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of every reason, as problem+json and as HTML.
#include "http/problem.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "http/negotiation.hpp"

namespace jidgate::http {
namespace {

struct StatusRow {
  int status;
  std::string_view text, reason, detail;
};

constexpr StatusRow statuses[] = {
    {400, "Bad Request", "bad-request", "The request is not well-formed."},
    {401, "Unauthorized", "unauthorized", "This needs a confirmation by an XMPP account."},
    {403, "Forbidden", "forbidden", "Access is refused."},
    {404, "Not Found", "not-found", "There is nothing at this address."},
    {405, "Method Not Allowed", "method-not-allowed", "This cannot be asked of this address."},
    {408, "Request Timeout", "request-timeout", "The request did not arrive in time."},
    {409, "Conflict", "conflict", "The same is being asked for somebody else."},
    {412, "Precondition Failed", "precondition-failed", "The condition of the request is not met."},
    {413, "Content Too Large", "content-too-large", "The body of the request is too large."},
    {414, "URI Too Long", "uri-too-long", "The address is too long."},
    {416, "Range Not Satisfiable", "range-not-satisfiable", "There is nothing in this range."},
    {417, "Expectation Failed", "expectation-failed", "The expectation cannot be met."},
    {421, "Misdirected Request", "misdirected-request", "This host is not served here."},
    {429, "Too Many Requests", "rate-limited", "Too many confirmations were asked for."},
    {431, "Request Header Fields Too Large", "header-too-large", "The header is too large."},
    {500, "Internal Server Error", "server-fault", "Something went wrong on this server."},
    {501, "Not Implemented", "not-implemented", "This is not supported."},
    {502, "Bad Gateway", "upstream-fault", "The server behind this one gave no usable answer."},
    {503, "Service Unavailable", "unavailable", "The service cannot be used just now."},
    {504, "Gateway Timeout", "upstream-timeout", "The server behind this one gave no answer."},
    {505, "HTTP Version Not Supported", "version-not-supported", "Only HTTP/1.x is spoken here."},
};

struct ReasonRow {
  std::string_view reason, title, detail;
};

// "unanswered" covers accounts that do not exist, are offline, or did not answer: all read the
// same.
constexpr ReasonRow reasons[] = {
    {"account-busy", "Already asking", "This account is being asked for another request."},
    {"account-limit", "Too many questions", "This account was asked too often. Wait a while."},
    {"address-limit", "Too many questions", "Too many questions came from here. Wait a while."},
    {"busy", "Busy", "Too many requests wait for confirmations."},
    {"code-used", "Code used before", "Each code serves once. Try again with a new one."},
    {"denied", "Denied", "The request was denied over XMPP."},
    {"forwarded-header", "Not understood", "What the proxy says about the request is not usable."},
    {"link-down", "Not connected", "The XMPP server cannot be reached just now."},
    {"malformed-credentials", "Credentials not understood",
     "The user name has to be an XMPP address, the password a code of your choice."},
    {"no-account", "No account", "The user name names no account."},
    {"no-credentials", "Confirmation needed",
     "Give an XMPP address as user name and a code of your choice as password. You will be asked "
     "over XMPP whether this is your request: compare the code there. Never give your password."},
    {"not-allowed", "Not allowed", "This account may not see this."},
    {"pending", "Being asked", "This code is being asked about. Try again after the answer."},
    {"prefetch", "Not asked", "Nobody is asked for what is fetched in advance."},
    {"replayed", "Used before", "This response was used before. Answer the new challenge."},
    {"scheme-not-offered", "Scheme not offered", "This authentication scheme is not used here."},
    {"several-authorization-fields", "Several credentials", "Credentials may be given only once."},
    {"shutting-down", "Restarting", "The service is being restarted."},
    {"stale-nonce", "Out of date", "The challenge is too old. Answer the new one."},
    {"unanswered", "No answer", "Nobody confirmed this request in time."},
    {"unknown-host", "Unknown host", "This host is not served here."},
    {"unknown-policy", "Unknown policy", "This policy is not configured."},
    {"untrusted-peer", "Not a trusted proxy", "Only configured proxies may ask here."},
    {"unverified-response", "Response does not match",
     "The response is not what this site expects."},
};

constexpr bool is_sorted(const ReasonRow* begin, const ReasonRow* end) {
  for (const auto* row = begin + 1; row < end; ++row)
    if (row->reason <= row[-1].reason) return false;
  return true;
}
static_assert(is_sorted(std::begin(reasons), std::end(reasons)), "found by binary search");

const StatusRow* row_of(int status) {
  const auto* row = std::find_if(std::begin(statuses), std::end(statuses),
                                 [&](const StatusRow& other) { return other.status == status; });
  return row == std::end(statuses) ? nullptr : row;
}

const ReasonRow* row_of(std::string_view reason) {
  const auto* row = std::lower_bound(
      std::begin(reasons), std::end(reasons), reason,
      [](const ReasonRow& other, std::string_view wanted) { return other.reason < wanted; });
  return row == std::end(reasons) || row->reason != reason ? nullptr : row;
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// "urn:uuid:" wants the groups of RFC 4122.
std::string instance_of(const std::string& request_id) {
  auto instance = "urn:uuid:" + request_id;
  for (std::size_t at = 9 + 8; at <= 9 + 23 && at < instance.size(); at += 5)
    instance.insert(at, 1, '-');
  return instance;
}

constexpr std::string_view style =
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem}"
    "small{opacity:.7}";

}  // namespace

std::string_view status_text(int status) {
  const auto* row = row_of(status);
  return row ? row->text : std::string_view();
}

Reply problem(int status, std::string_view reason, const Exchange& exchange,
              const ProblemExtras& extras) {
  const auto* status_row = row_of(status);
  const auto* reason_row = row_of(reason);
  std::string_view title = status_text(status);
  std::string_view detail = status_row ? status_row->detail : std::string_view();
  if (reason_row) {
    title = reason_row->title;
    detail = reason_row->detail;
  }
  if (!extras.detail.empty()) detail = extras.detail;

  Reply reply;
  reply.status = status;
  // Whatever was decided now may be decided otherwise a moment later.
  reply.header("Cache-Control", "no-store")
      .header("Vary", "Accept")
      .header("X-Content-Type-Options", "nosniff");
  if (extras.retry_after)
    reply.header("Retry-After",
                 std::to_string(std::max<Seconds::rep>(1, extras.retry_after->count())));

  if (prefers_html(exchange.head)) {
    const auto name = escape_html(title);
    reply.header("Content-Type", "text/html; charset=utf-8")
        .header("Content-Security-Policy",
                "default-src 'none'; style-src 'sha256-" + base64_encode(sha256(style)) +
                    "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
        .header("Referrer-Policy", "same-origin")
        .header("Cross-Origin-Opener-Policy", "same-origin");
    reply.body =
        "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\">"
        "<meta name=\"color-scheme\" content=\"light dark\">"
        "<title>" +
        name + "</title><style>" + std::string(style) + "</style>\n<h1>" + name + "</h1>\n<p>" +
        escape_html(detail) + "</p>\n<p><small>" + std::to_string(status) + " " +
        escape_html(reason) + ", request " + escape_html(exchange.request_id) +
        "</small></p>\n</html>\n";
    return reply;
  }
  nlohmann::ordered_json document = {{"type", "urn:xmpp:jidgate:problem:" + std::string(reason)},
                                     {"title", title},
                                     {"status", status},
                                     {"detail", detail},
                                     {"instance", instance_of(exchange.request_id)},
                                     {"reason", reason}};
  if (extras.retry_after) document["retry_after"] = extras.retry_after->count();
  reply.header("Content-Type", "application/problem+json");
  reply.body =
      document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  return reply;
}

Reply problem(int status, const Exchange& exchange) {
  const auto* row = row_of(status);
  return problem(status, row ? row->reason : "unavailable", exchange);
}

}  // namespace jidgate::http
