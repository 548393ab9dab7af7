// SPDX-License-Identifier: GPL-3.0-or-later
// Registers certificates: reader, policy and store in one, the same for XEP-0257, ad-hoc commands
// and the command line.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/certificate_policy.hpp"
#include "core/certificate_store.hpp"
#include "core/locked.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"

namespace jidgate {

// How the text of a certificate may look.
enum class CertificateForm {
  any,     // whatever der_from_any() reads
  base64,  // what XEP-0257 asks for, and nothing else
};

// Why something was refused; `text` is one sentence for whoever asked.
struct CertificateRefusal {
  enum class Kind {
    malformed,       // no certificate, or no name
    not_acceptable,  // the policy
    conflict,        // the name is in use, or the certificate was registered before
    unknown,         // no certificate of this name
    full,            // a limit
    away,            // the database cannot be asked; later may succeed
  } kind;
  std::string text;
};

// Blocks on the store; any thread but the XMPP thread and the reactor.
class CertificateRegistry {
 public:
  CertificateRegistry(CertificateStore& store, const Clock& clock, Log& log, Metrics& metrics);

  // Any thread: the policy from now on.
  void configure(CertificatePolicy policy);

  // The name is taken without white space around it: one line, at most 255 octets. Gives the
  // certificate.
  std::variant<Certificate, CertificateRefusal> add(const Jid& account, std::string_view name,
                                                    std::string_view encoded, bool can_manage,
                                                    CertificateForm form = CertificateForm::any);
  // Those that can still be used or will be found expired; with_ended: disabled and revoked too.
  std::variant<std::vector<CertificateRecord>, CertificateRefusal> list(const Jid& account,
                                                                        bool with_ended) const;
  // Gives the fingerprint of what was ended.
  std::variant<std::string, CertificateRefusal> end(const Jid& account, std::string_view name,
                                                    CertificateStore::End how);
  // Whether a session that logged in with this certificate may manage (no-cert-management). What
  // is not registered any more may not.
  std::variant<bool, CertificateRefusal> can_manage(const Jid& account,
                                                    std::string_view fingerprint) const;
  // Called on the thread that did it, after it is committed, before whoever asked is answered.
  using Observer = std::function<void(const Jid& account, const std::string& fingerprint)>;
  void on_added(Observer observer) { on_added_ = std::move(observer); }
  void on_revoked(Observer observer) { on_revoked_ = std::move(observer); }

 private:
  using Outcome = std::variant<Certificate, CertificateRefusal>;
  Outcome try_add(const Jid& account, std::string_view name, std::string_view encoded,
                  bool can_manage, CertificateForm form);
  void refused(std::string_view action, const Jid& account, std::string_view name,
               const CertificateRefusal& refusal);

  // The second that refusals were logged in, and how many were.
  struct Tally {
    SteadyTime second{};
    unsigned logged = 0;
  };

  CertificateStore& store_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  Locked<CertificatePolicy> policy_;
  Locked<Tally> tally_;
  Observer on_added_, on_revoked_;
};

}  // namespace jidgate
