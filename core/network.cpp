// SPDX-License-Identifier: GPL-3.0-or-later
// IP addresses and CIDR networks: see network.hpp.
#include "core/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace jidgate {
namespace {

// An IPv4 address is kept as ::ffff:a.b.c.d, so that both kinds are compared the same way.
constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

// Whether the first `bits` bits are the same.
bool same_prefix(const std::array<std::uint8_t, 16>& left,
                 const std::array<std::uint8_t, 16>& right, unsigned bits) {
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(left.begin(), left.begin() + whole, right.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto at = static_cast<std::size_t>(whole);
  return (left[at] ^ right[at]) >> (8 - bits % 8) == 0;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  // inet_pton() stops at a NUL, and takes no text longer than the longest address.
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string terminated(text);
  Address address;
  if (inet_pton(AF_INET, terminated.c_str(), address.octets_.data() + v4_prefix.size()) == 1) {
    std::copy(v4_prefix.begin(), v4_prefix.end(), address.octets_.begin());
  } else if (inet_pton(AF_INET6, terminated.c_str(), address.octets_.data()) != 1) {
    return std::nullopt;
  }
  address.v4_ = std::equal(v4_prefix.begin(), v4_prefix.end(), address.octets_.begin());
  return address;
}

bool Address::is_loopback() const {
  if (v4_) return octets_[12] == 127;
  return octets_ == std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
}

std::string Address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::uint8_t* octets = v4_ ? octets_.data() + v4_prefix.size() : octets_.data();
  inet_ntop(v4_ ? AF_INET : AF_INET6, octets, text.data(), static_cast<socklen_t>(text.size()));
  return text.data();
}

Address Address::limit_prefix() const {
  Address prefix = *this;
  if (!v4_) std::fill(prefix.octets_.begin() + 8, prefix.octets_.end(), std::uint8_t{0});
  return prefix;
}

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view address_text = text.substr(0, slash);
  const auto base = Address::parse(address_text);
  if (!base) return std::nullopt;

  const bool written_as_v4 = address_text.find(':') == std::string_view::npos;
  const unsigned longest = written_as_v4 ? 32 : 128;
  unsigned prefix = longest;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    const bool leading_zero = digits.size() > 1 && digits.front() == '0';
    if (error != std::errc{} || end != digits.data() + digits.size() || leading_zero ||
        prefix > longest) {
      return std::nullopt;
    }
  }

  Network network;
  network.base_ = *base;
  network.prefix_ = written_as_v4 ? prefix + 96 : prefix;
  for (unsigned bit = network.prefix_; bit < 128; ++bit) {
    if ((base->octets_[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  }
  return network;
}

bool Network::contains(const Address& address) const {
  return address.v4_ == base_.v4_ && same_prefix(address.octets_, base_.octets_, prefix_);
}

std::string Network::to_string() const {
  return base_.to_string() + '/' + std::to_string(base_.is_v4() ? prefix_ - 96 : prefix_);
}

bool contains(std::span<const Network> networks, const Address& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& network) { return network.contains(address); });
}

}  // namespace jidgate
