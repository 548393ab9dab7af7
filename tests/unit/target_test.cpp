// SPDX-License-Identifier: GPL-3.0-or-later
// core/target: hosts, paths, request targets and URLs as a proxy or a client writes them.
#include "core/target.hpp"

#include <gtest/gtest.h>

#include "core/text.hpp"

namespace jidgate {
namespace {

using namespace std::string_view_literals;
using Form = RequestTarget::Form;

std::string host_of(std::string_view text, std::string_view scheme = "https") {
  const auto name = parse_host(text, scheme);
  return name ? name->host + '|' + name->port : "refused";
}

// gateway-cases.tsv T19a-T19c: one host, one rule, however it is written.
TEST(HostName, HasOneForm) {
  const std::pair<std::string_view, std::string_view> forms[] = {
      {"app.example", "app.example|"},
      {"aPP.Example", "app.example|"},       // T19a
      {"app.example.:443", "app.example|"},  // T19b
      {"app.example:443", "app.example|"},
      {"app.example:00443", "app.example|"},
      {"app.example:", "app.example|"},
      {"app.example.", "app.example|"},
      {"app.example:80", "app.example|80"},
      {"app.example:08443", "app.example|8443"},
      {"b\u00FCcher.example", "xn--bcher-kva.example|"},  // T19c
      {"XN--bcher-kva.example", "xn--bcher-kva.example|"},
      {"my_app:1", "my_app|1"},
      {"127.0.0.1:65535", "127.0.0.1|65535"},
      {"[::1]", "[::1]|"},
      {"[2001:DB8:0::1]:8443", "[2001:db8::1]|8443"},
  };
  for (const auto& [text, expected] : forms) EXPECT_EQ(host_of(text), expected) << text;
  EXPECT_EQ(host_of("app.example:80", "http"), "app.example|");
  EXPECT_EQ(host_of("app.example:80", "HTTP"), "app.example|");
  EXPECT_EQ(host_of("app.example:443", "http"), "app.example|443");
}

TEST(HostName, IsOneHostAndNothingElse) {
  for (const auto text : {""sv,          ":"sv,
                          ":443"sv,      "."sv,
                          ".."sv,        "a..b"sv,
                          "a.."sv,       "a b"sv,
                          " a"sv,        "a "sv,
                          "a\tb"sv,      "a,b"sv,
                          "a, b"sv,      "app.example, evil.example"sv,
                          "a@b"sv,       "user:pw@a"sv,
                          "a/b"sv,       "a?b"sv,
                          "a#b"sv,       "a\\b"sv,
                          "a%2eb"sv,     "a%00"sv,
                          "a\0b"sv,      "a\x01"sv,
                          "\xFF"sv,      "a\u202Eb"sv,
                          "a\u3002b"sv,  "*"sv,
                          "*.a"sv,       "a:b"sv,
                          "a:-1"sv,      "a:+1"sv,
                          "a: 1"sv,      "a:1 "sv,
                          "a:0"sv,       "a:65536"sv,
                          "a:99999"sv,   "a:4294967376"sv,
                          "a:1:2"sv,     "::1"sv,
                          "[::1"sv,      "[::1]x"sv,
                          "[::1]x:1"sv,  "[]"sv,
                          "["sv,         "]"sv,
                          "[1.2.3.4]"sv, "[::1%25lo]"sv,
                          "[::1%lo]"sv,  "[a]"sv,
                          "[v1.a]"sv,    "[::ffff:127.0.0.1]"sv}) {
    EXPECT_EQ(host_of(text), "refused") << text;
  }
}

// RFC 3986 section 7.4: inet_aton() and its like read one to four numbers of three radixes as an
// address. Whoever resolves the name behind us must not find another host than the rules saw.
TEST(HostName, AnAddressIsWrittenInFullOrRefused) {
  for (const auto text : {"127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1",
                          "1.2.3.4.5", "256.1.1.1", "a.1", "a.0x1", "0x"}) {
    EXPECT_EQ(host_of(text), "refused") << text;
  }
  EXPECT_EQ(host_of("1a.2b"), "1a.2b|");
}

struct PathCase {
  std::string_view id, raw, path;
  bool ambiguous;
};

TEST(RulePath, OrdinaryPathsAreDecodedOnce) {
  const PathCase cases[] = {
      {"", "/", "/", false},
      {"", "/public/a", "/public/a", false},
      {"", "/public/", "/public/", false},
      {"T17a", "/public/a%23b", "/public/a#b", false},
      {"T18i", "/ADMIN", "/ADMIN", false},
      {"", "/%70ublic/%61", "/public/a", false},
      {"", "/a%20b", "/a b", false},
      {"", "/caf%C3%A9", "/caf\u00E9", false},
      {"", "/caf\u00E9", "/caf\u00E9", false},
      {"", "/100%25", "/100%", false},
      {"", "/100%25x/%25", "/100%x/%", false},
      {"", "/a.b/.well-known/..x/...y", "/a.b/.well-known/..x/...y", false},
      {"", "/~me/a,b=c&d+e:f@g!$'()*", "/~me/a,b=c&d+e:f@g!$'()*", false},
      {"", "/a[1]{2}|^`", "/a[1]{2}|^`", false},
  };
  for (const auto& [id, raw, path, ambiguous] : cases) {
    EXPECT_EQ(rule_path(raw).path, path) << raw;
    EXPECT_FALSE(rule_path(raw).ambiguous) << raw;
  }
}

// Whatever another server could read otherwise. The path is the most usual reading of them.
TEST(RulePath, WhatCanBeReadInTwoWaysIsAmbiguous) {
  const PathCase cases[] = {
      {"T18a", "/public/../admin", "/admin", true},
      {"T18b", "/public/..%2fadmin", "/admin", true},
      {"T18c", "/public/%2e%2e/admin", "/admin", true},
      {"T18d", "/public/%252e%252e%252fadmin", "/public/%2e%2e%2fadmin", true},
      {"T18e", "//admin", "/admin", true},
      {"T18f", "/./admin", "/admin", true},
      {"T18g", "/admin/.", "/admin/", true},
      {"T18h", "/admin;x=y", "/admin;x=y", true},
      {"T18j", "/public/..\\admin", "/admin", true},
      {"T18k", "/public/..%5cadmin", "/admin", true},
      {"T18l", "/public/%00/../admin", "/public/admin", true},
      {"T18m", "/public/\xE9\xFF", "/public/\xE9\xFF", true},
      {"T18n", "/public/a/../../admin", "/admin", true},
      {"T14a", "/%zz", "/%zz", true},
      {"T14g", "/public/\x01", "/public/\x01", true},
      {"", "/public/%2E./admin", "/admin", true},
      {"", "/public/.%2e\\admin", "/admin", true},
      {"", "/..", "/", true},
      {"", "/../..", "/", true},
      {"", "/a/..", "/", true},
      {"", "/a/b/..", "/a/", true},
      {"", "/../../a", "/a", true},
      {"", "/a//b", "/a/b", true},
      {"", "/a//", "/a/", true},
      {"", "/a%2Fb", "/a/b", true},
      {"", "/a%2f", "/a/", true},
      {"", "/%2fa", "/a", true},
      {"", "%2fa", "/a", true},
      {"", "/a\\", "/a/", true},
      {"", "/a%5Cb", "/a/b", true},
      {"", "/a%3Bb", "/a;b", true},
      {"", "/a/..;/b", "/a/..;/b", true},
      {"", "/a%3fb", "/a?b", true},
      {"", "/a?b", "/a?b", true},
      {"", "/a#b", "/a#b", true},
      {"", "/a%", "/a%", true},
      {"", "/a%2", "/a%2", true},
      {"", "/a%u002fb", "/a%u002fb", true},
      {"", "/%2541", "/%41", true},
      {"", "/%%34%31", "/%41", true},
      {"", "/a%0Ab", "/a\nb", true},
      {"", "/a%7Fb",
       "/a\x7F"
       "b",
       true},
      {"", "/a%C2%85b", "/a\u0085b", true},
      {"", "/%c0%ae%c0%ae/admin", "/\xC0\xAE\xC0\xAE/admin", true},
      {"", "/%c0%af", "/\xC0\xAF", true},
      {"", "/ad%E2%80%8Bmin", "/ad\u200Bmin", true},
      {"", "/admin.", "/admin.", true},
      {"", "/admin%20", "/admin ", true},
      {"", "/admin./x", "/admin./x", true},
      {"", "/...", "/...", true},
      {"", "", "/", true},
      {"", "*", "/*", true},
      {"", "a/b", "/a/b", true},
  };
  for (const auto& [id, raw, path, ambiguous] : cases) {
    EXPECT_EQ(percent_encode(rule_path(raw).path, "/"), percent_encode(path, "/")) << id << raw;
    EXPECT_TRUE(rule_path(raw).ambiguous) << id << raw;
  }
}

TEST(RulePath, IsItsOwnRulePath) {
  for (const auto raw :
       {"/a/./b/../c%2f%2e%2e/d", "//..//a;b/%2541/", "/caf%C3%A9/%23", "\\..\\x"}) {
    const std::string path = rule_path(raw).path;
    EXPECT_EQ(rule_path(percent_encode(path, "/")).path, path) << raw;
  }
}

// RFC 9112 section 3.2.
TEST(RequestTarget, HasOneOfFourForms) {
  const auto origin = parse_target("/where?q=now", "GET");
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->form, Form::origin);
  EXPECT_EQ(origin->path, "/where");
  EXPECT_TRUE(origin->has_query);
  EXPECT_EQ(origin->query, "q=now");

