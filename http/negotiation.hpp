// SPDX-License-Identifier: GPL-3.0-or-later
// What a request's fields say about who sent it and what he would like to get.
#pragma once

#include <string>
#include <string_view>

#include "http/head.hpp"

namespace jidgate::http {

// A list field as one list, whether it was sent in one line or in several (RFC 9110 section 5.3).
// Empty when it is absent.
std::string list_field(const Head& head, std::string_view name);

// A page rather than a JSON document: Accept names text/html, and nothing of JSON above it.
bool prefers_html(const Head& head);

// Fetched in case somebody will look at it: nobody is to be asked for that.
bool is_prefetch(const Head& head);

}  // namespace jidgate::http
