// SPDX-License-Identifier: GPL-3.0-or-later
// Work that other threads have for the XMPP thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "component/wake.hpp"
#include "core/locked.hpp"

namespace jidgate::component {

// Outlives the stream where somebody still holds an answer to give; then what it gets is dropped.
class Mailbox {
 public:
  using Work = std::function<void()>;

  // Any thread. In order; dropped when nobody will run it any more.
  void post(Work work) {
    const bool first = box_.with([&](Box& box) {
      if (box.closed) return false;
      box.waiting.push_back(std::move(work));
      return box.waiting.size() == 1;
    });
    if (first) wake_->signal();  // for the others it was signalled before
  }

  std::vector<Work> take() {
    return box_.with([](Box& box) { return std::exchange(box.waiting, {}); });
  }
  // What comes from now on is dropped.
  void close() {
    box_.with([](Box& box) { box.closed = true; });
  }

  // The thread that runs the work; it must give this up before it ends, ids are used again.
  void set_owner(std::thread::id owner) { owner_ = owner; }
  bool is_owner() const { return owner_ == std::this_thread::get_id(); }
  const std::shared_ptr<Wake>& wake() const { return wake_; }

 private:
  struct Box {
    std::vector<Work> waiting;
    bool closed = false;
  };
  Locked<Box> box_;
  std::atomic<std::thread::id> owner_{};
  const std::shared_ptr<Wake> wake_ = std::make_shared<Wake>();
};

}  // namespace jidgate::component