  // XEP-0070 section 4.1 shows the absolute form; RFC 9112 section 3.2.2: "A server MUST accept
  // the absolute-form in requests".
  const auto absolute = parse_target("HTTP://www.example.org:8080/pub/?a", "GET");
  ASSERT_TRUE(absolute);
  EXPECT_EQ(absolute->form, Form::absolute);
  EXPECT_EQ(absolute->scheme, "HTTP");
  EXPECT_EQ(absolute->authority, "www.example.org:8080");
  EXPECT_EQ(absolute->path, "/pub/");
  EXPECT_EQ(absolute->query, "a");

  const auto authority = parse_target("www.example.com:80", "CONNECT");
  ASSERT_TRUE(authority);
  EXPECT_EQ(authority->form, Form::authority);
  EXPECT_EQ(authority->authority, "www.example.com:80");

  const auto asterisk = parse_target("*", "OPTIONS");
  ASSERT_TRUE(asterisk);
  EXPECT_EQ(asterisk->form, Form::asterisk);
  EXPECT_EQ(asterisk->path, "*");
}

TEST(RequestTarget, AnAbsoluteFormWithoutPathHasTheRootPath) {
  EXPECT_EQ(parse_target("http://a.example", "GET")->path, "/");
  const auto target = parse_target("http://a.example?q", "GET");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "a.example");
  EXPECT_EQ(target->path, "/");
  EXPECT_EQ(target->query, "q");
}

