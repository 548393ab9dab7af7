// SPDX-License-Identifier: GPL-3.0-or-later
// Texts in several languages: filled in, and put into a message.
#pragma once

#include <gloox/tag.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jidgate::component {

// The languages that every catalogue has; the first one is for those who want another.
constexpr std::string_view catalogue_languages[] = {"en", "de", "fr", "es"};

// The catalogue for somebody who wants this language (RFC 4647 section 3.4: "de-AT" is served by
// "de"), the first one when there is none. nullopt: that is no language tag.
std::optional<std::string_view> choose_language(std::string_view tag);

// One body for each language, in the order wanted.
struct LocalText {
  std::string_view language;  // RFC 5646: "en"
  std::string text;
};
using LocalTexts = std::vector<LocalText>;

// "{name}" becomes its value, and what is in braces in a value stays what it is.
using TextValues = std::initializer_list<std::pair<std::string_view, std::string_view>>;
std::string fill_in(std::string_view text, TextValues values);

// The first body is in the language of the stanza, for clients that take whichever comes first.
void add_bodies(gloox::Tag& message, const LocalTexts& texts);

}  // namespace jidgate::component
