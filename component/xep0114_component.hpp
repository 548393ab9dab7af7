// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0114 (Jabber Component Protocol, version 1.6): the life of one connection to the server.
#pragma once

#include <gloox/component.h>
#include <gloox/tag.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "component/poll_connection.hpp"
#include "component/wake.hpp"
#include "component/xml_guard.hpp"
#include "core/clock.hpp"

namespace jidgate::component {

struct StreamSettings;

// Why a connection is over.
struct LinkEnd {
  enum class Kind {
    unreachable,  // it never came to a stream
    refused,      // the server sent a stream error before it accepted the handshake
    lost,         // it had been up
    replaced,     // <conflict/> after it had been up: another instance has the name now
  };
  Kind kind;
  std::string reason;
};

class LinkHandler {
 public:
  virtual ~LinkHandler() = default;
  virtual void on_link_up() = 0;
  virtual void on_stanza(const gloox::Tag& stanza) = 0;
  virtual void on_dropped(const gloox::Tag* beginning, std::string_view why) = 0;
};

// One connection, from the lookup of the server's name to its end; then a new one is made. So
// nothing of one stream can reach into the next: no half-read stanza, no "authenticated". gloox
// gets complete stanzas from the XML guard, and none of them for its own dispatch, which answers
// without `from` and matches answers by their id alone. XMPP thread only.
class ComponentLink final : private gloox::Component {
 public:
  ComponentLink(const StreamSettings& settings, std::string_view secret, std::shared_ptr<Wake> wake,
                LinkHandler& handler);

  // Waits until something happened, `wake` was signalled, or `until`; and deals with it.
  void turn(SteadyTime until);
  bool is_up() const { return up_ && !end_; }
  const std::optional<LinkEnd>& end() const { return end_; }
  const PollConnection& connection() const { return *connection_; }
  // A complete stanza. False when it is not up.
  bool send(const std::string& xml);
  std::size_t backlog() const { return connection_->backlog(); }
  // Closes the stream and waits, at most until `until`, for the server to do the same.
  void close(SteadyTime until);

 private:
  // gloox::ConnectionDataHandler
  void handleReceivedData(const gloox::ConnectionBase*, const std::string& octets) override;
  void handleDisconnect(const gloox::ConnectionBase*, gloox::ConnectionError) override;

  void handle(XmlEvent event);
  void handle_stanza(const gloox::Tag& stanza);
  void handle_stream_error(const gloox::Tag& error);
  void say_goodbye(std::string_view error);
  void finish(std::string reason);
  void finish(LinkEnd end);
  SteadyTime next_deadline() const;
  void check_deadlines();
  void ping();

  const StreamSettings& settings_;
  LinkHandler& handler_;
  PollConnection* connection_;  // gloox owns it
  XmlGuard guard_;
  SteadyTime opened_, heard_;  // heard: when the last octet came
  std::string ping_id_;        // empty: none is under way
  SteadyTime ping_sent_{};
  bool up_ = false, closing_ = false;
  std::optional<LinkEnd> end_;
};

}  // namespace jidgate::component
