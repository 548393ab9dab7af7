// SPDX-License-Identifier: GPL-3.0-or-later
// Requests for the sites that are served here.
#include "http/site_door.hpp"

#include <string>
#include <utility>

#include "core/target.hpp"
#include "core/text.hpp"
#include "http/forwarded.hpp"
#include "http/negotiation.hpp"
#include "http/problem.hpp"
#include "http/refusal.hpp"
#include "http/static_files.hpp"

namespace jidgate::http {

namespace {

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
  std::string relative(target->path);
  if (target->has_query) relative.append("?").append(target->query);
  request.url = url_on(*site, relative);
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
  return [this, decision, rules = request.rules,
          site = request.ruling.site](const Exchange& exchange) {
    Reply reply;
    if (!std::holds_alternative<Pass>(decision)) {
      reply = refusal(decision, status_of(decision), *site, access_.digest(), exchange);
    } else if (site->root.empty()) {
      // A site without files of its own is there for the authorisation endpoints.
      reply = problem(404, exchange);
    } else {
      reply = serve_file(site->root, exchange, clock_.wall());
    }
    reply.handler = "site";
    return reply;
  };
}

}  // namespace jidgate::http
