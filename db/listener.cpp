// SPDX-License-Identifier: GPL-3.0-or-later
// Hears of what the database notifies us.
#include "db/listener.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "db/pqxx_adapter.hpp"

namespace jidgate::db {
namespace {

constexpr Sql listen_sql = "LISTEN jidgate_revoked";

}  // namespace

struct Listener::State {
  State(std::string the_url, std::function<void()> the_heard, Log& the_log, Metrics& the_metrics,
        ListenerLimits the_limits)
      : url(std::move(the_url)),
        heard(std::move(the_heard)),
        log(the_log),
        metrics(the_metrics),
        limits(the_limits),
        backoff(the_limits.backoff_first) {}

  class Use;
  void run();
  void hear();
  void report(bool listening, std::string_view why);

  const std::string url;
  const std::function<void()> heard;
  Log& log;
  Metrics& metrics;
  const ListenerLimits limits;
  std::thread thread;

  // Guarded by `mutex`; a condition variable needs the plain one.
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  Connection* in_use = nullptr;

  // Listener's thread only.
  std::chrono::milliseconds backoff;
  std::optional<bool> reported;  // what the log was told last
};

// While this lives stop() can interrupt the connection.
class Listener::State::Use {
 public:
  Use(State& state, Connection& connection) : state_(state) {
    const std::scoped_lock lock(state_.mutex);
    state_.in_use = &connection;
    if (state_.stopping) connection.interrupt();
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    const std::scoped_lock lock(state_.mutex);
    state_.in_use = nullptr;
  }

 private:
  State& state_;
};

void Listener::State::run() {
  ::pthread_setname_np(::pthread_self(), "db-listen");
  const auto is_stopping = [this] { return stopping; };
  for (std::unique_lock lock(mutex); !stopping;) {
    lock.unlock();
    std::string why;
    try {
      hear();
    } catch (const std::exception& error) {
      why = error.what();
    }
    lock.lock();
    if (stopping) return;
    report(false, why);
    changed.wait_for(lock, backoff, is_stopping);
    backoff = std::min(backoff * 2, limits.backoff_longest);
  }
}

// Until the connection is lost, which is thrown.
void Listener::State::hear() {
  Connection connection(url, Connection::Timeouts{});
  const Use use(*this, connection);
  {
    pqxx::nontransaction session(connection.raw());
    execute(session, listen_sql);
  }
  backoff = limits.backoff_first;
  report(true, {});
  for (;;) {
    heard();
    connection.wait_for_notification();
  }
}

// Of no concern to the operator where the whole database is away, which others tell.
void Listener::State::report(bool listening, std::string_view why) {
  metrics.set("db_listening", listening ? 1 : 0);
  if (reported == listening) return;
  reported = listening;
  if (listening) {
    log.info("database.listening");
  } else {
    log.info("database.not_listening", {{"what", first_line(why)}});
  }
}

Listener::Listener(std::string url, std::function<void()> heard, Log& log, Metrics& metrics,
                   ListenerLimits limits)
    : state_(std::make_unique<State>(std::move(url), std::move(heard), log, metrics, limits)) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Listener::~Listener() {
  stop();
}

void Listener::stop() {
  State& state = *state_;
  if (!state.thread.joinable()) return;
  {
    const std::scoped_lock lock(state.mutex);
    state.stopping = true;
    state.changed.notify_all();
    if (state.in_use != nullptr) state.in_use->interrupt();
  }
  state.thread.join();
}

}  // namespace jidgate::db
