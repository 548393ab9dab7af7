// SPDX-License-Identifier: GPL-3.0-or-later
// One line an event: a stable name, then fields. Secrets and transaction ids never go in.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace jidgate {

enum class LogLevel { error, warning, info, debug };

struct LogField {
  std::string_view name;
  std::string value;
};

// Where events go. Implementations may be called from any thread.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) = 0;

  // Event names are dotted, lower case and stable: operators match on them ("confirm.sent").
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warning, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, event, fields);
  }
  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, event, fields);
  }
};

// For tests and for commands that have nothing to tell.
class NullLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

}  // namespace jidgate
