// SPDX-License-Identifier: GPL-3.0-or-later
// Decisions as statuses, and as problem documents with challenges.
#include "http/refusal.hpp"

#include <type_traits>

#include "http/problem.hpp"

namespace jidgate::http {

int status_of(const Decision& decision) {
  // In the order of the variant.
  constexpr int statuses[] = {200, 401, 403, 400, 429, 503};
  static_assert(std::size(statuses) == std::variant_size_v<Decision>);
  static_assert(
      std::is_same_v<
          Decision, std::variant<Pass, Unauthorized, Forbidden, BadRequest, Limited, Unavailable>>);
  return statuses[decision.index()];
}

std::string_view reason_of(const Decision& decision) {
  return std::visit(
      [](const auto& what) -> std::string_view {
        if constexpr (std::is_same_v<std::decay_t<decltype(what)>, Pass>)
          return {};
        else
          return what.reason;
      },
      decision);
}

Reply refusal(const Decision& decision, int status, const Site& site, DigestAuthority& digest,
              const Exchange& exchange) {
  ProblemExtras extras;
  bool stale = false;
  if (const auto* why = std::get_if<Unauthorized>(&decision)) {
    extras.retry_after = why->retry_after;
    stale = why->stale;
  } else if (const auto* limited = std::get_if<Limited>(&decision)) {
    extras.retry_after = limited->retry_after;
  } else if (const auto* unavailable = std::get_if<Unavailable>(&decision)) {
    extras.retry_after = unavailable->retry_after;
  }
  if (status != 401) return problem(status, reason_of(decision), exchange, extras);

  const auto challenge = site.digest ? digest.challenge(site.name) : DigestAuthority::Challenge{};
  std::string detail;
  if (site.digest && site.digest_password == DigestPassword::code) {
    detail = "Give an XMPP address as user name and " + challenge.code + " as password.";
    extras.detail = detail;
  }
  auto reply = problem(status, reason_of(decision), exchange, extras);
  for (auto& line : challenges(site, challenge, stale))
    reply.header("WWW-Authenticate", std::move(line));
  return reply;
}

}  // namespace jidgate::http
