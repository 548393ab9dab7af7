// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/body.hpp"

#include <gtest/gtest.h>

#include <string>

namespace jidgate::http {
namespace {

struct Taken {
  int status = 0;
  std::string body;
  std::string left;  // behind the body
};

Head chunked() {
  Head head;
  head.chunked = true;
  return head;
}

Head sized(std::uint64_t length) {
  Head head;
  head.content_length = length;
  return head;
}

Taken take(const Head& head, const std::string& input, std::uint64_t limit = 100) {
  BodyReader reader(head, limit);
  Taken taken;
  taken.left = input;
  taken.status = reader.feed(taken.left, taken.body);
  return taken;
}

Taken take_drop_by_drop(const Head& head, const std::string& input, std::uint64_t limit = 100) {
  BodyReader reader(head, limit);
  Taken taken;
  std::size_t at = 0;
  while (at < input.size() && taken.status == 0) {
    taken.left.push_back(input[at++]);
    taken.status = reader.feed(taken.left, taken.body);
  }
  taken.left += input.substr(at);
  return taken;
}

TEST(Body, WithoutFramingThereIsNone) {
  const Taken taken = take(Head(), "GET / HTTP/1.1\r\n");
  EXPECT_EQ(taken.status, 200);
  EXPECT_EQ(taken.body, "");
  EXPECT_EQ(taken.left, "GET / HTTP/1.1\r\n");
  EXPECT_TRUE(BodyReader(Head(), 0).is_complete());
  EXPECT_TRUE(BodyReader(sized(0), 0).is_complete());
}

TEST(Body, OfAKnownLengthEndsExactlyThere) {
  const Taken taken = take(sized(5), "helloGET / HTTP/1.1\r\n");
  EXPECT_EQ(taken.status, 200);
  EXPECT_EQ(taken.body, "hello");
  EXPECT_EQ(taken.left, "GET / HTTP/1.1\r\n");
  EXPECT_EQ(take(sized(5), "hell").status, 0);
}

TEST(Body, OfAKnownLengthIsBounded) {
  EXPECT_EQ(take(sized(100), std::string(100, 'x')).status, 200);
  EXPECT_EQ(take(sized(101), std::string(101, 'x')).status, 413);
}

TEST(Body, ChunksAreJoined) {
  for (const std::string input :
       {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nnext",
        "5;name=value\r\nhello\r\n06 ;x=\"y z\"\r\n world"
        "\r\n00\r\nTrailer: value\r\nEmpty:\r\n\r\nnext",
        "b\r\nhello world\r\n0;last\r\n\r\nnext", "0000000B\r\nhello world\r\n00000000\r\n\r\nnext",
        // RFC 9112 section 7.1: chunk-size = 1*HEXDIG.
        "0000000000000000000000000000000b\r\nhello world\r\n"
        "00000000000000000000000000000000\r\n\r\nnext"}) {
    for (const Taken& taken : {take(chunked(), input), take_drop_by_drop(chunked(), input)}) {
      EXPECT_EQ(taken.status, 200) << input;
      EXPECT_EQ(taken.body, "hello world");
      EXPECT_EQ(taken.left, "next");
    }
  }
}

TEST(Body, AnEmptyChunkedBodyIsEmpty) {
  const Taken taken = take(chunked(), "0\r\n\r\n", 0);
  EXPECT_EQ(taken.status, 200);
  EXPECT_EQ(taken.body, "");
}

// RFC 9112 section 7.1. A recipient "MUST anticipate potentially large hexadecimal numerals and
// prevent parsing errors due to integer conversion overflows".
TEST(Body, MalformedChunksAreRefused) {
  for (const std::string input : {"\r\n",
                                  "\n",
                                  "x\r\n",
                                  "-1\r\n",
                                  "-2\r\nhe",
                                  "+5\r\n",
                                  " 5\r\n",
                                  "0x5\r\nhello",
                                  "5\nhello",
                                  "5\rhello",
                                  "5 \r\nhello",
                                  "5\t\r\nhello",
                                  "5 x\r\nhello",
                                  "5,\r\nhello",
                                  "5\r\r\nhello",
                                  "5\r\nhelloX",
                                  "5\r\nhello0\r\n\r\n",
                                  "5\r\nhello\n0\r\n\r\n",
                                  "5\r\nhello\r0\r\n\r\n",
                                  "5\r\nhello!\r\n0\r\n\r\n",
                                  "100000000\r\n",
                                  "ffffffffffffffff\r\n",
                                  "10000000000000005\r\nhello",
                                  "00000000000000000100000000\r\n",
                                  "5;\x01\r\nhello",
                                  "5;x\ny\r\nhello",
                                  "5;x\r\r\n",
                                  "0\r\n\n",
                                  "0\r\n\rx",
                                  "0\n\r\n",
                                  "0\r\nX y\r\n\r\n",
                                  "0\r\n: y\r\n\r\n",
                                  "0\r\n X: y\r\n\r\n",
                                  "0\r\nX : y\r\n\r\n",
                                  "0\r\nX(Y: z\r\n\r\n",
                                  "0\r\nX\x80: y\r\n\r\n",
                                  "0\r\nX: y\n\r\n",
                                  "0\r\nX: y\x07\r\n\r\n",
                                  "g\r\n",
                                  "5h\r\n"}) {
    EXPECT_EQ(take(chunked(), input).status, 400) << input;
    EXPECT_EQ(take_drop_by_drop(chunked(), input).status, 400) << input;
  }
  EXPECT_EQ(take(chunked(), std::string("5\0\r\nhello", 9)).status, 400);
}

TEST(Body, ChunkedIsBoundedByTheSumOfItsChunks) {
  const std::string fifty = "32\r\n" + std::string(50, 'x') + "\r\n";
  EXPECT_EQ(take(chunked(), fifty + fifty + "0\r\n\r\n").status, 200);
  EXPECT_EQ(take(chunked(), fifty + fifty + "1\r\nx\r\n").status, 413);
  EXPECT_EQ(take(chunked(), "65\r\n").status, 413);
  EXPECT_EQ(take(chunked(), "ffffffff\r\n").status, 413);
}

TEST(Body, WhatIsThrownAwayIsBoundedToo) {
  EXPECT_EQ(take(chunked(), "5;" + std::string(255, 'x') + "\r\nhello\r\n").status, 0);
  EXPECT_EQ(take(chunked(), "5;" + std::string(300, 'x') + "\r\nhello\r\n").status, 400);
  EXPECT_EQ(take(chunked(), std::string(256, '0') + "5\r\nhello\r\n").status, 0);
  EXPECT_EQ(take(chunked(), std::string(258, '0') + "5\r\nhello\r\n").status, 400);
  std::string many, zeros;
  for (int number = 0; number < 50; ++number) {
    many += "1;" + std::string(200, 'x') + "\r\ny\r\n";
    zeros += std::string(200, '0') + "1\r\ny\r\n";
  }
  EXPECT_EQ(take(chunked(), many).status, 400);
  EXPECT_EQ(take(chunked(), zeros).status, 400);
  std::string trailers = "0\r\n";
  for (int number = 0; number < 32; ++number) trailers += "X: y\r\n";
  EXPECT_EQ(take(chunked(), trailers + "\r\n").status, 200);
  EXPECT_EQ(take(chunked(), trailers + "X: y\r\n\r\n").status, 400);
  EXPECT_EQ(take(chunked(), "0\r\nX: " + std::string(9000, 'y') + "\r\n\r\n").status, 400);
}

TEST(Body, AfterAnErrorNothingIsTaken) {
  BodyReader reader(chunked(), 100);
  std::string body;
  std::string input = "x";
  EXPECT_EQ(reader.feed(input, body), 400);
  std::string next = "5\r\nhello\r\n0\r\n\r\n";
  EXPECT_EQ(reader.feed(next, body), 400);
  EXPECT_EQ(body, "");
  EXPECT_EQ(next, "5\r\nhello\r\n0\r\n\r\n");
  EXPECT_FALSE(reader.is_complete());
}

}  // namespace
}  // namespace jidgate::http
