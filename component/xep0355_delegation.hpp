// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0355 (Namespace Delegation) 0.5: requests to the accounts of a host that the host hands to
// us, in admin mode.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "component/host_module.hpp"
#include "component/reply.hpp"
#include "component/unit.hpp"
#include "core/log.hpp"

namespace jidgate::component {

// XMPP thread. Every forwarded IQ is answered exactly once, inside of the answer to the IQ that it
// came in, errors as well: a host does not pass an outer error on, and one of them leaves its
// client waiting. An outer error is for what is no delegation of a host of ours.
class Delegation final : public Unit {
 public:
  // `hosts`: who may delegate. `units` serve what they list as delegable; not owned, this one may
  // be among them.
  Delegation(std::vector<std::string> hosts, const std::vector<Unit*>& units, HostModule& module,
             Log& log);

  std::span<const Route> routes() const override;
  std::span<const std::string_view> features() const override;
  void handle(const Incoming& request, const gloox::Tag& payload, Reply reply) override;
  void handle_dropped(const Incoming& request, const gloox::Tag& payload, const StanzaError& error,
                      Reply reply) override;
  std::optional<NodeDescription> describe_node(const Incoming& request,
                                               const gloox::Tag& query) override;
  bool handle_message(const Incoming& message) override;
  void link_down() override;
  void tick() override;

 private:
  struct Inner;
  std::variant<Inner, StanzaError> unwrap(const Incoming& request, const gloox::Tag& payload);
  void serve(const Inner& inner, Reply reply);
  bool is_host(const Jid& jid) const;
  bool serves(std::string_view xmlns) const;
  void note_refusal(const std::string& from, const StanzaError& error);

  const std::vector<std::string> hosts_;
  const std::vector<Unit*>& units_;
  HostModule& module_;
  Log& log_;
  std::set<std::pair<std::string, std::string>> told_;  // host and namespace, on this link
  unsigned refusals_logged_ = 0;
};

}  // namespace jidgate::component
