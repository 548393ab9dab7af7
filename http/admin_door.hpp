// SPDX-License-Identifier: GPL-3.0-or-later
// What the admin listener tells: alive, ready, and the metrics.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/metrics.hpp"
#include "http/gate.hpp"

namespace jidgate::http {

// Any thread. Serves exact paths and looks at nothing else of a request: no field of it makes it a
// health check (the class of CVE-2026-34457).
class AdminDoor {
 public:
  // Why requests cannot be served just now, one line each ("xmpp: not connected"); empty when all
  // is well. Called on a worker; must not block.
  using Reasons = std::function<std::vector<std::string>()>;

  AdminDoor(const Metrics& metrics, Reasons not_ready);
  // nullopt when the path is none of /healthz (or /ping), /readyz (or /ready), /metrics.
  std::optional<Responder> decide(const Exchange& exchange) const;

 private:
  const Metrics& metrics_;
  Reasons not_ready_;
};

}  // namespace jidgate::http
