// SPDX-License-Identifier: GPL-3.0-or-later
// RFC 7622 addresses by RFC 3920 stringprep: see jid.hpp. The only part that knows libidn.
#include "core/jid.hpp"

#include <idn-free.h>
#include <idna.h>
#include <stringprep.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/network.hpp"
#include "core/text.hpp"

namespace jidgate {
namespace {

// RFC 7622 section 3: no part may be more than 1023 octets long after preparation. The servers
// refuse a longer one before it as well, which also bounds the work.
constexpr std::size_t longest_part = 1023;

constexpr bool is_digit(char c) {
  return '0' <= c && c <= '9';
}
constexpr bool is_letter(char c) {
  return 'a' <= c && c <= 'z';
}
constexpr bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

bool is_all_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_ascii);
}

// `part` is well-formed UTF-8 without NUL: libidn believes both.
std::optional<std::string> stringprep_part(std::string_view part, const Stringprep_profile* profile,
                                           Stringprep_profile_flags flags) {
  if (part.empty() || part.size() > longest_part) return std::nullopt;
  std::array<char, longest_part + 1> buffer{};
  std::copy(part.begin(), part.end(), buffer.begin());
  if (stringprep(buffer.data(), buffer.size(), flags, profile) != STRINGPREP_OK) {
    return std::nullopt;
  }
  std::string prepared = buffer.data();
  if (prepared.empty()) return std::nullopt;  // it was of characters that map to nothing
  return prepared;
}

// Calls `use` with each label until it returns false; false then, and for an empty label.
template <class Use>
bool every_label(std::string_view domain, Use use) {
  while (true) {
    const auto dot = domain.find('.');
    const std::string_view label = domain.substr(0, dot);
    if (label.empty() || !use(label)) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

// RFC 5890 section 2.3.1: letters, digits and hyphens, no hyphen at an end. `label` is lower case.
// What is not ASCII has passed nameprep, and to_ascii_domain() has the last word on it.
bool is_label(std::string_view label) {
  return label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '-' || !is_ascii(c);
         });
}

// RFC 3490 section 3.1 takes these for dots, nameprep leaves them, and no server splits at them.
bool holds_foreign_dot(std::string_view domain) {
  for (const std::string_view dot : {"\u3002", "\uFF0E", "\uFF61"}) {
    if (domain.find(dot) != std::string_view::npos) return true;
  }
  return false;
}

// IDNA 2003, which is what libidn knows. nullopt for the four characters that IDNA 2008 reads
// differently (RFC 5894 section 7.2): whoever means one of them writes the A-label.
std::optional<std::string> label_to_ascii(const std::string& label) {
  if (is_all_ascii(label)) return label;
  for (const std::string_view deviation : {"\u00DF", "\u03C2", "\u200C", "\u200D"}) {
    if (label.find(deviation) != std::string::npos) return std::nullopt;
  }
  char* output = nullptr;
  const int result = idna_to_ascii_8z(label.c_str(), &output, IDNA_USE_STD3_ASCII_RULES);
  const std::unique_ptr<char, decltype(&idn_free)> owned(output, &idn_free);
  if (result != IDNA_SUCCESS) return std::nullopt;
  return ascii_lower(output);
}

// RFC 7622 section 3.3.1, and the space that RFC 6122 excludes with them.
bool holds_excluded_character(std::string_view local) {
  return local.find_first_of("\"&'/:<>@ ") != std::string_view::npos;
}

}  // namespace

std::optional<std::string> prepare_domain(std::string_view text) {
  if (text.empty() || !is_plain_line(text)) return std::nullopt;
  if (text.front() == '[') {
    if (text.size() < 2 || text.back() != ']') return std::nullopt;
    const std::string_view literal = text.substr(1, text.size() - 2);
    if (literal.find(':') == std::string_view::npos || !Address::parse(literal)) {
      return std::nullopt;
    }
    return ascii_lower(text);
  }
  if (holds_foreign_dot(text)) return std::nullopt;
  auto domain = stringprep_part(text, stringprep_nameprep, STRINGPREP_NO_UNASSIGNED);
  if (!domain) return std::nullopt;
  if (domain->ends_with('.')) domain->pop_back();
  const bool good = every_label(*domain, [](std::string_view label) {
    return is_label(label) && (is_all_ascii(label) || label_to_ascii(std::string(label)));
  });
  if (!good) return std::nullopt;
  return domain;
}

std::optional<std::string> to_ascii_domain(std::string_view domain) {
  if (!is_plain_line(domain) || holds_foreign_dot(domain)) return std::nullopt;
  if (domain.ends_with('.')) domain.remove_suffix(1);
  std::string ascii;
  const bool good = every_label(domain, [&](std::string_view label) {
    const auto converted = label_to_ascii(ascii_lower(label));
    if (!converted || converted->size() > 63) return false;
    if (!ascii.empty()) ascii += '.';
    ascii += *converted;
    // Host names in URLs may hold '_', which no JID may.
    return std::all_of(converted->begin(), converted->end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
  });
  if (!good || ascii.size() > 253) return std::nullopt;
  return ascii;
}

std::optional<Jid> Jid::parse(std::string_view text) {
  if (text.size() > 3 * longest_part + 2 || !is_plain_line(text)) return std::nullopt;
  // RFC 7622 section 3.1: the resource begins after the first '/', whatever it holds; only then is
  // the '@' looked for.
  Jid jid;
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    // Unassigned code points stay in resources: both servers take them, and phones are named with
    // emoji that are younger than Unicode 3.2.
    auto resource = stringprep_part(text.substr(slash + 1), stringprep_xmpp_resourceprep,
                                    Stringprep_profile_flags{});
    if (!resource) return std::nullopt;
    jid.resource_ = *std::move(resource);
    text = text.substr(0, slash);
  }
  const auto at = text.find('@');
  if (at != std::string_view::npos) {
    auto local =
        stringprep_part(text.substr(0, at), stringprep_xmpp_nodeprep, STRINGPREP_NO_UNASSIGNED);
    if (!local || holds_excluded_character(*local)) return std::nullopt;
    jid.local_ = *std::move(local);
    text = text.substr(at + 1);
  }
  auto domain = prepare_domain(text);
  if (!domain) return std::nullopt;
  jid.domain_ = *std::move(domain);
  return jid;
}

Jid Jid::bare() const {
  Jid jid;
  jid.local_ = local_;
  jid.domain_ = domain_;
  return jid;
}

std::string Jid::to_string() const {
  std::string text;
  text.reserve(local_.size() + domain_.size() + resource_.size() + 2);
  if (!local_.empty()) text.append(local_).append("@");
  text += domain_;
  if (!resource_.empty()) text.append("/").append(resource_);
  return text;
}

}  // namespace jidgate
