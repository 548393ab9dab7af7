// SPDX-License-Identifier: GPL-3.0-or-later
// A few connections, lent to whoever has work for the database.
#include "db/pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "db/pqxx_adapter.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

static_assert(PoolLimits{}.use > milliseconds(Connection::Timeouts{}.statement_ms));

// A connection that fails sooner was refused.
constexpr auto silence = 1s;

}  // namespace

struct Pool::State {
  State(std::string url_, unsigned most_, Metrics& metrics_, PoolLimits limits_)
      : url(std::move(url_)), most(most_), metrics(metrics_), limits(limits_) {}

  struct Use {
    SteadyClock::time_point deadline;
    bool is_interrupted = false;
  };

  void watch();
  // With the mutex.
  void went_away(bool silently);

  const std::string url;
  const unsigned most;
  Metrics& metrics;
  const PoolLimits limits;
  std::thread watchdog;

  // Guarded by `mutex`; a condition variable needs the plain one.
  std::mutex mutex;
  std::condition_variable changed;
  std::condition_variable watched;  // the watchdog has to look again
  std::vector<std::unique_ptr<Connection>> idle;
  std::map<Connection*, Use> lent;
  unsigned count = 0;  // idle, lent and being made
  SteadyClock::time_point retry_at{};
  milliseconds pause{0};  // 0: the server is there
  bool probing = false;   // one tries whether it is there again
  SteadyClock::time_point watchdog_wakes{};
  bool closed = false;
  bool ending = false;
};

void Pool::State::went_away(bool silently) {
  const auto now = SteadyClock::now();
  if (now < retry_at) return;  // known from another connection
  pause = silently ? std::clamp(pause * 2, limits.pause_first, limits.pause_longest)
                   : limits.pause_first;
  retry_at = now + pause;
}

void Pool::State::watch() {
  ::pthread_setname_np(::pthread_self(), "db-watch");
  for (std::unique_lock lock(mutex); !ending;) {
    const auto now = SteadyClock::now();
    watchdog_wakes = SteadyClock::time_point::max();
    for (auto& [connection, use] : lent) {
      if (use.is_interrupted) continue;
      if (use.deadline > now) {
        watchdog_wakes = std::min(watchdog_wakes, use.deadline);
        continue;
      }
      use.is_interrupted = true;
      went_away(true);
      connection->interrupt();
    }
    if (watchdog_wakes == SteadyClock::time_point::max()) {
      watched.wait(lock);
    } else {
      watched.wait_until(lock, watchdog_wakes);
    }
  }
}

// Has a connection and gives it back, or destroys it when it has gone bad.
class Pool::Lease {
 public:
  Lease(State& state, milliseconds wait, milliseconds longest);
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  // Once the server has answered on it.
  Connection& connection();
  void mark_bad();

 private:
  State& state_;
  std::unique_ptr<Connection> connection_;
  bool is_new_ = false;
  bool is_probe_ = false;
  bool bad_ = false;
};

Pool::Lease::Lease(State& state, milliseconds wait, milliseconds longest) : state_(state) {
  const auto deadline = SteadyClock::now() + wait;
  std::unique_lock lock(state.mutex);
  const auto available = [&] {
    return state.closed || !state.idle.empty() || state.count < state.most;
  };
  if (!state.changed.wait_until(lock, deadline, available)) {
    throw Unavailable("all database connections are in use");
  }
  const auto require_open = [&] {
    if (state.closed) throw Unavailable("the database is not used any more");
  };
  require_open();
  if (!state.idle.empty()) {
    connection_ = std::move(state.idle.back());
    state.idle.pop_back();
  } else {
    const auto started = SteadyClock::now();
    if (started < state.retry_at || state.probing) {
      throw Unavailable("the database was away just now");
    }
    is_new_ = true;
    state.probing = is_probe_ = state.pause > 0ms;
    ++state.count;
    lock.unlock();
    try {
      connection_ = std::make_unique<Connection>(state.url, Connection::Timeouts{});
      lock.lock();
      require_open();
    } catch (...) {
      if (!lock.owns_lock()) {
        lock.lock();
        state.metrics.add("db_errors_total");
        state.went_away(SteadyClock::now() - started > silence);
      }
      --state.count;
      if (is_probe_) state.probing = false;
      lock.unlock();
      state.changed.notify_one();
      throw;
    }
  }
  const auto over = SteadyClock::now() + longest;
  state.lent.emplace(connection_.get(), State::Use{over});
  if (over < state.watchdog_wakes) state.watched.notify_one();
  state.metrics.set("db_pool_in_use", static_cast<double>(state.lent.size()));
}

