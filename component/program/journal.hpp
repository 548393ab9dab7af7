// SPDX-License-Identifier: GPL-3.0-or-later
// Where the log goes: to systemd's journal with real fields, or to standard error as JSON lines.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/settings.hpp"

namespace jidgate::program {

// The journal's fields of one event, each "NAME=value": JIDGATE_EVENT, and JIDGATE_NAME for a
// field.
std::vector<std::string> journal_entry(LogLevel level, std::string_view event,
                                       std::initializer_list<LogField> fields);

// Any thread.
class JournalLog final : public Log {
 public:
  explicit JournalLog(LogLevel level) : level_(level) {}
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override;

 private:
  const LogLevel level_;
};

// `journal_stream` is $JOURNAL_STREAM, "device:inode" of what systemd gave us as standard error.
bool is_journal(int descriptor, std::string_view journal_stream);

// The log that the settings ask for. `clock` outlives it.
std::unique_ptr<Log> make_log(const LogSettings& settings, const Clock& clock);

}  // namespace jidgate::program
