// SPDX-License-Identifier: GPL-3.0-or-later
// The component link (XEP-0114): its thread, its reconnects, and the one function that sends.
#include "component/stream.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <exception>
#include <optional>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "component/backoff.hpp"
#include "component/mailbox.hpp"
#include "component/reply.hpp"
#include "component/router.hpp"
#include "component/xep0114_component.hpp"
#include "component/xml_reader.hpp"
#include "core/jid.hpp"

namespace jidgate::component {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// gloox destroys and prints tags recursively. The guard bounds their depth; the stack is for what
// is built here, and for musl's 128 KiB default.
constexpr std::size_t stack_size = 16 << 20;
// Prosody ends the stream of a component that sends more than 512 KiB in one stanza.
constexpr std::size_t largest_stanza = 500000;
constexpr std::size_t congestion = 1 << 20;
constexpr milliseconds tick_every{1000};
constexpr milliseconds closing_time{2000};
// A server that stays away is reported once, and then so often.
constexpr std::chrono::seconds repeat_after{60};

}  // namespace

struct Stream::State : LinkHandler {
  State(StreamSettings the_settings, Secret the_secret, Log& the_log, Metrics& the_metrics);

  void run();
  void open();
  void close();
  void work_off();
  void tick_if_due();
  void ended(const LinkEnd& end);
  void report(LogLevel level, std::string_view event, const std::string& reason);
  bool send(std::unique_ptr<gloox::Tag> stanza);
  bool refuse(std::string_view why, const gloox::Tag& stanza);
  template <class Call>
  void each_unit(Call call);

  void on_link_up() override;
  void on_stanza(const gloox::Tag& stanza) override { router.handle(stanza); }
  void on_dropped(const gloox::Tag* beginning, std::string_view why) override {
    router.handle_dropped(beginning, why);
  }

  const StreamSettings settings;
  const Secret secret;
  Log& log;
  Metrics& metrics;
  std::vector<Unit*> units;
  const std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  Router router;
  std::atomic<bool> up{false}, stopping{false};
  std::atomic<std::size_t> backlog{0};  // octets that the server has not taken yet
  std::optional<pthread_t> thread;

  // From here on: XMPP thread only.
  std::unique_ptr<ComponentLink> link;
  Backoff backoff;
  SteadyTime next_attempt{}, next_tick{};
  bool was_up = false;
  std::string reported;
  SteadyTime reported_at{};
};

namespace {

// Hands answers to the stream, from whatever thread they are given on.
class Outlet final : public ReplySink {
 public:
  Outlet(std::shared_ptr<Mailbox> mailbox, std::function<bool(std::unique_ptr<gloox::Tag>)> send)
      : mailbox_(std::move(mailbox)), send_(std::move(send)) {}

  void deliver(std::unique_ptr<gloox::Tag> stanza) override {
    if (mailbox_->is_owner()) {
      send_(std::move(stanza));
      return;
    }
    // std::function must be copyable, so the stanza travels in a shared box.
    auto box = std::make_shared<std::unique_ptr<gloox::Tag>>(std::move(stanza));
    mailbox_->post([send = send_, box] { send(std::move(*box)); });
  }

 private:
  const std::shared_ptr<Mailbox> mailbox_;
  const std::function<bool(std::unique_ptr<gloox::Tag>)> send_;
};

}  // namespace

Stream::State::State(StreamSettings the_settings, Secret the_secret, Log& the_log,
                     Metrics& the_metrics)
    : settings(std::move(the_settings)),
      secret(std::move(the_secret)),
      log(the_log),
      metrics(the_metrics),
      router(settings.xmpp.domain, units,
             std::make_shared<Outlet>(
                 mailbox, [this](std::unique_ptr<gloox::Tag> tag) { return send(std::move(tag)); }),
             log, metrics),
      backoff(settings.backoff_first, settings.backoff_longest, settings.backoff_replaced) {}

template <class Call>
void Stream::State::each_unit(Call call) {
  for (Unit* unit : units) {
    try {
      call(*unit);
    } catch (const std::exception& fault) {
      log.error("unit.failed", {{"what", fault.what()}});
    }
  }
}

void Stream::State::run() {
  mailbox->set_owner(std::this_thread::get_id());
  next_tick = steady_clock::now() + tick_every;
  while (!stopping) {
    if (!link && steady_clock::now() >= next_attempt) open();
    if (link) {
      link->turn(next_tick);
      backlog = link->backlog();
    } else {
      const auto until = std::min(next_attempt, next_tick) - steady_clock::now();
      mailbox->wake()->wait(std::max(std::chrono::ceil<milliseconds>(until), milliseconds(0)));
    }
    work_off();
    tick_if_due();
    if (link && link->end()) ended(*link->end());
  }
  close();
}

void Stream::State::open() {
  link = std::make_unique<ComponentLink>(settings, secret.reveal(), mailbox->wake(), *this);
}

void Stream::State::work_off() {
  for (auto& work : mailbox->take()) {
    try {
      work();
    } catch (const std::exception& fault) {
      log.error("unit.failed", {{"what", fault.what()}});
    }
  }
}

void Stream::State::tick_if_due() {
  const auto now = steady_clock::now();
  if (now < next_tick) return;
  next_tick = now + tick_every;
  router.tick();
  each_unit([](Unit& unit) { unit.tick(); });
}

