// SPDX-License-Identifier: GPL-3.0-or-later
// The front end's own sites: whom a request is let in for, and the files that it then gets.
#pragma once

#include <memory>
#include <optional>

#include "core/clock.hpp"
#include "core/rules.hpp"
#include "http/access.hpp"
#include "http/gate.hpp"

namespace jidgate::http {

class SiteDoor {
 public:
  SiteDoor(Access& access, const Clock& clock) : access_(access), clock_(clock) {}

  // Reactor thread. Answers every request that no other door has taken.
  Verdict decide(const Exchange& exchange, const std::shared_ptr<const Rules>& rules) const;

 private:
  Responder render(const AccessRequest& request, const Decision& decision) const;

  Access& access_;
  const Clock& clock_;
};

}  // namespace jidgate::http
