// SPDX-License-Identifier: GPL-3.0-or-later
// Conditional and range requests (RFC 9110 sections 13 and 14) for something with a strong
// entity-tag.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "http/head.hpp"
#include "http/http_date.hpp"

namespace jidgate::http {

struct Validators {
  std::string etag;   // strong, with its quotes
  HttpTime modified;  // not in the future
};

enum class Precondition { pass, not_modified, failed };
// For GET and HEAD, in the order of RFC 9110 section 13.2.2.
Precondition check_preconditions(const Head& head, const Validators& validators, HttpTime now);

struct WholeContent {};
struct ContentPart {
  std::uint64_t first, length;  // length >= 1
};
struct Unsatisfiable {};
// Of `size` octets. Several ranges, other units and what cannot be read give the whole, as RFC 9110
// section 14.2 allows.
std::variant<WholeContent, ContentPart, Unsatisfiable> select_range(const Head& head,
                                                                    const Validators& validators,
                                                                    std::uint64_t size,
                                                                    HttpTime now);

}  // namespace jidgate::http
