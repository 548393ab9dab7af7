// SPDX-License-Identifier: GPL-3.0-or-later
// The record of every confirmation. Written behind the request: nobody waits for the database.
#pragma once

#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/jid.hpp"
#include "core/network.hpp"
#include "core/outcome.hpp"

namespace jidgate {

struct AuditEntry {
  std::string id;  // 32 hexadecimal digits: the uuid of the row
  WallTime asked_at, ended_at;
  Jid jid;  // as it was asked, full or bare
  std::string method;
  std::string url;  // without the query string, which may hold secrets
  std::string site;
  Via via;
  Outcome outcome;
  std::optional<Address> asker;
};

class Audit {
 public:
  virtual ~Audit() = default;
  // Any thread; never blocks. The queue is bounded: what does not fit is counted and logged.
  virtual void record(AuditEntry entry) = 0;
};

// Where confirmations go when no database is configured.
class NullAudit final : public Audit {
 public:
  void record(AuditEntry) override {}
};

}  // namespace jidgate
