// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0050 (Ad-Hoc Commands): sessions, actions, and what disco says of commands.
#include "component/xep0050_commands.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <utility>

#include "component/local_text.hpp"
#include "component/reply.hpp"
#include "component/tags.hpp"
#include "component/xep0030_disco.hpp"
#include "core/crypto.hpp"

namespace jidgate::component {
namespace {

constexpr Route served[] = {{IqType::set, commands_ns, "command"}};
constexpr std::string_view advertised[] = {commands_ns};
constexpr std::string_view actions[] = {"execute", "cancel", "prev", "next", "complete"};
constexpr std::size_t most_remembered = 2000;

// Section 4.4.
StanzaError bad_request(std::string_view specific) {
  return {"modify", "bad-request", {}, "en", specific, commands_ns};
}
const StanzaError no_such_command{"cancel", "item-not-found", {}};
const StanzaError may_not{"cancel", "forbidden", {}};
const StanzaError expired{"cancel", "not-allowed", {}, "en", "session-expired", commands_ns};
const StanzaError no_room{"wait", "resource-constraint", {}};
const StanzaError broken{"cancel", "internal-server-error", {}};

// Section 3.7: "The requester SHOULD provide its locale information using the "xml:lang" attribute
// on either the <iq/> (RECOMMENDED) or <command/> element." Somebody whose language we do not have
// is served in English, although section 3.7 would have him refused: servers add the language of
// his stream by themselves, and nothing that he could do would let him in. nullopt: no language.
std::optional<std::string_view> language_of(const gloox::Tag& iq, const gloox::Tag& payload) {
  for (const gloox::Tag* tag : {&payload, &iq}) {
    if (const std::string& tagged = tag->findAttribute("xml:lang"); !tagged.empty()) {
      return choose_language(tagged);
    }
  }
  return catalogue_languages[0];
}

// The one form among what a request carries; nullopt: none, several, or not a submitted one.
std::optional<SubmittedForm> submitted(const gloox::Tag& command) {
  std::optional<SubmittedForm> form;
  for (const gloox::Tag* child : command.children()) {
    if (namespace_of(*child) != forms_ns) continue;
    if (form) return std::nullopt;
    form = SubmittedForm::read(*child);
    if (!form) return std::nullopt;
  }
  return form;
}

}  // namespace

StanzaError bad_payload(std::string text, std::string_view language) {
  return {"modify", "bad-request", std::move(text), language, "bad-payload", commands_ns};
}

struct CommandAnswer::State {
  explicit State(std::function<void(CommandOutcome)> the_take) : take(std::move(the_take)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (given) return;
    try {
      take(broken);
    } catch (const std::exception&) {
      // Only memory can have run out here, and a destructor has nobody to tell.
    }
  }

  const std::function<void(CommandOutcome)> take;
  std::atomic<bool> given = false;
};

CommandAnswer::CommandAnswer(std::function<void(CommandOutcome)> take)
    : state_(std::make_shared<State>(std::move(take))) {}

void CommandAnswer::give(CommandOutcome outcome) const {
  if (!state_->given.exchange(true)) state_->take(std::move(outcome));
}

struct CommandsUnit::Exchange {
  Reply reply;
  Jid from;
  SessionKnowledge knowledge;
  std::string node, action;
  std::string session;  // empty: none yet
  std::string_view language;