TEST(RequestTarget, AnEmptyQueryIsNotNone) {
  EXPECT_FALSE(parse_target("/a", "GET")->has_query);
  EXPECT_TRUE(parse_target("/a?", "GET")->has_query);
  EXPECT_EQ(parse_target("/a??b?c", "GET")->query, "?b?c");
}

// gateway-cases.tsv T15a-T15c: what looks like a path in the query is none.
TEST(RequestTarget, TheQueryIsNoPartOfThePath) {
  EXPECT_EQ(parse_target("/private?x=/public/", "GET")->path, "/private");
  EXPECT_EQ(parse_target("/private?/public/a", "GET")->path, "/private");
  EXPECT_EQ(parse_url("https://app.example/private?x=/public/")->path, "/private");
  EXPECT_EQ(parse_url("https://app.example?x=/public/")->path, "/");
}

TEST(RequestTarget, BrowsersSendMoreThanTheGrammarHasAndItIsKeptAsItIs) {
  const auto target = parse_target("/a[1]|b?f={x}&g=^`\\&p=100%", "GET");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a[1]|b");
  EXPECT_EQ(target->query, "f={x}&g=^`\\&p=100%");
}

TEST(RequestTarget, IsRefusedWhenItIsNone) {
  for (const auto text : {""sv,
                          "a"sv,
                          "a/b"sv,
                          "?a"sv,
                          "*"sv,
                          "**"sv,
                          "/a b"sv,
                          " /a"sv,
                          "/a\t"sv,
                          "/a\0"sv,
                          "/a\x7F"sv,
                          "/public/\x01"sv,
                          "/public/\xE9\xFF"sv,
                          "/caf\u00E9"sv,
                          "/a#b"sv,
                          "/a?b#c"sv,
                          "/public/a#b"sv /* T17b */,
                          "/a\"b"sv,
                          "/<a>"sv,
                          "/%zz"sv,
                          "/a%"sv,
                          "/a%4"sv,
                          "app.example:80"sv,
                          "http:/a"sv,
                          "http:a"sv,
                          "http://"sv,
                          "http:///a"sv,
                          "http://:80/"sv,
                          "ftp://a/"sv,
                          "://a/"sv,
                          "//a@b@c:d#"sv,
                          "http://u@a/"sv,
                          "http://u:p@a/"sv,
                          "http://a:99999/"sv,
                          "http://[::1/"sv,
                          "http://a\\b/"sv,
                          "http://a/%zz"sv,
                          "http://a#b"sv,
                          "javascript:alert(1)"sv,
                          "http://a b/"sv,
                          "http://a/\x01"sv}) {
    EXPECT_FALSE(parse_target(text, "GET")) << text;
  }
}

