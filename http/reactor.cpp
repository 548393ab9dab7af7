// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for sockets, deadlines and other threads.
#include "http/reactor.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>

#include "http/answerer.hpp"
#include "http/tls.hpp"

namespace jidgate::http {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// In epoll's user data: the eventfd is 0, then the listeners, then connections and parked requests.
// No number is used twice, so an event that comes late can never be taken for another's.
constexpr std::uint64_t first_id = 1024;

constexpr int events_at_once = 256;
constexpr int accepts_at_once = 64;  // then the open connections have their turn
constexpr auto accept_pause = 100ms;
constexpr auto complaint_interval = 10s;

void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// Threads made while this lives take no signals: they are the main thread's, and SIGPIPE, which
// OpenSSL's write(2) may raise, is nobody's.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Reactor::Reactor(Parts parts) : parts_(parts), next_id_(first_id) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ < 0 || wake_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
    const int error = errno;
    ::close(epoll_);
    ::close(wake_);
    errno = error;
    throw_errno("the web reactor");
  }
}

Reactor::~Reactor() {
  ::close(epoll_);
  ::close(wake_);
}

void Reactor::listen(Listener listener) {
  listeners_.push_back(std::move(listener));
}

void Reactor::start() {
  for (std::size_t number = 0; number < listeners_.size(); ++number) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number + 1;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, listeners_[number].descriptor(), &event) != 0) {
      throw_errno("the web listener");
    }
  }
  const SignalsBlocked blocked;
  workers_ = std::make_unique<Workers>(parts_.limits.workers, [this]() -> Workers::Work {
    const auto answerer =
        std::make_shared<Answerer>(parts_.limits, parts_.refuse, parts_.log, parts_.metrics);
    return [this, answerer](Owned connection) {
      answerer->work(*connection);
      give_back(std::move(connection));
    };
  });
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "gate");
    run();
  });
}

void Reactor::stop(const Responder& farewell, std::chrono::milliseconds grace) {
  if (thread_.joinable()) {
    stop_requested_.with([&](auto& stop) {
      stop = std::make_unique<Stop>(Stop{farewell, SteadyClock::now() + grace});
    });
    kick();
    thread_.join();
  }
  listeners_.clear();
  if (workers_) workers_->stop();
  returned_.with([](auto& returned) { returned.clear(); });
}

void Reactor::kick() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the reactor is awake anyway.
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

void Reactor::give_back(Owned connection) {
  const bool was_empty = returned_.with([&](auto& returned) {
    returned.push_back(std::move(connection));
    return returned.size() == 1;
  });
  if (was_empty) kick();
}

void Reactor::run() {
  while (!stopping_ || (parts_.counters.connections > 0 && SteadyClock::now() < stopping_->end)) {
    try {
      wait();
    } catch (const std::exception& error) {
      // Out of memory: the connection that asked for more is closed, the others go on.
      parts_.log.error("http.reactor_failed", {{"error", error.what()}});
    }
  }
  live_.clear();
}

void Reactor::wait() {
  std::array<epoll_event, events_at_once> events;
  const auto left = next_deadline() - SteadyClock::now();
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(
      std::clamp<SteadyClock::duration>(left, 0ms, 60s));
  const int count =
      ::epoll_wait(epoll_, events.data(), events_at_once, static_cast<int>(timeout.count()));
  for (int number = 0; number < count; ++number) {
    const std::uint64_t id = events[static_cast<std::size_t>(number)].data.u64;
    if (id == 0) {
      std::uint64_t value = 0;
      [[maybe_unused]] const ssize_t read = ::read(wake_, &value, sizeof value);
    } else if (id < first_id) {
      if (id <= listeners_.size()) accept_from(listeners_[id - 1]);
    } else {
      event(id);
    }
  }
  take_returned();
  expire(SteadyClock::now());
  if (!stopping_) begin_stop();
}

void Reactor::event(std::uint64_t id) {
  if (const auto found = live_.find(id); found != live_.end()) {
    Owned connection = std::move(found->second);
    live_.erase(found);
    deadlines_.remove(*connection);
    advance(std::move(connection));
    return;
  }
  Owned left = parking_.with([&](Parking& parking) { return parking.take(id); });
  if (left) gone(std::move(left));
}

void Reactor::accept_from(Listener& listener) {
  for (int number = 0; number < accepts_at_once; ++number) {
    const Listener::Accepted accepted = listener.accept();
    switch (accepted.result) {
      case Listener::Accepted::Result::connection:
        admit(listener, accepted);
        break;
      case Listener::Accepted::Result::lost:
        break;
      case Listener::Accepted::Result::none:
        return;
      case Listener::Accepted::Result::exhausted:
        pause_accepting(accepted.error);
        return;
    }
  }
}

