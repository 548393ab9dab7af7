// SPDX-License-Identifier: GPL-3.0-or-later
// What a confirmation is worth after the request that it was given for.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/settings.hpp"

namespace jidgate {

// The transaction id is remembered only as a keyed hash: it may be somebody's password
// (XEP-0070 1.0.2 section 6.4).
struct GrantKey {
  Jid account;              // bare
  std::string transaction;  // transaction id, or the nonce for Digest
  std::string site;
  Address asker;
};

enum class Standing {
  unknown,  // never confirmed: ask
  granted,  // pass
  used,     // confirmed before and over now: refuse without a question ("a code is used once")
  denied,   // the person's last word on this code was No
};

// Any thread. Bounded: at most 100,000 entries, the oldest go first; used codes are
// remembered 24 h.
class Grants {
 public:
  Grants();
  explicit Grants(std::size_t bound);
  ~Grants();
  // Consumes the one-request grant of a HEAD or OPTIONS confirmation when it is what grants.
  // `within` is what the rule of this request allows: a confirmation that is older grants nothing
  // here, however long it lasts under the rule that it was given for. 0: that rule asks each time.
  Standing look(const GrantKey& key, std::string_view entity, SteadyTime now,
                std::optional<Seconds> within = std::nullopt);
  // After a confirmation of `method` on `entity` (scheme, host, path and query). XEP-0070 section
  // 5.1: after HEAD or OPTIONS one following request of the same entity passes within 60 s; else
  // the grant lasts `lifetime`, and 0 grants nothing further. The code counts as used from now on.
  // A grant that lasts longer already is not shortened.
  void confirmed(const GrantKey& key, std::string_view method, std::string_view entity,
                 Seconds lifetime, SteadyTime now);
  // After a denial, for whoever was not there to hear it. It takes no running grant away.
  void denied(const GrantKey& key, SteadyTime now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate
