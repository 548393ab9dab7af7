// SPDX-License-Identifier: GPL-3.0-or-later
// Digest credentials (RFC 7616): username = JID, cnonce = transaction identifier.
#include "http/digest.hpp"

#include <algorithm>
#include <charconv>

#include "core/locked.hpp"
#include "core/text.hpp"
#include "http/auth_params.hpp"
#include "http/credentials.hpp"

namespace jidgate::http {
namespace {

using Nonce = NonceWindows::Nonce;
using Time = NonceWindows::Time;

constexpr std::chrono::minutes nonce_lifetime{5};
constexpr std::size_t most_windows = 100000;
constexpr std::size_t time_size = 8, random_size = 16, tag_size = 16;

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string hash_hex(DigestAlgorithm algorithm, std::string_view octets) {
  return algorithm == DigestAlgorithm::md5 ? md5_hex(octets) : sha256_hex(octets);
}

std::string big_endian(std::uint64_t number) {
  std::string octets(time_size, '\0');
  for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet, number >>= 8)
    *octet = static_cast<char>(number & 0xff);
  return octets;
}

std::uint64_t from_big_endian(std::string_view octets) {
  std::uint64_t number = 0;
  for (const char octet : octets) number = number << 8 | static_cast<unsigned char>(octet);
  return number;
}

}  // namespace

std::optional<DigestFields> read_digest_fields(std::string_view authorization) {
  const auto text = after_scheme(authorization, "digest");
  const auto params = text ? read_auth_params(*text) : std::nullopt;
  if (!params) return std::nullopt;
  const auto find = [&](std::string_view name) -> const std::string* {
    const auto found = std::find_if(params->begin(), params->end(),
                                    [&](const AuthParam& param) { return param.name == name; });
    return found == params->end() ? nullptr : &found->value;
  };

  DigestFields fields;
  const std::pair<std::string_view, std::string*> wanted[] = {
      {"nonce", &fields.nonce},   {"opaque", &fields.opaque},     {"uri", &fields.uri},
      {"cnonce", &fields.cnonce}, {"response", &fields.response}, {"nc", &fields.nc_text}};
  for (const auto& [name, value] : wanted) {
    const auto* given = find(name);
    if (!given) return std::nullopt;
    *value = *given;
  }

  const auto *realm = find("realm"), *qop = find("qop"), *algorithm = find("algorithm"),
             *userhash = find("userhash"), *plain = find("username"), *extended = find("username*");
  if (!realm || *realm != "xmpp" || !qop || *qop != "auth") return std::nullopt;
  // With a hash instead of the JID there would be nobody to ask.
  if (userhash && !ascii_iequals(*userhash, "false")) return std::nullopt;
  // RFC 7616 section 3.4: an absent algorithm means MD5 (wget never names it).
  if (algorithm && ascii_iequals(*algorithm, "SHA-256"))
    fields.algorithm = DigestAlgorithm::sha256;
  else if (algorithm && !ascii_iequals(*algorithm, "MD5"))
    return std::nullopt;
  if (!plain == !extended) return std::nullopt;
  auto username = plain ? std::optional(*plain) : read_ext_value(*extended);
  if (!username) return std::nullopt;
  fields.username = std::move(*username);

  if (fields.nc_text.size() != 8 || !is_lower_hex(fields.nc_text)) return std::nullopt;
  std::from_chars(fields.nc_text.data(), fields.nc_text.data() + 8, fields.nc, 16);
  const std::size_t digits = fields.algorithm == DigestAlgorithm::md5 ? 32 : 64;
  if (fields.nc == 0 || fields.response.size() != digits || !is_lower_hex(fields.response))
    return std::nullopt;
  return fields;
}

std::string digest_response(const DigestFields& fields, std::string_view realm,
                            std::string_view password, std::string_view method) {
  const auto hash = [&](std::string_view octets) { return hash_hex(fields.algorithm, octets); };
  std::string a1 = fields.username;
  a1.append(":").append(realm).append(":").append(password);
  std::string a2(method);
  a2.append(":").append(fields.uri);
  return hash(hash(a1) + ":" + fields.nonce + ":" + fields.nc_text + ":" + fields.cnonce +
              ":auth:" + hash(a2));
}

bool NonceWindows::take(const Nonce& nonce, std::uint32_t nc) {
  if (!knows(nonce)) return false;
  auto& window = windows_[nonce];
  if (nc > window.newest) {
    window.used <<= std::min<std::size_t>(nc - window.newest, width);
    window.newest = nc;
  } else if (window.newest - nc >= width || window.used[window.newest - nc]) {
    return false;
  }
  window.used[window.newest - nc] = true;
  // Making room must not make a replay possible, so all nonces of that age go with the oldest.
  if (windows_.size() > capacity_) forget_until(windows_.begin()->first.issued);
  return true;
}

void NonceWindows::forget_until(Time issued) {
  forgotten_until_ = std::max(forgotten_until_, issued);
  while (!windows_.empty() && windows_.begin()->first.issued <= issued)
    windows_.erase(windows_.begin());
}

struct DigestAuthority::State {
  const Clock& clock;
  std::string key = random_octets(32);
  Locked<NonceWindows> windows{NonceWindows(most_windows)};

  Time now() const { return std::chrono::duration_cast<Time>(clock.steady().time_since_epoch()); }

  // Keyed, so that a nonce needs no memory until it was used; the label keeps the uses apart.
  std::string tag(std::string_view label, std::string_view site, std::string_view data) const {
    std::string text(label);
    text.append(1, '\0').append(big_endian(site.size())).append(site).append(data);
    return hmac_sha256(key, text).substr(0, tag_size);
  }

  std::string opaque(std::string_view site) const {
    return base64url_encode(tag("opaque", site, {}));
  }

  std::string code(std::string_view site, std::string_view nonce) const {
    auto digits = std::to_string(from_big_endian(tag("code", site, nonce).substr(0, 8)) % 1000000);
    return std::string(6 - digits.size(), '0') + digits;
  }

  std::optional<Nonce> read_nonce(std::string_view site, std::string_view text) const {
    const auto octets = base64url_decode(text);
    if (!octets || octets->size() != time_size + random_size + tag_size) return std::nullopt;
    const auto data = std::string_view(*octets).substr(0, time_size + random_size);
    if (!equal_in_constant_time(tag("nonce", site, data), octets->substr(data.size())))
      return std::nullopt;
    const auto issued = static_cast<Time::rep>(from_big_endian(data.substr(0, time_size)));
    return Nonce{Time(issued), std::string(data.substr(time_size))};
  }

  bool verifies(const Request& request, const DigestFields& fields) const {
    const auto made_with = [&](std::string_view password) {
      return equal_in_constant_time(digest_response(fields, "xmpp", password, request.method),
                                    fields.response);
    };
    switch (request.password) {
      case DigestPassword::empty_or_transaction:
        return made_with("") || made_with(fields.cnonce);
      case DigestPassword::code:
        return made_with(code(request.site, fields.nonce));
      case DigestPassword::any:
        return true;
    }
    return false;
  }
};

DigestAuthority::DigestAuthority(const Clock& clock) : state_(new State{clock}) {}
DigestAuthority::~DigestAuthority() = default;

DigestAuthority::Challenge DigestAuthority::challenge(std::string_view site) {
  auto octets = big_endian(static_cast<std::uint64_t>(state_->now().count()));
  octets += random_octets(random_size);
  octets += state_->tag("nonce", site, octets);
  Challenge challenge;
  challenge.nonce = base64url_encode(octets);
  challenge.opaque = state_->opaque(site);
  challenge.code = state_->code(site, challenge.nonce);
  return challenge;
}

CredentialResult DigestAuthority::read(const Request& request) {
  const auto fields = read_digest_fields(request.value);
  if (!fields || fields->uri != request.target ||
      !equal_in_constant_time(fields->opaque, state_->opaque(request.site)))
    return CredentialFault::malformed;
  const auto nonce = state_->read_nonce(request.site, fields->nonce);
  if (!nonce) return CredentialFault::malformed;
  auto credentials = make_credentials(fields->username, fields->cnonce);
  if (std::holds_alternative<CredentialFault>(credentials)) return credentials;
  if (!state_->verifies(request, *fields)) return CredentialFault::unverified;

  // RFC 7616 section 3.3: stale says that the response was right but for the nonce's age.
  const auto oldest = state_->now() - nonce_lifetime;
  const auto fault = state_->windows.with([&](NonceWindows& windows) {
    windows.forget_until(oldest);
    if (!windows.knows(*nonce)) return std::optional(CredentialFault::stale);
    return windows.take(*nonce, fields->nc) ? std::nullopt
                                            : std::optional(CredentialFault::replayed);
  });
  if (fault) return *fault;
  std::get<Credentials>(credentials).grant_token = fields->nonce;
  return credentials;
}

}  // namespace jidgate::http
