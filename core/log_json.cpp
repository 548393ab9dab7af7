// SPDX-License-Identifier: GPL-3.0-or-later
// Log lines as JSON objects.
#include "core/log_json.hpp"

#include <unistd.h>

#include <cerrno>

#include "core/date_text.hpp"
#include "core/text.hpp"

namespace jidgate {
namespace {

constexpr std::size_t longest_value = 1024;
constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

void append_string(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (octet < 0x20 || octet == 0x7f) {
      out += "\\u00";
      out += digits[octet >> 4];
      out += digits[octet & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string utc(WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds).count();
  std::string out = date_text(seconds);
  const std::string digits = std::to_string(millis);
  out.back() = '.';
  return out.append(3 - digits.size(), '0').append(digits).append("Z");
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warning:
      return "warning";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
  }
  return "";
}

std::string log_text(std::string_view value) {
  std::string out;
  const std::string_view cut = value.substr(0, longest_value);
  std::size_t i = 0;
  while (i < cut.size()) {
    std::size_t length = 1;
    while (length <= 4 && !is_utf8(cut.substr(i, length))) ++length;
    if (length <= 4 && i + length <= cut.size()) {
      out.append(cut.substr(i, length));
      i += length;
    } else {
      out.append(replacement);
      ++i;
    }
  }
  if (cut.size() < value.size()) out += "...";
  return out;
}

void JsonLog::write(LogLevel level, std::string_view event,
                    std::initializer_list<LogField> fields) {
  if (level > level_) return;
  std::string line = "{\"time\":\"" + utc(clock_.wall()) + "\",\"level\":\"";
  line.append(to_string(level)).append("\",\"event\":");
  append_string(line, log_text(event));
  for (const auto& [name, value] : fields) {
    line += ',';
    append_string(line, name);
    line += ':';
    append_string(line, log_text(value));
  }
  line += "}\n";
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace jidgate
