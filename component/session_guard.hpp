// SPDX-License-Identifier: GPL-3.0-or-later
// Whether whoever asks may change an account's certificates: XEP-0257 section 2.1 says of
// <no-cert-management/> that "a client logged in with that certificate is not allowed to add or
// remove certificates from the list".
#pragma once

#include <functional>

#include "component/host_module.hpp"
#include "core/certificate_registry.hpp"
#include "core/strands.hpp"

namespace jidgate::component {

// XMPP thread.
class SessionGuard {
 public:
  SessionGuard(HostModule& host, const CertificateRegistry& registry, Strands& strands)
      : host_(host), registry_(registry), strands_(strands) {}

  enum class Word {
    may,          // said on the strand of the account, where what follows may block
    may_not,      // said on any thread, as is the last one
    cannot_tell,  // the database or the host's module does not answer
    busy,         // too much waits
  };
  // `from` is the full JID that the server stamped, `session` as it came in Incoming. `then` is
  // called exactly once.
  void may_manage(const Jid& from, const SessionKnowledge& session, std::function<void(Word)> then);

 private:
  void decide(const Jid& account, const std::string& fingerprint,
              const std::function<void(Word)>& then);

  HostModule& host_;
  const CertificateRegistry& registry_;
  Strands& strands_;
};

}  // namespace jidgate::component
