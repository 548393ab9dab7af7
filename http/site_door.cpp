// SPDX-License-Identifier: GPL-3.0-or-later
// Requests for the sites that are served here.
#include "http/site_door.hpp"

#include <string>
#include <utility>

#include "core/overloaded.hpp"
#include "core/target.hpp"
#include "core/text.hpp"
#include "http/forwarded.hpp"
#include "http/negotiation.hpp"
#include "http/problem.hpp"
#include "http/static_files.hpp"

namespace jidgate::http {

namespace {

// Everything printable may stand in a URL that a person reads, except what belongs to no URI; the
// rest is shown as %XX, so no control and no bidirectional character gets through.
constexpr std::string_view url_characters = "!#$%&'()*+,/:;=?@[]~-._";

Responder refuse(int status) {
  return [status](const Exchange& exchange) { return problem(status, exchange); };
}

// RFC 9110 section 9.3.7: OPTIONS with "*" asks about the server, not about a resource.
Reply about_the_server(const Exchange&) {
  Reply reply;
  reply.status = 204;
  reply.header("Allow", "GET, HEAD, OPTIONS");
  return reply;
}

}  // namespace

Verdict SiteDoor::decide(const Exchange& exchange,
                         const std::shared_ptr<const Rules>& rules) const {
  const Head& head = exchange.head;
  const auto target = parse_target(head.target, head.method);
  if (!target || target->form == RequestTarget::Form::authority) return refuse(400);
  if (target->form == RequestTarget::Form::asterisk) return about_the_server;

  // RFC 9112 section 3.2.2: with an absolute-form target the Host field is ignored.
  const std::string_view scheme = exchange.tls ? "https" : "http";
  const std::string_view authority = target->form == RequestTarget::Form::absolute
                                         ? target->authority
                                         : head.only("Host").value_or(std::string_view());
  const auto host = parse_host(authority, scheme);
  if (!host) return refuse(400);
  const Site* site = rules->site_for(host->host);
  if (site == nullptr) return refuse(421);

  const auto asker = client_address(head, exchange.peer, rules->settings().http.trusted_proxies);
  if (!std::holds_alternative<Address>(asker)) return refuse(400);

  AccessRequest request;
  request.rules = rules;
  request.asker = std::get<Address>(asker);
  request.ruling = rules->decide(*site, rule_path(target->path), head.method, request.asker);
  request.method = head.method;
  request.target = head.target;
  request.url = site->origin + percent_encode(target->path, url_characters);
  if (target->has_query) request.url += '?' + percent_encode(target->query, url_characters);
  for (const Field& field : head.fields) {
    if (ascii_iequals(field.name, "Authorization")) request.authorization.push_back(field.value);
  }
  request.request_id = exchange.request_id;
  request.endpoint = "direct";
  request.may_ask = !is_prefetch(head);
  return access_.handle(std::move(request), [this](const auto& asked, const auto& decision) {
    return render(asked, decision);
  });
}

Responder SiteDoor::render(const AccessRequest& request, const Decision& decision) const {
  const auto refusal = [](int status, std::string_view reason,
                          std::optional<Seconds> retry_after = std::nullopt) -> Responder {
    return [=](const Exchange& exchange) {
      return problem(status, reason, exchange, ProblemExtras{retry_after, {}});
    };
  };
  return std::visit(
      Overloaded{[&](const Pass&) -> Responder {
                   return [this, rules = request.rules,
                           site = request.ruling.site](const Exchange& exchange) {
                     return serve_file(site->root, exchange, clock_.wall());
                   };
                 },
                 [&](const Unauthorized& why) -> Responder {
                   return [this, why, rules = request.rules,
                           site = request.ruling.site](const Exchange& exchange) {
                     const auto challenge = access_.digest().challenge(site->name);
                     // The one thing that a page for people adds: the password of the Digest
                     // dialog.
                     std::string detail;
                     if (site->digest && site->digest_password == DigestPassword::code) {
                       detail = "The password of this request is " + challenge.code + ".";
                     }
                     Reply reply =
                         problem(401, why.reason, exchange, ProblemExtras{why.retry_after, detail});
                     // XEP-0070 section 4.2: "one WWW-Authenticate header for each authentication
                     // scheme".
                     for (std::string& line : challenges(*site, challenge, why.stale)) {
                       reply.header("WWW-Authenticate", std::move(line));
                     }
                     return reply;
                   };
                 },
                 [&](const Forbidden& why) { return refusal(403, why.reason); },
                 [&](const BadRequest& why) { return refusal(400, why.reason); },
                 [&](const Limited& why) { return refusal(429, why.reason, why.retry_after); },
                 [&](const Unavailable& why) { return refusal(503, why.reason, why.retry_after); }},
      decision);
}

}  // namespace jidgate::http
