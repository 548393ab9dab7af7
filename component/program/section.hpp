// SPDX-License-Identifier: GPL-3.0-or-later
// One section of the configuration, read value by value into types that cannot be wrong.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "component/program/raw_config.hpp"
#include "component/program/values.hpp"

namespace jidgate::program {

class Section {
 public:
  // `name` as in the file. Keys that the configuration does not give have the table's default.
  Section(const RawConfig& config, std::string file, std::string name, Faults& faults);

  const std::string& name() const { return name_; }
  Faults& faults() { return faults_; }
  bool given(std::string_view key) const;
  void fault(std::string_view key, std::string_view text) { faults_.add(single(key), text); }

  // The value of a key that stands once; empty where it has no default and is not given.
  RawValue single(std::string_view key) const;
  // Of a repeatable key, split as its kind says.
  std::vector<RawValue> list(std::string_view key) const;

  std::string text(std::string_view key) const { return single(key).text; }
  std::string required(std::string_view key, std::string_view expected);
  // An absolute path, or empty; `check` tells what is wrong with what is there.
  std::string file(std::string_view key, std::optional<std::string> check(const std::string&));
  bool is_on(std::string_view key);
  std::uint64_t count(std::string_view key, std::uint64_t least, std::uint64_t most);
  std::uint64_t size(std::string_view key, std::uint64_t least, std::uint64_t most);
  Seconds duration(std::string_view key, Seconds least, Seconds most);
  std::optional<Seconds> maybe_duration(std::string_view key, Seconds least, Seconds most);

  // One value through `parse` (text -> optional); a wrong one is a fault and gives T{}.
  template <class Parse>
  auto value(std::string_view key, Parse parse, std::string_view expected) {
    const RawValue raw = single(key);
    auto parsed = parse(raw.text);
    if (!parsed) wrong(raw, expected);
    return parsed ? std::move(*parsed) : typename decltype(parsed)::value_type{};
  }
  // Absent, empty or wrong gives nullopt; wrong is a fault as well.
  template <class Parse>
  auto maybe(std::string_view key, Parse parse, std::string_view expected)
      -> decltype(parse(std::string())) {
    const RawValue raw = single(key);
    if (raw.text.empty()) return std::nullopt;
    auto parsed = parse(raw.text);
    if (!parsed) wrong(raw, expected);
    return parsed;
  }
  // Every value of a repeatable key; those that are right.
  template <class Parse>
  auto values(std::string_view key, Parse parse, std::string_view expected) {
    std::vector<typename std::invoke_result_t<Parse, const std::string&>::value_type> all;
    for (const RawValue& raw : list(key)) {
      if (auto parsed = parse(raw.text)) {
        all.push_back(std::move(*parsed));
      } else {
        wrong(raw, expected);
      }
    }
    return all;
  }
  template <class T>
  using Choices = std::initializer_list<std::pair<std::string_view, T>>;
  template <class T>
  std::optional<T> maybe_choice(std::string_view key, Choices<T> choices) {
    return maybe(
        key,
        [&](std::string_view text) -> std::optional<T> {
          for (const auto& [word, meaning] : choices) {
            if (text == word) return meaning;
          }
          return std::nullopt;
        },
        one_of(choices));
  }
  template <class T>
  T choice(std::string_view key, Choices<T> choices) {
    const RawValue raw = single(key);
    if (raw.text.empty()) wrong(raw, one_of(choices));
    return maybe_choice(key, choices).value_or(choices.begin()->second);
  }

 private:
  RawValue fallback(std::string_view key) const;
  void wrong(const RawValue& raw, std::string_view expected);
  template <class T>
  static std::string one_of(Choices<T> choices) {
    std::string words;
    for (const auto& choice : choices) {
      if (!words.empty()) words += " or ";
      words += choice.first;
    }
    return words;
  }

  const RawSection* values_;  // null: the section is not in the file
  std::string file_, name_;
  std::string_view kind_;
  Faults& faults_;
};

}  // namespace jidgate::program
