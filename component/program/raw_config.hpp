// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration as text: what stands in the file, the environment and the flags, and where.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jidgate::program {

struct RawValue {
  std::string text;
  std::string place;  // "FILE:http.listen", for a fault
  unsigned line = 0;  // 0: not from a file
};

// All faults are collected and told at once.
class Faults {
 public:
  // "place: text". `text` says what is wrong and what is expected.
  void add(std::string_view place, std::string_view text, unsigned line = 0);
  void add(const RawValue& value, std::string_view text) { add(value.place, text, value.line); }
  bool empty() const { return lines_.empty(); }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

using RawSection = std::map<std::string, std::vector<RawValue>, std::less<>>;  // by key
using RawConfig = std::map<std::string, RawSection, std::less<>>;              // by section

// Each reports keys that are not in the table.
RawConfig read_file(const std::string& path, Faults& faults);
// JIDGATE_SECTION_KEY; variables with another shape are not ours.
RawConfig read_environment(const std::map<std::string, std::string>& variables, Faults& faults);
// Pairs of "section.key" and value, as the command line gave them.
RawConfig read_flags(const std::vector<std::pair<std::string, std::string>>& flags);
// What `stronger` gives replaces what `base` gives for the same key.
void override_with(RawConfig& base, RawConfig stronger);

}  // namespace jidgate::program
