// SPDX-License-Identifier: GPL-3.0-or-later
// Strict reading of auth-params, ext-values and percent-encoded JIDs.
#include "http/auth_params.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "http/octets.hpp"

namespace jidgate::http {
namespace {

constexpr std::size_t most_params = 32;
constexpr std::size_t longest_transaction_id = 128;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The octet of an escape at the start of `text`, or -1.
int escaped_octet(std::string_view text) {
  if (text.size() < 3 || text.front() != '%') return -1;
  const auto octet = percent_decode(text.substr(0, 3));
  return octet ? static_cast<unsigned char>(octet->front()) : -1;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

std::string_view take_token(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_token_octet);
  const auto token = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(token.size());
  return token;
}

std::optional<std::string> take_quoted(std::string_view& text) {
  text.remove_prefix(1);
  std::string value;
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return value;
    if (c == '\\') {
      if (text.empty()) return std::nullopt;
      c = text.front();
      text.remove_prefix(1);
    }
    if (!is_value_octet(c)) return std::nullopt;
    value += c;
  }
  return std::nullopt;
}

std::optional<AuthParam> take_param(std::string_view& text) {
  AuthParam param{ascii_lower(take_token(text)), {}};
  if (param.name.empty()) return std::nullopt;
  skip_blanks(text);
  if (text.empty() || text.front() != '=') return std::nullopt;
  text.remove_prefix(1);
  skip_blanks(text);
  if (!text.empty() && text.front() == '"') {
    auto value = take_quoted(text);
    if (!value) return std::nullopt;
    param.value = std::move(*value);
  } else {
    param.value = take_token(text);
    if (param.value.empty()) return std::nullopt;
  }
  skip_blanks(text);
  return param;
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_octet);
}

std::string scheme_of(std::string_view authorization) {
  const auto scheme = take_token(authorization);
  if (!authorization.empty() && authorization.front() != ' ') return {};
  return ascii_lower(scheme);
}

std::optional<std::string_view> after_scheme(std::string_view value, std::string_view scheme) {
  if (value.size() > longest_authorization || !ascii_iequals(take_token(value), scheme) ||
      value.empty() || value.front() != ' ')
    return std::nullopt;
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (value.empty()) return std::nullopt;
  return value;
}

std::optional<std::vector<AuthParam>> read_auth_params(std::string_view text) {
  std::vector<AuthParam> params;
  while (true) {
    // RFC 9110 section 5.6.1.2: a recipient reads a list with a reasonable number of empty
    // elements; what is counted here bounds them together with the members.
    std::size_t commas = 0;
    skip_blanks(text);
    while (!text.empty() && text.front() == ',') {
      if (++commas > most_params) return std::nullopt;
      text.remove_prefix(1);
      skip_blanks(text);
    }
    if (text.empty()) break;
    if (commas == 0 && !params.empty()) return std::nullopt;
    auto param = take_param(text);
    if (!param || params.size() == most_params) return std::nullopt;
    const bool repeated = std::any_of(params.begin(), params.end(), [&](const AuthParam& other) {
      return other.name == param->name;
    });
    if (repeated) return std::nullopt;
    params.push_back(std::move(*param));
  }
  if (params.empty()) return std::nullopt;
  return params;
}

std::optional<std::string> read_ext_value(std::string_view text) {
  const auto charset_end = text.find('\'');
  if (charset_end == std::string_view::npos || !ascii_iequals(text.substr(0, charset_end), "UTF-8"))
    return std::nullopt;
  text.remove_prefix(charset_end + 1);
  const auto language_end = text.find('\'');
  if (language_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(language_end + 1);
  // attr-char is tchar without these three; '%' only begins an escape, which percent_decode checks.
  const bool clean = std::all_of(text.begin(), text.end(),
                                 [](char c) { return is_token_octet(c) && c != '*' && c != '\''; });
  auto value = percent_decode(text);
  if (!clean || !value || !is_utf8(*value)) return std::nullopt;
  return value;
}

std::string decode_non_ascii(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    std::string run;
    while (true) {
      const int octet = escaped_octet(text.substr(run.size() * 3));
      if (octet < 0x80) break;
      run += static_cast<char>(octet);
    }
    if (run.empty()) {
      decoded += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto escapes = text.substr(0, run.size() * 3);
    decoded += is_utf8(run) ? run : escapes;
    text.remove_prefix(escapes.size());
  }
  return decoded;
}

CredentialResult make_credentials(std::string_view userid, std::string_view transaction_id) {
  // The identifier travels in an XML attribute and is compared by eye; and it may be somebody's
  // password, so that nothing here may reach a log.
  auto transaction = decode_non_ascii(transaction_id);
  if (transaction.empty() || transaction.size() > longest_transaction_id ||
      !is_plain_line(transaction))
    return CredentialFault::malformed;
  auto jid = Jid::parse(decode_non_ascii(userid));
  if (!jid) return CredentialFault::malformed;
  if (!jid->is_account()) return CredentialFault::no_local_part;
  auto grant_token = transaction;
  return Credentials{std::move(*jid), std::move(transaction), std::move(grant_token)};
}

}  // namespace jidgate::http
