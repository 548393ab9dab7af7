// SPDX-License-Identifier: GPL-3.0-or-later
// What people read and write when they have no client that knows XEP-0070: the words of the
// question, of the notices, and of the answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "component/local_text.hpp"

namespace jidgate::component {

struct PromptValues {
  std::string asker;   // the address that the web request came from
  std::string method;  // of the web request
  std::string url;     // without query, shortened in the middle
  std::string code;    // empty: it stands on the page and is to be typed
  std::string until;   // "12:34:56 UTC"
};

enum class Notice {
  over,       // a late answer: the request is over
  withdrawn,  // whoever asked has gone
  which_one,  // several questions are open: the code is wanted
  not_understood,
};

// Languages without a catalogue are passed over; none left gives English.
LocalTexts prompt(const std::vector<std::string>& languages, const PromptValues& values);
LocalTexts notice(const std::vector<std::string>& languages, Notice which);

enum class Word { yes, no };

// What a plain-text answer says, or nullopt when it is neither word of any language. Quoted lines
// ("> …"), white space, case and closing punctuation do not count.
std::optional<Word> read_word(std::string_view body);
// The same text as it is compared with a code: without quoted lines and surrounding white space.
std::string without_quotes(std::string_view body);

}  // namespace jidgate::component
