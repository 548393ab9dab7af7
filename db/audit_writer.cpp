// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the record of confirmations behind the requests.
#include "db/audit_writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/text.hpp"
#include "db/migrate.hpp"
#include "db/schema_version.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t longest_text = 4096;
// Many statements, which nobody waits for.
constexpr milliseconds longest_batch{30000};

constexpr const char* insert_sql =
    "INSERT INTO jidgate.confirmation_log"
    " (id, asked_at, ended_at, jid, method, url, site, via, outcome, asker)"
    " VALUES ($1::uuid, to_timestamp($2), to_timestamp($3), $4, $5, $6, $7, $8, $9, $10::inet)"
    " ON CONFLICT DO NOTHING";

// Text that PostgreSQL takes. What comes here has been checked before; a row must not be lost
// because some day it was not.
std::string storable(std::string_view text) {
  text = text.substr(0, longest_text);
  if (is_utf8(text) && text.find('\0') == std::string_view::npos) return std::string(text);
  std::string ascii;
  for (const char c : text) ascii += c > 0x1f && c < 0x7f ? c : '?';
  return ascii;
}

double unix_time(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void insert(pqxx::transaction_base& transaction, const AuditEntry& entry) {
  std::optional<std::string> asker;
  if (entry.asker) asker = entry.asker->to_string();
  // The query string may hold secrets, wherever the URL came from.
  const std::string url = storable(entry.url.substr(0, entry.url.find_first_of("?#")));
  execute(transaction, insert_sql, entry.id, unix_time(entry.asked_at), unix_time(entry.ended_at),
          storable(entry.jid.to_string()), storable(entry.method), url, storable(entry.site),
          std::string(to_string(entry.via)), std::string(to_string(entry.outcome)), asker);
}

}  // namespace

struct AuditWriter::State {
  State(Pool& pool_, Log& log_, Metrics& metrics_, AuditLimits limits_)
      : pool(pool_),
        log(log_),
        metrics(metrics_),
        limits(limits_),
        backoff(limits_.backoff_first) {}

  void run();
  void write_batch();
  void probe();
  void use_database(const std::function<void(Connection&)>& work,
                    std::optional<milliseconds> longest = std::nullopt);
  void committed(std::size_t rows);
  void write_one_by_one(std::size_t rows);
  void drop_first(const char* why, const std::exception& error);
  void succeeded();
  void failed(const std::exception& error);
  void set_up(bool now_up, std::string_view why);

  Pool& pool;
  Log& log;
  Metrics& metrics;
  const AuditLimits limits;
  std::thread thread;

  // Guarded by `mutex`; a condition variable needs the plain one. Only the writer takes rows off
  // the front, so they may be read without the lock while they stand there: a deque does not move
  // what it holds when it grows at its end.
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<AuditEntry> queue;
  bool stopping = false;   // write what is queued, then end
  bool giving_up = false;  // end at once
  bool ended = false;
  bool overflowing = false;  // reported, and not again until there was room
  std::uint64_t dropped = 0;

  std::atomic<bool> up{false};
  std::atomic<SteadyClock::rep> busy_since{0};  // 0: not using the database

  // Writer thread only.
  milliseconds backoff;
  std::optional<bool> reported;  // what the log was told last
  SteadyClock::time_point next_try{};
};

void AuditWriter::State::run() {
  ::pthread_setname_np(::pthread_self(), "db-audit");
  for (;;) {
    std::unique_lock lock(mutex);
    const auto over = [&] { return giving_up || (stopping && queue.empty()); };
    const auto until = queue.empty() && up ? SteadyClock::now() + limits.idle_probe : next_try;
    changed.wait_until(
        lock, until, [&] { return over() || (!queue.empty() && SteadyClock::now() >= next_try); });
    if (over()) break;
    const bool rows = !queue.empty();
    lock.unlock();
    if (rows) {
      write_batch();
    } else {
      probe();
    }
  }
  const std::scoped_lock lock(mutex);
  ended = true;
  changed.notify_all();
}

void AuditWriter::State::use_database(const std::function<void(Connection&)>& work,
                                      std::optional<milliseconds> longest) {
  busy_since = SteadyClock::now().time_since_epoch().count();
  try {
    pool.run(work, Pool::Repeat::once, 2s, longest);
  } catch (...) {
    busy_since = 0;
    throw;
  }
  busy_since = 0;
}

