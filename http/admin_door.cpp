// SPDX-License-Identifier: GPL-3.0-or-later
// The paths of the admin listener.
#include "http/admin_door.hpp"

#include <utility>

#include "core/target.hpp"
#include "http/problem.hpp"

namespace jidgate::http {
namespace {

Reply plain(int status, std::string body, std::string type = "text/plain; charset=utf-8") {
  Reply reply;
  reply.handler = "admin";
  reply.status = status;
  reply.header("Content-Type", std::move(type))
      .header("Cache-Control", "no-store")
      .header("X-Content-Type-Options", "nosniff");
  reply.body = std::move(body);
  return reply;
}

Reply refuse_method(const Exchange& exchange) {
  auto refused = problem(405, exchange);
  refused.header("Allow", "GET, HEAD");
  return refused;
}

}  // namespace

AdminDoor::AdminDoor(const Metrics& metrics, Reasons not_ready)
    : metrics_(metrics), not_ready_(std::move(not_ready)) {}

std::optional<Responder> AdminDoor::decide(const Exchange& exchange) const {
  const auto target = parse_target(exchange.head.target, exchange.head.method);
  if (!target) return std::nullopt;
  const auto path = target->path;
  const bool alive = path == "/healthz" || path == "/ping";
  const bool ready = path == "/readyz" || path == "/ready";
  if (!alive && !ready && path != "/metrics") return std::nullopt;
  if (exchange.head.method != "GET" && exchange.head.method != "HEAD") return refuse_method;
  if (alive) return [](const Exchange&) { return plain(200, "alive\n"); };
  if (ready) {
    return [this](const Exchange&) {
      std::string lines;
      for (const auto& reason : not_ready_()) lines += reason + "\n";
      return lines.empty() ? plain(200, "ready\n") : plain(503, std::move(lines));
    };
  }
  return [this](const Exchange&) {
    return plain(200, metrics_.render(), "text/plain; version=0.0.4; charset=utf-8");
  };
}

}  // namespace jidgate::http
