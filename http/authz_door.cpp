// SPDX-License-Identifier: GPL-3.0-or-later
// From a proxy's question to a verdict, and from the decision to what the proxy understands.
#include "http/authz_door.hpp"

#include <algorithm>
#include <utility>

#include "core/target.hpp"
#include "core/text.hpp"
#include "http/forwarded.hpp"
#include "http/negotiation.hpp"
#include "http/problem.hpp"
#include "http/refusal.hpp"

namespace jidgate::http {
namespace {

constexpr std::string_view root = "/authz";
constexpr std::string_view metric_label = "authz";
constexpr std::string_view misconfigured = "authz.misconfigured", untrusted = "peer.untrusted";
constexpr std::chrono::minutes complaint_interval{1};
// Below the time after which the proxy itself gives up, and with it the person's answer: 30 s in
// Traefik, 60 s in nginx.
constexpr Seconds forward_auth_wait{25}, auth_request_wait{50};

// One header value for one account: '%' is encoded too, or the account `j%C3%A9@…` would look like
// the account `jé@…` to the application.
std::string header_text(std::string_view text, std::string_view also_encoded = {}) {
  std::string kept;
  for (char c = '!'; c <= '~'; ++c)
    if (c != '%' && also_encoded.find(c) == std::string_view::npos) kept += c;
  return percent_encode(text, kept);
}

// nginx's auth_request knows 2xx, 401 and 403; everything else becomes a 500, which is right only
// where the fault is ours.
int auth_request_status(const Decision& decision) {
  const int status = status_of(decision);
  const bool is_own_fault = status == 503 && reason_of(decision) != "busy";
  return status == 200 || status == 401 || is_own_fault ? status : 403;
}

// Who it is. All names are always there: where one is missing, some proxies pass on the client's
// own field of that name, or the name of a variable.
Reply passed(const Rules& rules, const Pass& pass, WallTime now) {
  std::string user = "anonymous", name = user, groups = user;
  if (pass.account) {
    const auto account = pass.account->bare();
    user = header_text(account.to_string());
    name = header_text(account.local());
    groups = "xmpp";
    for (const auto& [group, members] : rules.settings().groups)
      if (std::find(members.begin(), members.end(), account) != members.end())
        groups.append(",").append(header_text(group, ","));
  }
  Reply reply;
  reply.handler = metric_label;
  reply.header("Remote-User", user)
      .header("Remote-Groups", groups)
      .header("Remote-Name", name)
      .header("X-Auth-Request-User", user)
      .header("X-Auth-Request-Groups", groups)
      .header("X-Auth-Request-Preferred-Username", name);
  if (pass.account && !pass.account->is_bare())
    reply.header("X-Auth-JID-Resource", header_text(pass.account->resource()));
  const auto since_epoch = std::chrono::floor<Seconds>(now.time_since_epoch());
  reply.header("X-Auth-Time", std::to_string(since_epoch.count()))
      .header("Cache-Control", "no-store")
      .header("Content-Type", "text/plain; charset=utf-8")
      .header("X-Content-Type-Options", "nosniff");
  reply.body = "ok\n";
  return reply;
}

}  // namespace

struct AuthzDoor::Endpoint {
  bool is_auth_request = false;
  std::string_view name;
  std::string_view policy;  // empty: none
  Seconds longest_wait;