void AuditWriter::State::probe() {
  try {
    use_database([](Connection& connection) {
      pqxx::nontransaction transaction(connection.raw());
      const unsigned version = read_schema_version(transaction);
      if (version < newest_version()) {
        throw std::runtime_error("the schema has version " + std::to_string(version) +
                                 ", expected " + std::to_string(newest_version()) +
                                 ": jidgate migrate");
      }
    });
    succeeded();
  } catch (const std::exception& error) {
    failed(error);
  }
}

void AuditWriter::State::write_batch() {
  std::vector<const AuditEntry*> batch;
  {
    const std::scoped_lock lock(mutex);
    const std::size_t count = std::min(queue.size(), limits.batch);
    for (std::size_t i = 0; i < count; ++i) batch.push_back(&queue[i]);
  }
  try {
    use_database(
        [&](Connection& connection) {
          pqxx::work transaction(connection.raw());
          for (const AuditEntry* entry : batch) insert(transaction, *entry);
          transaction.commit();
        },
        longest_batch);
    committed(batch.size());
    succeeded();
  } catch (const std::exception& error) {
    if (trouble_of(error) == Trouble::data) {
      // One row is at fault, and nobody says which.
      write_one_by_one(batch.size());
    } else {
      failed(error);
    }
  }
}

void AuditWriter::State::write_one_by_one(std::size_t rows) {
  for (; rows > 0; --rows) {
    const AuditEntry* entry = nullptr;
    {
      const std::scoped_lock lock(mutex);
      if (giving_up) return;
      entry = &queue.front();
    }
    try {
      use_database([&](Connection& connection) {
        pqxx::work transaction(connection.raw());
        insert(transaction, *entry);
        transaction.commit();
      });
      committed(1);
    } catch (const std::exception& error) {
      if (trouble_of(error) != Trouble::data) return failed(error);
      log.error("audit.row_refused", {{"id", entry->id}, {"what", first_line(error.what())}});
      metrics.add("audit_dropped_total");
      committed(1);
    }
  }
}

void AuditWriter::State::committed(std::size_t rows) {
  const std::scoped_lock lock(mutex);
  queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(rows));
  metrics.set("audit_queue", static_cast<double>(queue.size()));
  if (queue.empty()) overflowing = false;
}

void AuditWriter::State::succeeded() {
  backoff = limits.backoff_first;
  next_try = {};
  set_up(true, {});
}

void AuditWriter::State::failed(const std::exception& error) {
  next_try = SteadyClock::now() + backoff;
  backoff = std::min(backoff * 2, limits.backoff_longest);
  set_up(false, error.what());
}

void AuditWriter::State::set_up(bool now_up, std::string_view why) {
  up = now_up;
  metrics.set("db_up", now_up ? 1 : 0);
  if (reported == now_up) return;
  reported = now_up;
  if (now_up) {
    log.info("database.up");
  } else {
    log.error("database.down", {{"what", first_line(why)}});
  }
}

AuditWriter::AuditWriter(Pool& pool, Log& log, Metrics& metrics, AuditLimits limits)
    : state_(std::make_unique<State>(pool, log, metrics, limits)) {}

AuditWriter::~AuditWriter() {
  stop(0ms);
}

void AuditWriter::start() {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

void AuditWriter::record(AuditEntry entry) {
  bool tell = false;
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->queue.size() < state_->limits.queue && !state_->giving_up) {
      state_->queue.push_back(std::move(entry));
      state_->metrics.set("audit_queue", static_cast<double>(state_->queue.size()));
    } else {
      state_->metrics.add("audit_dropped_total");
      tell = !std::exchange(state_->overflowing, true);
    }
  }
  state_->changed.notify_one();
  if (tell) state_->log.error("audit.queue_full", {{"what", "entries are lost"}});
}

bool AuditWriter::is_up() const {
  const auto since = state_->busy_since.load();
  const auto busy = SteadyClock::now().time_since_epoch() - SteadyClock::duration(since);
  return state_->up && (since == 0 || busy < state_->limits.hanging);
}

void AuditWriter::stop(milliseconds patience) {
  State& state = *state_;
  if (!state.thread.joinable()) return;
  {
    std::unique_lock lock(state.mutex);
    state.stopping = true;
    state.changed.notify_all();
    state.changed.wait_for(lock, patience, [&] { return state.ended; });
    state.giving_up = true;
    state.changed.notify_all();
  }
  state.pool.close();  // the thread may be waiting for a server that has stopped answering
  state.thread.join();
  const std::size_t left = state.queue.size();
  if (left == 0) return;
  state.metrics.add("audit_dropped_total", {}, static_cast<double>(left));
  state.log.error("audit.dropped", {{"count", std::to_string(left)}});
}

}  // namespace jidgate::db