// RFC 9112 section 3.2.3: authority-form "is only used for CONNECT requests"; section 3.2.4: the
// asterisk-form "is only used for a server-wide OPTIONS request".
TEST(RequestTarget, EachMethodHasItsForms) {
  EXPECT_FALSE(parse_target("*", "options"));
  EXPECT_FALSE(parse_target("a.example:80", "GET"));
  for (const auto text : {"a.example", "a.example:", "/", "*", "http://a.example/", "a@b:80", ":80",
                          "a.example:0", "a.example:80/"}) {
    EXPECT_FALSE(parse_target(text, "CONNECT")) << text;
  }
  EXPECT_TRUE(parse_target("[::1]:443", "CONNECT"));
  EXPECT_TRUE(parse_target("/a", "OPTIONS"));
  EXPECT_TRUE(parse_target("/a", "M-SEARCH"));
}

TEST(Url, HasItsParts) {
  const auto url = parse_url("HTTPS://aPP.example.:443/a/../b%20?q=/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host.host, "app.example");
  EXPECT_EQ(url->host.port, "");
  EXPECT_EQ(url->path, "/a/../b%20");
  EXPECT_EQ(url->query, "q=/x");
  EXPECT_TRUE(url->has_query);
}

// gateway-cases.tsv T14: what cannot be read decides nothing.
TEST(Url, IsRefusedWhenItIsMalformed) {
  for (const auto text : {"https://app.example/%zz"sv,          // T14a
                          "https://app.example:99999/"sv,       // T14b
                          "://app.example/x"sv,                 // T14c
                          "https://[::1/"sv,                    // T14d
                          "app.example/public/a"sv,             // T14e
                          ""sv,                                 // T14f
                          "https://app.example/public/\x01"sv,  // T14g
                          "/public/a"sv,
                          "//app.example/public/a"sv,
                          "https:app.example/x"sv,
                          "https:/app.example/x"sv,
                          "https:///x"sv,
                          "https://"sv,
                          "https://user@app.example/x"sv,
                          "https://app.example@evil.example/x"sv,
                          "https://app.example/x#y"sv,
                          "https://app.example/x y"sv,
                          "https://app.example\\@evil.example/"sv,
                          "https://app.example/x, https://app.example/y"sv,
                          "ftp://app.example/"sv,
                          " https://app.example/"sv,
                          "https://app.example/\u00E9"sv,
                          "https://a\0b/"sv,
                          "wss://app.example/"sv}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

}  // namespace
}  // namespace jidgate
