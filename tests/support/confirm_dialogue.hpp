// SPDX-License-Identifier: GPL-3.0-or-later
// The confirmation unit behind a real stream on a scripted server.
#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

#include "component/xep0070_confirm.hpp"
#include "tests/support/answers.hpp"
#include "tests/support/dialogue.hpp"

namespace jidgate::test {

class ManualClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime{} + passed_.load(); }
  WallTime wall() const override { return WallTime(std::chrono::hours(12)) + passed_.load(); }
  void advance(Seconds by) { passed_ = passed_.load() + by; }

 private:
  std::atomic<Seconds> passed_{Seconds{1000}};
};

// Questions are asked with opens(), and what was sent for them is read with asked(). Each test ends
// with nothing left on the stream.
class ConfirmDialogue : public Dialogue {
 protected:
  void SetUp() override {
    confirmations.configure({1000, 0});
    site.name = "files";
    site.hosts = {"files.verona.test"};
    site.origin = "https://files.verona.test:9345";
    unit.configure(confirm_settings);
    stream().add(unit);
    connects();
  }

  Question question(std::string_view jid, std::string id = std::string(tid)) {
    Settings made;
    made.sites = {site};
    auto all = std::make_shared<const Rules>(std::move(made));
    const Site* here = all->site_for("files.verona.test");
    return {Jid::parse(jid).value(),
            std::move(id),
            "GET",
            std::string(url),
            Address::parse("192.0.2.7").value(),
            std::move(all),
            here,
            {},
            Seconds{0}};
  }
  // Opens the question without asking it.
  std::string opens(Question made) {
    return std::get<std::string>(confirmations.open(std::move(made), clock.steady() + Seconds{50}));
  }
  // Asks, and gives the question as it is then; `stanza` is what went out for it.
  OpenQuestion asks(Question made) {
    const std::string id = opens(std::move(made));
    unit.ask(id);
    stanza = server.receives();
    EXPECT_EQ(attribute(stanza, "id"), id);
    return confirmations.find(id).value();
  }
  OpenQuestion asks(std::string_view jid, std::string id = std::string(tid)) {
    return asks(question(jid, std::move(id)));
  }

  // `pattern` in the words of confirm-answers.tsv.
  void answers(const OpenQuestion& open, const std::string& pattern) {
    server.sends(fill(pattern, open));
  }
  // A stanza of `open` came and changed nothing: nothing was sent, and it is open.
  void expect_open(const OpenQuestion& open) {
    server.receives_nothing();
    EXPECT_TRUE(confirmations.find(open.id).has_value());
  }
  // The outcome of a question that is over, after everything that was sent has been dealt with.
  std::optional<Outcome> outcome(const OpenQuestion& open) {
    server.receives_nothing();
    return confirmations.ended_as(open.id);
  }
  // The next stanza is a word to this address in this thread (empty: in none).
  void expect_notice(std::string_view to, component::Notice which, std::string_view in_thread) {
    const std::string got = server.receives();
    std::string want = "<message type='normal' id='{any}' from='gate.verona.test' to='" +
                       std::string(to) + "' xml:lang='en'>";
    for (const auto& text : component::notice({"en", "de", "fr", "es"}, which)) {
      want +=
          text.language == "en" ? "<body>" : "<body xml:lang='" + std::string(text.language) + "'>";
      want += text.text + "</body>";
    }
    if (!in_thread.empty()) want += "<thread>" + std::string(in_thread) + "</thread>";
    EXPECT_TRUE(matches(got, want + "</message>"));
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
  void ticks() {
    there([&] { unit.tick(); });
  }
  // What was asked or withdrawn is done, and nothing went out for it.
  void receives_nothing() {
    there([] {});
    server.receives_nothing();
  }
  // Everything that the component sends until it answers what is sent now.
  std::vector<std::string> receives_all() {
    there([] {});
    server.sends(
        "<iq type='get' id='last' from='verona.test' to='gate.verona.test'>"
        "<query xmlns='urn:example:last'/></iq>");
    std::vector<std::string> all;
    for (std::string one = server.receives(); attribute(one, "id") != "last";
         one = server.receives()) {
      all.push_back(std::move(one));
    }
    return all;
  }

  ManualClock clock;
  Site site;
  ConfirmSettings confirm_settings;
  Confirmations confirmations{clock, [this](const OpenQuestion& open, Outcome outcome) {
                                const std::scoped_lock lock(mutex_);
                                ended_.emplace_back(open.id, outcome);
                                changed_.notify_all();
                              }};
  component::ConfirmUnit unit{stream(), confirmations, clock, log, metrics};
  std::string stanza;

  // Waits until so many questions are over.
  std::vector<std::pair<std::string, Outcome>> ended(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return ended_.size() >= count; }));
    return ended_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::string, Outcome>> ended_;
};

}  // namespace jidgate::test
