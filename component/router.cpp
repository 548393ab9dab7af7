// SPDX-License-Identifier: GPL-3.0-or-later
// Takes each stanza to the unit that serves it, and answers what no unit serves.
#include "component/router.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace jidgate::component {
namespace {

// Anybody may send what gets dropped; nobody may fill the disk with it. The metric counts them all.
constexpr unsigned drops_logged_per_second = 5;

const StanzaError bad_request{"modify", "bad-request", {}};
const StanzaError service_unavailable{"cancel", "service-unavailable", {}};

bool is_stanza(const gloox::Tag& tag) {
  return tag.xmlns().empty() &&
         (tag.name() == "iq" || tag.name() == "message" || tag.name() == "presence");
}

bool is_request(const gloox::Tag& tag) {
  const std::string& type = tag.findAttribute("type");
  return tag.name() == "iq" && (type == "get" || type == "set");
}

IqType iq_type(const Incoming& iq) {
  return iq.type == "get" ? IqType::get : IqType::set;
}

StanzaError error_for_dropped(std::string_view why) {
  if (why == "malformed") return bad_request;
  // RFC 6120 section 13.12: "If a connected resource or peer server sends a stanza that violates
  // the upper limit, the receiving server MUST either return a <policy-violation/> stanza error
  // (Section 8.3.3.12), thus allowing the sender to recover, or close the stream".
  return {"modify", "policy-violation", "The stanza is too large or too complex."};
}

}  // namespace

Router::Router(std::string domain, const std::vector<Unit*>& units, std::shared_ptr<ReplySink> sink,
               Log& log, Metrics& metrics)
    : domain_(std::move(domain)),
      units_(units),
      sink_(std::move(sink)),
      log_(log),
      metrics_(metrics) {}

void Router::handle(const gloox::Tag& stanza) {
  if (!is_stanza(stanza)) return drop("unknown-element", &stanza);
  metrics_.add("xmpp_stanzas_total", {{"direction", "in"}, {"kind", stanza.name()}});
  const auto from = Jid::parse(stanza.findAttribute("from"));
  const auto to = Jid::parse(stanza.findAttribute("to"));
  if (!to || to->domain() != domain_) return drop("bad-to", &stanza);
  if (!from) return refuse_sender(stanza);
  const Incoming incoming{stanza, *from, *to, stanza.findAttribute("id"),
                          stanza.findAttribute("type")};

  if (stanza.name() == "iq" && incoming.type != "result" && incoming.type != "error") {
    return handle_iq(incoming, reply_to(stanza));
  }
  const auto consumes = [&](Unit* unit) {
    if (stanza.name() == "iq") return unit->handle_answer(incoming);
    if (stanza.name() == "message") return unit->handle_message(incoming);
    return unit->handle_presence(incoming);
  };
  try {
    // Nothing wrong with it: chat states, answers that come too late, presence.
    if (std::none_of(units_.begin(), units_.end(), consumes)) {
      metrics_.add("xmpp_stanzas_dropped_total", {{"why", "unclaimed"}});
    }
  } catch (const std::exception& fault) {
    log_.error("unit.failed", {{"kind", stanza.name()}, {"what", fault.what()}});
  }
}

void Router::handle_iq(const Incoming& iq, Reply reply) {
  if (!is_request(iq.tag) || iq.tag.children().size() != 1) return reply.fail(bad_request);
  if (iq.to.is_account()) return reply.fail(service_unavailable);
  const gloox::Tag& payload = *iq.tag.children().front();
  const auto found = unit_for(units_, iq_type(iq), payload);
  if (const auto* error = std::get_if<StanzaError>(&found)) return reply.fail(*error);
  guarded(payload, [&] { std::get<Unit*>(found)->handle(iq, payload, std::move(reply)); });
}

// The server let it through, so to the server it is an address, and whoever has it waits.
void Router::refuse_sender(const gloox::Tag& stanza) {
  drop("bad-from", &stanza);
  if (stanza.findAttribute("from").empty() || !is_request(stanza)) return;
  reply_to(stanza).fail({"modify", "jid-malformed", "Your address cannot be served."});
}

void Router::handle_dropped(const gloox::Tag* head, std::string_view why) {
  drop(why, head);
  if (!head || !is_stanza(*head) || !is_request(*head)) return;
  const auto from = Jid::parse(head->findAttribute("from"));
  const auto to = Jid::parse(head->findAttribute("to"));
  if (!to || to->domain() != domain_) return;
  if (!from) return refuse_sender(*head);
  Reply reply = reply_to(*head);
  const StanzaError error = error_for_dropped(why);
  if (to->is_account() || head->children().size() != 1) return reply.fail(error);
  const Incoming iq{*head, *from, *to, head->findAttribute("id"), head->findAttribute("type")};
  const gloox::Tag& payload = *head->children().front();
  const auto found = unit_for(units_, iq_type(iq), payload);
  if (std::holds_alternative<StanzaError>(found)) return reply.fail(error);
  guarded(payload,
          [&] { std::get<Unit*>(found)->handle_dropped(iq, payload, error, std::move(reply)); });
}

// What a unit throws; its reply has answered on its way out.
void Router::guarded(const gloox::Tag& payload, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& fault) {
    log_.error("unit.failed", {{"kind", "iq"}, {"xmlns", payload.xmlns()}, {"what", fault.what()}});
  }
}

void Router::tick() {
  drops_logged_ = 0;
}

Reply Router::reply_to(const gloox::Tag& stanza) const {
  return {sink_, stanza.findAttribute("from"), stanza.findAttribute("to"),
          stanza.findAttribute("id")};
}

void Router::drop(std::string_view why, const gloox::Tag* stanza) {
  metrics_.add("xmpp_stanzas_dropped_total", {{"why", why}});
  if (drops_logged_ >= drops_logged_per_second) return;
  ++drops_logged_;
  log_.info("stanza.dropped", {{"why", std::string(why)},
                               {"kind", stanza ? stanza->name() : std::string()},
                               {"from", stanza ? stanza->findAttribute("from") : std::string()}});
}

}  // namespace jidgate::component
