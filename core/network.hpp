// SPDX-License-Identifier: GPL-3.0-or-later
// IP addresses and CIDR networks. IPv4-mapped IPv6 addresses are IPv4 addresses here.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace jidgate {

class Address {
 public:
  // Exactly one IPv4 dotted quad or one IPv6 address without brackets, port or zone.
  static std::optional<Address> parse(std::string_view text);
  bool is_v4() const { return v4_; }
  bool is_loopback() const;
  std::string to_string() const;
  // The unit that limits count by: an IPv4 address, or the /64 of an IPv6 address.
  Address limit_prefix() const;
  friend auto operator<=>(const Address&, const Address&) = default;

 private:
  friend class Network;
  std::array<std::uint8_t, 16> octets_{};
  bool v4_ = false;
};

// IPv4 and IPv6 are kept apart: "::/0" holds no IPv4 address.
class Network {
 public:
  // "10.0.0.0/8", "::1/128", or a single address. Host bits that are set are refused.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const Address& address) const;
  std::string to_string() const;

 private:
  Address base_;
  unsigned prefix_ = 0;  // of the 128 bits of the mapped form
};

bool contains(std::span<const Network> networks, const Address& address);

}  // namespace jidgate
