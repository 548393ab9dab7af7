// SPDX-License-Identifier: GPL-3.0-or-later
// The authorisation endpoints that proxies ask before they let a request through:
// /authz/auth-request (nginx) and /authz/forward-auth (Traefik, Caddy, HAProxy), each optionally
// with /p/<policy>. The client can write the query of such a request, so it decides nothing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/rules.hpp"
#include "http/access.hpp"
#include "http/gate.hpp"

namespace jidgate::http {

// Lives as long as the gate. Reactor thread.
class AuthzDoor {
 public:
  AuthzDoor(Access& access, const Clock& clock, Log& log, Metrics& metrics);
  // nullopt when the path is not under /authz/.
  std::optional<Verdict> decide(const Exchange& exchange,
                                const std::shared_ptr<const Rules>& rules);

 private:
  struct Endpoint;
  struct Refusal;
  Verdict refuse(const Endpoint& endpoint, const Refusal& refusal);
  // Tells the operator of an event, once a minute: whoever causes it could do so without end.
  void complain(std::string_view event, const Exchange& exchange, std::string_view what = {});

  Access& access_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  std::map<std::string_view, SteadyTime> quiet_until_;  // by event
};

}  // namespace jidgate::http
