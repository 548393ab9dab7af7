// SPDX-License-Identifier: GPL-3.0-or-later
// The records of certificates as everybody but the database sees them.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/certificate.hpp"
#include "core/clock.hpp"
#include "core/jid.hpp"

namespace jidgate {

enum class CertificateState { active, disabled, revoked, expired };

constexpr std::string_view to_string(CertificateState state) {
  switch (state) {
    case CertificateState::active:
      return "active";
    case CertificateState::disabled:
      return "disabled";
    case CertificateState::revoked:
      return "revoked";
    case CertificateState::expired:
      break;
  }
  return "expired";
}

// One record.
struct CertificateRecord {
  std::string account;  // bare JID
  std::string name;     // unique among the account's records that are not revoked
  std::string der, fingerprint, subject, key;
  std::vector<std::string> xmpp_addresses;
  std::chrono::sys_seconds not_before, not_after, added_at;
  std::optional<std::chrono::sys_seconds> ended_at;  // when it was disabled or revoked
  bool can_manage = true;  // false: no-cert-management (XEP-0257 section 2.1)
  CertificateState state = CertificateState::active;
};

// Why the store could not do it.
enum class StoreFault {
  away,  // the database cannot be asked just now
  full,  // it has no room
};
template <class T>
using OrStoreFault = std::variant<T, StoreFault>;

// Blocks on the database; any thread but the XMPP thread and the reactor.
class CertificateStore {
 public:
  virtual ~CertificateStore() = default;

  struct Limits {
    unsigned active = 20;        // records of one account that are neither disabled nor revoked
    unsigned remembered = 1000;  // all records of one account
  };
  enum class Added { added, name_taken, already_registered, limit_reached };
  // All or nothing, also when many come at once (more than are `remembered` only while others of
  // the account are being ended). An answer that is lost with the connection is looked up before
  // this returns: nothing is `added` that was not stored, and nothing refused that was. When the
  // database does not come back within seconds `away` leaves it open, and whoever tries again may
  // be told that it is registered.
  virtual OrStoreFault<Added> add(const Jid& account, std::string_view name,
                                  const Certificate& certificate, bool can_manage,
                                  const Limits& limits) = 0;

  // By name; revoked ones last. With `account` empty those of all accounts, by account.
  struct Selection {
    std::optional<Jid> account;
    bool with_ended = true;  // disabled and revoked ones too
    bool with_der = true;    // false leaves `der` empty
  };
  // Calls `each` for every record, a batch at a time: a long list is never held whole.
  virtual std::optional<StoreFault> list(
      const Selection& selection, const std::function<void(CertificateRecord)>& each) const = 0;

  enum class End { disable, revoke };
  // Ends the record of this name that is not revoked, and gives its fingerprint; nullopt: there is
  // none. A disabled one can be revoked, but not disabled again.
  virtual OrStoreFault<std::optional<std::string>> end(const Jid& account, std::string_view name,
                                                       End how) = 0;
  // Whether this certificate of the account may manage (by fingerprint); nullopt: not registered.
  virtual OrStoreFault<std::optional<bool>> can_manage(const Jid& account,
                                                       std::string_view fingerprint) const = 0;

  // The records that their account has not been told of, at most `most`; they count as told from
  // now on, for every instance.
  virtual OrStoreFault<std::vector<CertificateRecord>> take_added(std::size_t most) = 0;
  // The same for active records that expire within `ahead`.
  virtual OrStoreFault<std::vector<CertificateRecord>> take_expiring(std::chrono::seconds ahead,
                                                                     std::size_t most) = 0;
  // Deletes records that expired longer than `ago` ago. They could never come back: an expired
  // certificate is not accepted. Gives their number.
  virtual OrStoreFault<std::size_t> remove_expired(std::chrono::seconds ago) = 0;

  // A revoked certificate whose sessions may still be open.
  struct Unended {
    std::string account, fingerprint;
  };
  // Whoever revoked them: the longest revoked first, at most `most`, those after `last` where it is
  // given. Empty as well when the record of `last` is gone.
  virtual OrStoreFault<std::vector<Unended>> unended(std::size_t most,
                                                     const std::optional<Unended>& last) const = 0;
  // Its sessions have been ended. False: that was known, or there is no such record.
  virtual OrStoreFault<bool> sessions_ended(const Unended& which) = 0;

  struct Statistics {
    std::size_t accounts = 0, active = 0, disabled = 0, revoked = 0, expired = 0;
  };
  virtual OrStoreFault<Statistics> statistics() const = 0;
};

}  // namespace jidgate
