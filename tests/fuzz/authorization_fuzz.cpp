// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the Authorization header: whatever is read is a JID and a plain line, and means only that.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/text.hpp"
#include "http/auth_params.hpp"
#include "http/credentials.hpp"
#include "http/digest.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace jidgate;
using namespace jidgate::http;

class StoppedClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime(std::chrono::hours(1)); }
  WallTime wall() const override { return {}; }
};

void check(const Credentials& credentials) {
  REQUIRE(credentials.jid.is_account());
  REQUIRE(Jid::parse(credentials.jid.to_string()) == credentials.jid);
  REQUIRE(!credentials.transaction_id.empty() && credentials.transaction_id.size() <= 128);
  REQUIRE(is_plain_line(credentials.transaction_id));
  REQUIRE(!credentials.grant_token.empty());
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

void check_params(std::string_view text) {
  const auto params = read_auth_params(text);
  if (!params) return;
  std::string printed;
  for (const auto& param : *params) {
    REQUIRE(is_token(param.name) && ascii_lower(param.name) == param.name);
    printed += (printed.empty() ? "" : ", ") + param.name + "=" + in_quotes(param.value);
  }
  const auto again = read_auth_params(printed);
  REQUIRE(again && again->size() == params->size());
  for (std::size_t i = 0; i < params->size(); ++i)
    REQUIRE(again->at(i).name == params->at(i).name && again->at(i).value == params->at(i).value);
}

// No escape of US-ASCII is undone, and nothing else but escapes changes.
void check_decoding(std::string_view text) {
  const auto decoded = decode_non_ascii(text);
  REQUIRE(decoded.size() <= text.size());
  std::string ascii, decoded_ascii;
  for (const char c : text)
    if (c == '@' || c == '/' || c == ':' || c == '\0') ascii += c;
  for (const char c : decoded)
    if (c == '@' || c == '/' || c == ':' || c == '\0') decoded_ascii += c;
  REQUIRE(ascii == decoded_ascii);
  if (is_utf8(text)) REQUIRE(is_utf8(decoded));
}

// What follows the first line, bent, in an otherwise right answer to a challenge of ours.
void check_digest(std::string_view text) {
  const StoppedClock clock;
  DigestAuthority authority(clock);
  const auto challenge = authority.challenge("site");
  const auto end = std::min(text.find('\n'), text.size());
  const auto username = text.substr(0, end), cnonce = text.substr(std::min(end + 1, text.size()));

  DigestFields fields;
  fields.username = username;
  fields.nonce = challenge.nonce;
  fields.uri = "/";
  fields.cnonce = cnonce;
  fields.nc_text = "00000001";
  const auto value = "Digest username=" + in_quotes(username) +
                     ",realm=xmpp,nonce=" + in_quotes(challenge.nonce) +
                     ",uri=\"/\",qop=auth,nc=00000001,cnonce=" + in_quotes(cnonce) +
                     ",opaque=" + in_quotes(challenge.opaque) +
                     ",response=" + digest_response(fields, "xmpp", "", "GET");
  const DigestAuthority::Request request{value, "GET", "/", "site",
                                         DigestPassword::empty_or_transaction};
  const auto first = authority.read(request);
  const auto expected = make_credentials(username, cnonce);
  if (const auto* credentials = std::get_if<Credentials>(&first)) {
    check(*credentials);
    REQUIRE(std::holds_alternative<Credentials>(expected));
    REQUIRE(std::get<Credentials>(expected).jid == credentials->jid);
    REQUIRE(std::get<CredentialFault>(authority.read(request)) == CredentialFault::replayed);
  } else if (std::holds_alternative<Credentials>(expected)) {
    // Good credentials are refused only where a quoted-string cannot hold them, or for their size.
    REQUIRE(std::get<CredentialFault>(first) == CredentialFault::malformed);
    REQUIRE(value.size() > longest_authorization || !read_digest_fields(value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const auto scheme = scheme_of(text);
  REQUIRE(scheme.empty() || is_token(scheme));
  for (const auto& value : {std::string(text), "Basic " + base64_encode(text)}) {
    const auto result = read_basic(value);
    if (const auto* credentials = std::get_if<Credentials>(&result)) check(*credentials);
  }
  if (const auto fields = read_digest_fields(text))
    REQUIRE(fields->nc > 0 && !fields->response.empty());
  check_params(text);
  check_decoding(text);
  check_digest(text);
  if (const auto value = read_ext_value(text)) REQUIRE(is_utf8(*value));
  return 0;
}
