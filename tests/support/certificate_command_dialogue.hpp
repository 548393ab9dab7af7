// SPDX-License-Identifier: GPL-3.0-or-later
// People who manage certificates by ad-hoc commands: romeo his own, juliet everybody's.
#pragma once

#include <string>
#include <string_view>

#include "component/certificate_commands.hpp"
#include "component/certificate_nodes.hpp"
#include "component/certificate_texts.hpp"
#include "tests/support/certificate_care_store.hpp"
#include "tests/support/certificate_dialogue.hpp"

namespace jidgate::test {

namespace nodes = component::certificate_nodes;

class CertificateCommandDialogue : public CertificateDialogue {
 protected:
  static constexpr std::string_view balcony = "juliet@verona.test/balcony";

  void SetUp() override {
    stream().add(commands_unit);
    CertificateDialogue::SetUp();
  }

  // One step, by whoever `asker` is; `shown` is what came, and `session` whose it is.
  void step(std::string_view node, std::string_view attributes, std::string_view content) {
    server.sends("<iq type='set' id='1' from='" + asker + "' to='gate.verona.test' xml:lang='" +
                 language + "'><command xmlns='http://jabber.org/protocol/commands' node='" +
                 std::string(node) + "' " + std::string(attributes) + ">" + std::string(content) +
                 "</command></iq>");
  }
  void receives() {
    shown = server.receives();
    constexpr std::string_view mark = "sessionid='";
    const auto at = shown.find(mark);
    if (at != std::string::npos) {
      session = shown.substr(at + mark.size(), 32);
    }
  }
  void begins(std::string_view node) {
    step(node, "", "");
    receives();
  }
  void goes_on(std::string_view node, std::string_view fields,
               std::string_view action = "complete") {
    step(node, "sessionid='" + session + "' action='" + std::string(action) + "'",
         "<x xmlns='jabber:x:data' type='submit'>" + std::string(fields) + "</x>");
    receives();
  }
  static std::string field(std::string_view name, std::string_view value) {
    return "<field var='" + std::string(name) + "'><value>" + std::string(value) +
           "</value></field>";
  }
  // "text-multi" as clients send it: a value for each line.
  static std::string lines_field(std::string_view name, std::string_view text) {
    std::string values;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      values.append("<value>").append(text.substr(at, end - at)).append("</value>");
      at = end + 1;
    }
    return "<field var='" + std::string(name) + "'>" + values + "</field>";
  }
  static std::string pem(std::string_view der, std::string_view label = "CERTIFICATE") {
    std::string text = "-----BEGIN " + std::string(label) + "-----\n";
    const std::string encoded = base64_encode(der);
    for (std::size_t at = 0; at < encoded.size(); at += 64) text += encoded.substr(at, 64) + '\n';
    return text + "-----END " + std::string(label) + "-----\n";
  }

  std::string completed(std::string_view node, std::string_view note_type,
                        const std::string& note_text) const {
    return "<iq type='result' id='1' from='gate.verona.test' to='" + asker +
           "'><command xmlns='http://jabber.org/protocol/commands' node='" + std::string(node) +
           "' sessionid='{any}' status='completed' xml:lang='" + language + "'><note type='" +
           std::string(note_type) + "'>" + note_text + "</note></command></iq>";
  }
  // A command ended, and said this.
  void expect_note(std::string_view node, std::string_view type, std::string_view text) {
    EXPECT_TRUE(matches(shown, completed(node, type, std::string(text))));
  }
  void expect_refusal(std::string_view type, std::string_view condition, std::string_view text = "",
                      std::string_view specific = "") {
    EXPECT_EQ(attribute(shown, "type"), "error");
    EXPECT_THAT(shown, testing::HasSubstr("<error type='" + std::string(type) + "'><" +
                                          std::string(condition) + " "));
    if (!text.empty()) {
      EXPECT_THAT(shown, testing::HasSubstr("xml:lang='" + language + "'>" + std::string(text) +
                                            "</text>"));
    }
    if (!specific.empty()) {
      EXPECT_THAT(shown, testing::HasSubstr("<" + std::string(specific) +
                                            " xmlns='http://jabber.org/protocol/commands'/>"));
    }
  }
  // Romeo's session logged in with this certificate.
  static std::string session_with(std::string_view fingerprint) {
    return CertificateDialogue::session("orchard", fingerprint);
  }
  const component::CertificateWords& words() const {
    return component::certificate_words(language);
  }
  // A record of romeo's that nobody registered just now.
  CertificateRecord record(std::string name, CertificateState state = CertificateState::active) {
    CertificateRecord made;
    made.account = romeo;
    made.name = std::move(name);
    made.fingerprint = sha256(made.name);
    made.not_after = std::chrono::sys_seconds(std::chrono::seconds(1801398600));
    made.state = state;
    if (state == CertificateState::disabled || state == CertificateState::revoked) {
      made.ended_at = made.not_after;
    }
    return made;
  }

  std::string asker{orchard}, language = "en", shown, session;
  CareStore counted;
  component::CertificateCommands commands{
      {registry, counted, guard, strands, log}, [] {
        XmppSettings made;
        made.hosts = {"verona.test"};
        made.administrators = {Jid::parse("juliet@verona.test").value()};
        return made;
      }()};
  component::CommandsUnit commands_unit{stream(), commands.commands(), clock, metrics};
};

}  // namespace jidgate::test
