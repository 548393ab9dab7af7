// SPDX-License-Identifier: GPL-3.0-or-later
// Log lines as JSON objects, one a line, for standard error and files.
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"

namespace jidgate {

// Any thread. Each line is one write(2), so that lines of several threads never mix. What cannot be
// written (full disk, closed pipe) is dropped: the daemon goes on serving.
class JsonLog final : public Log {
 public:
  // `descriptor` is not owned. Events less important than `level` are not written.
  JsonLog(int descriptor, LogLevel level, const Clock& clock)
      : descriptor_(descriptor), level_(level), clock_(clock) {}
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override;

 private:
  const int descriptor_;
  const LogLevel level_;
  const Clock& clock_;
};

// The text that every sink writes for a field: at most 1 kB, valid UTF-8.
std::string log_text(std::string_view value);
std::string_view to_string(LogLevel level);

}  // namespace jidgate