  static std::optional<Endpoint> of(std::string_view path) {
    Endpoint endpoint{true, "auth-request", {}, auth_request_wait};
    path.remove_prefix(root.size() + 1);
    if (!path.starts_with(endpoint.name)) endpoint = {false, "forward-auth", {}, forward_auth_wait};
    if (!path.starts_with(endpoint.name)) return std::nullopt;
    path.remove_prefix(endpoint.name.size());
    if (path.empty()) return endpoint;
    if (!path.starts_with("/p/")) return std::nullopt;
    endpoint.policy = path.substr(3);
    if (endpoint.policy.empty() || endpoint.policy.find('/') != std::string_view::npos)
      return std::nullopt;
    return endpoint;
  }
};

struct AuthzDoor::Refusal {
  int status;
  std::string_view reason;
  std::string detail;
};

AuthzDoor::AuthzDoor(Access& access, const Clock& clock, Log& log, Metrics& metrics)
    : access_(access), clock_(clock), log_(log), metrics_(metrics) {}

void AuthzDoor::complain(std::string_view event, const Exchange& exchange, std::string_view what) {
  const auto now = clock_.steady();
  const auto quiet = quiet_until_.find(event);
  if (quiet != quiet_until_.end() && now < quiet->second) return;
  quiet_until_[event] = now + complaint_interval;
  log_.warning(event, {{"request", exchange.request_id},
                       {"peer", exchange.peer.to_string()},
                       {"what", std::string(what)}});
}

Verdict AuthzDoor::refuse(const Endpoint& endpoint, const Refusal& refusal) {
  metrics_.add("authz_decisions_total",
               {{"endpoint", endpoint.name},
                {"decision", refusal.status == 400 ? "bad-request" : "forbidden"},
                {"reason", refusal.reason}});
  return [refusal](const Exchange& exchange) {
    auto reply = problem(refusal.status, refusal.reason, exchange, {{}, refusal.detail});
    reply.header("X-Auth-Reason", std::string(refusal.reason));
    reply.handler = metric_label;
    return reply;
  };
}

std::optional<Verdict> AuthzDoor::decide(const Exchange& exchange,
                                         const std::shared_ptr<const Rules>& rules) {
  const auto& head = exchange.head;
  const auto own_target = parse_target(head.target, head.method);
  if (!own_target || !own_target->path.starts_with(root)) return std::nullopt;
  if (own_target->path.size() > root.size() && own_target->path[root.size()] != '/')
    return std::nullopt;

  const auto not_found = [](const Exchange& asked) { return problem(404, asked); };
  const auto endpoint =
      own_target->path.size() > root.size() ? Endpoint::of(own_target->path) : std::nullopt;
  const auto& trusted = rules->settings().http.trusted_proxies;
  // A stranger could put any URL into the question, and learn rules from the answers.
  if (!contains(trusted, exchange.peer)) {
    complain(untrusted, exchange, "this address is no trusted-proxy");
    return refuse(endpoint.value_or(Endpoint{false, "unknown", {}, {}}),
                  {403, "untrusted-peer", {}});
  }
  if (!endpoint) return not_found;

  auto read = endpoint->is_auth_request ? read_original(head, exchange.peer, trusted)
                                        : read_forwarded(head, exchange.peer, trusted);
  if (const auto* fault = std::get_if<ForwardedFault>(&read)) {
    auto text = std::string(fault->field).append(" ").append(fault->what).append(".");
    complain(misconfigured, exchange, text);
    return refuse(*endpoint,
                  {endpoint->is_auth_request ? 403 : 400, "forwarded-header", std::move(text)});
  }
  auto& asked = std::get<Forwarded>(read);
  if (!asked.names_client) {
    complain(misconfigured, exchange,
             "X-Forwarded-For is missing: all clients share the proxy's address and its limits");
  }
  const auto* site = rules->site_for(asked.host.host);
  if (!site) {
    complain(misconfigured, exchange, "no site serves the host that the proxy names");
    return refuse(*endpoint, {403, "unknown-host", {}});
  }
  const auto* policy = endpoint->policy.empty() ? nullptr : rules->policy(endpoint->policy);
  if (!policy && !endpoint->policy.empty()) {
    complain(misconfigured, exchange, "the proxy names a policy that is not configured");
    return refuse(*endpoint, {403, "unknown-policy", {}});
  }

  AccessRequest request;
  request.rules = rules;
  const auto path = rule_path(asked.path);
  request.ruling = policy ? rules->decide(*site, path, asked.method, asked.client, *policy)
                          : rules->decide(*site, path, asked.method, asked.client);
  request.url = url_on(*site, asked.target);
  request.method = std::move(asked.method);
  request.target = std::move(asked.target);
  request.asker = asked.client;
  for (const auto& field : head.fields)
    if (ascii_iequals(field.name, "Authorization")) request.authorization.push_back(field.value);
  request.request_id = exchange.request_id;
  request.longest_wait = endpoint->longest_wait;
  request.endpoint = endpoint->name;
  request.may_ask = !is_prefetch(head);
  return access_.handle(
      std::move(request),
      [this, is_auth_request = endpoint->is_auth_request](const AccessRequest& decided,
                                                          const Decision& decision) -> Responder {
        const auto status = is_auth_request ? auth_request_status(decision) : status_of(decision);
        return [this, status, decision, keep = decided.rules,
                site = decided.ruling.site](const Exchange& answered) {
          if (const auto* pass = std::get_if<Pass>(&decision))
            return passed(*keep, *pass, clock_.wall());
          auto reply = refusal(decision, status, *site, access_.digest(), answered);
          reply.header("X-Auth-Reason", std::string(reason_of(decision)));
          reply.handler = metric_label;
          return reply;
        };
      });
}

}  // namespace jidgate::http
