// SPDX-License-Identifier: GPL-3.0-or-later
// The answers for requests that are not let through, the same for every door.
#pragma once

#include <string_view>

#include "core/settings.hpp"
#include "http/access.hpp"
#include "http/credentials.hpp"
#include "http/gate.hpp"

namespace jidgate::http {

// 200, 400, 401, 403, 429 or 503.
int status_of(const Decision& decision);
// Its stable word; empty for Pass.
std::string_view reason_of(const Decision& decision);
// The problem document or page for a decision that is no Pass. With status 401 it carries the
// challenges of `site`. On a worker.
Reply refusal(const Decision& decision, int status, const Site& site, DigestAuthority& digest,
              const Exchange& exchange);

}  // namespace jidgate::http
