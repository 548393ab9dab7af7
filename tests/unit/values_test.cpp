// SPDX-License-Identifier: GPL-3.0-or-later
// The forms that values of the configuration may have.
#include "component/program/values.hpp"

#include <gmock/gmock.h>

namespace jidgate::program {
namespace {

using testing::ElementsAre;

TEST(ValuesTest, ADurationIsANumberAndOneUnit) {
  EXPECT_EQ(parse_duration("10s"), Seconds(10));
  EXPECT_EQ(parse_duration("5m"), Seconds(300));
  EXPECT_EQ(parse_duration("12h"), Seconds(43200));
  EXPECT_EQ(parse_duration("30d"), Seconds(2592000));
  EXPECT_EQ(parse_duration("0"), Seconds(0));
  for (const char* wrong : {"", "5", "s", "5 m", "-5s", "+5s", "5ms", "1h30m", "5M", "1.5h",
                            "99999999999999999999s", "400000d"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
}

TEST(ValuesTest, ASizeIsANumberOfOctetsOrBinaryUnits) {
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("16KiB"), 16384u);
  EXPECT_EQ(parse_size("2MiB"), 2097152u);
  EXPECT_EQ(parse_size("1GiB"), 1073741824u);
  for (const char* wrong :
       {"", "16K", "16kb", "16 KiB", "-1", "99999999999999999999", "18446744073709551615KiB"}) {
    EXPECT_FALSE(parse_size(wrong)) << wrong;
  }
}

TEST(ValuesTest, ARateIsACountInATime) {
  const auto rate = parse_rate("3/2m");
  ASSERT_TRUE(rate);
  EXPECT_EQ(rate->count, 3u);
  EXPECT_EQ(rate->window, Seconds(120));
  ASSERT_TRUE(parse_rate("0"));
  EXPECT_EQ(parse_rate("0")->count, 0u);
  for (const char* wrong : {"", "3", "3/", "/2m", "0/2m", "3/0", "3/2", "3/2m/1"}) {
    EXPECT_FALSE(parse_rate(wrong)) << wrong;
  }
}

TEST(ValuesTest, AListenerIsAnAddressAndAPort) {
  const auto plain = parse_listen("127.0.0.1:8070");
  ASSERT_TRUE(plain);
  EXPECT_EQ(*plain, (Listen{false, "127.0.0.1", 8070}));
  EXPECT_EQ(parse_listen("https://[::]:8443"), (Listen{true, "::", 8443}));
  EXPECT_EQ(parse_listen("http://localhost:0"), (Listen{false, "127.0.0.1", 0}));
  for (const char* wrong : {"", "8070", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:80",
                            "*:80", "example.org:80", "https://", "[::1:80", "127.0.0.1:80/"}) {
    EXPECT_FALSE(parse_listen(wrong)) << wrong;
  }
}

TEST(ValuesTest, AServerIsAHostWithAPortThatMayBeLeftOut) {
  const auto server = parse_host_port("xmpp.verona.test", std::uint16_t{5347});
  ASSERT_TRUE(server);
  EXPECT_EQ(server->host, "xmpp.verona.test");
  EXPECT_EQ(server->port, 5347);
  EXPECT_EQ(parse_host_port("[::1]:1", {})->host, "::1");
  for (const char* wrong : {"", ":5347", "a b:1", "host:", "host:x", "[::1]x:1", "[verona]:1"}) {
    EXPECT_FALSE(parse_host_port(wrong, std::uint16_t{5347})) << wrong;
  }
}

TEST(ValuesTest, AnAdmissionIsAnAccountADomainOrAGroup) {
  EXPECT_EQ(parse_admission("Juliet@Verona.test")->value, "juliet@verona.test");
  EXPECT_EQ(parse_admission("*@Verona.test")->value, "verona.test");
  EXPECT_EQ(parse_admission("*@verona.test")->kind, Admission::Kind::domain);
  EXPECT_EQ(parse_admission("group:staff")->value, "staff");
  EXPECT_EQ(parse_admission("group:staff")->kind, Admission::Kind::group);
  for (const char* wrong : {"", "*", "*@", "@verona.test", "verona.test", "juliet@verona.test/x",
                            "group:", "group:A", "*@*", "a@b@c"}) {
    EXPECT_FALSE(parse_admission(wrong)) << wrong;
  }
}

TEST(ValuesTest, AnOriginHasNothingAfterThePort) {
  EXPECT_EQ(parse_origin("https://Files.verona.test:9345"), "https://files.verona.test:9345");
  EXPECT_EQ(parse_origin("https://files.verona.test:443/"), "https://files.verona.test");
  for (const char* wrong :
       {"", "files.verona.test", "ftp://files.verona.test", "https://files.verona.test/x",
        "https://files.verona.test/?", "https://a@files.verona.test"}) {
    EXPECT_FALSE(parse_origin(wrong)) << wrong;
  }
}

TEST(ValuesTest, AnUpstreamIsPlainHttpOrAUnixSocket) {
  EXPECT_TRUE(parse_upstream("http://127.0.0.1:3000"));
  EXPECT_TRUE(parse_upstream("unix:/run/app.sock"));
  for (const char* wrong : {"", "https://127.0.0.1", "unix:app.sock", "127.0.0.1:3000"}) {
    EXPECT_FALSE(parse_upstream(wrong)) << wrong;
  }
}

TEST(ValuesTest, APathThatServersReadInTwoWaysIsNoRule) {
  EXPECT_EQ(parse_rule_path("/private/"), "/private/");
  for (const char* wrong : {"", "private", "/a/../b", "/a//b", "/a%2fb", "/a\\b", "/a;b"}) {
    EXPECT_FALSE(parse_rule_path(wrong)) << wrong;
  }
}

TEST(ValuesTest, NamesAndMethodsHaveTheirAlphabets) {
  EXPECT_TRUE(is_name("staff-2_x"));
  for (const char* wrong : {"", "Staff", "a.b", "a/b", "ä"}) EXPECT_FALSE(is_name(wrong)) << wrong;
  EXPECT_TRUE(is_method("PROPFIND"));
  EXPECT_TRUE(is_method("x-y!"));
  for (const char* wrong : {"", "GET,HEAD", "G(T", "G T"}) EXPECT_FALSE(is_method(wrong)) << wrong;
}

TEST(ValuesTest, WordsAreSplitAtAnyWhiteSpace) {
  EXPECT_THAT(split_words("  GET\t HEAD "), ElementsAre("GET", "HEAD"));
  EXPECT_THAT(split_words(" "), ElementsAre());
}

}  // namespace
}  // namespace jidgate::program
