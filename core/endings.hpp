// SPDX-License-Identifier: GPL-3.0-or-later
// What follows from the end of a question: the grant, the limits, the record, the count, the log.
#pragma once

#include "core/audit.hpp"
#include "core/confirmations.hpp"
#include "core/grants.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"

namespace jidgate {

class Endings {
 public:
  Endings(const Clock& clock, Grants& grants, Limits& limits, Audit& audit, Log& log,
          Metrics& metrics)
      : clock_(clock),
        grants_(grants),
        limits_(limits),
        audit_(audit),
        log_(log),
        metrics_(metrics) {}

  // The observer of Confirmations: any thread, once for each question.
  void operator()(const OpenQuestion& open, Outcome outcome) const;

 private:
  const Clock& clock_;
  Grants& grants_;
  Limits& limits_;
  Audit& audit_;
  Log& log_;
  Metrics& metrics_;
};

// What of a URL may be shown in a message, the log or the audit: everything before the query, which
// may hold tokens.
inline std::string_view without_query(std::string_view url) {
  return url.substr(0, url.find('?'));
}

// The key of the grant that the confirmation of this question gives.
GrantKey grant_key(const Question& question);

}  // namespace jidgate