void Reactor::admit(const Listener& listener, const Listener::Accepted& accepted) {
  ssl_st* tls =
      listener.tls() == nullptr ? nullptr : listener.tls()->new_server(accepted.descriptor);
  if (listener.tls() != nullptr && tls == nullptr) {
    ::close(accepted.descriptor);
    return;
  }
  auto connection = std::make_unique<Connection>(next_id_++, accepted.descriptor, tls,
                                                 accepted.peer, parts_.counters);
  // It is in `counters` already, hence not >=.
  if (parts_.counters.connections > parts_.limits.connections || !count_address(*connection)) {
    return;
  }
  epoll_event event{};
  event.data.u64 = connection->id;
  event.events = EPOLLONESHOT;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, accepted.descriptor, &event) != 0) return;
  const auto now = SteadyClock::now();
  if (tls != nullptr) {
    connection->state = Connection::State::handshake;
    connection->deadline = now + parts_.limits.handshake;
  } else {
    connection->deadline = now + parts_.limits.idle;
  }
  wait_for(std::move(connection), Io::want_read);
}

bool Reactor::count_address(Connection& connection) {
  const std::size_t most = parts_.limits.connections_per_address;
  if (most == 0 || contains(parts_.limits.uncounted, connection.peer)) return true;
  connection.counted = true;
  return parts_.counters.by_address.with(
      [&](auto& counts) { return ++counts[connection.peer.limit_prefix()] <= most; });
}

void Reactor::pause_accepting(int error) {
  watch_listeners(false);
  const auto now = SteadyClock::now();
  accept_again_ = now + accept_pause;
  if (now < complained_ + complaint_interval) return;
  complained_ = now;
  parts_.log.warning("http.accept_paused",
                     {{"error", std::generic_category().message(error)},
                      {"connections", std::to_string(parts_.counters.connections)}});
}

void Reactor::watch_listeners(bool on) {
  for (std::size_t number = 0; number < listeners_.size(); ++number) {
    epoll_event event{};
    if (on) event.events = EPOLLIN;
    event.data.u64 = number + 1;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, listeners_[number].descriptor(), &event);
  }
}

Deadline Reactor::next_deadline() {
  Deadline next = std::min(
      accept_again_, parking_.with([](const Parking& parking) { return parking.next_deadline(); }));
  if (!deadlines_.empty()) next = std::min(next, deadlines_.first().deadline);
  if (stopping_) next = std::min(next, stopping_->end);
  return next;
}

void Reactor::expire(Deadline now) {
  if (accept_again_ <= now) {
    accept_again_ = Deadline::max();
    watch_listeners(true);
  }
  while (!deadlines_.empty() && deadlines_.first().deadline <= now) {
    const auto found = live_.find(deadlines_.first().id);
    Owned connection = std::move(found->second);
    live_.erase(found);
    deadlines_.remove(*connection);
    timed_out(std::move(connection));
  }
  while (Owned connection =
             parking_.with([&](Parking& parking) { return parking.take_due(now); })) {
    expired(std::move(connection));
  }
}

void Reactor::take_returned() {
  for (Owned& connection : returned_.with([](auto& list) { return std::exchange(list, {}); })) {
    returned(std::move(connection));
  }
}

// From here on nothing is accepted or decided; what is under way gets its answer.
void Reactor::begin_stop() {
  stopping_ = stop_requested_.with([](auto& stop) { return std::move(stop); });
  if (!stopping_) return;
  accept_again_ = Deadline::max();
  listeners_.clear();
  while (Owned connection = parking_.with([](Parking& parking) { return parking.take_any(); })) {
    const auto waiting = connection->take_up(parts_.limits.head);
    const ParkedId id{connection->parked_as};
    connection->keep_alive = false;
    answer(std::move(connection), stopping_->farewell);
    call_gone(*waiting, id);
  }
  for (auto next = live_.begin(); next != live_.end();) {
    const Connection& connection = *next->second;
    const bool is_idle = connection.state == Connection::State::handshake ||
                         (connection.state == Connection::State::head && connection.input.empty());
    if (is_idle) {
      deadlines_.remove(*next->second);
      next = live_.erase(next);
    } else {
      ++next;
    }
  }
}

// The connection rests here until its socket is ready, at most until its deadline.
void Reactor::wait_for(Owned connection, Io io) {
  epoll_event event{};
  event.events = EPOLLONESHOT | (io == Io::want_write ? EPOLLOUT : EPOLLIN);
  event.data.u64 = connection->id;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection->socket.descriptor(), &event) != 0) return;
  Connection& resting = *connection;
  live_.emplace(resting.id, std::move(connection));
  deadlines_.set(resting, resting.deadline);
}

}  // namespace jidgate::http