void Stream::State::on_link_up() {
  up = true;
  metrics.set("xmpp_connected", 1);
  if (was_up) metrics.add("xmpp_reconnects_total");
  was_up = true;
  reported.clear();
  backoff.succeeded(steady_clock::now());
  const PollConnection& connection = link->connection();
  log.info("link.up", {{"domain", settings.xmpp.domain}, {"server", connection.peer()}});
  if (!settings.xmpp.tls && !connection.peer_is_loopback()) {
    log.warning("link.unprotected", {{"server", connection.peer()}});
  }
  each_unit([](Unit& unit) { unit.link_up(); });
}

void Stream::State::ended(const LinkEnd& end) {
  const LinkEnd why = end;
  link.reset();
  if (up.exchange(false)) {
    metrics.set("xmpp_connected", 0);
    each_unit([](Unit& unit) { unit.link_down(); });
  }
  const auto now = steady_clock::now();
  const bool replaced = why.kind == LinkEnd::Kind::replaced;
  next_attempt = now + (replaced ? backoff.replaced() : backoff.failed(now));
  switch (why.kind) {
    case LinkEnd::Kind::unreachable:
      return report(LogLevel::warning, "link.failed", why.reason);
    case LinkEnd::Kind::refused:
      return report(LogLevel::error, "link.refused", why.reason);
    case LinkEnd::Kind::lost:
      return log.warning("link.down", {{"reason", why.reason}});
    case LinkEnd::Kind::replaced:
      return log.error("link.down", {{"reason", why.reason}});
  }
}

void Stream::State::report(LogLevel level, std::string_view event, const std::string& reason) {
  const auto now = steady_clock::now();
  const std::string what = std::string(event) + ' ' + reason;
  if (what == reported && now < reported_at + repeat_after) return;
  reported = what;
  reported_at = now;
  log.write(level, event, {{"reason", reason}});
}

void Stream::State::close() {
  // What was posted before stop() still goes out.
  work_off();
  mailbox->close();
  if (link) link->close(steady_clock::now() + closing_time);
  link.reset();
  if (up.exchange(false)) {
    metrics.set("xmpp_connected", 0);
    each_unit([](Unit& unit) { unit.link_down(); });
    log.info("link.down", {{"reason", "stopped"}});
  }
  mailbox->set_owner({});
}

bool Stream::State::send(std::unique_ptr<gloox::Tag> stanza) {
  if (!mailbox->is_owner()) throw std::logic_error("Stream::send outside of the XMPP thread");
  if (!link || !link->is_up()) return refuse("down", *stanza);
  const std::string& kind = stanza->name();
  if (kind != "iq" && kind != "message" && kind != "presence") return refuse("kind", *stanza);
  // XEP-0114 section 3: "All stanzas sent to the server MUST possess a 'from' attribute and a 'to'
  // attribute", and the domain in `from` "MUST match the hostname of the component". A server ends
  // the stream of a component that does otherwise.
  // What answers a sender goes back to the address that the server has given, read or not.
  if (stanza->findAttribute("to").empty()) return refuse("to", *stanza);
  const auto from = Jid::parse(stanza->findAttribute("from"));
  if (!from || from->domain() != settings.xmpp.domain) return refuse("from", *stanza);
  const std::string xml = stanza->xml();
  if (xml.size() > largest_stanza) return refuse("too-large", *stanza);
  if (!is_well_formed(xml)) return refuse("malformed", *stanza);
  if (!link->send(xml)) return refuse("down", *stanza);
  backlog = link->backlog();
  metrics.add("xmpp_stanzas_total", {{"direction", "out"}, {"kind", kind}});
  return true;
}

bool Stream::State::refuse(std::string_view why, const gloox::Tag& stanza) {
  const LogLevel level = why == "down" ? LogLevel::debug : LogLevel::error;
  log.write(level, "stanza.unsent", {{"why", std::string(why)}, {"kind", stanza.name()}});
  return false;
}

Stream::Stream(StreamSettings settings, Secret secret, Log& log, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(settings), std::move(secret), log, metrics)) {}

Stream::~Stream() {
  stop();
}

void Stream::add(Unit& unit) {
  state_->units.push_back(&unit);
}

void Stream::start() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_size);
  // Signals are for the main thread. The new thread inherits the mask.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  const auto body = [](void* state) -> void* {
    static_cast<State*>(state)->run();
    return nullptr;
  };
  const int failed = pthread_create(&thread, &attributes, body, state_.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (failed) throw std::system_error(failed, std::generic_category(), "XMPP thread");
  pthread_setname_np(thread, "xmpp");
  state_->thread = thread;
}

void Stream::stop() {
  if (!state_->thread) return;
  state_->stopping = true;
  state_->mailbox->wake()->signal();
  pthread_join(*state_->thread, nullptr);
  state_->thread.reset();
}

void Stream::post(std::function<void()> work) {
  state_->mailbox->post(std::move(work));
}

bool Stream::is_congested() const {
  return state_->backlog > congestion;
}

bool Stream::is_up() const {
  return state_->up;
}

const std::string& Stream::domain() const {
  return state_->settings.xmpp.domain;
}

bool Stream::send(std::unique_ptr<gloox::Tag> stanza) {
  return state_->send(std::move(stanza));
}

const std::vector<Unit*>& Stream::units() const {
  return state_->units;
}

}  // namespace jidgate::component
