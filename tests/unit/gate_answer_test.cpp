// SPDX-License-Identifier: GPL-3.0-or-later
// Answers over real sockets: framing, fields, files, and readers that are slow.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gate_client.hpp"

namespace jidgate::http {
namespace {

using namespace std::string_literals;
using test::Answer;
using test::Client;
using test::get;
using test::House;
using test::text;

// ---- answers

TEST(GateAnswer, FramesAnswers) {
  House house;
  house.decide = [](const Exchange& exchange) -> Verdict {
    const int status = std::stoi(exchange.head.target.substr(1));
    return [status](const Exchange& again) {
      return text(status == 200 ? "four" : "", status)(again);
    };
  };
  Client client = house.client();
  Answer answer = client.ask(get("/200"));
  EXPECT_EQ(answer.field("content-length"), "4");
  EXPECT_EQ(answer.body, "four");
  client.send("HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n");
  answer = client.receive(true);
  EXPECT_EQ(answer.field("content-length"), "4");
  answer = client.ask(get("/404"));
  EXPECT_EQ(answer.field("content-length"), "0");
  // RFC 9110 section 8.6: "A server MUST NOT send a Content-Length header field in any response
  // with a status code of 1xx (Informational) or 204 (No Content)."
  answer = client.ask(get("/204"));
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.fields.count("content-length"), 0U);
  answer = client.ask(get("/304"));
  EXPECT_EQ(answer.status, 304);
  EXPECT_EQ(answer.fields.count("content-length"), 0U);
  EXPECT_EQ(client.ask(get("/200")).body, "four");  // everything before was framed right
}

TEST(GateAnswer, LeavesOutABodyThatAnAnswerMayNotHave) {
  House house;
  house.decide = [](const Exchange& exchange) -> Verdict {
    return text("body", std::stoi(exchange.head.target.substr(1)));
  };
  Client client = house.client();
  EXPECT_EQ(client.ask(get("/204")).status, 204);
  EXPECT_EQ(client.ask(get("/304")).status, 304);
  EXPECT_EQ(client.ask(get("/200")).body, "body");
}

// RFC 9110 section 6.6.1: an origin server with a clock "MUST generate a Date header field in all
// 2xx (Successful), 3xx (Redirection), and 4xx (Client Error) responses".
TEST(GateAnswer, SendsExactlyTheFieldsOfTheReplyAndItsOwn) {
  House house;
  house.decide = [](const Exchange&) {
    return [](const Exchange&) {
      Reply reply;
      reply.status = 401;
      reply.header("WWW-Authenticate", "Basic realm=\"xmpp\"");
      reply.header("WWW-Authenticate", "Digest realm=\"xmpp\", algorithm=SHA-256");
      reply.header("WWW-Authenticate", "Digest realm=\"xmpp\", algorithm=MD5");
      reply.header("Content-Length", "1000").header("Transfer-Encoding", "chunked");
      reply.header("Connection", "upgrade").header("date", "yesterday");
      return reply;
    };
  };
  Client client = house.client();
  client.send(
      "HEAD / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip, br\r\n\r\n");
  const Answer answer = client.receive(true);
  EXPECT_EQ(answer.status, 401);
  std::vector<std::string> challenges;
  const auto [begin, end] = answer.fields.equal_range("www-authenticate");
  for (auto field = begin; field != end; ++field) challenges.push_back(field->second);
  EXPECT_EQ(challenges, (std::vector<std::string>{"Basic realm=\"xmpp\"",
                                                  "Digest realm=\"xmpp\", algorithm=SHA-256",
                                                  "Digest realm=\"xmpp\", algorithm=MD5"}));
  EXPECT_EQ(answer.fields.count("date"), 1U);
  EXPECT_TRUE(answer.field("date").ends_with(" GMT"));
  EXPECT_EQ(answer.field("content-length"), "0");
  EXPECT_EQ(answer.fields.size(), 7U);  // and Connection, Keep-Alive
}

TEST(GateAnswer, NeitherCompressesNorCutsAnswers) {
  House house;
  house.decide = [](const Exchange&) { return text(std::string(5000, 'x')); };
  Client client = house.client();
  std::string ranges = "Range: bytes=0-0";
  for (int number = 0; number < 2000; ++number) ranges += ",1-";
  const Answer answer = client.ask(get("/", ranges + "\r\nAccept-Encoding: gzip, br\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, std::string(5000, 'x'));
  EXPECT_EQ(answer.fields.count("content-encoding"), 0U);
  EXPECT_EQ(answer.fields.count("content-range"), 0U);
}

TEST(GateAnswer, SendsNoAnswerThatCouldBeSplit) {
  House house;
  for (const std::string& value : {"a\r\nSet-Cookie: b"s, "a\nb"s, "a\rb"s, "a\0b"s, "a\x01"s}) {
    house.decide = [value](const Exchange&) {
      return [value](const Exchange&) {
        Reply reply;
        reply.header("Location", value);
        return reply;
      };
    };
    Client client = house.client();
    const Answer answer = client.ask(get("/"));
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.fields.count("location"), 0U);
    EXPECT_EQ(answer.fields.count("set-cookie"), 0U);
  }
  EXPECT_EQ(house.log.entries("http.unsendable").size(), 5U);
}

TEST(GateAnswer, AnswersForADoorThatFails) {
  House house;
  house.decide = [](const Exchange& exchange) -> Verdict {
    if (exchange.head.target == "/decide") throw std::runtime_error("secret");
    if (exchange.head.target == "/nothing") return Responder();
    return [](const Exchange&) -> Reply { throw std::runtime_error("secret"); };
  };
  for (const std::string target : {"/decide", "/respond", "/nothing"}) {
    Client client = house.client();
    client.send(get(target, "Connection: close\r\n"));
    const std::string answer = client.receive_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
    EXPECT_EQ(answer.find("secret"), std::string::npos);
  }
  EXPECT_EQ(house.client().ask(get("/decide")).status, 500);
}

// ---- files

FileBody file_of(const std::string& content, std::uint64_t offset, std::uint64_t length) {
  const int descriptor = ::memfd_create("body", MFD_CLOEXEC);
  EXPECT_EQ(::write(descriptor, content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  return {descriptor, offset, length};
}

std::string pattern(std::size_t size) {
  std::string content(size, '\0');
  for (std::size_t at = 0; at < size; ++at) content[at] = static_cast<char>('a' + at * 7 % 23);
  return content;
}

TEST(GateAnswer, StreamsFiles) {
  House house;
  const std::string content = pattern(3'000'000);
  house.decide = [&](const Exchange& exchange) -> Verdict {
    const std::uint64_t length = std::stoul(exchange.head.target.substr(1));
    return [&content, length](const Exchange&) {
      Reply reply;
      reply.file = file_of(content, 5, length);
      return reply;
    };
  };
  Client client = house.client();
  for (const std::size_t length : {0UL, 1UL, 32768UL, 32769UL, 2'999'995UL}) {
    EXPECT_EQ(client.ask(get("/" + std::to_string(length))).body, content.substr(5, length));
  }
  client.send("HEAD /100 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive(true).field("content-length"), "100");
  EXPECT_EQ(client.ask(get("/3")).body, content.substr(5, 3));
}

TEST(GateAnswer, LeavesOutAFileThatAnAnswerMayNotHave) {
  House house;
  house.decide = [](const Exchange& exchange) -> Verdict {
    return [status = std::stoi(exchange.head.target.substr(1))](const Exchange&) {
      Reply reply;
      reply.status = status;
      reply.file = file_of("content", 0, 7);
      return reply;
    };
  };
  Client client = house.client();
  EXPECT_EQ(client.ask(get("/304")).status, 304);
  EXPECT_EQ(client.ask(get("/204")).status, 204);
  EXPECT_EQ(client.ask(get("/200")).body, "content");
}

TEST(GateAnswer, EndsTheConnectionWhenAFileIsShorterThanPromised) {
  House house;
  house.decide = [](const Exchange&) -> Verdict {
    return [](const Exchange&) {
      Reply reply;
      reply.file = file_of(pattern(100'000), 0, 200'000);
      return reply;
    };
  };
  Client client = house.client();
  client.send(get("/"));
  const std::string received = client.receive_all();
  EXPECT_LT(received.size(), 110'000U);
}

TEST(GateAnswer, AClientThatDoesNotReadKeepsNoWorker) {
  GateLimits limits;
  limits.workers = 1;
  House house(limits);
  const std::string content = pattern(40'000'000);  // more than any socket buffer takes
  house.decide = [&](const Exchange& exchange) -> Verdict {
    if (exchange.head.target == "/small") return text("small");
    if (exchange.head.target == "/body") return text(content);
    return [&content](const Exchange&) {
      Reply reply;
      reply.file = file_of(content, 0, content.size());
      return reply;
    };
  };
  Client file = house.client();
  Client body = house.client();
  file.send(get("/file"));
  body.send(get("/body"));
  EXPECT_EQ(house.client().ask(get("/small")).body, "small");
  EXPECT_EQ(file.receive().body, content);
  EXPECT_EQ(body.receive().body, content);
}

}  // namespace
}  // namespace jidgate::http
