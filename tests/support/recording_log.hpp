// SPDX-License-Identifier: GPL-3.0-or-later
// A log that a test can read, and wait for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <initializer_list>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.hpp"

namespace jidgate::test {

struct LogEntry {
  LogLevel level;
  std::string event;
  std::map<std::string, std::string, std::less<>> fields;
};

class RecordingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    LogEntry entry{level, std::string(event), {}};
    for (const LogField& field : fields) entry.fields.emplace(field.name, field.value);
    const std::scoped_lock lock(mutex_);
    entries_.push_back(std::move(entry));
    changed_.notify_all();
  }

  std::vector<LogEntry> entries(std::string_view event = {}) const {
    const std::scoped_lock lock(mutex_);
    return of(event);
  }

  // The `count`th entry of that event; throws when it does not come.
  LogEntry wait(std::string_view event, std::size_t count = 1) const {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(20),
                                        [&] { return of(event).size() >= count; });
    if (!came) throw std::runtime_error("the log never had " + std::string(event));
    return of(event)[count - 1];
  }

 private:
  std::vector<LogEntry> of(std::string_view event) const {
    std::vector<LogEntry> found;
    for (const LogEntry& entry : entries_) {
      if (event.empty() || entry.event == event) found.push_back(entry);
    }
    return found;
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<LogEntry> entries_;
};

}  // namespace jidgate::test
