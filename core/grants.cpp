// SPDX-License-Identifier: GPL-3.0-or-later
// What a confirmation is worth afterwards: see grants.hpp.
#include "core/grants.hpp"

#include <algorithm>

#include "core/bounded_map.hpp"
#include "core/crypto.hpp"
#include "core/locked.hpp"

namespace jidgate {
namespace {

constexpr std::size_t most_entries = 100000;
constexpr std::chrono::hours codes_are_remembered{24};
constexpr Seconds one_request_waits{60};

struct Grant {
  SteadyTime since;        // the last confirmation that was for more than one request
  SteadyTime until;        // each request passes before
  std::string one_entity;  // the one of which one request passes, as a hash; empty: none
  SteadyTime one_entity_until;
  bool was_denied = false;
  SteadyTime forget_at;
};

}  // namespace

struct Grants::State {
  explicit State(std::size_t bound) : grants(BoundedMap<Grant>(bound)) {}

  // Each part with its length before it, so that no two keys are written the same way.
  std::string hash(std::initializer_list<std::string_view> parts) const {
    std::string text;
    for (const auto part : parts) text.append(std::to_string(part.size())).append(":").append(part);
    return hmac_sha256(secret.reveal(), text);
  }
  std::string hash(const GrantKey& key) const {
    return hash({key.account.bare().to_string(), key.transaction, key.site, key.asker.to_string()});
  }

  const Secret secret{random_octets(32)};
  Locked<BoundedMap<Grant>> grants;
};

Grants::Grants() : Grants(most_entries) {}
Grants::Grants(std::size_t bound) : state_(std::make_unique<State>(bound)) {}
Grants::~Grants() = default;

Standing Grants::look(const GrantKey& key, std::string_view entity, SteadyTime now,
                      std::optional<Seconds> within) {
  const std::string hashed_key = state_->hash(key), hashed_entity = state_->hash({entity});
  return state_->grants.with([&](BoundedMap<Grant>& grants) {
    Grant* grant = grants.find(hashed_key);
    if (!grant || now >= grant->forget_at) return Standing::unknown;
    if (now < grant->until && (!within || now < grant->since + *within)) return Standing::granted;
    if (grant->was_denied) return Standing::denied;
    if (grant->one_entity != hashed_entity || now >= grant->one_entity_until) return Standing::used;
    grant->one_entity.clear();
    return Standing::granted;
  });
}

void Grants::confirmed(const GrantKey& key, std::string_view method, std::string_view entity,
                       Seconds lifetime, SteadyTime now) {
  const std::string hashed_key = state_->hash(key), hashed_entity = state_->hash({entity});
  state_->grants.with([&](BoundedMap<Grant>& grants) {
    grants.drop_while([&](const Grant& grant) { return now >= grant.forget_at; });
    Grant& grant = grants.touch(hashed_key);
    grant.was_denied = false;
    if (method == "HEAD" || method == "OPTIONS") {
      grant.one_entity = hashed_entity;
      grant.one_entity_until = now + one_request_waits;
    } else {
      grant.since = now;
      grant.until = std::max(grant.until, now + lifetime);
    }
    grant.forget_at = std::max(grant.until, now + codes_are_remembered);
  });
}

void Grants::denied(const GrantKey& key, SteadyTime now) {
  const std::string hashed_key = state_->hash(key);
  state_->grants.with([&](BoundedMap<Grant>& grants) {
    grants.drop_while([&](const Grant& grant) { return now >= grant.forget_at; });
    Grant& grant = grants.touch(hashed_key);
    grant.was_denied = true;
    grant.forget_at = std::max(grant.until, now + codes_are_remembered);
  });
}

}  // namespace jidgate
