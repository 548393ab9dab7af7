// SPDX-License-Identifier: GPL-3.0-or-later
// Texts in several languages.
#include "component/local_text.hpp"

#include <algorithm>

#include "component/tags.hpp"
#include "core/text.hpp"

namespace jidgate::component {

std::optional<std::string_view> choose_language(std::string_view tag) {
  constexpr std::size_t longest_tag = 64, longest_subtag = 8;
  if (tag.size() > longest_tag) return std::nullopt;
  std::string_view primary;
  // RFC 5646 section 2.1: subtags of one to eight letters or digits; the first one has letters
  // only.
  for (std::string_view rest = tag;;) {
    const std::string_view subtag = rest.substr(0, rest.find('-'));
    const bool first = primary.empty();
    const bool good = std::all_of(subtag.begin(), subtag.end(), [&](char c) {
      const char lower = static_cast<char>(c | 0x20);
      return (lower >= 'a' && lower <= 'z') || (!first && c >= '0' && c <= '9');
    });
    if (subtag.empty() || subtag.size() > longest_subtag || !good) return std::nullopt;
    if (first) primary = subtag;
    if (subtag.size() == rest.size()) break;
    rest.remove_prefix(subtag.size() + 1);
  }
  for (const std::string_view language : catalogue_languages) {
    if (ascii_iequals(language, primary)) return language;
  }
  return catalogue_languages[0];
}

std::string fill_in(std::string_view text, TextValues values) {
  std::string filled;
  while (!text.empty()) {
    const auto value = std::find_if(values.begin(), values.end(), [&](const auto& one) {
      return text.size() > one.first.size() + 1 && text.front() == '{' &&
             text.substr(1).starts_with(one.first) && text[one.first.size() + 1] == '}';
    });
    if (value != values.end()) {
      filled += value->second;
      text.remove_prefix(value->first.size() + 2);
    } else {
      filled += text.front();
      text.remove_prefix(1);
    }
  }
  return filled;
}

void add_bodies(gloox::Tag& message, const LocalTexts& texts) {
  set_attribute(message, "xml:lang", texts.front().language);
  for (const LocalText& text : texts) {
    gloox::Tag& body = add_child(message, "body", {}, text.text);
    if (&text != &texts.front()) set_attribute(body, "xml:lang", text.language);
  }
}

}  // namespace jidgate::component
