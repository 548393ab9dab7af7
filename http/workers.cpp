// SPDX-License-Identifier: GPL-3.0-or-later
// Two lanes of work for a few threads.
#include "http/workers.hpp"

#include <pthread.h>

#include <algorithm>
#include <string>

namespace jidgate::http {

void FairQueue::push(Owned connection) {
  const Address address = connection->peer.limit_prefix();
  auto& queue = waiting_[address];
  if (queue.empty()) turns_.push_back(address);
  queue.push_back(std::move(connection));
}

Owned FairQueue::pop() {
  const Address address = turns_.front();
  turns_.pop_front();
  const auto found = waiting_.find(address);
  Owned connection = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) {
    waiting_.erase(found);
  } else {
    turns_.push_back(address);
  }
  return connection;
}

Workers::Workers(unsigned count, const std::function<Work()>& make_work)
    : most_handshakes_(std::max(1U, count / 2)) {
  try {
    for (unsigned number = 0; number < std::max(1U, count); ++number) {
      threads_.emplace_back([this, work = make_work(), number] {
        pthread_setname_np(pthread_self(), ("worker-" + std::to_string(number)).c_str());
        run(work);
      });
    }
  } catch (...) {
    stop();
    throw;
  }
}

void Workers::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Workers::push(Owned connection) {
  bool must_wake = false;
  {
    const std::scoped_lock lock(mutex_);
    if (connection->state == Connection::State::handshake) {
      handshakes_.push(std::move(connection));
    } else {
      answers_.push_back(std::move(connection));
    }
    must_wake = !std::exchange(waking_, true);
  }
  if (must_wake) wake_.notify_one();
}

Workers::Picked Workers::pick() {
  if (may_shake() && (answers_.empty() || !was_handshake_)) {
    was_handshake_ = true;
    ++handshakes_running_;
    return {handshakes_.pop(), true};
  }
  was_handshake_ = false;
  if (answers_.empty()) return {};
  Owned connection = std::move(answers_.front());
  answers_.pop_front();
  return {std::move(connection), false};
}

void Workers::run(const Work& work) {
  std::unique_lock lock(mutex_);
  bool was_asleep = false;
  while (!stopping_) {
    Picked picked = pick();
    if (!picked.connection) {
      waking_ = false;
      wake_.wait(lock);
      waking_ = false;
      was_asleep = true;
      continue;
    }
    const bool must_wake = std::exchange(was_asleep, false) && (!answers_.empty() || may_shake()) &&
                           !std::exchange(waking_, true);
    lock.unlock();
    if (must_wake) wake_.notify_one();
    work(std::move(picked.connection));
    lock.lock();
    if (picked.is_handshake) {
      --handshakes_running_;
      // Whoever was woken for the next handshake while this one ran may have gone to sleep again.
      if (!handshakes_.empty()) wake_.notify_one();
    }
  }
}

}  // namespace jidgate::http
