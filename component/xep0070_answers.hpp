// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0070 section 4.6: what an answer says. Pure: stanza and open questions in, meaning out.
#pragma once

#include <gloox/tag.h>

#include <string>
#include <string_view>
#include <vector>

#include "component/unit.hpp"
#include "core/confirmations.hpp"

namespace jidgate::component {

constexpr std::string_view http_auth_xmlns = "http://jabber.org/protocol/http-auth";

enum class Meaning {
  confirmed,
  denied,
  undeliverable,   // a server or a client without support sent the question back
  late,            // answers a question that may be over: `thread` or `ids` say which
  ambiguous,       // "OK" that may be for more than one question
  not_understood,  // text that is neither word nor code
  nothing,         // not an answer at all
};

struct Answer {
  Meaning meaning = Meaning::nothing;
  std::vector<std::string> ids;  // of the questions that it is about
  std::string thread;            // of a late one; empty where it named none
  std::string_view wrong;        // why it was no answer: the metric's label
  bool by_word = false;          // confirmed by a plain "OK" that names no question
};

// An IQ result or error whose id is that of `open`.
Answer read_iq_answer(const Incoming& answer, const OpenQuestion& open);
// A message of an account for which `open` are the open questions, oldest first.
Answer read_message_answer(const Incoming& message, const std::vector<OpenQuestion>& open);

}  // namespace jidgate::component
