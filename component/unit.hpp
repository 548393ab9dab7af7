// SPDX-License-Identifier: GPL-3.0-or-later
// What a protocol extension is to the rest of the component.
#pragma once

#include <gloox/tag.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

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
  std::string_view type;       // "cancel", "modify", "auth", "wait"
  std::string_view condition;  // "bad-request", …
  std::string text;            // may be empty
};

// The one answer to one IQ request, with from and to already swapped. Answers exactly once: if it
// dies unanswered it sends internal-server-error. Movable between threads; the answer itself goes
// out on the XMPP thread.
class Reply;

// A stanza whose addresses have been parsed. `from` is what the server stamped.
struct Incoming {
  const gloox::Tag& tag;
  Jid from;
  Jid to;  // us, one of our accounts, or one of our resources
  std::string id, type;
};

// It lists what it serves, and the router and disco read that list: what is served is advertised,
// and nothing else is. All functions run on the XMPP thread and must not block.
class Unit {
 public:
  virtual ~Unit() = default;
  virtual std::span<const Route> routes() const { return {}; }
  virtual std::span<const std::string_view> features() const { return {}; }
  virtual std::span<const Identity> identities() const { return {}; }
  // A request of a listed kind to our domain or a resource of it; the router answers all others,
  // and those to accounts, which we do not have.
  virtual void handle(const Incoming& request, const gloox::Tag& payload, Reply reply);
  // IQ results and errors; true when it was this unit's answer. Nobody ever answers one.
  virtual bool handle_answer(const Incoming&) { return false; }
  // Messages and presence; true when consumed.
  virtual bool handle_message(const Incoming&) { return false; }
  virtual bool handle_presence(const Incoming&) { return false; }
  virtual void link_up() {}
  virtual void link_down() {}
  virtual void tick() {}  // about once a second, link up or not
};

}  // namespace jidgate::component
