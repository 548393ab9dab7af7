// SPDX-License-Identifier: GPL-3.0-or-later
// Ad-hoc commands behind a real stream on a scripted server, with commands made for tests.
#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "component/local_text.hpp"
#include "component/xep0030_disco.hpp"
#include "component/xep0050_commands.hpp"
#include "tests/support/dialogue.hpp"

namespace jidgate::test {
using namespace component;
class SteadyClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime{} + passed_.load(); }
  WallTime wall() const override { return {}; }
  void advance(std::chrono::seconds by) { passed_ = passed_.load() + by; }

 private:
  std::atomic<std::chrono::seconds> passed_{std::chrono::seconds{1000}};
};

constexpr std::string_view orchard = "romeo@verona.test/orchard",
                           garden = "romeo@verona.test/garden",
                           balcony = "juliet@verona.test/balcony";

class CommandDialogue : public Dialogue {
 protected:
  void SetUp() override {
    stream().add(disco);
    stream().add(unit);
    connects();
  }

  static CommandStage form(std::string_view field, bool last) {
    const FormField wanted{field, "text-single", {}, true};
    return {make_form({}, {}, "urn:x", {&wanted, 1}), last};
  }
  static CommandEnd said(std::string_view type, std::string text) {
    CommandEnd end;
    end.notes.push_back({type, std::move(text)});
    return end;
  }

  std::vector<Command> commands() {
    const auto anybody = [](const Jid&) { return true; };
    const auto named = [](std::string name) {
      return [name](std::string_view language) -> std::string_view {
        return language == "de" ? "Auf Deutsch" : std::string_view(name);
      };
    };
    return {
        {"at-once", named("At once"), anybody,
         [](const CommandStep& step, const CommandAnswer& answer) {
           answer.give(said("info", "In " + std::string(step.language)));
         }},
        {"two", named("Two forms"), anybody,
         [](const CommandStep& step, const CommandAnswer& answer) {
           if (step.forms.empty()) return answer.give(form("a", false));
           const auto first = step.forms[0].single("a");
           if (!first) return answer.give(bad_payload("a is missing", "en"));
           if (step.forms.size() == 1) return answer.give(form("b", true));
           const auto second = step.forms[1].single("b");
           if (!second) return answer.give(bad_payload("b is missing", "en"));
           if (*second == "wait") {
             return answer.give(StanzaError{"wait", "resource-constraint", {}});
           }
           if (*second == "forbidden") return answer.give(StanzaError{"cancel", "forbidden", {}});
           answer.give(said("info", *first + " and " + *second));
         }},
        {"held", named("Held"), anybody,
         [this](const CommandStep&, CommandAnswer answer) { held.push_back(std::move(answer)); }},
        {"forgotten", named("Forgotten"), anybody, [](const CommandStep&, const CommandAnswer&) {}},
        {"twice", named("Twice"), anybody,
         [](const CommandStep&, const CommandAnswer& answer) {
           answer.give(said("error", "The first"));
           answer.give(said("info", "The second"));
         }},
        {"juliets", named("Juliet's"), [](const Jid& asker) { return asker.local() == "juliet"; },
         [](const CommandStep&, const CommandAnswer& answer) {
           answer.give(said("info", "Hers"));
         }},
    };
  }

  static std::string command(std::string_view node, std::string_view attributes = "",
                             std::string_view content = "") {
    return "<command xmlns='http://jabber.org/protocol/commands' node='" + std::string(node) +
           "' " + std::string(attributes) + ">" + std::string(content) + "</command>";
  }
  static std::string submit(std::string_view field, std::string_view value) {
    return "<x xmlns='jabber:x:data' type='submit'><field var='" + std::string(field) +
           "'><value>" + std::string(value) + "</value></field></x>";
  }
  std::string asks_as(std::string_view from, const std::string& payload,
                      std::string_view attributes = "", std::string_view type = "set") {
    server.sends("<iq type='" + std::string(type) + "' id='1' from='" + std::string(from) +
                 "' to='gate.verona.test' " + std::string(attributes) + ">" + payload + "</iq>");
    return server.receives();
  }
  // Begins, and gives the id of the session.
  std::string begins(std::string_view node, std::string_view from = orchard) {
    shown = asks_as(from, command(node));
    return session_of(shown);
  }
  static std::string session_of(const std::string& stanza) {
    constexpr std::string_view mark = "sessionid='";
    const auto at = stanza.find(mark);
    if (at == std::string::npos) return {};
    const auto begin = at + mark.size();
    return stanza.substr(begin, stanza.find('\'', begin) - begin);
  }
  std::string goes_on(std::string_view node, const std::string& session, std::string_view action,
                      std::string_view content = "", std::string_view from = orchard) {
    std::string attributes = "sessionid='" + session + "'";
    if (!action.empty()) attributes += " action='" + std::string(action) + "'";
    return shown = asks_as(from, command(node, attributes, content));
  }

  static std::string result(const std::string& payload, std::string_view to = orchard) {
    return "<iq type='result' id='1' from='gate.verona.test' to='" + std::string(to) + "'>" +
           payload + "</iq>";
  }
  static std::string executing(std::string_view node, const std::string& session,
                               std::string_view actions, std::string_view field) {
    return result("<command xmlns='http://jabber.org/protocol/commands' node='" +
                  std::string(node) + "' sessionid='" + session +
                  "' status='executing' xml:lang='en'>" + std::string(actions) +
                  "<x xmlns='jabber:x:data' type='form'>"
                  "<field var='FORM_TYPE' type='hidden'><value>urn:x</value></field>"
                  "<field var='" +
                  std::string(field) + "' type='text-single'><required/></field></x></command>");
  }
  static std::string completed(std::string_view node, const std::string& session,
                               std::string_view note) {
    return result("<command xmlns='http://jabber.org/protocol/commands' node='" +
                  std::string(node) + "' sessionid='" + session +
                  "' status='completed' xml:lang='en'><note type='info'>" + std::string(note) +
                  "</note></command>");
  }
  // An error with a condition of XEP-0050's, or without one.
  void expect_error(const std::string& got, std::string_view type, std::string_view condition,
                    std::string_view specific = "") {
    EXPECT_EQ(attribute(got, "type"), "error");
    std::string error = "<error type='" + std::string(type) + "'><" + std::string(condition) +
                        " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";
    EXPECT_THAT(got, testing::HasSubstr(error));
    const std::string commands = " xmlns='http://jabber.org/protocol/commands'/></error>";
    if (specific.empty()) {
      EXPECT_THAT(got, testing::Not(testing::HasSubstr(commands)));
    } else {
      EXPECT_THAT(got, testing::HasSubstr("<" + std::string(specific) + commands));
    }
  }
  // Runs on the XMPP thread and waits for it.
  void there(const std::function<void()>& work) {
    std::promise<void> done;
    stream().post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }

  static constexpr std::string_view next = "<actions execute='next'><next/></actions>",
                                    last =
                                        "<actions execute='complete'><prev/><complete/></actions>";

  SteadyClock clock;
  std::vector<CommandAnswer> held;  // XMPP thread
  CommandsUnit unit{stream(), commands(), clock, metrics};
  Disco disco{stream().units()};
  std::string shown;  // what came last
};

}  // namespace jidgate::test
