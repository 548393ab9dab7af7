// SPDX-License-Identifier: GPL-3.0-or-later
// core/network: addresses and networks.
#include "core/network.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace jidgate {
namespace {

using namespace std::string_view_literals;

Address address(std::string_view text) {
  return Address::parse(text).value();
}
Network network(std::string_view text) {
  return Network::parse(text).value();
}

TEST(Address, IsPrintedInItsOneForm) {
  const std::pair<std::string_view, std::string_view> forms[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"::", "::"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::FFFF:C000:0201", "192.0.2.1"},
  };
  for (const auto& [text, printed] : forms) {
    EXPECT_EQ(address(text).to_string(), printed);
    EXPECT_EQ(address(printed), address(text));
  }
}

TEST(Address, IsNothingElse) {
  for (const auto text : {""sv,
                          " "sv,
                          "1.2.3"sv,
                          "1.2.3.4.5"sv,
                          "10.0.0.1.5"sv,
                          "256.0.0.1"sv,
                          "01.2.3.4"sv,
                          "0x7f.0.0.1"sv,
                          "127.1"sv,
                          "2130706433"sv,
                          "1.2.3.4 "sv,
                          " 1.2.3.4"sv,
                          "1.2.3.4:80"sv,
                          "[::1]"sv,
                          "::1%lo"sv,
                          "fe80::1%eth0"sv,
                          ":::"sv,
                          "1::2::3"sv,
                          "::g"sv,
                          "::1/128"sv,
                          "1.2.3.4\0"sv,
                          "::1\0x"sv,
                          "nonsense"sv,
                          "a"sv,
                          "unknown"sv,
                          "0000:0000:0000:0000:0000:0000:0000:0000:0000"sv,
                          "0000:0000:0000:0000:0000:ffff:255.255.255.2555"sv}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
}

TEST(Address, AMappedAddressIsTheIpv4Address) {
  EXPECT_EQ(address("::ffff:10.1.2.3"), address("10.1.2.3"));
  EXPECT_TRUE(address("::ffff:10.1.2.3").is_v4());
  EXPECT_FALSE(address("::10.1.2.3").is_v4());
}

TEST(Address, LoopbackIsTheWholeOf127AndOne) {
  for (const auto text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(address(text).is_loopback()) << text;
  }
  for (const auto text : {"128.0.0.1", "126.255.255.255", "::", "::2", "::127.0.0.1"}) {
    EXPECT_FALSE(address(text).is_loopback()) << text;
  }
}

TEST(Address, LimitsCountAnIpv6CustomerAsOne) {
  EXPECT_EQ(address("2001:db8:1:2:3:4:5:6").limit_prefix(), address("2001:db8:1:2::"));
  EXPECT_NE(address("2001:db8:1:2::1").limit_prefix(), address("2001:db8:1:3::1").limit_prefix());
  EXPECT_EQ(address("192.0.2.77").limit_prefix(), address("192.0.2.77"));
}

TEST(Network, HoldsItsAddressesAndNoOthers) {
  struct {
    std::string_view network, inside, outside;
  } const cases[] = {
      {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
      {"10.0.0.0/8", "::ffff:10.0.0.1", "9.255.255.255"},
      {"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
      {"192.0.2.7", "192.0.2.7", "192.0.2.6"},
      {"192.0.2.7/32", "192.0.2.7", "192.0.2.8"},
      {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"},
      {"::1", "::1", "::2"},
      {"::1/128", "::1", "127.0.0.1"},
      {"0.0.0.0/0", "255.255.255.255", "::1"},
      {"::/0", "ffff::", "10.0.0.1"},
      {"::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.1"},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(network(c.network).contains(address(c.inside))) << c.network << ' ' << c.inside;
    EXPECT_FALSE(network(c.network).contains(address(c.outside))) << c.network << ' ' << c.outside;
  }
}

TEST(Network, IsRefusedWhenItIsNotWrittenCleanly) {
  for (const auto text :
       {""sv, "/"sv, "/8"sv, "10.0.0.0/"sv, "10.0.0.0/33"sv, "10.0.0.0/-1"sv, "10.0.0.0/+8"sv,
        "10.0.0.0/ 8"sv, "10.0.0.0/08"sv, "10.0.0.0/8 "sv, "10.0.0.0/8/8"sv, "10.0.0.0/255.0.0.0"sv,
        "::/129"sv, "::/4294967296"sv, "10.0.0/8"sv, "[::1]/128"sv, "10.0.0.0/8\0"sv}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
}

// "10.0.0.1/8" is more often a mistake for one address than meant as the network.
TEST(Network, IsRefusedWithHostBitsSet) {
  for (const auto text : {"10.0.0.1/8", "192.0.2.128/24", "2001:db8::1/64", "::ffff:0:0/95"}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
}

TEST(Network, IsPrintedWithItsLength) {
  EXPECT_EQ(network("10.0.0.0/8").to_string(), "10.0.0.0/8");
  EXPECT_EQ(network("10.1.2.3").to_string(), "10.1.2.3/32");
  EXPECT_EQ(network("2001:DB8::/32").to_string(), "2001:db8::/32");
  EXPECT_EQ(network("::ffff:10.0.0.0/104").to_string(), "10.0.0.0/8");
}

TEST(Network, AListHoldsWhatOneOfItHolds) {
  const std::vector<Network> proxies{network("127.0.0.0/8"), network("::1/128")};
  EXPECT_TRUE(contains(proxies, address("127.0.0.1")));
  EXPECT_TRUE(contains(proxies, address("::1")));
  EXPECT_FALSE(contains(proxies, address("203.0.113.9")));
  EXPECT_FALSE(contains({}, address("127.0.0.1")));
}

}  // namespace
}  // namespace jidgate
