// SPDX-License-Identifier: GPL-3.0-or-later
// The records of certificates in PostgreSQL.
#pragma once

#include <chrono>
#include <memory>

#include "core/certificate_store.hpp"
#include "core/log.hpp"
#include "db/pool.hpp"

namespace jidgate::db {

// Text that PostgreSQL cannot hold, in a name or a certificate, throws std::invalid_argument.
class CertificateStore final : public jidgate::CertificateStore {
 public:
  // What the database refused is told to `log`, once until it changes. `patience` is how long an
  // answer that was lost is looked for. When it is over add() and end() say `away`, though the
  // server may still turn out to have done what it was told.
  explicit CertificateStore(Pool& pool, Log* log = nullptr,
                            std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~CertificateStore() override;

  OrStoreFault<Added> add(const Jid& account, std::string_view name, const Certificate& certificate,
                          bool can_manage, const Limits& limits) override;
  std::optional<StoreFault> list(const Selection& selection,
                                 const std::function<void(CertificateRecord)>& each) const override;
  OrStoreFault<std::optional<std::string>> end(const Jid& account, std::string_view name,
                                               End how) override;
  OrStoreFault<std::optional<bool>> can_manage(const Jid& account,
                                               std::string_view fingerprint) const override;
  // After a commit in doubt they are given all the same: better told twice than never.
  OrStoreFault<std::vector<CertificateRecord>> take_added(std::size_t most) override;
  OrStoreFault<std::vector<CertificateRecord>> take_expiring(std::chrono::seconds ahead,
                                                             std::size_t most) override;
  OrStoreFault<std::size_t> remove_expired(std::chrono::seconds ago) override;
  OrStoreFault<std::vector<Unended>> unended(std::size_t most,
                                             const std::optional<Unended>& last) const override;
  OrStoreFault<bool> sessions_ended(const Unended& which) override;
  OrStoreFault<Statistics> statistics() const override;

  // Deletes the records of an account that is no more: whoever gets its name next must not be
  // reached with the certificates of the one before. Gives their number.
  OrStoreFault<std::size_t> remove_account(const Jid& account);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate::db
