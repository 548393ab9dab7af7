// SPDX-License-Identifier: GPL-3.0-or-later
// Questions out, answers in.
#include "component/xep0070_confirm.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <utility>

#include "component/local_text.hpp"
#include "component/tags.hpp"
#include "core/endings.hpp"
#include "core/text.hpp"

namespace jidgate::component {

namespace {

constexpr std::array<std::string_view, 1> served_features{http_auth_xmlns};
constexpr std::array<Identity, 1> served_identities{{{"auth", "generic", "jidgate"}}};

constexpr Seconds help_pause{300};
constexpr std::size_t most_helped = 10000;
// How long a plain "OK" may still be meant for a question that was given up.
constexpr Seconds time_to_type{30};
// Anybody may send what is no answer; nobody may fill the disk with it. The metric counts them all.
constexpr unsigned wrong_answers_logged_per_second = 5;
constexpr std::size_t longest_shown_url = 300, shown_url_end = 40;
constexpr std::size_t longest_shown_code = 64;

// The host is always seen, the middle of a long path is not: nobody can push the end of the line
// out of sight with prose.
std::string shortened(std::string_view url, std::string_view origin) {
  const std::size_t begin = std::max(longest_shown_url - shown_url_end, origin.size() + 1);
  if (url.size() <= begin + shown_url_end) return std::string(url);
  return std::string(url.substr(0, begin)) + " … " +
         std::string(url.substr(url.size() - shown_url_end));
}

std::string shortened_code(const std::string& code) {
  const std::string_view shown = utf8_prefix(code, longest_shown_code);
  return std::string(shown) + (shown.size() < code.size() ? "…" : "");
}

std::string clock_time(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 16> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%H:%M:%S UTC", &parts);
  return std::string(text.data(), size);
}

void add_confirm(gloox::Tag& stanza, const Question& question) {
  // XEP-0070 section 4.5: "an empty <confirm/> element" with 'method', 'url' and 'id'.
  gloox::Tag& confirm = add_child(stanza, "confirm", http_auth_xmlns);
  set_attribute(confirm, "id", question.transaction_id);
  set_attribute(confirm, "method", question.method);
  set_attribute(confirm, "url", question.url);
}

const std::vector<std::string>& every_language() {
  static const std::vector<std::string> languages{"en", "de", "fr", "es"};
  return languages;
}

}  // namespace

ConfirmUnit::ConfirmUnit(Stream& stream, Confirmations& confirmations, const Clock& clock, Log& log,
                         Metrics& metrics)
    : stream_(stream),
      confirmations_(confirmations),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      helped_(most_helped) {}

void ConfirmUnit::configure(const ConfirmSettings& settings) {
  unreachable_ = settings.unreachable;
  chat_messages_ = settings.chat_messages;
}

std::span<const std::string_view> ConfirmUnit::features() const {
  return served_features;
}
std::span<const Identity> ConfirmUnit::identities() const {
  return served_identities;
}

void ConfirmUnit::ask(const std::string& id) {
  stream_.post([this, id] {
    // It may be over before this thread came to it.
    if (const auto open = confirmations_.find(id)) send_question(*open);
  });
}

void ConfirmUnit::withdraw(const OpenQuestion& question) {
  // Whoever was not asked, or not reached, need not be told that it is over.
  if (question.delivery != Delivery::sent) return;
  stream_.post([this, question] {
    send_notice(question.question.asked.bare(), question.thread, question.question.site->languages,
                Notice::withdrawn);
  });
}

void ConfirmUnit::send_question(const OpenQuestion& open) {
  // It may be over since it was looked up: then it must not go out, and nobody is told of its end.
  if (!confirmations_.sent(open.id, open.via)) return;
  // XEP-0070 section 4.5: a full JID is asked by IQ, a bare JID by message.
  bool sent = false;
  try {
    sent = open.via == Via::iq ? send_iq(open) : send_message(open);
  } catch (...) {
    // Nobody has to wait for the answer to a question that cannot be written down.
    confirmations_.end(open.id, Outcome::cancelled);
    throw;
  }
  if (!sent) {
    confirmations_.end(open.id, Outcome::cancelled);
    return;
  }
  log_.info("confirm.sent", {{"confirmation", open.id},
                             {"jid", open.question.asked.to_string()},
                             {"via", std::string(to_string(open.via))},
                             {"site", open.question.site->name},
                             {"url", std::string(without_query(open.question.url))},
                             {"asker", open.question.asker.to_string()}});
}

bool ConfirmUnit::send_iq(const OpenQuestion& open) {
  auto iq = make_stanza("iq", stream_.domain(), open.question.asked.to_string(), "get");
  set_attribute(*iq, "id", open.id);
  add_confirm(*iq, open.question);
  return stream_.send(std::move(iq));
}

bool ConfirmUnit::send_message(const OpenQuestion& open) {
  const Question& question = open.question;
  const auto left = std::chrono::duration_cast<std::chrono::system_clock::duration>(
      open.deadline - clock_.steady());
  PromptValues values{question.asker.to_string(), question.method,
                      shortened(without_query(question.url), question.site->origin),
                      shortened_code(question.transaction_id), clock_time(clock_.wall() + left)};
  // Sending back a code that stands in the message would prove nothing about the browser.
  if (question.site->text_confirm == TextConfirm::type_code) values.code.clear();

  auto message = make_stanza("message", stream_.domain(), question.asked.bare().to_string(),
                             chat_messages_ ? "chat" : "normal");
  set_attribute(*message, "id", open.id);
  add_bodies(*message, prompt(question.site->languages, values));
  add_child(*message, "thread", {}, open.thread);
  add_confirm(*message, question);
  return stream_.send(std::move(message));
}

void ConfirmUnit::send_notice(const Jid& to, const std::string& thread,
                              const std::vector<std::string>& languages, Notice which) {
  auto message =
      make_stanza("message", stream_.domain(), to.to_string(), chat_messages_ ? "chat" : "normal");
  set_attribute(*message, "id", random_id());
  add_bodies(*message, notice(languages, which));
  if (!thread.empty()) add_child(*message, "thread", {}, thread);
  stream_.send(std::move(message));
}

bool ConfirmUnit::handle_answer(const Incoming& answer) {
  const auto open = confirmations_.find(answer.id);
  if (!open) {
    // Only a yes deserves a word: an error may be a server's, about a message that was sent back.
    if (answer.type == "result") tell_late(answer.from, answer.id);
    return false;
  }
  act(answer, read_iq_answer(answer, *open));
  return true;
}

bool ConfirmUnit::handle_message(const Incoming& message) {
  if (!message.from.is_account()) return false;
  act(message, read_message_answer(message, confirmations_.open_for(message.from)));
  return true;
}

void ConfirmUnit::act(const Incoming& incoming, const Answer& answer) {
  switch (answer.meaning) {
    case Meaning::confirmed:
      if (answer.by_word && confirmations_.left_unanswered(incoming.from, time_to_type)) {
        return ask_which(incoming.from, answer.ids.front());
      }
      [[fallthrough]];
    case Meaning::denied:
      for (const std::string& id : answer.ids) {
        confirmations_.end(
            id, answer.meaning == Meaning::confirmed ? Outcome::confirmed : Outcome::denied);
      }
      break;
    case Meaning::undeliverable:
      for (const std::string& id : answer.ids) {
        auto open = confirmations_.find(id);
        if (!open) continue;
        if (open->via == Via::message) {
          confirmations_.unreachable(id, unreachable_);
          continue;
        }
        // An IQ that came back is asked once more, by message.
        open->via = Via::message;
        send_question(*open);
      }
      break;
    case Meaning::late:
      tell_late(incoming.from, answer.thread);
      break;
    case Meaning::ambiguous:
      ask_which(incoming.from, answer.ids.front());
      break;
    case Meaning::not_understood:
      help(incoming.from, Notice::not_understood, {}, every_language());
      break;
    case Meaning::nothing:
      if (!answer.wrong.empty()) note_wrong(incoming.from, answer.wrong);
      break;
  }
}

void ConfirmUnit::note_wrong(const Jid& from, std::string_view why) {
  metrics_.add("wrong_answers_total", {{"why", why}});
  if (wrong_logged_ >= wrong_answers_logged_per_second) return;
  ++wrong_logged_;
  log_.info("answer.wrong", {{"from", from.to_string()}, {"why", std::string(why)}});
}

void ConfirmUnit::tell_late(const Jid& from, const std::string& thread_or_id) {
  const auto ended = confirmations_.take_ended(from, thread_or_id);
  if (!ended) return;
  metrics_.add("late_answers_total");
  log_.info("answer.late", {{"from", from.to_string()}, {"confirmation", ended->id}});
  send_notice(from, ended->thread, every_language(), Notice::over);
}

void ConfirmUnit::ask_which(const Jid& from, const std::string& id) {
  if (const auto open = confirmations_.find(id)) {
    help(from, Notice::which_one, id, open->question.site->languages);
  }
}

void ConfirmUnit::help(const Jid& from, Notice which, std::string_view about,
                       const std::vector<std::string>& languages) {
  const SteadyTime now = clock_.steady();
  const std::string key = from.bare().to_string() + ' ' + std::string(about);
  const SteadyTime* last = helped_.find(key);
  if (last != nullptr && now - *last < help_pause) return;
  helped_.touch(key) = now;
  send_notice(from, {}, languages, which);
}

void ConfirmUnit::link_down() {
  confirmations_.end_all(Outcome::cancelled);
}

void ConfirmUnit::tick() {
  confirmations_.sweep();
  const SteadyTime now = clock_.steady();
  helped_.drop_while([&](SteadyTime last) { return now - last >= help_pause; });
  wrong_logged_ = 0;
}

}  // namespace jidgate::component
