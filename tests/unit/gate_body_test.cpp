// SPDX-License-Identifier: GPL-3.0-or-later
// Bodies over real sockets: read within bounds, invited where they are wanted, never a request.
#include <gtest/gtest.h>

#include <string>

#include "gate_client.hpp"

namespace jidgate::http {
namespace {

using test::Answer;
using test::Client;
using test::get;
using test::House;
using test::post;
using test::text;

// ---- bodies

TEST(GateBody, ReadsBodies) {
  House house;
  Client client = house.client();
  EXPECT_EQ(client.ask(post("/", "Content-Length: 5\r\n", "hello")).body, "POST / hello");
  EXPECT_EQ(
      client.ask(post("/", "Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"))
          .body,
      "POST / hello");
  EXPECT_EQ(client.ask(post("/none", "", "")).body, "POST /none");
  EXPECT_EQ(client.ask(post("/zero", "Content-Length: 0\r\n", "")).body, "POST /zero");
}

TEST(GateBody, ReadsABodyThatComesLater) {
  House house;
  Client client = house.client();
  client.send(post("/", "Content-Length: 12\r\n", "hello"));
  ASSERT_TRUE(house.events.wait([](const auto& seen) { return seen.targets.size() == 1; }));
  client.send(" world\n");
  EXPECT_EQ(client.receive().body, "POST / hello world\n");
}

// A GET with a body is odd, but framed: none of its octets may become a request.
TEST(GateBody, NeverReadsABodyAsARequest) {
  House house;
  const std::string smuggled = get("/smuggled");
  const std::string length = "Content-Length: " + std::to_string(smuggled.size()) + "\r\n";
  for (const std::string method : {"GET", "HEAD", "FROB", "OPTIONS", "DELETE"}) {
    Client client = house.client();
    const std::string head = method + " /1 HTTP/1.1\r\nHost: a\r\n" + length + "\r\n";
    const bool is_head = method == "HEAD";
    client.send(head + smuggled);
    EXPECT_EQ(client.receive(is_head).status, 200);
    client.send(head);  // now in a later packet
    client.send(smuggled + get("/2"));
    EXPECT_EQ(client.receive(is_head).status, 200);
    EXPECT_EQ(client.receive().body, "GET /2");
  }
  EXPECT_FALSE(house.was_decided("/smuggled"));
}

TEST(GateBody, RefusesBodiesOverTheLimit) {
  GateLimits limits;
  limits.body = 10;
  House house(limits);
  for (const std::string& request :
       {post("/long", "Content-Length: 11\r\n", "hello world"),
        post("/chunked", "Transfer-Encoding: chunked\r\n", "b\r\nhello world\r\n0\r\n\r\n"),
        post("/chunked", "Transfer-Encoding: chunked\r\n",
             "a\r\nhello worl\r\n1\r\nd\r\n0\r\n\r\n")}) {
    Client client = house.client();
    client.send(request + get("/smuggled"));
    EXPECT_EQ(client.receive().status, 413);
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_FALSE(house.was_decided("/smuggled"));
  EXPECT_FALSE(house.was_decided("/long"));
}

TEST(GateBody, RefusesMalformedChunks) {
  House house;
  for (const std::string body : {"Z\r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
                                 "-2\r\nhello\r\n", "5\nhello\r\n0\r\n\r\n", "fffffffff\r\n"}) {
    Client client = house.client();
    client.send(post("/", "Transfer-Encoding: chunked\r\n", body) + get("/smuggled"));
    EXPECT_EQ(client.receive().status, 400) << body;
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_FALSE(house.was_decided("/smuggled"));
}

TEST(GateBody, RefusesABodyThatEndsTooEarly) {
  House house;
  Client client = house.client();
  client.send(post("/", "Content-Length: 12\r\n", "hello"));
  client.half_close();
  EXPECT_EQ(client.receive().status, 400);
}

TEST(GateBody, LeavesBodiesAsTheyAre) {
  House house;
  Client client = house.client();
  EXPECT_EQ(
      client.ask(post("/", "Content-Encoding: gzip\r\nContent-Length: 4\r\n", "\x1f\x8b!!")).body,
      "POST / \x1f\x8b!!");
  EXPECT_EQ(
      client
          .ask(post("/", "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 3\r\n",
                    "--x"))
          .body,
      "POST / --x");
}

// ---- Expect: 100-continue

const std::string expecting = "Content-Length: 5\r\nExpect: 100-continue\r\n";

Verdict body_wanted(const Exchange&) {
  return WithBody{[](const Exchange& exchange) { return text("got " + exchange.body)(exchange); }};
}

TEST(GateBody, InvitesABodyThatIsWanted) {
  House house;
  house.decide = body_wanted;
  Client client = house.client();
  client.send(post("/", expecting, ""));
  EXPECT_EQ(client.receive_line(), "HTTP/1.1 100 Continue");
  EXPECT_EQ(client.receive_line(), "");
  client.send("hello");
  EXPECT_EQ(client.receive().body, "got hello");
  EXPECT_EQ(client.ask(post("/", "Content-Length: 5\r\n", "again")).body, "got again");
}

TEST(GateBody, DoesNotInviteABodyThatIsThereOrEmpty) {
  House house;
  house.decide = body_wanted;
  Client client = house.client();
  EXPECT_EQ(client.ask(post("/", expecting, "hello")).body, "got hello");
  EXPECT_EQ(client.ask(post("/", "Expect: 100-continue\r\n", "")).body, "got ");
}

Verdict body_unwanted(const Exchange&) {
  return [](const Exchange& exchange) { return text("got " + exchange.body)(exchange); };
}

TEST(GateBody, AnswersAtOnceWhereTheBodyIsNotWanted) {
  House house;
  house.decide = body_unwanted;
  Client client = house.client();
  client.send(post("/", expecting, ""));
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 200);
  // RFC 9110 section 10.1.1: the server indicates "whether it intends to close the connection".
  EXPECT_EQ(answer.field("connection"), "close");
  client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");  // the body, for the client's part
  EXPECT_TRUE(client.is_ended());
  EXPECT_FALSE(house.was_decided("/smuggled"));
}

// Strangers would fill the memory with what nobody reads.
TEST(GateBody, KeepsNoBodyThatIsNotWanted) {
  House house;
  house.decide = body_unwanted;
  Client client = house.client();
  EXPECT_EQ(client.ask(post("/", "Content-Length: 5\r\n", "hello")).body, "got ");
  EXPECT_EQ(client.ask(post("/", "Content-Length: 5\r\n", "again")).body, "got ");
}

TEST(GateBody, RefusesATooLongBodyInsteadOfInvitingIt) {
  House house;
  house.decide = body_wanted;
  Client client = house.client();
  client.send(post("/", "Content-Length: 65537\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(client.receive().status, 413);
}

}  // namespace
}  // namespace jidgate::http
