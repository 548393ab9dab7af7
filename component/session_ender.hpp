// SPDX-License-Identifier: GPL-3.0-or-later
// Ends the sessions that logged in with a certificate which was revoked: XEP-0257 section 2.4 says
// "if a client is logged in with that compromised certificate using SASL EXTERNAL, the server
// SHOULD close the stream to that client forcing a log out of the client".
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "component/host_module.hpp"
#include "component/stream.hpp"
#include "component/unit.hpp"
#include "core/certificate_store.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/strands.hpp"

namespace jidgate::component {

// Whoever revoked it, here, on the command line, another instance or somebody with SQL: the store
// knows what is to be ended until it is told that it has been, so nothing is forgotten by a
// restart.
class SessionEnder final : public Unit {
 public:
  // `hosts`: those whose modules are asked; what others have is left as it is.
  SessionEnder(std::vector<std::string> hosts, Stream& stream, HostModule& host,
               CertificateStore& store, Strands& strands, const Clock& clock, Log& log);

  // Any thread: something may have been revoked. Without it that is found a period later.
  void wake();

  void link_up() override;
  void tick() override;

  static constexpr std::size_t most_at_once = 100;  // in a batch, and of what is under way
  static constexpr std::chrono::seconds period{10};

 private:
  using Unended = CertificateStore::Unended;
  using Key = std::pair<std::string, std::string>;  // account, fingerprint

  void look();
  void look_again();
  void read(std::optional<Unended> last);
  void found(const OrStoreFault<std::vector<Unended>>& batch);
  bool begin(const Unended& which);
  void answered(const Unended& which, const HostModule::Ended& answer);
  void mark(const Unended& which, std::size_t sessions);
  void marked(const Unended& which, std::size_t sessions, const OrStoreFault<bool>& outcome);
  void put_off(const Unended& which, std::optional<std::size_t> sessions);
  void is_over(const Unended& which);

  const std::vector<std::string> hosts_;
  Stream& stream_;
  HostModule& host_;
  CertificateStore& store_;
  Strands& strands_;
  const Clock& clock_;
  Log& log_;
  std::atomic<bool> woken_ = false;
  // XMPP thread.
  SteadyTime next_{};
  bool reading_ = false;
  bool again_ = false;  // something may have been revoked since it began to read
  bool full_ = false;   // there is more than may be under way
  std::set<Key> under_way_;
  // Not before the next period; with the number of sessions where only the store was not told.
  std::map<Key, std::optional<std::size_t>> put_off_;
  std::set<std::string> silent_;  // hosts that the log was told of
};

}  // namespace jidgate::component
