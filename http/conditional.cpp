// SPDX-License-Identifier: GPL-3.0-or-later
// Preconditions and ranges.
#include "http/conditional.hpp"

#include <algorithm>
#include <limits>

#include "core/text.hpp"
#include "http/negotiation.hpp"

namespace jidgate::http {
namespace {

constexpr std::string_view weak_mark = "W/";

// etagc: '!' to '~' without '"', and obs-text.
bool is_etagc(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return octet > 0x20 && octet != '"' && octet != 0x7f;
}

struct EntityTag {
  std::string_view opaque;  // with its quotes
  bool is_weak = false;
};

// Takes an entity-tag off the front of `text`.
std::optional<EntityTag> take_entity_tag(std::string_view& text) {
  EntityTag tag;
  if (text.starts_with(weak_mark)) {
    tag.is_weak = true;
    text.remove_prefix(weak_mark.size());
  }
  if (text.empty() || text.front() != '"') return std::nullopt;
  std::size_t end = 1;
  while (end < text.size() && is_etagc(text[end])) ++end;
  if (end == text.size() || text[end] != '"') return std::nullopt;
  tag.opaque = text.substr(0, end + 1);
  text.remove_prefix(end + 1);
  return tag;
}

enum class Comparison { strong, weak };

// Whether a list of entity-tags, or "*", names this one. A list that cannot be read names nothing
// from where it breaks.
bool names(std::string_view list, std::string_view etag, Comparison comparison) {
  if (trim(list) == "*") return true;
  while (true) {
    while (!list.empty() && (list.front() == ' ' || list.front() == '\t' || list.front() == ','))
      list.remove_prefix(1);
    const auto tag = take_entity_tag(list);
    if (!tag) return false;
    if (tag->opaque == etag && (comparison == Comparison::weak || !tag->is_weak)) return true;
    list = list.substr(std::min(list.size(), list.find_first_not_of(" \t")));
    if (!list.starts_with(',')) return false;
  }
}

std::optional<HttpTime> date_field(const Head& head, std::string_view name, HttpTime now) {
  const auto text = head.only(name);
  return text ? parse_http_date(*text, now) : std::nullopt;
}

// Saturates: a position beyond all files is as good as any other.
std::optional<std::uint64_t> read_number(std::string_view digits) {
  constexpr auto limit = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    const auto value = static_cast<std::uint64_t>(digit - '0');
    number = number > (limit - value) / 10 ? limit : number * 10 + value;
  }
  return number;
}

// RFC 9110 section 13.1.5: If-Range wants "the strong comparison function", and a date only where
// it is a strong validator and "exactly matches".
bool range_still_applies(const Head& head, const Validators& validators, HttpTime now) {
  const auto count = head.count("If-Range");
  if (count == 0) return true;
  const auto value = head.only("If-Range");
  if (!value) return false;
  if (value->find('"') != std::string_view::npos) return *value == validators.etag;
  return parse_http_date(*value, now) == validators.modified &&
         now - validators.modified >= std::chrono::seconds(1);
}

}  // namespace

Precondition check_preconditions(const Head& head, const Validators& validators, HttpTime now) {
  if (head.count("If-Match") > 0) {
    if (!names(list_field(head, "If-Match"), validators.etag, Comparison::strong))
      return Precondition::failed;
  } else if (const auto date = date_field(head, "If-Unmodified-Since", now)) {
    if (validators.modified > *date) return Precondition::failed;
  }
  if (head.count("If-None-Match") > 0) {
    if (names(list_field(head, "If-None-Match"), validators.etag, Comparison::weak))
      return Precondition::not_modified;
  } else if (const auto date = date_field(head, "If-Modified-Since", now)) {
    if (validators.modified <= *date) return Precondition::not_modified;
  }
  return Precondition::pass;
}

std::variant<WholeContent, ContentPart, Unsatisfiable> select_range(const Head& head,
                                                                    const Validators& validators,
                                                                    std::uint64_t size,
                                                                    HttpTime now) {
  constexpr std::string_view unit = "bytes=";
  const auto range = head.only("Range");
  if (head.method != "GET" || size == 0 || !range || range->size() < unit.size() ||
      !ascii_iequals(range->substr(0, unit.size()), unit) ||
      !range_still_applies(head, validators, now))
    return WholeContent{};
  const auto spec = trim(range->substr(unit.size()));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return WholeContent{};
  const auto first = read_number(spec.substr(0, dash)), last = read_number(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return WholeContent{};
    if (*last == 0) return Unsatisfiable{};
    const auto length = std::min(*last, size);
    return ContentPart{size - length, length};
  }
  const bool is_open = dash + 1 == spec.size();
  if (!first || (!last && !is_open) || (last && *last < *first)) return WholeContent{};
  if (*first >= size) return Unsatisfiable{};
  return ContentPart{*first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
}

}  // namespace jidgate::http
