// SPDX-License-Identifier: GPL-3.0-or-later
// A few threads for work that may block.
#include "core/strands.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace jidgate {
namespace {

// One thread and what waits for it. A condition variable needs the plain mutex.
struct Strand {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Strands::Work> waiting;
  bool stopping = false;  // takes nothing more, and ends when there is nothing left
  bool ended = false;
  std::thread thread;

  void run(const std::string& name) {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    for (std::unique_lock lock(mutex);;) {
      changed.wait(lock, [&] { return stopping || !waiting.empty(); });
      if (waiting.empty()) {
        ended = true;
        changed.notify_all();
        return;
      }
      {
        const Strands::Work work = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        try {
          work();
        } catch (...) {
          // Nobody is there to be told.
        }
        // What the work holds is gone before the next one begins.
      }
      lock.lock();
    }
  }
};

}  // namespace

struct Strands::State {
  State(unsigned threads, std::size_t most) : strands(threads), most_waiting(most) {}

  std::vector<Strand> strands;
  const std::size_t most_waiting;
};

Strands::Strands(std::string name, unsigned threads, std::size_t most_waiting)
    : state_(std::make_unique<State>(threads, most_waiting)) {
  unsigned number = 0;
  for (Strand& strand : state_->strands) {
    strand.thread =
        std::thread([&strand, own = name + "-" + std::to_string(number++)] { strand.run(own); });
  }
}

Strands::~Strands() {
  stop();
}

bool Strands::post(std::string_view key, Work work) {
  Strand& strand = state_->strands[std::hash<std::string_view>{}(key) % state_->strands.size()];
  {
    const std::scoped_lock lock(strand.mutex);
    if (strand.stopping || strand.waiting.size() >= state_->most_waiting) return false;
    strand.waiting.push_back(std::move(work));
  }
  strand.changed.notify_one();
  return true;
}

void Strands::close(std::chrono::milliseconds patience) {
  for (Strand& strand : state_->strands) {
    const std::scoped_lock lock(strand.mutex);
    strand.stopping = true;
    strand.changed.notify_all();
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (Strand& strand : state_->strands) {
    std::unique_lock lock(strand.mutex);
    strand.changed.wait_until(lock, deadline, [&] { return strand.ended; });
  }
}

void Strands::stop() {
  close(std::chrono::milliseconds(0));
  for (Strand& strand : state_->strands) {
    if (strand.thread.joinable()) strand.thread.join();
  }
}

}  // namespace jidgate