Pool::Lease::~Lease() {
  {
    const std::scoped_lock lock(state_.mutex);
    // Off the list before it is closed: nobody may interrupt what is being destroyed.
    const auto use = state_.lent.extract(connection_.get());
    if (!bad_ && !use.mapped().is_interrupted && connection_->is_open()) {
      state_.idle.push_back(std::move(connection_));
    } else {
      --state_.count;
    }
    if (is_probe_) state_.probing = false;
    state_.metrics.set("db_pool_in_use", static_cast<double>(state_.lent.size()));
  }
  state_.changed.notify_one();
}

Connection& Pool::Lease::connection() {
  if (is_new_) {
    connection_->raw();
    const std::scoped_lock lock(state_.mutex);
    state_.pause = 0ms;
    if (is_probe_) state_.probing = false;
    is_new_ = is_probe_ = false;
  }
  return *connection_;
}

void Pool::Lease::mark_bad() {
  bad_ = true;
  std::vector<std::unique_ptr<Connection>> dead;
  const std::scoped_lock lock(state_.mutex);
  dead.swap(state_.idle);
  state_.count -= static_cast<unsigned>(dead.size());
}

Pool::Pool(std::string url, unsigned most, Metrics& metrics, PoolLimits limits)
    : state_(std::make_unique<State>(std::move(url), most, metrics, limits)) {
  state_->watchdog = std::thread([state = state_.get()] { state->watch(); });
}

Pool::~Pool() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->ending = true;
    state_->watched.notify_one();
  }
  state_->watchdog.join();
}

void Pool::run(const std::function<void(Connection&)>& work, Repeat repeat, milliseconds wait,
               std::optional<milliseconds> longest) {
  for (bool last = repeat == Repeat::never;; last = true) {
    Lease lease(*state_, wait, longest.value_or(state_->limits.use));
    try {
      return work(lease.connection());
    } catch (const std::exception& error) {
      state_->metrics.add("db_errors_total");
      const Trouble trouble = trouble_of(error);
      if (trouble == Trouble::connection || trouble == Trouble::in_doubt) lease.mark_bad();
      if (last || trouble != Trouble::connection) throw;
    }
  }
}

void Pool::insist(const std::function<void(Connection&)>& work, SteadyClock::time_point deadline) {
  for (;;) {
    try {
      const auto left = deadline - SteadyClock::now();
      return run(work, Repeat::never,
                 std::chrono::duration_cast<milliseconds>(std::max(left, left.zero())));
    } catch (const std::exception& error) {
      const bool away = dynamic_cast<const Unavailable*>(&error) != nullptr;
      const Trouble trouble = trouble_of(error);
      if (!away && trouble != Trouble::connection && trouble != Trouble::in_doubt) throw;
      std::unique_lock lock(state_->mutex);
      const auto next = SteadyClock::now() + state_->limits.pause_first;
      if (next >= deadline ||
          state_->changed.wait_until(lock, next, [&] { return state_->closed; })) {
        throw;
      }
    }
  }
}

void Pool::close() {
  const std::scoped_lock lock(state_->mutex);
  state_->closed = true;
  state_->changed.notify_all();
  for (auto& [connection, use] : state_->lent) {
    use.is_interrupted = true;
    connection->interrupt();
  }
}

}  // namespace jidgate::db
