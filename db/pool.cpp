// SPDX-License-Identifier: GPL-3.0-or-later
// A few connections, lent to whoever has work for the database.
#include "db/pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <vector>

#include "db/pqxx_adapter.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// After a failed connection nobody tries again for so long: a server that starts is not stormed.
constexpr auto connect_pause = 250ms;

}  // namespace

struct Pool::State {
  State(std::string url_, unsigned most_, Metrics& metrics_)
      : url(std::move(url_)), most(most_), metrics(metrics_) {}

  const std::string url;
  const unsigned most;
  Metrics& metrics;

  // Guarded by `mutex`; a condition variable needs the plain one.
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::unique_ptr<Connection>> idle;
  std::set<Connection*> lent;
  unsigned count = 0;  // idle, lent and being made
  SteadyClock::time_point retry_at{};
  bool closed = false;
};

// Owns a connection and gives it back, or destroys it when it has gone bad.
class Pool::Lease {
 public:
  Lease(State& state, std::unique_ptr<Connection> connection)
      : state_(state), connection_(std::move(connection)) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    {
      const std::scoped_lock lock(state_.mutex);
      // Off the list before it is closed: close() must not touch what is being destroyed.
      state_.lent.erase(connection_.get());
      if (!bad_ && connection_->is_open()) {
        state_.idle.push_back(std::move(connection_));
      } else {
        --state_.count;
      }
      state_.metrics.set("db_pool_in_use", static_cast<double>(state_.lent.size()));
    }
    state_.changed.notify_one();
  }
  Connection& connection() { return *connection_; }

  void mark_bad() {
    bad_ = true;
    std::vector<std::unique_ptr<Connection>> dead;
    const std::scoped_lock lock(state_.mutex);
    dead.swap(state_.idle);
    state_.count -= static_cast<unsigned>(dead.size());
  }

  static std::unique_ptr<Connection> get(State& state, std::chrono::milliseconds wait);

 private:
  State& state_;
  std::unique_ptr<Connection> connection_;
  bool bad_ = false;
};

std::unique_ptr<Connection> Pool::Lease::get(State& state, std::chrono::milliseconds wait) {
  const auto deadline = SteadyClock::now() + wait;
  std::unique_lock lock(state.mutex);
  const auto lend = [&](std::unique_ptr<Connection> connection) {
    state.lent.insert(connection.get());
    state.metrics.set("db_pool_in_use", static_cast<double>(state.lent.size()));
    return connection;
  };
  const auto available = [&] {
    return state.closed || !state.idle.empty() || state.count < state.most;
  };
  if (!state.changed.wait_until(lock, deadline, available)) {
    throw Unavailable("all database connections are in use");
  }
  if (state.closed) throw Unavailable("the database is not used any more");
  if (!state.idle.empty()) {
    auto connection = std::move(state.idle.back());
    state.idle.pop_back();
    return lend(std::move(connection));
  }
  if (SteadyClock::now() < state.retry_at) throw Unavailable("the database was away just now");
  ++state.count;
  lock.unlock();
  std::unique_ptr<Connection> connection;
  try {
    connection = std::make_unique<Connection>(state.url, Connection::Timeouts{});
  } catch (...) {
    state.metrics.add("db_errors_total");
    lock.lock();
    --state.count;
    state.retry_at = SteadyClock::now() + connect_pause;
    lock.unlock();
    state.changed.notify_one();
    throw;
  }
  lock.lock();
  if (state.closed) {
    --state.count;
    throw Unavailable("the database is not used any more");
  }
  return lend(std::move(connection));
}

Pool::Pool(std::string url, unsigned most, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(url), most, metrics)) {}

Pool::~Pool() = default;

void Pool::run(const std::function<void(Connection&)>& work, Repeat repeat,
               std::chrono::milliseconds wait) {
  for (bool last = repeat == Repeat::never;; last = true) {
    Lease lease(*state_, Lease::get(*state_, wait));
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
      return run(
          work, Repeat::never,
          std::chrono::duration_cast<std::chrono::milliseconds>(std::max(left, left.zero())));
    } catch (const std::exception& error) {
      const bool away = dynamic_cast<const Unavailable*>(&error) != nullptr;
      const Trouble trouble = trouble_of(error);
      if (!away && trouble != Trouble::connection && trouble != Trouble::in_doubt) throw;
      std::unique_lock lock(state_->mutex);
      const auto next = SteadyClock::now() + connect_pause;
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
  for (Connection* connection : state_->lent) connection->interrupt();
}

}  // namespace jidgate::db
