// SPDX-License-Identifier: GPL-3.0-or-later
// What follows from the end of a question.
#include "core/endings.hpp"

#include <string>

namespace jidgate {

GrantKey grant_key(const Question& question) {
  return GrantKey{question.asked.bare(),
                  question.grant_token.empty() ? question.transaction_id : question.grant_token,
                  question.site->name, question.asker};
}

void Endings::operator()(const OpenQuestion& open, Outcome outcome) const {
  const Question& question = open.question;
  const SteadyTime now = clock_.steady();
  if (outcome == Outcome::confirmed) {
    grants_.confirmed(grant_key(question), question.method, question.url, question.grant, now);
  } else if (outcome != Outcome::cancelled) {
    if (outcome == Outcome::denied) grants_.denied(grant_key(question), now);
    // Cancelled is nobody's fault here: a lost link, a restart. Who leaves early is counted where
    // that is seen.
    limits_.ended(question.asked.bare(), question.asker, outcome, now);
  }
  audit_.record(AuditEntry{open.id, open.asked_at, clock_.wall(), question.asked, question.method,
                           std::string(without_query(question.url)), question.site->name, open.via,
                           outcome, question.asker});
  const double seconds = std::chrono::duration<double>(now - open.opened).count();
  metrics_.add("confirmations_total",
               {{"via", to_string(open.via)}, {"outcome", to_string(outcome)}});
  metrics_.observe("confirmation_duration_seconds", seconds, {{"outcome", to_string(outcome)}});
  log_.info("confirm.ended", {{"confirmation", open.id},
                              {"jid", question.asked.to_string()},
                              {"outcome", std::string(to_string(outcome))},
                              {"via", std::string(to_string(open.via))},
                              {"site", question.site->name},
                              {"method", question.method},
                              {"url", std::string(without_query(question.url))},
                              {"asker", question.asker.to_string()},
                              {"seconds", std::to_string(seconds)}});
}

}  // namespace jidgate
