// SPDX-License-Identifier: GPL-3.0-or-later
// One section of the configuration.
#include "component/program/section.hpp"

#include <stdexcept>

#include "component/program/keys.hpp"
#include "core/text.hpp"

namespace jidgate::program {
namespace {

std::string spell(Seconds duration) {
  const auto count = duration.count();
  if (count != 0 && count % 86400 == 0) return std::to_string(count / 86400) + "d";
  if (count != 0 && count % 3600 == 0) return std::to_string(count / 3600) + "h";
  if (count != 0 && count % 60 == 0) return std::to_string(count / 60) + "m";
  return std::to_string(count) + "s";
}

template <class T>
std::optional<T> within(std::optional<T> value, T least, T most) {
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

std::string range(Seconds least, Seconds most) {
  return "a duration from " + spell(least) + " to " + spell(most) + " (10s, 5m, 12h, 30d)";
}

}  // namespace

Section::Section(const RawConfig& config, std::string file, std::string name, Faults& faults)
    : file_(std::move(file)), name_(std::move(name)), faults_(faults) {
  const auto found = config.find(name_);
  values_ = found == config.end() ? nullptr : &found->second;
  kind_ = section_kind(name_).value();
}

bool Section::given(std::string_view key) const {
  return values_ != nullptr && values_->find(key) != values_->end();
}

RawValue Section::fallback(std::string_view key) const {
  const Key* known = find_key(kind_, key);
  if (known == nullptr) throw std::logic_error("key is not in the table: " + std::string(key));
  return {std::string(known->fallback), file_ + ":" + name_ + "." + std::string(key)};
}

RawValue Section::single(std::string_view key) const {
  RawValue value = fallback(key);
  return given(key) ? values_->find(key)->second.back() : value;
}

std::vector<RawValue> Section::list(std::string_view key) const {
  std::vector<RawValue> raw = {fallback(key)};
  if (given(key)) raw = values_->find(key)->second;
  const bool split = find_key(kind_, key)->kind == KeyKind::words;
  std::vector<RawValue> all;
  for (const RawValue& value : raw) {
    std::vector<std::string> parts = {value.text};
    if (split) parts = split_words(value.text);
    for (std::string& part : parts) {
      if (!part.empty()) all.push_back({std::move(part), value.place, value.line});
    }
  }
  return all;
}

std::string Section::required(std::string_view key, std::string_view expected) {
  RawValue raw = single(key);
  if (raw.text.empty()) faults_.add(raw, "is missing, expected " + std::string(expected));
  return std::move(raw.text);
}

std::string Section::file(std::string_view key,
                          std::optional<std::string> check(const std::string&)) {
  std::string path = text(key);
  if (path.empty()) return path;
  if (!path.starts_with('/')) {
    fault(key, "is a relative path, expected an absolute one");
  } else if (const auto wrong = check(path)) {
    fault(key, *wrong);
  }
  return path;
}

void Section::wrong(const RawValue& raw, std::string_view expected) {
  std::string text = raw.text.empty() ? "is empty" : "\"" + std::string(utf8_prefix(raw.text, 200));
  if (!raw.text.empty()) text += "\" is not valid";
  faults_.add(raw, text.append(", expected ").append(expected));
}

bool Section::is_on(std::string_view key) {
  return value(key, parse_switch, "yes or no");
}

std::uint64_t Section::count(std::string_view key, std::uint64_t least, std::uint64_t most) {
  return value(
      key, [&](std::string_view text) { return within(parse_count(text), least, most); },
      "a number from " + std::to_string(least) + " to " + std::to_string(most));
}

std::uint64_t Section::size(std::string_view key, std::uint64_t least, std::uint64_t most) {
  return value(
      key, [&](std::string_view text) { return within(parse_size(text), least, most); },
      "a size from " + std::to_string(least) + " to " + std::to_string(most) + " (512, 16KiB)");
}

Seconds Section::duration(std::string_view key, Seconds least, Seconds most) {
  return value(
      key, [&](std::string_view text) { return within(parse_duration(text), least, most); },
      range(least, most));
}

std::optional<Seconds> Section::maybe_duration(std::string_view key, Seconds least, Seconds most) {
  return maybe(
      key, [&](std::string_view text) { return within(parse_duration(text), least, most); },
      range(least, most));
}

}  // namespace jidgate::program
