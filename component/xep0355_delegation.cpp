// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0355: takes forwarded requests out of their wrapping, and wraps their answers.
#include "component/xep0355_delegation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "component/tags.hpp"
#include "component/xep0030_disco.hpp"

namespace jidgate::component {
namespace {

// Version 1 is what ejabberd speaks, version 2 what Prosody speaks; the two differ in nothing that
// is used here.
constexpr std::string_view v1 = "urn:xmpp:delegation:1", v2 = "urn:xmpp:delegation:2";
constexpr Route served[] = {{IqType::set, v1, "delegation"}, {IqType::set, v2, "delegation"}};
constexpr std::string_view advertised[] = {v1, v2};
constexpr std::string_view forward_ns = "urn:xmpp:forward:0", client_ns = "jabber:client";

constexpr unsigned refusals_logged_per_second = 5;
constexpr std::size_t most_told = 1000;

bool is_delegation(std::string_view xmlns) {
  return xmlns == v1 || xmlns == v2;
}

StanzaError bad_request(std::string text) {
  return {"modify", "bad-request", std::move(text)};
}

StanzaError forbidden(std::string text) {
  return {"auth", "forbidden", std::move(text)};
}

std::vector<const gloox::Tag*> children_of(const gloox::Tag& parent, std::string_view name,
                                           std::string_view xmlns) {
  std::vector<const gloox::Tag*> found;
  for (const gloox::Tag* child : parent.children()) {
    if ((name.empty() || child->name() == name) && namespace_of(*child) == xmlns)
      found.push_back(child);
  }
  return found;
}

// The answer to a forwarded request goes back in the answer to what it came in.
class Wrapping final : public ReplySink {
 public:
  Wrapping(Reply outer, std::string xmlns) : outer_(std::move(outer)), xmlns_(std::move(xmlns)) {}

  void deliver(std::unique_ptr<gloox::Tag> stanza) override {
    auto delegation = make_tag("delegation", xmlns_);
    gloox::Tag& forwarded = add_child(*delegation, "forwarded", forward_ns);
    stanza->setXmlns(std::string(client_ns));
    forwarded.addChild(stanza.release());
    outer_.result(std::move(delegation));
  }

 private:
  Reply outer_;
  const std::string xmlns_;
};

}  // namespace

// A forwarded request that can be answered.
struct Delegation::Inner {
  const gloox::Tag& iq;
  std::string xmlns;  // of the version that its host speaks
  std::string host;
  std::optional<Jid> from;   // nullopt: to the host it is an address
  std::string asker, asked;  // as they are answered
  SessionKnowledge session;

