// SPDX-License-Identifier: GPL-3.0-or-later
// What the host server's module (deploy/prosody, deploy/ejabberd) can tell us and do for us, by
// urn:xmpp:jidgate:host:0.
#pragma once

#include <gloox/tag.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "component/stream.hpp"
#include "component/unit.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"

namespace jidgate::component {

constexpr std::string_view host_ns = "urn:xmpp:jidgate:host:0";

// One session of an account. The module lists all of them, so that one that is missing is gone.
struct HostSession {
  std::string resource;
  std::string fingerprint;  // SHA-256 of the certificate that it logged in with; empty: none
};

// The fingerprint in a <session/> of the module: empty where it has none; nullopt: not readable.
std::optional<std::string> read_fingerprint(const gloox::Tag& session);

// XMPP thread. What is asked of a host without the module is answered with an error by the server;
// that host is then left alone for half a minute. Whoever had one on this link has one: when it
// does not answer, nothing is known.
class HostModule final : public Unit {
 public:
  HostModule(Stream& stream, const Clock& clock, Log& log);

  enum class Silence {
    no_module,  // the host has none, so nobody can have logged in with a certificate of ours
    no_answer,  // it may have one, which did not answer in time, or will not answer us
  };
  template <class T>
  using Answer = std::variant<T, Silence>;

  // The account's sessions. `then` is called exactly once, on the XMPP thread, maybe at once.
  using Sessions = Answer<std::vector<HostSession>>;
  void sessions(const Jid& account, std::function<void(Sessions)> then);

  // Ends the account's sessions that logged in with this certificate, and gives their number.
  // `then` as above.
  using Ended = Answer<std::size_t>;
  void end(const Jid& account, const std::string& fingerprint, std::function<void(Ended)> then);

  // The module of this host has sent us something, whatever was thought before.
  void seen(const std::string& host);

  bool handle_answer(const Incoming& answer) override;
  void link_down() override;
  void tick() override;

 private:
  using Then = std::function<void(Answer<const gloox::Tag*>)>;  // the payload
  struct Pending {
    std::string host;
    SteadyTime deadline;
    Then then;
  };

  void ask(std::string_view type, const std::string& host, std::unique_ptr<gloox::Tag> payload,
           Then then);
  Answer<const gloox::Tag*> read(const Incoming& answer);
  // Once a minute: anybody's request may be the cause.
  void complain(std::string_view event, const std::string& host);

  Stream& stream_;
  const Clock& clock_;
  Log& log_;
  std::map<std::string, Pending> pending_;            // by the random id of the request
  std::set<std::string> with_module_;                 // hosts, since the link came up
  std::map<std::string, SteadyTime> quiet_until_;     // by event and host
  std::map<std::string, SteadyTime> without_module_;  // hosts, and until when that is believed
};

}  // namespace jidgate::component
