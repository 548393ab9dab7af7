// SPDX-License-Identifier: GPL-3.0-or-later
// A stream with two units that a test can look at.
#pragma once

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "component/reply.hpp"
#include "component/tags.hpp"
#include "core/locked.hpp"
#include "tests/support/dialogue.hpp"

namespace jidgate::component {

// Counts what the stream tells its units, and keeps the bodies of messages.
class Witness final : public Unit {
 public:
  bool handle_message(const Incoming& message) override {
    const gloox::Tag* body = message.tag.findChild("body");
    heard.with([&](auto& bodies) { bodies.push_back(body ? body->cdata() : ""); });
    return true;
  }
  void link_up() override { ++ups; }
  void link_down() override { ++downs; }
  void tick() override { ++ticks; }

  std::vector<std::string> bodies() const {
    return heard.with([](const auto& bodies) { return bodies; });
  }

  Locked<std::vector<std::string>> heard;
  std::atomic<int> ups{0}, downs{0}, ticks{0};
};

// Keeps the one answer that it has to give.
class Slow final : public Unit {
 public:
  std::span<const Route> routes() const override {
    static constexpr Route served[] = {{IqType::get, "urn:example:slow", "wait"}};
    return served;
  }
  void handle(const Incoming&, const gloox::Tag&, Reply reply) override {
    kept.with([&](auto& slot) { slot.emplace(std::move(reply)); });
  }
  Locked<std::optional<Reply>> kept;
};

class StreamTest : public test::Dialogue {
 protected:
  // Runs on the XMPP thread and waits for it.
  template <class Work>
  auto there(Work work) {
    std::promise<decltype(work())> result;
    stream().post([&] { result.set_value(work()); });
    return result.get_future().get();
  }

  bool sends(std::string from, std::string to, std::string body = "Hi") {
    return there([&] {
      auto message = make_stanza("message", from, to, {});
      add_child(*message, "body", {}, body);
      return stream().send(std::move(message));
    });
  }

  Witness witness;
  Slow slow;
};

}  // namespace jidgate::component
