// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0114 (Jabber Component Protocol, version 1.6): the life of one connection to the server.
#include "component/xep0114_component.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "component/stream.hpp"
#include "component/tags.hpp"

namespace jidgate::component {
namespace {

constexpr std::string_view streams_ns = "http://etherx.jabber.org/streams";
constexpr std::string_view stream_errors_ns = "urn:ietf:params:xml:ns:xmpp-streams";

using std::chrono::steady_clock;

LinkTarget target_of(const XmppSettings& xmpp) {
  return {.host = xmpp.server_host,
          .port = xmpp.server_port,
          .tls = xmpp.tls,
          .tls_ca = xmpp.tls_ca,
          .tls_name = xmpp.tls_name};
}

}  // namespace

ComponentLink::ComponentLink(const StreamSettings& settings, std::string_view secret,
                             std::shared_ptr<Wake> wake, LinkHandler& handler)
    : Component("jabber:component:accept", settings.xmpp.server_host, settings.xmpp.domain,
                std::string(secret), settings.xmpp.server_port),
      settings_(settings),
      handler_(handler),
      connection_(new PollConnection(this, target_of(settings.xmpp), std::move(wake))),
      opened_(steady_clock::now()),
      heard_(opened_) {
  setConnectionImpl(connection_);
  // Both would be made, and leak, for nothing: TLS is the connection's.
  setTls(gloox::TLSDisabled);
  setCompression(false);
  connect(false);
}

void ComponentLink::turn(SteadyTime until) {
  using std::chrono::microseconds;
  const auto left = std::min(until, next_deadline()) - steady_clock::now();
  const auto longest = std::clamp<microseconds::rep>(std::chrono::ceil<microseconds>(left).count(),
                                                     0, std::numeric_limits<int>::max() - 1000);
  connection_->recv(static_cast<int>(longest));
  check_deadlines();
}

bool ComponentLink::send(const std::string& xml) {
  if (!is_up() || closing_) return false;
  if (connection_->send(xml)) return true;
  finish("the server does not read");
  return false;
}

void ComponentLink::close(SteadyTime until) {
  if (is_up()) {
    say_goodbye({});
    while (!end_ && steady_clock::now() < until) {
      // RFC 6120 section 4.4: "Wait for the other party to also close its outbound stream before
      // terminating the underlying TCP connection(s)".
      turn(until);
    }
  }
  connection_->disconnect();
}

void ComponentLink::handleReceivedData(const gloox::ConnectionBase*, const std::string& octets) {
  heard_ = steady_clock::now();
  std::string_view rest(octets);
  while (!end_) {
    auto event = guard_.next(rest);
    if (!event) return;
    handle(std::move(*event));
  }
}

void ComponentLink::handleDisconnect(const gloox::ConnectionBase*, gloox::ConnectionError) {
  finish(connection_->failure());
}

void ComponentLink::handle(XmlEvent event) {
  switch (event.kind) {
    case XmlEvent::Kind::header:
      m_sid = event.tag->findAttribute("id");
      // Answers with the handshake; not when there is no id, because then an error follows.
      if (!m_sid.empty()) handleStartNode(event.tag.get());
      return;
    case XmlEvent::Kind::stanza:
      return handle_stanza(*event.tag);
    case XmlEvent::Kind::dropped:
      if (up_ && !closing_) handler_.on_dropped(event.tag.get(), event.why);
      return;
    case XmlEvent::Kind::end:
      say_goodbye({});
      return finish("the server closed the stream");
    case XmlEvent::Kind::broken:
      // RFC 6120 section 4.9.1.1: the entity that detects such an error "MUST send an <error/>
      // element ... and then immediately close the stream".
      say_goodbye(
          "<stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
          "</stream:error>");
      return finish("unreadable stream: " + std::string(event.why));
  }
}

void ComponentLink::handle_stanza(const gloox::Tag& stanza) {
  if (stanza.name() == "error" && stanza.xmlns() == streams_ns) return handle_stream_error(stanza);
  if (!up_) {
    // XEP-0114 section 3: the server "MUST return an empty <handshake/> element". Nothing that
    // comes before it counts.
    if (stanza.name() != "handshake" || !stanza.xmlns().empty()) return;
    up_ = true;
    return handler_.on_link_up();
  }
  const std::string& id = stanza.findAttribute("id");
  if (!ping_id_.empty() && stanza.name() == "iq" && id == ping_id_ &&
      (stanza.findAttribute("type") == "result" || stanza.findAttribute("type") == "error")) {
    return ping_id_.clear();
  }
  if (!closing_) handler_.on_stanza(stanza);
}

void ComponentLink::handle_stream_error(const gloox::Tag& error) {
  say_goodbye({});
  std::string condition = "undefined-condition", text;
  for (const gloox::Tag* child : error.children()) {
    if (child->xmlns() != stream_errors_ns) continue;
    (child->name() == "text" ? text : condition) =
        child->name() == "text" ? child->cdata() : child->name();
  }
  const std::string reason = text.empty() ? condition : condition + " (" + text + ")";
  if (!up_) return finish({LinkEnd::Kind::refused, reason});
  const bool replaced = condition == "conflict";
  finish({replaced ? LinkEnd::Kind::replaced : LinkEnd::Kind::lost, "stream error: " + reason});
}

void ComponentLink::say_goodbye(std::string_view error) {
  if (std::exchange(closing_, true)) return;
  connection_->send(std::string(error) + "</stream:stream>");
}

void ComponentLink::finish(std::string reason) {
  finish({up_ ? LinkEnd::Kind::lost : LinkEnd::Kind::unreachable, std::move(reason)});
}

void ComponentLink::finish(LinkEnd end) {
  if (!end_) end_ = std::move(end);
}

SteadyTime ComponentLink::next_deadline() const {
  if (closing_) return SteadyTime::max();
  if (!up_) return opened_ + settings_.handshake;
  return ping_id_.empty() ? heard_ + settings_.ping_after : ping_sent_ + settings_.ping_wait;
}

void ComponentLink::check_deadlines() {
  if (end_ || steady_clock::now() < next_deadline()) return;
  if (!up_) return finish("no handshake in time");
  if (ping_id_.empty()) return ping();
  // Any octet shows that the server lives, if it does not answer in time for another reason.
  if (heard_ < ping_sent_) return finish("the server does not answer");
  ping_id_.clear();
}

void ComponentLink::ping() {
  const auto& xmpp = settings_.xmpp;
  // Without a host to ask, our own name: then the server passes the ping back to us.
  auto iq =
      make_stanza("iq", xmpp.domain, xmpp.hosts.empty() ? xmpp.domain : xmpp.hosts.front(), "get");
  ping_id_ = random_id();
  ping_sent_ = steady_clock::now();
  set_attribute(*iq, "id", ping_id_);
  add_child(*iq, "ping", "urn:xmpp:ping");
  send(iq->xml());
}

}  // namespace jidgate::component
