// SPDX-License-Identifier: GPL-3.0-or-later
// Reading Accept and the fields that mark prefetches.
#include "http/negotiation.hpp"

#include <algorithm>
#include <optional>

#include "core/text.hpp"

namespace jidgate::http {
namespace {

// Takes the part before the first `separator` off `text`.
std::string_view take_part(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// qvalue (RFC 9110 section 12.4.2) in thousandths.
std::optional<int> read_quality(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5 ||
      (text.size() > 1 && text[1] != '.'))
    return std::nullopt;
  int quality = (text[0] - '0') * 1000, weight = 100;
  for (std::size_t at = 2; at < text.size(); ++at, weight /= 10) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    quality += (text[at] - '0') * weight;
  }
  return quality <= 1000 ? std::optional(quality) : std::nullopt;
}

// In thousandths; 1000 where none is given, 0 where it cannot be read.
int quality_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto parameter = take_part(parameters, ';');
    if (parameter.size() >= 2 && ascii_iequals(parameter.substr(0, 2), "q="))
      return read_quality(parameter.substr(2)).value_or(0);
  }
  return 1000;
}

}  // namespace

std::string list_field(const Head& head, std::string_view name) {
  std::string list;
  for (const auto& field : head.fields) {
    if (!ascii_iequals(field.name, name)) continue;
    if (!list.empty()) list += ", ";
    list += field.value;
  }
  return list;
}

bool prefers_html(const Head& head) {
  const auto accept = list_field(head, "Accept");
  int html = 0, json = 0;
  for (std::string_view rest = accept; !rest.empty();) {
    auto parameters = take_part(rest, ',');
    const auto type = ascii_lower(take_part(parameters, ';'));
    if (type == "text/html")
      html = std::max(html, quality_of(parameters));
    else if (type == "application/json" || type == "application/problem+json")
      json = std::max(json, quality_of(parameters));
  }
  return html > 0 && html >= json;
}

bool is_prefetch(const Head& head) {
  for (const auto* name : {"Sec-Purpose", "Purpose", "X-Moz"}) {
    auto values = ascii_lower(list_field(head, name));
    for (std::string_view rest = values; !rest.empty();) {
      auto parameters = take_part(rest, ',');
      if (take_part(parameters, ';') == "prefetch") return true;
    }
  }
  return false;
}

}  // namespace jidgate::http