  // RFC 6120 section 8.3.1: an error may hold what it is about. Clients find their session by it;
  // the form stays out.
  void fail(const StanzaError& error) {
    auto command = make_tag("command", commands_ns);
    set_attribute(*command, "node", node);
    if (!session.empty()) set_attribute(*command, "sessionid", session);
    set_attribute(*command, "action", action);
    reply.fail(error, std::move(command));
  }
  std::unique_ptr<gloox::Tag> command(std::string_view status) const {
    auto command = make_tag("command", commands_ns);
    set_attribute(*command, "node", node);
    set_attribute(*command, "sessionid", session);
    set_attribute(*command, "status", status);
    set_attribute(*command, "xml:lang", language);
    return command;
  }
};

CommandsUnit::CommandsUnit(Stream& stream, std::vector<Command> commands, const Clock& clock,
                           Metrics& metrics)
    : stream_(stream),
      commands_(std::move(commands)),
      clock_(clock),
      metrics_(metrics),
      ended_(most_remembered) {}

std::span<const Route> CommandsUnit::routes() const {
  return served;
}
std::span<const std::string_view> CommandsUnit::features() const {
  return advertised;
}

const Command* CommandsUnit::find(std::string_view node) const {
  const auto found = std::find_if(commands_.begin(), commands_.end(),
                                  [&](const Command& command) { return command.node == node; });
  return found == commands_.end() ? nullptr : &*found;
}

void CommandsUnit::handle(const Incoming& request, const gloox::Tag& payload, Reply reply) {
  tick();  // nothing that is over may go on
  Exchange exchange{std::move(reply),
                    request.from,
                    request.session,
                    payload.findAttribute("node"),
                    payload.findAttribute("action"),
                    payload.findAttribute("sessionid"),
                    {}};
  if (!payload.hasAttribute("action")) exchange.action = "execute";
  const Command* command = find(exchange.node);
  if (!command) return exchange.fail(no_such_command);
  if (!command->may_run(request.from)) return exchange.fail(may_not);
  if (std::find(std::begin(actions), std::end(actions), exchange.action) == std::end(actions)) {
    return exchange.fail(bad_request("malformed-action"));
  }
  if (!payload.hasAttribute("sessionid")) {
    // Section 4.1: the "sessionid" "MUST be present for subsequent stages", and every action but
    // this one is about such a stage.
    if (exchange.action != "execute") return exchange.fail(bad_request("bad-sessionid"));
    const auto language = language_of(request.tag, payload);
    if (!language) return exchange.fail(bad_request("bad-locale"));
    exchange.language = *language;
    return begin(std::move(exchange), *command);
  }
  const auto session = sessions_.find(exchange.session);
  if (session == sessions_.end()) {
    const std::string* owner = ended_.find(exchange.session);
    const bool was_his = owner && *owner == request.from.to_string();
    return exchange.fail(was_his ? expired : bad_request("bad-sessionid"));
  }
  // Section 3.3: a session is "valid only between one requester/responder pair".
  if (session->second.owner != request.from || session->second.command != command) {
    return exchange.fail(bad_request("bad-sessionid"));
  }
  exchange.language = session->second.language;
  go_on(std::move(exchange), session, payload);
}

void CommandsUnit::begin(Exchange exchange, const Command& command) {
  if (!make_room(exchange.from.bare())) return exchange.fail(no_room);
  exchange.session = random_id();
  const auto session =
      sessions_
          .emplace(exchange.session, Session{exchange.from, &command, exchange.language, {}, {}})
          .first;
  run(std::move(exchange), session, {});
}

void CommandsUnit::go_on(Exchange exchange, Sessions::iterator found, const gloox::Tag& payload) {
  Session& session = found->second;
  if (session.running) return exchange.fail(bad_request("bad-action"));
  if (exchange.action == "cancel") {
    // Section 2.4.3: "The responder MUST reply with the success of the command".
    end(found);
    metrics_.add("commands_total", {{"command", exchange.node}, {"status", "canceled"}});
    return exchange.reply.result(exchange.command("canceled"));
  }
  auto forms = session.forms;
  if (exchange.action == "prev") {
    if (forms.empty()) return exchange.fail(bad_request("bad-action"));
    forms.pop_back();
    return run(std::move(exchange), found, std::move(forms));
  }
  // "next" is taken on the last stage too, where what comes next is the end: some clients know no
  // other way on.
  if (exchange.action == "complete" && !session.last) {
    return exchange.fail(bad_request("bad-action"));
  }
  auto form = submitted(payload);
  if (!form) return exchange.fail(bad_request("bad-payload"));
  forms.push_back(std::move(*form));
  run(std::move(exchange), found, std::move(forms));
}

void CommandsUnit::run(Exchange exchange, Sessions::iterator found,
                       std::vector<SubmittedForm> forms) {
  Session& session = found->second;
  session.running = true;
  session.pending = forms;
  CommandStep step{exchange.from, exchange.knowledge, session.language, std::move(forms)};
  const auto shared = std::make_shared<Exchange>(std::move(exchange));
  const CommandAnswer answer([this, shared](CommandOutcome outcome) {
    const auto box = std::make_shared<CommandOutcome>(std::move(outcome));
    stream_.post([this, shared, box] { finish(*shared, std::move(*box)); });
  });
  session.command->run(std::move(step), answer);
}

void CommandsUnit::finish(Exchange& exchange, CommandOutcome outcome) {
  const auto found = sessions_.find(exchange.session);
  Session& session = found->second;
  session.running = false;
  session.used = clock_.steady();
  auto forms = std::exchange(session.pending, {});
  const auto count = [&](std::string_view status) {
    metrics_.add("commands_total", {{"command", exchange.node}, {"status", status}});
  };
  if (const auto* error = std::get_if<StanzaError>(&outcome)) {
    count("error");
    if (!session.shown || (error->type != "modify" && error->type != "wait")) end(found);
    return exchange.fail(*error);
  }
  if (auto* stage = std::get_if<CommandStage>(&outcome)) {
    count("executing");
    session.forms = std::move(forms);
    session.shown = true;
    session.last = stage->last;
    auto command = exchange.command("executing");
    gloox::Tag& allowed = add_child(*command, "actions");
    // Section 3.4: "The "execute" attribute SHOULD NOT specify a value that does not match one of
    // the allowed actions."
    const std::string_view onward = stage->last ? "complete" : "next";
    set_attribute(allowed, "execute", onward);
    if (!session.forms.empty()) add_child(allowed, "prev");
    add_child(allowed, onward);
    command->addChild(stage->form.release());
    return exchange.reply.result(std::move(command));
  }
  count("completed");
  end(found);
  auto& last = std::get<CommandEnd>(outcome);
  auto command = exchange.command("completed");
  for (const CommandNote& note : last.notes) {
    set_attribute(add_child(*command, "note", {}, note.text), "type", note.type);
  }
  if (last.result) command->addChild(last.result.release());
  exchange.reply.result(std::move(command));
}

bool CommandsUnit::make_room(const Jid& account) {
  std::size_t count = 0;
  auto oldest = sessions_.end();
  for (auto at = sessions_.begin(); at != sessions_.end(); ++at) {
    if (at->second.owner.bare() != account) continue;
    ++count;
    if (at->second.running) continue;
    if (oldest == sessions_.end() || at->second.used < oldest->second.used) oldest = at;
  }
  // Clients that close a dialogue without a word would lock their owner out.
  if (count >= most_of_account) {
    if (oldest == sessions_.end()) return false;
    end(oldest);
  }
  return sessions_.size() < most_sessions;
}

void CommandsUnit::end(Sessions::iterator session) {
  ended_.touch(session->first) = session->second.owner.to_string();
  sessions_.erase(session);
}

void CommandsUnit::tick() {
  const SteadyTime now = clock_.steady();
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    const auto session = at++;
    if (!session->second.running && now - session->second.used >= lifetime) end(session);
  }
}

