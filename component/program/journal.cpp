// SPDX-License-Identifier: GPL-3.0-or-later
// Where the log goes.
#include "component/program/journal.hpp"

// The macros of the header would add our source file and line to each entry.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cstdlib>

#include "core/log_json.hpp"

namespace jidgate::program {
namespace {

int priority(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return LOG_ERR;
    case LogLevel::warning:
      return LOG_WARNING;
    case LogLevel::info:
      return LOG_INFO;
    case LogLevel::debug:
      return LOG_DEBUG;
  }
  return LOG_INFO;
}

// Field names of the journal: upper case, digits and underscores.
std::string field_name(std::string_view name) {
  std::string result = "JIDGATE_";
  for (const char c : name) {
    const bool letter = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    result += letter ? static_cast<char>(c - 32) : kept ? c : '_';
  }
  return result;
}

}  // namespace

std::vector<std::string> journal_entry(LogLevel level, std::string_view event,
                                       std::initializer_list<LogField> fields) {
  std::string message = "MESSAGE=" + log_text(event);
  std::vector<std::string> entry = {"PRIORITY=" + std::to_string(priority(level)),
                                    "SYSLOG_IDENTIFIER=jidgate",
                                    "JIDGATE_EVENT=" + log_text(event)};
  for (const auto& [name, value] : fields) {
    const std::string text = log_text(value);
    message.append(" ").append(name).append("=").append(text);
    entry.push_back(field_name(name) + "=" + text);
  }
  entry.push_back(std::move(message));
  return entry;
}

void JournalLog::write(LogLevel level, std::string_view event,
                       std::initializer_list<LogField> fields) {
  if (level > level_) return;
  std::vector<std::string> entry = journal_entry(level, event, fields);
  std::vector<iovec> vectors;
  for (std::string& field : entry) vectors.push_back({field.data(), field.size()});
  // What the journal does not take is dropped: the daemon goes on serving.
  sd_journal_sendv(vectors.data(), static_cast<int>(vectors.size()));
}

bool is_journal(int descriptor, std::string_view journal_stream) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 &&
         journal_stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

std::unique_ptr<Log> make_log(const LogSettings& settings, const Clock& clock) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  const bool journal = settings.format == LogFormat::journal ||
                       (settings.format == LogFormat::automatic && stream != nullptr &&
                        is_journal(STDERR_FILENO, stream));
  if (journal) return std::make_unique<JournalLog>(settings.level);
  return std::make_unique<JsonLog>(STDERR_FILENO, settings.level, clock);
}

}  // namespace jidgate::program
