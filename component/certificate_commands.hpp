// SPDX-License-Identifier: GPL-3.0-or-later
// Managing certificates by ad-hoc commands: for people whose client does not know XEP-0257, and for
// administrators.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "component/certificate_words.hpp"
#include "component/session_guard.hpp"
#include "component/xep0050_commands.hpp"
#include "core/certificate_registry.hpp"
#include "core/log.hpp"
#include "core/settings.hpp"
#include "core/strands.hpp"

namespace jidgate::component {

// Accounts of the hosts served manage their own certificates; administrators see and revoke those
// of everybody.
class CertificateCommands {
 public:
  struct Parts {
    CertificateRegistry& registry;
    const CertificateStore& store;  // for the statistics
    SessionGuard& guard;
    Strands& strands;
    Log& log;
  };
  CertificateCommands(const Parts& parts, const XmppSettings& settings);

  // To be served while this object lives.
  std::vector<Command> commands();

  // What one answer shows; further certificates are counted.
  static constexpr std::size_t most_shown = 100;

 private:
  using Work = std::function<CommandOutcome()>;
  using End = CertificateStore::End;

  // Does `work` on the strand of `account`.
  void on_strand(const Jid& account, const CommandStep& step, CommandAnswer answer, Work work);
  // The same, if the session of whoever asked may change certificates.
  void guarded(const Jid& account, const CommandStep& step, CommandAnswer answer, Work work);

  void list(const CommandStep& step, CommandAnswer answer);
  void list_account(const CommandStep& step, CommandAnswer answer);
  void add(const CommandStep& step, CommandAnswer answer);
  void end(const CommandStep& step, CommandAnswer answer, End how);
  void revoke_account(const CommandStep& step, CommandAnswer answer);
  void statistics(const CommandStep& step, CommandAnswer answer);

  CommandOutcome listed(const Jid& account, const CertificateWords& words) const;
  CommandOutcome choice(const Jid& account, const CertificateWords& words, End how) const;
  CommandOutcome registered(const Jid& account, const CertificateWords& words,
                            const SubmittedForm& form);
  CommandOutcome ended(const Jid& account, const CertificateWords& words, const SubmittedForm& form,
                       End how);

  CertificateRegistry& registry_;
  const CertificateStore& store_;
  SessionGuard& guard_;
  Strands& strands_;
  Log& log_;
  const std::vector<std::string> hosts_;
  const std::vector<Jid> administrators_;
};

}  // namespace jidgate::component
