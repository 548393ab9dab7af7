// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/head.hpp"

#include <gtest/gtest.h>

#include <string>

#include "malformed_heads.hpp"

namespace jidgate::http {
namespace {

using namespace std::string_literals;

struct Read {
  HeadResult result;
  Head head;
};

Read read(std::string_view input, const HeadLimits& limits = {}) {
  Read read;
  read.result = parse_head(input, read.head, limits);
  return read;
}

TEST(Head, APlainHeadIsRead) {
  const std::string text =
      "GET /missive.html?a=b HTTP/1.1\r\nHost: files.verona.test\r\nAccept: */*\r\n\r\n";
  const auto [result, head] = read(text + "next");
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.used, text.size());
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/missive.html?a=b");
  EXPECT_EQ(head.minor_version, 1);
  ASSERT_EQ(head.fields.size(), 2U);
  EXPECT_EQ(head.fields[0].name, "Host");
  EXPECT_EQ(head.fields[1].value, "*/*");
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.chunked);
  EXPECT_FALSE(head.content_length);
}

// XEP-0070 section 4.1: "The request method MAY be any valid HTTP request method, including
// user-defined methods."
TEST(Head, AnyTokenIsAMethodAndKeepsItsCase) {
  for (const std::string method : {"PROPFIND", "get", "M-SEARCH", "!#$%&'*+-.^_`|~09Az"}) {
    const auto [result, head] = read(method + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(result.status, 200) << method;
    EXPECT_EQ(head.method, method);
  }
  EXPECT_EQ(read(std::string(64, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n").result.status, 200);
}

// RFC 9112 section 3.2.2: "a server MUST accept the absolute-form in requests even though most
// HTTP/1.1 clients will only send the absolute-form to a proxy".
TEST(Head, TheFormsOfTargetsAreRead) {
  for (const std::string line :
       {"GET /", "GET //", "GET /a//b/../c", "GET /?a?b?c", "GET /%00", "GET /%c3%a4", "GET /a;b=c",
        "OPTIONS *", "OPTIONS /", "GET http://a.test/", "GET http://a.test",
        "GET HTTP://A.test:80/x", "GET https://a.test:8443/?q", "GET http://[::1]:80/"}) {
    EXPECT_EQ(read(line + " HTTP/1.1\r\nHost: a\r\n\r\n").result.status, 200) << line;
  }
  EXPECT_EQ(read("GET /" + std::string(7999, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n").result.status,
            200);
}

TEST(Head, ValuesAreTrimmedAndOtherwiseLeftAsTheyAre) {
  const auto [result, head] = read(
      "GET / HTTP/1.1\r\nhoSt:\ta.test \t\r\nX-Original-URL: /a%0d%0ab%00c\r\nempty:\r\n"
      "blank:   \r\nquoted: \" a\tb \"\r\nlatin: \xe4\xff\r\nREMOTE_ADDR: 6.6.6.6\r\n\r\n");
  ASSERT_EQ(result.status, 200);
  EXPECT_EQ(head.only("Host"), "a.test");
  EXPECT_EQ(head.only("x-original-url"), "/a%0d%0ab%00c");
  EXPECT_EQ(head.only("empty"), "");
  EXPECT_EQ(head.only("blank"), "");
  EXPECT_EQ(head.only("quoted"), "\" a\tb \"");
  EXPECT_EQ(head.only("latin"), "\xe4\xff");
  EXPECT_EQ(head.only("remote_addr"), "6.6.6.6");
}

TEST(Head, FieldsKeepTheirOrderAndAreCountedByName) {
  const auto [result, head] =
      read("GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nA: 2\r\nb: 3\r\nAB: 4\r\n\r\n");
  ASSERT_EQ(result.status, 200);
  std::string names;
  for (const Field& field : head.fields) names += field.name + " ";
  EXPECT_EQ(names, "Host B A b AB ");
  EXPECT_EQ(head.count("b"), 2U);
  EXPECT_EQ(head.count("B"), 2U);
  EXPECT_EQ(head.count("ab"), 1U);
  EXPECT_EQ(head.count("c"), 0U);
  EXPECT_EQ(head.only("A"), "2");
  EXPECT_EQ(head.only("B"), std::nullopt);
  EXPECT_EQ(head.only("C"), std::nullopt);
}

// RFC 9112 section 2.2: "SHOULD ignore at least one empty line (CRLF) received prior to the
// request-line".
TEST(Head, UpToTwoEmptyLinesMayComeFirst) {
  for (const std::string lines : {"\r\n", "\r\n\r\n"}) {
    const std::string text = lines + "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const auto [result, head] = read(text);
    EXPECT_EQ(result.status, 200);
    EXPECT_EQ(result.used, text.size());
  }
}

TEST(Head, HostsAreRead) {
  for (const std::string host :
       {"a", "a.test", "a.test:80", "a.test:", "a.test.", "127.0.0.1:8070", "[::1]", "[::1]:8070",
        "[::ffff:127.0.0.1]", "xn--4ca.test", "a_b.test", "%c3%a4.test", "a,b", "a:65535", "a:0"}) {
    EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").result.status, 200) << host;
  }
}

TEST(Head, HostMayBeEmptyWhereTheTargetNeedsNone) {
  EXPECT_EQ(read("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n").result.status, 200);
  EXPECT_EQ(read("GET http://a.test/ HTTP/1.1\r\nHost:\r\n\r\n").result.status, 200);
  EXPECT_EQ(read("GET / HTTP/1.0\r\n\r\n").result.status, 200);
}

TEST(Head, TheFramingIsRead) {
  const auto sized = read("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n");
  EXPECT_EQ(sized.result.status, 200);
  EXPECT_EQ(sized.head.content_length, 7U);
  const auto largest =
      read("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999999\r\n\r\n");
  EXPECT_EQ(largest.head.content_length, 999999999999999999U);
  for (const std::string coding : {"chunked", "Chunked", "CHUNKED", " \tchunked\t "}) {
    const auto chunked =
        read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:" + coding + "\r\n\r\n");
    EXPECT_EQ(chunked.result.status, 200) << coding;
    EXPECT_TRUE(chunked.head.chunked);
  }
}

// RFC 9112 section 9.3.
TEST(Head, PersistenceFollowsVersionAndConnection) {
  const auto keeps = [](const std::string& version, const std::string& fields) {
    const auto [result, head] =
        read("GET / HTTP/1." + version + "\r\nHost: a\r\n" + fields + "\r\n");
    EXPECT_EQ(result.status, 200) << fields;
    return head.keep_alive;
  };
  EXPECT_TRUE(keeps("1", ""));
  EXPECT_FALSE(keeps("0", ""));
  EXPECT_TRUE(keeps("0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(keeps("1", "Connection: Close\r\n"));
  EXPECT_FALSE(keeps("1", "Connection: upgrade, close\r\n"));
  EXPECT_FALSE(keeps("1", "Connection: keep-alive\r\nConnection: close\r\n"));
  EXPECT_FALSE(keeps("0", "Connection: keep-alive, close\r\n"));
  EXPECT_TRUE(keeps("1", "Connection: , upgrade,,\r\n"));
  EXPECT_TRUE(keeps("1", "Connection:\r\n"));
  EXPECT_TRUE(keeps("1", "Connection: closed\r\n"));
}

TEST(Head, ContinueIsExpectedOnlyInHttp11) {
  EXPECT_TRUE(
      read("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n").head.expects_continue);
  const auto old = read("PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(old.result.status, 200);
  EXPECT_FALSE(old.head.expects_continue);
  EXPECT_EQ(read("PUT / HTTP/1.0\r\nExpect: bread\r\n\r\n").result.status, 200);
}

TEST(Head, TheLimitsThemselvesAreAllowed) {
  std::string fields = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int number = 0; number < 99; ++number) fields += "X: y\r\n";
  EXPECT_EQ(read(fields + "\r\n").result.status, 200);
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string full = start + std::string(16384 - start.size() - 4, 'v') + "\r\n\r\n";
  ASSERT_EQ(full.size(), 16384U);
  EXPECT_EQ(read(full).result.status, 200);
}

TEST(Head, EveryProperPrefixOfAGoodHeadWantsMore) {
  const std::string text =
      "\r\nPOST /a?b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_EQ(read(text.substr(0, length)).result.status, 0) << length;
  }
  EXPECT_EQ(read(text).result.status, 200);
}

TEST(Head, TheTableOfMalformedHeadsIsLarge) {
  EXPECT_GE(malformed_heads().size(), 220U);
}

// The gate refuses a body that is too long by its Content-Length; the head itself is sound.
bool is_refused_later(const MalformedHead& malformed) {
  return malformed.status == 413;
}

TEST(Head, MalformedHeadsAreRefused) {
  for (const MalformedHead& malformed : malformed_heads()) {
    const int expected = is_refused_later(malformed) ? 200 : malformed.status;
    EXPECT_EQ(read(malformed.octets).result.status, expected) << malformed.name;
  }
}

TEST(Head, TheAnswerDoesNotDependOnHowTheOctetsArrived) {
  for (const MalformedHead& malformed : malformed_heads()) {
    if (malformed.octets.size() > 1000) continue;  // every prefix of those is in the fuzzer
    int status = 0;
    for (std::size_t length = 1; length <= malformed.octets.size() && status == 0; ++length) {
      status = read(malformed.octets.substr(0, length)).result.status;
    }
    EXPECT_EQ(status, is_refused_later(malformed) ? 200 : malformed.status) << malformed.name;
  }
}

TEST(Head, LineEndsAndControlsAskForParsing) {
  EXPECT_TRUE(may_decide_head("Host: a\r\n", 0));
  EXPECT_TRUE(may_decide_head("Host: a\r\n", 8));
  EXPECT_FALSE(may_decide_head("Host: a\r", 7));
  EXPECT_TRUE(may_decide_head("Host: a\rb", 8));
  EXPECT_FALSE(may_decide_head("Host: a\r\nbc", 10));
  EXPECT_TRUE(may_decide_head("\n", 0));
  EXPECT_TRUE(may_decide_head("a\x01", 0));
  EXPECT_TRUE(may_decide_head("a\x7f", 0));
  EXPECT_TRUE(may_decide_head("\0"s, 0));
  EXPECT_FALSE(may_decide_head("GET /\t\xe4", 0));
  EXPECT_FALSE(may_decide_head("", 0));
}

}  // namespace
}  // namespace jidgate::http
