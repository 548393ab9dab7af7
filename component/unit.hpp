// SPDX-License-Identifier: GPL-3.0-or-later
// What a protocol extension is to the rest of the component.
#pragma once

#include <gloox/tag.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/jid.hpp"

namespace jidgate::component {

enum class IqType { get, set };

// One kind of request that a unit serves: <iq type='get|set'><element xmlns='namespace'/></iq>.
struct Route {
  IqType type;
  std::string_view xmlns;
  std::string_view element;
};

struct Identity {
  std::string_view category, type, name;
};

// A stanza error (RFC 6120 section 8.3).
struct StanzaError {
  std::string_view type;             // "cancel", "modify", "auth", "wait"
  std::string_view condition;        // "bad-request", …
  std::string text;                  // may be empty
  std::string_view language = "en";  // of the text
  // An application-specific condition (section 8.3.4); empty: none.
  std::string_view specific = {}, specific_xmlns = {};
};

// The one answer to one IQ request, with from and to already swapped. Answers exactly once: if it
// dies unanswered it sends internal-server-error. Movable between threads; the answer itself goes
// out on the XMPP thread.
class Reply;

// What is known of the session that a request came from.
struct SessionKnowledge {
  bool known = false;       // the host's module said so; otherwise it can be asked
  std::string fingerprint;  // SHA-256 of the certificate that it logged in with; empty: none
};

// A stanza whose addresses have been parsed. `from` is what the server stamped.
struct Incoming {
  const gloox::Tag& tag;
  Jid from;
  Jid to;  // us, one of our accounts, or one of our resources; delegated: the sender's account
  std::string id, type;
  SessionKnowledge session{};
};

// <query/> of disco#info or disco#items, or why it is not said.
using NodeDescription = std::variant<std::unique_ptr<gloox::Tag>, StanzaError>;

// It lists what it serves, and the router and disco read that list: what is served is advertised,
// and nothing else is. All functions run on the XMPP thread and must not block.
class Unit {
 public:
  virtual ~Unit() = default;
  virtual std::span<const Route> routes() const { return {}; }
  virtual std::span<const std::string_view> features() const { return {}; }
  virtual std::span<const Identity> identities() const { return {}; }
  // Namespaces of its routes that a host may delegate to us (XEP-0355): requests to the sender's
  // own account then come as those to us do.
  virtual std::span<const std::string_view> delegable() const { return {}; }
  // A request of a listed kind to our domain or a resource of it; the router answers all others,
  // and those to accounts, which we do not have.
  virtual void handle(const Incoming& request, const gloox::Tag& payload, Reply reply);
  // One that was beyond the limits: `payload` is its beginning, without text. For a unit that has
  // somebody else to tell than whoever sent it.
  virtual void handle_dropped(const Incoming& request, const gloox::Tag& payload,
                              const StanzaError& error, Reply reply);
  // What disco says of a node (XEP-0030 sections 3.2 and 4.2); `query` is what was asked, in the
  // namespace of disco#info or disco#items. nullopt: it is no node of this unit.
  virtual std::optional<NodeDescription> describe_node(const Incoming& request,
                                                       const gloox::Tag& query);
  // IQ results and errors; true when it was this unit's answer. Nobody ever answers one.
  virtual bool handle_answer(const Incoming&) { return false; }
  // Messages and presence; true when consumed.
  virtual bool handle_message(const Incoming&) { return false; }
  virtual bool handle_presence(const Incoming&) { return false; }
  virtual void link_up() {}
  virtual void link_down() {}
  virtual void tick() {}  // about once a second, link up or not
};

// The unit that lists this request, or why there is none:
//   a namespace that no unit serves            service-unavailable (RFC 6120 section 8.4)
//   a namespace that one serves, but not this
//   element, or not with this type             feature-not-implemented (RFC 6120 section 8.3.3.3)
std::variant<Unit*, StanzaError> unit_for(const std::vector<Unit*>& units, IqType type,
                                          const gloox::Tag& payload);

}  // namespace jidgate::component