std::optional<NodeDescription> CommandsUnit::describe_node(const Incoming& request,
                                                           const gloox::Tag& query) {
  const std::string& node = query.findAttribute("node");
  const Command* command = find(node);
  if (!command && node != commands_ns) return std::nullopt;
  const std::string_view language =
      language_of(request.tag, query).value_or(catalogue_languages[0]);
  const bool info = query.xmlns() == disco_info_ns;
  // Section 2.2: "If the command is not available to the requester, the responder SHOULD respond
  // with a 403 "Forbidden" error."
  if (command && !command->may_run(request.from)) return may_not;
  auto described = make_tag("query", query.xmlns());
  set_attribute(*described, "node", node);
  if (info) {
    gloox::Tag& identity = add_child(*described, "identity");
    set_attribute(identity, "category", "automation");
    set_attribute(identity, "type", command ? "command-node" : "command-list");
    if (command) set_attribute(identity, "name", command->name(language));
    for (const std::string_view feature : {disco_info_ns, commands_ns, forms_ns}) {
      if (!command && feature == forms_ns) continue;
      set_attribute(add_child(*described, "feature"), "var", feature);
    }
  } else if (!command) {
    // Section 2.2: "The responder is not required to send the same list of commands to all
    // requesters."
    for (const Command& one : commands_) {
      if (!one.may_run(request.from)) continue;
      gloox::Tag& item = add_child(*described, "item");
      set_attribute(item, "jid", request.to.to_string());
      set_attribute(item, "node", one.node);
      set_attribute(item, "name", one.name(language));
    }
  }
  return described;
}

}  // namespace jidgate::component
