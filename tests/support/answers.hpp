// SPDX-License-Identifier: GPL-3.0-or-later
// Answers to a question of XEP-0070, read as the component reads them: through the XML guard.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "component/xep0070_answers.hpp"
#include "component/xml_guard.hpp"

namespace jidgate::component {

// For the messages of failed tests.
inline std::ostream& operator<<(std::ostream& out, Meaning meaning) {
  constexpr std::string_view names[] = {"confirmed", "denied",         "undeliverable", "late",
                                        "ambiguous", "not understood", "nothing"};
  return out << names[static_cast<std::size_t>(meaning)];
}

}  // namespace jidgate::component

namespace jidgate::test {

using namespace component;

constexpr std::string_view orchard = "romeo@verona.test/orchard", romeo = "romeo@verona.test";
constexpr std::string_view tid = "a7374jnjlalasdf82";
constexpr std::string_view url = "https://files.verona.test:9345/missive.html?a=1&b=2";
constexpr std::string_view stream_header =
    "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
    "xmlns='jabber:component:accept' from='gate.verona.test' id='1'>";

inline std::shared_ptr<const Rules> rules(TextConfirm text_confirm) {
  Settings settings;
  Site site;
  site.name = "files";
  site.hosts = {"files.verona.test"};
  site.origin = "https://files.verona.test:9345";
  site.text_confirm = text_confirm;
  settings.sites = {site};
  return std::make_shared<const Rules>(settings);
}

// A question that has gone out. `number` makes ids that differ.
inline OpenQuestion asked(std::string_view whom, char number = '1',
                          TextConfirm text_confirm = TextConfirm::ok) {
  const Jid jid = Jid::parse(whom).value();
  const auto all = rules(text_confirm);
  OpenQuestion open{std::string(32, number),
                    std::string(32, static_cast<char>(number + 'a' - '1')),
                    Question{jid,
                             std::string(tid),
                             "GET",
                             std::string(url),
                             Address::parse("192.0.2.7").value(),
                             all,
                             all->site_for("files.verona.test"),
                             {},
                             Seconds{0}},
                    jid.is_bare() ? Via::message : Via::iq,
                    Delivery::sent,
                    {},
                    {},
                    {}};
  return open;
}

inline void replace(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

inline std::string escaped(std::string text) {
  replace(text, "&", "&amp;");
  replace(text, "<", "&lt;");
  replace(text, ">", "&gt;");
  replace(text, "'", "&apos;");
  return text;
}

// The words of confirm-answers.tsv.
inline std::string fill(std::string text, const OpenQuestion& open) {
  const Question& question = open.question;
  const std::string resource = question.asked.is_bare() ? "/orchard" : "";
  replace(text, "{asked}", question.asked.to_string() + resource);
  replace(text, "{bare}", question.asked.bare().to_string());
  replace(text, "{mallory}", "mallory@verona.test/cell");
  replace(text, "{component}", "gate.verona.test");
  replace(text, "{sid}", open.id);
  replace(text, "{tid}", escaped(question.transaction_id));
  replace(text, "{code}", escaped(question.transaction_id));
  replace(text, "{url}", escaped(question.url));
  replace(text, "{method}", question.method);
  replace(text, "{thread}", open.thread);
  return text;
}

// Every stanza of `xml`, which came in one segment.
inline std::vector<std::unique_ptr<gloox::Tag>> stanzas(const std::string& xml) {
  XmlGuard guard;
  const std::string segment = std::string(stream_header) + xml;
  std::string_view octets = segment;
  std::vector<std::unique_ptr<gloox::Tag>> found;
  while (auto event = guard.next(octets)) {
    if (event->kind == XmlEvent::Kind::header) continue;
    EXPECT_EQ(event->kind, XmlEvent::Kind::stanza) << event->why << ": " << xml;
    if (event->kind == XmlEvent::Kind::stanza) found.push_back(std::move(event->tag));
  }
  return found;
}

// As the unit asks: an IQ by its id, a message by its account. nullopt: there is nothing to ask.
inline std::optional<Answer> read(const gloox::Tag& tag, const std::vector<OpenQuestion>& open) {
  const Incoming incoming{tag, Jid::parse(tag.findAttribute("from")).value(),
                          Jid::parse(tag.findAttribute("to")).value(), tag.findAttribute("id"),
                          tag.findAttribute("type")};
  if (tag.name() == "iq") {
    for (const OpenQuestion& one : open) {
      if (one.id == incoming.id) return read_iq_answer(incoming, one);
    }
    return std::nullopt;
  }
  std::vector<OpenQuestion> of_account;
  for (const OpenQuestion& one : open) {
    if (one.question.asked.bare() == incoming.from.bare()) of_account.push_back(one);
  }
  return read_message_answer(incoming, of_account);
}

inline Answer read(const std::string& xml, const std::vector<OpenQuestion>& open) {
  const auto found = stanzas(open.empty() ? xml : fill(xml, open.front()));
  EXPECT_EQ(found.size(), 1U) << xml;
  return found.empty() ? Answer{} : read(*found.front(), open).value_or(Answer{});
}

inline std::string body(std::string_view text, std::string_view rest = {}) {
  return "<message type='chat' from='{asked}' to='{component}' id='b1'><body>" +
         escaped(std::string(text)) + "</body>" + std::string(rest) + "</message>";
}

// A message that holds `children` of these attributes.
inline std::string message(std::string_view children, std::string_view attributes = {}) {
  return "<message from='{asked}' to='{component}'" + std::string(attributes) + ">" +
         std::string(children) + "</message>";
}

constexpr std::string_view confirm =
    "<confirm xmlns='http://jabber.org/protocol/http-auth' id='{tid}' method='{method}' "
    "url='{url}'/>";
constexpr std::string_view thread = "<thread>{thread}</thread>";

inline std::string both(std::string_view first, std::string_view second) {
  return std::string(first) + std::string(second);
}

inline bool decides(const Answer& answer) {
  return answer.meaning == Meaning::confirmed || answer.meaning == Meaning::denied ||
         answer.meaning == Meaning::undeliverable;
}

}  // namespace jidgate::test
