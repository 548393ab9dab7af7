// SPDX-License-Identifier: GPL-3.0-or-later
// A few threads for work that may block. What has the same key is done in the order that it came.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace jidgate {

class Strands {
 public:
  using Work = std::function<void()>;

  // `name` of the threads, at most 12 octets; `most_waiting` for one thread.
  Strands(std::string name, unsigned threads, std::size_t most_waiting);
  ~Strands();  // as stop()

  // Any thread; never blocks. False: too much is waiting, or it is stopping; `work` is dropped.
  // What work throws ends it and is nobody's: it must not throw.
  bool post(std::string_view key, Work work);
  // Takes nothing more, and waits until all that was taken is done, but not longer than this.
  // Main thread.
  void close(std::chrono::milliseconds patience);
  // Does what was taken, then ends. Main thread.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate
