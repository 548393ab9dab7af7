// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0257 (Client Certificate Management for SASL EXTERNAL) 0.3: append, items, disable, revoke.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "component/host_module.hpp"
#include "component/reply.hpp"
#include "component/session_guard.hpp"
#include "component/stream.hpp"
#include "component/turnstile.hpp"
#include "component/unit.hpp"
#include "core/certificate_registry.hpp"
#include "core/log.hpp"
#include "core/strands.hpp"

namespace jidgate::component {

constexpr std::string_view saslcert_ns = "urn:xmpp:saslcert:1";

// XMPP thread; what blocks is done on the strand of the account.
class Certificates final : public Unit {
 public:
  // `hosts`: whose accounts are served.
  Certificates(std::vector<std::string> hosts, CertificateRegistry& registry, SessionGuard& guard,
               HostModule& host, Strands& strands, const Stream& stream, Log& log);

  std::span<const Route> routes() const override;
  std::span<const std::string_view> features() const override;
  std::span<const Identity> identities() const override;
  std::span<const std::string_view> delegable() const override;
  void handle(const Incoming& request, const gloox::Tag& payload, Reply reply) override;

 private:
  // Requests of one account under way. Clients wait for their answers; whoever does not is told to.
  static constexpr std::size_t most_at_once = 20;

  // What may block, with the answer that it gives; on the strand of the account.
  using Work = std::function<void(Reply&)>;
  // A reply on its way, copyable, and its ticket.
  struct Box {
    Reply reply;
    Turnstile::Ticket ticket;
  };
  void list(const Jid& account, Box box);
  void change(const Incoming& request, Work work, Box box);
  void run(const Work& work, Reply reply);

  const std::vector<std::string> hosts_;
  CertificateRegistry& registry_;
  SessionGuard& guard_;
  HostModule& host_;
  Strands& strands_;
  const Stream& stream_;
  Log& log_;
  Turnstile turnstile_{most_at_once};
};

}  // namespace jidgate::component
