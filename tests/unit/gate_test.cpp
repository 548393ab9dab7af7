// SPDX-License-Identifier: GPL-3.0-or-later
// Heads and connections over real sockets.
#include <gtest/gtest.h>

#include <string>
#include <system_error>
#include <vector>

#include "gate_client.hpp"
#include "malformed_heads.hpp"

namespace jidgate::http {
namespace {

using test::Answer;
using test::Client;
using test::get;
using test::House;
using test::post;
using test::text;

// ---- heads

TEST(Gate, RefusesMalformedHeadsAndEndsTheConnection) {
  House house;
  for (const MalformedHead& malformed : malformed_heads()) {
    SCOPED_TRACE(malformed.name);
    Client client = house.client();
    client.send(malformed.octets);
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, malformed.status);
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_EQ(answer.body, "refused " + std::to_string(malformed.status));
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_TRUE(house.events.get().targets.empty());
}

TEST(Gate, NeverReadsARequestBehindAMalformedHead) {
  House house;
  for (const MalformedHead& malformed : malformed_heads()) {
    SCOPED_TRACE(malformed.name);
    Client client = house.client();
    client.send(malformed.octets + get("/smuggled"));
    EXPECT_EQ(client.receive().status, malformed.status);
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_FALSE(house.was_decided("/smuggled"));
}

TEST(Gate, RefusesMalformedHeadsThatComeInSingleOctets) {
  House house;
  for (const MalformedHead& malformed : malformed_heads()) {
    SCOPED_TRACE(malformed.name);
    Client client = house.client();
    client.drip(malformed.octets);
    EXPECT_EQ(client.receive().status, malformed.status);
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_TRUE(house.events.get().targets.empty());
}

TEST(Gate, ServesAHeadThatComesInSingleOctets) {
  House house;
  Client client = house.client();
  client.drip(post("/slow", "Content-Length: 5\r\n", "hello"));
  EXPECT_EQ(client.receive().body, "POST /slow hello");
}

TEST(Gate, PassesOnWhatTheClientSent) {
  House house;
  Head seen;
  house.decide = [&](const Exchange& exchange) {
    seen = exchange.head;
    return text("ok");
  };
  Client client = house.client();
  const Answer answer = client.ask(
      "PROPFIND /a%0d%0ab?c?d=%00 HTTP/1.1\r\nB: 1\r\nHost: a.test\r\nA: %0d%0aX\r\nEmpty:\r\n"
      "REMOTE_ADDR: 6.6.6.6\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(seen.method, "PROPFIND");
  EXPECT_EQ(seen.target, "/a%0d%0ab?c?d=%00");
  ASSERT_EQ(seen.fields.size(), 7U);
  EXPECT_EQ(seen.fields[0].name, "B");
  EXPECT_EQ(seen.only("A"), "%0d%0aX");
  EXPECT_EQ(seen.only("Empty"), "");
  EXPECT_EQ(seen.only("REMOTE_ADDR"), "6.6.6.6");
}

TEST(Gate, TellsWhoAsksAndNamesEachRequest) {
  House house;
  std::vector<std::string> ids;
  house.decide = [&](const Exchange& exchange) {
    ids.push_back(exchange.request_id);
    EXPECT_EQ(exchange.peer, Address::parse("127.0.0.1"));
    EXPECT_FALSE(exchange.tls);
    return [](const Exchange& again) { return text(again.request_id)(again); };
  };
  Client client = house.client();
  const std::string first = client.ask(get("/")).body;
  const std::string second = client.ask(get("/")).body;
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first, second);
  EXPECT_EQ(ids, (std::vector<std::string>{first, second}));
}

TEST(Gate, ServesMethodsOfAnyName) {
  House house;
  Client client = house.client();
  for (const std::string method : {"get", "FROB", "M-SEARCH", "TRACE", "DELETE", "PRI"}) {
    EXPECT_EQ(client.ask(method + " /x HTTP/1.1\r\nHost: a\r\n\r\n").body, method + " /x");
  }
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").body, "OPTIONS *");
  EXPECT_EQ(client.ask("GET http://a.test/x HTTP/1.1\r\nHost: a\r\n\r\n").body,
            "GET http://a.test/x");
}

// ---- the connection

TEST(Gate, KeepsAConnectionForManyRequests) {
  House house;
  Client client = house.client();
  for (int number = 0; number < 50; ++number) {
    const Answer answer = client.ask(get("/" + std::to_string(number)));
    EXPECT_EQ(answer.body, "GET /" + std::to_string(number));
    EXPECT_EQ(answer.field("connection"), "keep-alive");
    EXPECT_EQ(answer.field("keep-alive"), "timeout=15");
  }
}

TEST(Gate, AnswersPipelinedRequestsInOrder) {
  House house;
  Client client = house.client();
  std::string all;
  for (int number = 0; number < 20; ++number) all += get("/" + std::to_string(number));
  client.send(all);
  for (int number = 0; number < 20; ++number) {
    EXPECT_EQ(client.receive().body, "GET /" + std::to_string(number));
  }
}

TEST(Gate, DecidesAPipelinedRequestOnlyAfterTheAnswerBeforeIt) {
  House house;
  Client client = house.client();
  client.send(get("/park") + get("/second"));
  const ParkedId id = house.parked();
  EXPECT_FALSE(house.was_decided("/second"));
  EXPECT_TRUE(house.gate.complete(id, text("first")));
  EXPECT_EQ(client.receive().body, "first");
  EXPECT_EQ(client.receive().body, "GET /second");
}

TEST(Gate, EndsTheConnectionWhereTheClientAsksForIt) {
  House house;
  for (const std::string fields :
       {"Connection: close\r\n", "Connection: Close\r\n", "Connection: keep-alive, CLOSE\r\n"}) {
    Client client = house.client();
    EXPECT_EQ(client.ask(get("/", fields)).field("connection"), "close");
    EXPECT_TRUE(client.is_ended());
  }
}

TEST(Gate, KeepsAnHttp10ConnectionOnlyWhereItIsAskedTo) {
  House house;
  Client plain = house.client();
  EXPECT_EQ(plain.ask("GET / HTTP/1.0\r\n\r\n").field("connection"), "close");
  EXPECT_TRUE(plain.is_ended());
  Client kept = house.client();
  EXPECT_EQ(kept.ask("GET /1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").field("connection"),
            "keep-alive");
  EXPECT_EQ(kept.ask("GET /2 HTTP/1.0\r\n\r\n").body, "GET /2");
}

TEST(Gate, EndsTheConnectionWhereTheReplyAsksForIt) {
  House house;
  house.decide = [](const Exchange&) {
    return [](const Exchange&) {
      Reply reply;
      reply.close = true;
      return reply;
    };
  };
  Client client = house.client();
  EXPECT_EQ(client.ask(get("/")).field("connection"), "close");
  EXPECT_TRUE(client.is_ended());
}

TEST(Gate, AnswersAClientThatHasHalfClosed) {
  House house;
  Client client = house.client();
  client.send(get("/1") + get("/2"));
  client.half_close();
  EXPECT_EQ(client.receive().body, "GET /1");
  EXPECT_EQ(client.receive().body, "GET /2");
  EXPECT_TRUE(client.is_ended());
}

TEST(Gate, AnswersAnIncompleteHeadThatCannotBeCompleted) {
  House house;
  Client client = house.client();
  client.send("GET / HTTP/1.1\r\nHost: a");
  client.half_close();
  EXPECT_EQ(client.receive().status, 400);
  EXPECT_TRUE(client.is_ended());
}

TEST(Gate, EndsQuietlyWhenTheClientDoes) {
  House house;
  Client silent = house.client();
  silent.half_close();
  EXPECT_TRUE(silent.is_ended());
  Client client = house.client();
  client.ask(get("/"));
  client.half_close();
  EXPECT_TRUE(client.is_ended());
}

// ---- the rest

TEST(Gate, AnErrorIsReadableThoughTheClientWasStillSending) {
  GateLimits limits;
  limits.body = 10;
  House house(limits);
  Client client = house.client();
  client.send(post("/", "Content-Length: 60000\r\n", std::string(60000, 'x')));
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "refused 413");
  EXPECT_TRUE(client.is_ended());
}

TEST(Gate, CountsWhatItDoes) {
  House house;
  Client client = house.client();
  client.ask(get("/"));
  client.ask("FROB / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.ask("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(client.is_ended());
  Client parked = house.client();
  parked.send(get("/park"));
  const ParkedId id = house.parked();
  std::string page = house.metrics.render();
  EXPECT_NE(page.find("jidgate_waiters 1\n"), std::string::npos);
  EXPECT_NE(page.find("jidgate_http_requests_in_flight 1\n"), std::string::npos);
  house.gate.complete(id, text("ok"));
  parked.receive();
  page = house.metrics.render();
  for (const std::string line :
       {"jidgate_http_requests_total{handler=\"test\",method=\"GET\",code=\"200\"} 1\n",
        "jidgate_http_requests_total{handler=\"test\",method=\"other\",code=\"200\"} 1\n",
        "jidgate_http_heads_refused_total{code=\"400\"} 1\n"}) {
    EXPECT_NE(page.find(line), std::string::npos) << line << page;
  }
}

TEST(Gate, SaysWhichAddressItCannotHave) {
  House house;
  Listen where;
  where.host = "127.0.0.1";
  where.port = house.port;
  try {
    house.gate.listen(where, nullptr);
    FAIL() << "two listeners on one port";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(house.port)),
              std::string::npos);
    EXPECT_EQ(error.code(), std::errc::address_in_use);
  }
}

TEST(Gate, TakesABurstOfConnections) {
  House house;
  std::vector<Client> clients;
  for (int number = 0; number < 400; ++number) clients.push_back(house.client());
  for (Client& client : clients) client.send(get("/"));
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 200);
}

}  // namespace
}  // namespace jidgate::http