  // The answer to it, in the answer to what it came in.
  Reply reply_in(Reply outer) const {
    return {std::make_shared<Wrapping>(std::move(outer), xmlns), asker, asked,
            iq.findAttribute("id")};
  }
};

Delegation::Delegation(std::vector<std::string> hosts, const std::vector<Unit*>& units,
                       HostModule& module, Log& log)
    : hosts_(std::move(hosts)), units_(units), module_(module), log_(log) {}

std::span<const Route> Delegation::routes() const {
  return served;
}
std::span<const std::string_view> Delegation::features() const {
  return advertised;
}

bool Delegation::is_host(const Jid& jid) const {
  return !jid.is_account() && jid.is_bare() &&
         std::find(hosts_.begin(), hosts_.end(), jid.domain()) != hosts_.end();
}

void Delegation::handle(const Incoming& request, const gloox::Tag& payload, Reply reply) {
  auto unwrapped = unwrap(request, payload);
  if (const auto* error = std::get_if<StanzaError>(&unwrapped)) {
    note_refusal(request.from.to_string(), *error);
    return reply.fail(*error);
  }
  const Inner& inner = std::get<Inner>(unwrapped);
  serve(inner, inner.reply_in(std::move(reply)));
}

void Delegation::handle_dropped(const Incoming& request, const gloox::Tag& payload,
                                const StanzaError& error, Reply reply) {
  // The beginning of a stanza has its start tags, so whoever asked can be told.
  const auto unwrapped = unwrap(request, payload);
  if (const auto* inner = std::get_if<Inner>(&unwrapped)) {
    return inner->reply_in(std::move(reply)).fail(error);
  }
  reply.fail(error);
}

// The outer half: what is refused here cannot be answered inside.
std::variant<Delegation::Inner, StanzaError> Delegation::unwrap(const Incoming& request,
                                                                const gloox::Tag& payload) {
  if (!is_host(request.from)) return forbidden("Only a host of ours can delegate.");
  const auto forwarded = children_of(payload, "forwarded", forward_ns);
  if (forwarded.size() != 1) return bad_request("One forwarded stanza is expected.");
  const auto stanzas = children_of(*forwarded.front(), {}, client_ns);
  if (stanzas.size() != 1 || stanzas.front()->name() != "iq") {
    return bad_request("One forwarded IQ is expected.");
  }
  const gloox::Tag& iq = *stanzas.front();
  const std::string& type = iq.findAttribute("type");
  const std::string& from = iq.findAttribute("from");
  if ((type != "get" && type != "set") || !iq.hasAttribute("id") || from.empty()) {
    return bad_request("A forwarded request with a type, an id and a sender is expected.");
  }
  // Section 4.3: the host "MUST insure that the 'to' and the 'from' attribute corresponds to
  // respectively the 'from' and the 'to' attributes of the initial stanza".
  const std::string bare = from.substr(0, from.find('/'));
  Inner inner{iq,
              payload.xmlns(),
              request.from.domain(),
              Jid::parse(from),
              from,
              iq.hasAttribute("to") ? iq.findAttribute("to") : bare,
              {}};

  const auto sessions = children_of(payload, "session", host_ns);
  if (sessions.empty()) return inner;
  const auto fingerprint = read_fingerprint(*sessions.front());
  if (sessions.size() != 1 || !fingerprint) return bad_request("One readable session is expected.");
  inner.session = {true, *fingerprint};
  module_.seen(inner.host);
  return inner;
}

// The inner half. XEP-0355 lets a host forward what is for itself and for any of its accounts, from
// anybody; nobody but an account itself is served here.
void Delegation::serve(const Inner& inner, Reply reply) {
  const auto refuse = [&](const StanzaError& error) {
    note_refusal(inner.asker, error);
    reply.fail(error);
  };
  if (!inner.from) {
    return refuse({"modify", "jid-malformed", "Your address cannot be served."});
  }
  const Jid account = inner.from->bare();
  if (!account.is_account() || inner.from->is_bare() || account.domain() != inner.host) {
    return refuse(forbidden("Only accounts of the delegating host are served."));
  }
  if (inner.iq.hasAttribute("to") && Jid::parse(inner.asked) != account) {
    return refuse(forbidden("Everybody can only manage their own account."));
  }
  if (inner.iq.children().size() != 1) return refuse(bad_request("One payload is expected."));
  const gloox::Tag& payload = *inner.iq.children().front();
  const std::string xmlns = payload.xmlns();
  if (is_delegation(xmlns)) return refuse(forbidden("A delegation in a delegation."));
  if (!serves(xmlns)) return refuse({"cancel", "service-unavailable", {}});
  const std::string& type = inner.iq.findAttribute("type");
  const auto found = unit_for(units_, type == "get" ? IqType::get : IqType::set, payload);
  if (const auto* error = std::get_if<StanzaError>(&found)) return reply.fail(*error);
  std::get<Unit*>(found)->handle(
      {inner.iq, *inner.from, account, inner.iq.findAttribute("id"), type, inner.session}, payload,
      std::move(reply));
}

bool Delegation::serves(std::string_view xmlns) const {
  return std::any_of(units_.begin(), units_.end(), [&](const Unit* unit) {
    const auto all = unit->delegable();
    return std::find(all.begin(), all.end(), xmlns) != all.end();
  });
}

// Section 7.2: the host asks with such nodes what it has to say of itself ("::") and of
// its accounts (":bare:"). XEP-0257 wants its feature in what the host says.
std::optional<NodeDescription> Delegation::describe_node(const Incoming&, const gloox::Tag& query) {
  if (query.xmlns() != disco_info_ns) return std::nullopt;
  const std::string& node = query.findAttribute("node");
  for (const std::string_view version : advertised) {
    for (const std::string_view separator : {"::", ":bare:"}) {
      const std::string prefix = std::string(version) + std::string(separator);
      if (!node.starts_with(prefix) || !serves(node.substr(prefix.size()))) continue;
      auto description = make_tag("query", disco_info_ns);
      set_attribute(*description, "node", node);
      if (separator == "::") {
        set_attribute(add_child(*description, "feature"), "var", node.substr(prefix.size()));
      }
      return description;
    }
  }
  return std::nullopt;
}

// Section 4.2: the host says by message what it delegates to us.
bool Delegation::handle_message(const Incoming& message) {
  if (!is_host(message.from)) return false;
  const auto& children = message.tag.children();
  const auto delegation = std::find_if(children.begin(), children.end(), [](const gloox::Tag* tag) {
    return tag->name() == "delegation" && is_delegation(tag->xmlns());
  });
  if (delegation == children.end()) return false;
  for (const gloox::Tag* one : children_of(**delegation, "delegated", (*delegation)->xmlns())) {
    const std::string& xmlns = one->findAttribute("namespace");
    const std::string& host = message.from.domain();
    // It says so twice when it delegates its own requests and those of its accounts.
    if (told_.size() >= most_told || !told_.emplace(host, xmlns).second) continue;
    if (serves(xmlns)) {
      log_.info("delegation.granted", {{"host", host}, {"namespace", xmlns}});
    } else {
      log_.warning("delegation.unserved", {{"host", host}, {"namespace", xmlns}});
    }
  }
  return true;
}

void Delegation::note_refusal(const std::string& from, const StanzaError& error) {
  if (refusals_logged_++ >= refusals_logged_per_second) return;
  log_.info("delegation.refused",
            {{"from", from}, {"condition", std::string(error.condition)}, {"reason", error.text}});
}

void Delegation::link_down() {
  told_.clear();
}

void Delegation::tick() {
  refusals_logged_ = 0;
}

}  // namespace jidgate::component
