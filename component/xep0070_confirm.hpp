// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0070 (Verifying HTTP Requests via XMPP) 1.0.2: sends the questions and takes the answers.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <string_view>

#include "component/stream.hpp"
#include "component/unit.hpp"
#include "component/xep0070_answers.hpp"
#include "component/xep0070_texts.hpp"
#include "core/asker.hpp"
#include "core/bounded_map.hpp"
#include "core/clock.hpp"
#include "core/confirmations.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/settings.hpp"

namespace jidgate::component {

class ConfirmUnit final : public Unit, public Asker {
 public:
  ConfirmUnit(Stream& stream, Confirmations& confirmations, const Clock& clock, Log& log,
              Metrics& metrics);

  // Any thread: from the next question on.
  void configure(const ConfirmSettings& settings);

  // Asker: any thread.
  bool is_up() const override { return stream_.is_up(); }
  void ask(const std::string& id) override;
  void withdraw(const OpenQuestion& question) override;

  // Unit: XMPP thread.
  std::span<const std::string_view> features() const override;
  std::span<const Identity> identities() const override;
  bool handle_answer(const Incoming& answer) override;
  bool handle_message(const Incoming& message) override;
  void link_down() override;
  void tick() override;

 private:
  void send_question(const OpenQuestion& open);
  bool send_iq(const OpenQuestion& open);
  bool send_message(const OpenQuestion& open);
  void send_notice(const Jid& to, const std::string& thread,
                   const std::vector<std::string>& languages, Notice which);
  void act(const Incoming& incoming, const Answer& answer);
  void tell_late(const Jid& from, const std::string& thread_or_id);
  // At most one line of help for an account about one thing in five minutes, so that two programs
  // that answer each other fall silent.
  void help(const Jid& from, Notice which, std::string_view about,
            const std::vector<std::string>& languages);
  void ask_which(const Jid& from, const std::string& id);
  void note_wrong(const Jid& from, std::string_view why);

  Stream& stream_;
  Confirmations& confirmations_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  std::atomic<Unreachable> unreachable_ = Unreachable::hold;
  std::atomic<bool> chat_messages_ = false;
  // XMPP thread.
  BoundedMap<SteadyTime> helped_;
  unsigned wrong_logged_ = 0;
};

}  // namespace jidgate::component
