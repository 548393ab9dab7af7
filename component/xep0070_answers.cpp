// SPDX-License-Identifier: GPL-3.0-or-later
// Answers as clients really send them.
#include "component/xep0070_answers.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "component/xep0070_texts.hpp"
#include "core/text.hpp"
#include "core/typed_code.hpp"

namespace jidgate::component {

namespace {

// Conditions by which a server or a client says that the question reached nobody.
constexpr std::array<std::string_view, 8> bounces{"service-unavailable",
                                                  "feature-not-implemented",
                                                  "item-not-found",
                                                  "gone",
                                                  "redirect",
                                                  "remote-server-not-found",
                                                  "remote-server-timeout",
                                                  "recipient-unavailable"};

const gloox::Tag* child(const gloox::Tag& tag, std::string_view name, std::string_view xmlns) {
  for (const gloox::Tag* one : tag.children()) {
    if (one->name() == name && (xmlns.empty() || one->xmlns() == xmlns)) return one;
  }
  return nullptr;
}

std::size_t count(const gloox::Tag& tag, std::string_view name) {
  const auto& children = tag.children();
  return static_cast<std::size_t>(std::count_if(
      children.begin(), children.end(), [&](const auto* one) { return one->name() == name; }));
}

// Movim puts the <error/> inside the <confirm/>; several clients use the namespace of the
// examples, which lacks "ns:". So only the local name of the condition is looked at.
bool is_bounce(const gloox::Tag& stanza, const gloox::Tag* confirm) {
  const gloox::Tag* error = child(stanza, "error", {});
  if (error == nullptr && confirm != nullptr) error = child(*confirm, "error", {});
  if (error == nullptr) return false;
  return std::any_of(bounces.begin(), bounces.end(), [&](std::string_view condition) {
    return child(*error, condition, {}) != nullptr;
  });
}

// A <confirm/> must be about this question; what it leaves out does not count against it.
bool fits(const gloox::Tag& confirm, const Question& question, bool id_required) {
  const auto same = [&](const char* name, const std::string& wanted) {
    return !confirm.hasAttribute(name) || confirm.findAttribute(name) == wanted;
  };
  if (id_required && !confirm.hasAttribute("id")) return false;
  return same("id", question.transaction_id) && same("method", question.method) &&
         same("url", question.url);
}

// Asked by IQ, a message counts only from the very address that was asked (Movim answers so); asked
// by message, any resource of the account may answer. Nobody answers what has not gone out.
bool may_answer_by_message(const Jid& from, const OpenQuestion& open) {
  if (open.delivery == Delivery::waiting) return false;
  return open.via == Via::iq ? from == open.question.asked
                             : from.bare() == open.question.asked.bare();
}

Answer wrong(std::string_view why) {
  return Answer{Meaning::nothing, {}, {}, why};
}

Answer read_text(const gloox::Tag& message, const Incoming& incoming,
                 const std::vector<const OpenQuestion*>& open, const std::string& thread) {
  // Copies of somebody's messages are not that somebody's answer.
  for (const gloox::Tag* one : message.children()) {
    const std::string& xmlns = one->xmlns();
    if (xmlns.starts_with("urn:xmpp:carbons:") || xmlns.starts_with("urn:xmpp:forward:") ||
        xmlns.starts_with("urn:xmpp:mam:")) {
      return wrong("forwarded");
    }
  }
  std::string body;
  for (const gloox::Tag* one : message.children()) {
    if (one->name() != "body") continue;
    body = one->cdata();
    if (!trim(body).empty()) break;
  }
  if (trim(body).empty() || incoming.type == "error") return {};
  const std::string text = without_quotes(body);
  if (text.empty()) return wrong("quote-only");
  const auto word = read_word(body);

  std::vector<const OpenQuestion*> asked;
  for (const OpenQuestion* one : open) {
    if (one->via == Via::message && (thread.empty() || one->thread == thread)) asked.push_back(one);
  }
  if (asked.empty()) {
    if (word) return Answer{Meaning::late, {}, thread, {}};
    if (!open.empty()) return wrong("thread");
    return Answer{Meaning::not_understood, {}, {}, {}};
  }
  if (word == Word::no) {
    // A person who says No to several questions has made none of these requests.
    Answer denial{Meaning::denied, {}, {}, {}};
    for (const OpenQuestion* one : asked) denial.ids.push_back(one->id);
    return denial;
  }
  // Where the code is to be typed no word is one: it is whoever asks that chooses the code, and to
  // choose "OK" would turn the blind answer into the right one.
  if (word) {
    std::erase_if(asked, [](const OpenQuestion* one) {
      return one->question.site->text_confirm == TextConfirm::type_code;
    });
  }
  for (const OpenQuestion* one : asked) {
    const std::string& code = one->question.transaction_id;
    if (text == code && is_typed_code(code)) return {Meaning::confirmed, {one->id}, {}, {}};
  }
  if (word == Word::yes) {
    if (asked.size() == 1) {
      return {Meaning::confirmed, {asked.front()->id}, {}, {}, thread.empty()};
    }
    if (asked.size() > 1) return {Meaning::ambiguous, {asked.front()->id}, {}, {}};
  }
  return {Meaning::not_understood, {}, {}, {}};
}

}  // namespace

Answer read_iq_answer(const Incoming& answer, const OpenQuestion& open) {
  // The address that was asked belongs to the key as the id does: a stranger's try uses nothing up.
  if (answer.from != open.question.asked) return wrong("sender");
  if (open.via != Via::iq) return wrong("kind");
  const gloox::Tag* confirm = child(answer.tag, "confirm", http_auth_xmlns);
  if (answer.type == "result") {
    // Section 4.6: it "MAY contain the original <confirm/> child element"; Gajim's has no
    // attributes. What carries anything else was not made for this question.
    const bool other_payload =
        std::any_of(answer.tag.children().begin(), answer.tag.children().end(),
                    [&](const gloox::Tag* one) { return one != confirm; });
    if (other_payload) return wrong("payload");
    if (confirm != nullptr && !fits(*confirm, open.question, false)) return wrong("confirm");
    return {Meaning::confirmed, {open.id}, {}, {}};
  }
  // Echoed or not, a bounce stays a bounce; every other error, and one without condition, is a no.
  const Meaning meaning = is_bounce(answer.tag, confirm) ? Meaning::undeliverable : Meaning::denied;
  return {meaning, {open.id}, {}, {}};
}

Answer read_message_answer(const Incoming& message, const std::vector<OpenQuestion>& open) {
  const gloox::Tag& tag = message.tag;
  if (message.type == "groupchat" || message.type == "headline") return {};
  if (count(tag, "thread") > 1) return wrong("threads");
  const gloox::Tag* thread_tag = child(tag, "thread", {});
  const std::string thread = thread_tag == nullptr ? std::string() : thread_tag->cdata();
  const gloox::Tag* confirm = child(tag, "confirm", http_auth_xmlns);
  if (confirm != nullptr && count(tag, "confirm") > 1) return wrong("confirms");

  std::vector<const OpenQuestion*> possible;
  for (const OpenQuestion& one : open) {
    if (may_answer_by_message(message.from, one)) possible.push_back(&one);
  }
  if (message.type == "error") {
    for (const OpenQuestion* one : possible) {
      // Prosody's bounce carries our stanza id and no <confirm/>.
      const bool ours = message.id == one->id && one->via == Via::message;
      const bool echoed = confirm != nullptr && fits(*confirm, one->question, true) &&
                          (thread.empty() || thread == one->thread);
      if (!ours && !echoed) continue;
      // A client has a resource. What comes from the bare address is the word of the account's
      // server (its offline store is full, say), and it would tell a stranger who exists.
      const bool bounced = message.from.is_bare() || is_bounce(tag, confirm);
      return {bounced ? Meaning::undeliverable : Meaning::denied, {one->id}, {}, {}};
    }
    return {};
  }
  if (confirm == nullptr) return read_text(tag, message, possible, thread);
  for (const OpenQuestion* one : possible) {
    // Section 4.6: it "MUST mirror the <thread/> ID (if provided by the XMPP Server)". Movim leaves
    // it out, but a different one means that it was no answer to this question.
    if (!thread.empty() && thread != one->thread) continue;
    if (fits(*confirm, one->question, true)) return {Meaning::confirmed, {one->id}, {}, {}};
  }
  if (open.empty()) return Answer{Meaning::late, {}, thread, {}};
  return wrong(possible.empty() ? "sender" : "confirm");
}

}  // namespace jidgate::component
