// SPDX-License-Identifier: GPL-3.0-or-later
// Whether whoever asks may change an account's certificates.
#include "component/session_guard.hpp"

#include <algorithm>
#include <utility>

namespace jidgate::component {

void SessionGuard::may_manage(const Jid& from, const SessionKnowledge& session,
                              std::function<void(Word)> then) {
  if (session.known) return decide(from.bare(), session.fingerprint, then);
  host_.sessions(from.bare(), [this, from, then = std::move(then)](HostModule::Sessions answer) {
    if (const auto* silence = std::get_if<HostModule::Silence>(&answer)) {
      if (*silence == HostModule::Silence::no_answer) return then(Word::cannot_tell);
      return decide(from.bare(), {}, then);
    }
    const auto& sessions = std::get<std::vector<HostSession>>(answer);
    const auto asking = std::find_if(sessions.begin(), sessions.end(), [&](const HostSession& one) {
      return one.resource == from.resource();
    });
    // A session that is gone by now can have been one that may not: it left before it was asked
    // about.
    if (from.is_bare() || asking == sessions.end()) return then(Word::may_not);
    decide(from.bare(), asking->fingerprint, then);
  });
}

void SessionGuard::decide(const Jid& account, const std::string& fingerprint,
                          const std::function<void(Word)>& then) {
  const bool taken = strands_.post(account.to_string(), [this, account, fingerprint, then] {
    if (fingerprint.empty()) return then(Word::may);
    const auto can = registry_.can_manage(account, fingerprint);
    if (std::holds_alternative<CertificateRefusal>(can)) return then(Word::cannot_tell);
    then(std::get<bool>(can) ? Word::may : Word::may_not);
  });
  if (!taken) then(Word::busy);
}

}  // namespace jidgate::component
