// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0050 (Ad-Hoc Commands, version 1.3.0): what people can do from the menus of their clients.
#pragma once

#include <gloox/tag.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "component/stream.hpp"
#include "component/unit.hpp"
#include "component/xep0004_forms.hpp"
#include "core/bounded_map.hpp"
#include "core/clock.hpp"
#include "core/metrics.hpp"

namespace jidgate::component {

constexpr std::string_view commands_ns = "http://jabber.org/protocol/commands";

// Section 4.3.
struct CommandNote {
  std::string_view type;  // "info", "warn", "error"
  std::string text;
};

// One more form to be filled in; `last` when nothing but the end can follow.
struct CommandStage {
  std::unique_ptr<gloox::Tag> form;
  bool last = false;
};
// The end, with a form of type "result" or without one. Section 3.6: a command that fails has "at
// least one <note type='error'/>".
struct CommandEnd {
  std::vector<CommandNote> notes;
  std::unique_ptr<gloox::Tag> result = nullptr;
};
// After an error of type "modify" or "wait" the person may send the form once more; any other one
// ends the session.
using CommandOutcome = std::variant<CommandStage, CommandEnd, StanzaError>;

// "The responding JID cannot accept the specified payload (e.g. the data form did not provide one
// or more required fields)" (section 4.4).
StanzaError bad_payload(std::string text, std::string_view language);

// Takes what a step leads to: once, on any thread; further ones are ignored. The asker gets
// internal-server-error when every copy dies before. Cheap to copy.
class CommandAnswer {
 public:
  explicit CommandAnswer(std::function<void(CommandOutcome)> take);
  void give(CommandOutcome outcome) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

struct CommandStep {
  Jid asker;                  // a full address
  SessionKnowledge session;   // of the asker
  std::string_view language;  // one of catalogue_languages
  // One for each stage that lies behind, in order: none when the command begins.
  std::vector<SubmittedForm> forms;
};

// What it does follows from the forms alone, so that "prev" is a step with one form less.
struct Command {
  std::string_view node;
  std::function<std::string_view(std::string_view language)> name;
  std::function<bool(const Jid& asker)> may_run;
  // On the XMPP thread; must not block.
  std::function<void(CommandStep, CommandAnswer)> run;
};

class CommandsUnit final : public Unit {
 public:
  CommandsUnit(Stream& stream, std::vector<Command> commands, const Clock& clock, Metrics& metrics);

  std::span<const Route> routes() const override;
  std::span<const std::string_view> features() const override;
  void handle(const Incoming& request, const gloox::Tag& payload, Reply reply) override;
  std::optional<NodeDescription> describe_node(const Incoming& request,
                                               const gloox::Tag& query) override;
  void tick() override;

  static constexpr std::size_t most_sessions = 1000, most_of_account = 5;
  static constexpr std::chrono::minutes lifetime{10};  // from the last step on

 private:
  struct Session {
    Jid owner;  // the full address that began
    const Command* command;
    std::string_view language;
    std::vector<SubmittedForm> forms;    // of the stages that lie behind
    std::vector<SubmittedForm> pending;  // as they will be when the step that runs succeeds
    bool shown = false;                  // there is a form to be filled in,
    bool last = false;                   // and nothing but the end after it
    bool running = false;                // a step is on its way
    SteadyTime used{};
  };
  struct Exchange;  // one request and what its answer needs
  using Sessions = std::map<std::string, Session, std::less<>>;

  const Command* find(std::string_view node) const;
  void begin(Exchange exchange, const Command& command);
  void go_on(Exchange exchange, Sessions::iterator session, const gloox::Tag& payload);
  void run(Exchange exchange, Sessions::iterator session, std::vector<SubmittedForm> forms);
  void finish(Exchange& exchange, CommandOutcome outcome);
  bool make_room(const Jid& account);
  void end(Sessions::iterator session);

  Stream& stream_;
  const std::vector<Command> commands_;
  const Clock& clock_;
  Metrics& metrics_;
  // XMPP thread.
  Sessions sessions_;
  BoundedMap<std::string> ended_;  // whose they were, by session id
};

}  // namespace jidgate::component
