// SPDX-License-Identifier: GPL-3.0-or-later
// Requests that wait: exactly one of completed, gone and expired happens to each.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "gate_client.hpp"

namespace jidgate::http {
namespace {

using namespace std::chrono_literals;
using test::Answer;
using test::Client;
using test::House;
using test::text;

const std::string asking = "GET /park HTTP/1.1\r\nHost: a.test\r\n\r\n";

TEST(Parking, ACompletedRequestIsAnswered) {
  House house;
  Client client = house.client();
  client.send(asking);
  const ParkedId id = house.parked();
  EXPECT_EQ(house.gate.parked(), 1U);
  EXPECT_TRUE(house.gate.complete(id, text("confirmed")));
  EXPECT_EQ(client.receive().body, "confirmed");
  EXPECT_EQ(house.gate.parked(), 0U);
  EXPECT_EQ(client.ask("GET /next HTTP/1.1\r\nHost: a\r\n\r\n").body, "GET /next");
  EXPECT_TRUE(house.events.get().gone.empty());
  EXPECT_TRUE(house.events.get().expired.empty());
}

TEST(Parking, ARequestIsCompletedOnce) {
  House house;
  Client client = house.client();
  client.send(asking);
  const ParkedId id = house.parked();
  EXPECT_TRUE(house.gate.complete(id, text("first")));
  EXPECT_FALSE(house.gate.complete(id, text("second")));
  EXPECT_FALSE(house.gate.complete(ParkedId{1}, text("nobody")));
  EXPECT_EQ(client.receive().body, "first");
}

TEST(Parking, ARequestMayBeCompletedFromInsideParked) {
  House house;
  house.decide = [&](const Exchange&) -> Verdict {
    Park park;
    park.deadline = std::chrono::steady_clock::now() + test::patience;
    park.parked = [&](ParkedId id) { EXPECT_TRUE(house.gate.complete(id, text("at once"))); };
    return park;
  };
  Client client = house.client();
  for (int number = 0; number < 20; ++number) EXPECT_EQ(client.ask(asking).body, "at once");
}

TEST(Parking, TheResponderSeesTheRequest) {
  House house;
  Client client = house.client();
  client.send("POST /park HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello");
  house.gate.complete(house.parked(), [](const Exchange& exchange) {
    return text(exchange.head.method + " " + std::string(*exchange.head.only("Host")))(exchange);
  });
  EXPECT_EQ(client.receive().body, "POST a.test");
}

TEST(Parking, ABodyIsReadWhenTheRequestIsCompleted) {
  House house;
  Client client = house.client();
  client.send("POST /park HTTP/1.1\r\nHost: a\r\nContent-Length: 29\r\n\r\nGET /smuggled");
  house.gate.complete(house.parked(), [](const Exchange& exchange) {
    return text("read" + exchange.body)(exchange);
  });
  client.send(" HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.receive().body, "read");
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").body, "GET /");
  EXPECT_FALSE(house.was_decided("/smuggled"));
}

TEST(Parking, ABodyThatIsTooLongIsRefusedAfterwards) {
  GateLimits limits;
  limits.body = 3;
  House house(limits);
  Client client = house.client();
  client.send("POST /park HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello");
  house.gate.complete(house.parked(), text("unused"));
  EXPECT_EQ(client.receive().status, 413);
  EXPECT_TRUE(client.is_ended());
}

TEST(Parking, ABodyIsNotInvitedForADenial) {
  House house;
  Client client = house.client();
  client.send(
      "POST /park HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  house.gate.complete(house.parked(), text("denied", 403));
  EXPECT_EQ(client.receive().status, 403);
  EXPECT_TRUE(client.is_ended());
}

TEST(Parking, AClientThatLeavesIsNoticed) {
  for (const bool with_body : {false, true}) {
    for (const std::string way : {"close", "reset", "half"}) {
      House house;
      Client client = house.client();
      client.send(with_body ? "POST /park HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nhello"
                            : asking);
      const ParkedId id = house.parked();
      if (way == "close") client.close();
      if (way == "reset") client.reset();
      if (way == "half") client.half_close();
      EXPECT_TRUE(house.events.wait([](const auto& seen) { return seen.gone.size() == 1; })) << way;
      EXPECT_EQ(house.events.get().gone[0], id);
      EXPECT_FALSE(house.gate.complete(id, text("too late")));
      EXPECT_EQ(house.gate.parked(), 0U);
    }
  }
}

TEST(Parking, AClientThatLeftBeforeIsParkedAndGone) {
  House house;
  Client client = house.client();
  client.send(asking);
  client.half_close();
  EXPECT_TRUE(house.events.wait([](const auto& seen) { return seen.gone.size() == 1; }));
  EXPECT_EQ(house.events.get().parked, house.events.get().gone);
  EXPECT_TRUE(client.is_ended());
}

TEST(Parking, WhatAClientSendsMeanwhileDoesNotEndTheWait) {
  House house;
  Client client = house.client();
  client.send(asking);
  const ParkedId id = house.parked();
  client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  // Another request has gone all the way round before this one is looked at again.
  EXPECT_EQ(house.client().ask("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_EQ(house.gate.parked(), 1U);
  EXPECT_TRUE(house.gate.complete(id, text("confirmed")));
  EXPECT_EQ(client.receive().body, "confirmed");
  EXPECT_EQ(client.receive().body, "GET /next");
}

TEST(Parking, ARequestThatNobodyCompletesExpires) {
  House house;
  house.park_time = 30ms;
  Client client = house.client();
  const Answer answer = client.ask(asking);
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.body, "expired");
  EXPECT_EQ(house.events.get().expired, house.events.get().parked);
  EXPECT_FALSE(house.gate.complete(house.events.get().parked[0], text("too late")));
  EXPECT_TRUE(house.events.get().gone.empty());
  EXPECT_EQ(client.ask("GET /next HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
}

TEST(Parking, RequestsExpireInTheOrderOfTheirDeadlines) {
  House house;
  const auto base = std::chrono::steady_clock::now() + 500ms;
  house.decide = [&](const Exchange& exchange) {
    Verdict verdict = house.park(exchange);
    std::get<Park>(verdict).deadline =
        base + std::chrono::milliseconds(std::stoi(exchange.head.target.substr(1)));
    return verdict;
  };
  std::vector<Client> clients;
  for (const std::string target : {"/3", "/1", "/4", "/2", "/5"}) {
    clients.push_back(house.client());
    clients.back().send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    house.parked(clients.size());
  }
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 401);
  const auto seen = house.events.get();
  std::vector<ParkedId> expected;
  for (const std::size_t number : {1U, 3U, 0U, 2U, 4U}) expected.push_back(seen.parked[number]);
  EXPECT_EQ(seen.expired, expected);
}

TEST(Parking, ACallbackThatThrowsHurtsItsOwnRequestOnly) {
  House house;
  house.decide = [&](const Exchange& exchange) -> Verdict {
    Park park;
    park.deadline = std::chrono::steady_clock::now() + 20ms;
    const bool in_parked = exchange.head.target == "/parked";
    park.parked = [in_parked](ParkedId) {
      if (in_parked) throw std::runtime_error("parked");
    };
    park.expired = [](ParkedId) -> Responder { throw std::runtime_error("expired"); };
    park.gone = [](ParkedId) { throw std::runtime_error("gone"); };
    return park;
  };
  EXPECT_EQ(house.client().ask("GET /parked HTTP/1.1\r\nHost: a\r\n\r\n").status, 500);
  EXPECT_EQ(house.client().ask("GET /expired HTTP/1.1\r\nHost: a\r\n\r\n").status, 500);
  house.client().send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
  house.log.wait("http.gone_failed");
}

// Whoever parks must be able to rely on this: one end for each, and never two.
TEST(Parking, EachRequestEndsOnceWhileClientsLeaveAndOthersComplete) {
  constexpr int rounds = 400;
  House house;
  house.park_time = 40ms;
  std::atomic<int> completed = 0;
  std::atomic<bool> done = false;
  std::array<std::thread, 2> completers;
  for (std::thread& completer : completers) {
    completer = std::thread([&] {
      std::size_t next = 0;
      while (!done) {
        house.events.wait([&](const auto& seen) { return seen.parked.size() > next || done; });
        const auto seen = house.events.get();
        for (; next < seen.parked.size(); ++next) {
          if (next % 3 != 0 && house.gate.complete(seen.parked[next], text("ok"))) ++completed;
        }
      }
    });
  }
  for (int number = 0; number < rounds; ++number) {
    Client client = house.client();
    client.send(asking);
    if (number % 2 == 0) house.parked(static_cast<std::size_t>(number) + 1);
    if (number % 4 == 0) client.reset();
  }
  EXPECT_TRUE(house.events.wait([&](const auto& seen) { return seen.parked.size() == rounds; }));
  EXPECT_TRUE(house.events.wait([&](const auto& seen) {
    return completed + static_cast<int>(seen.gone.size() + seen.expired.size()) >= rounds;
  }));
  house.events.change([&](auto&) { done = true; });
  for (std::thread& completer : completers) completer.join();
  const auto seen = house.events.get();
  EXPECT_EQ(completed + static_cast<int>(seen.gone.size() + seen.expired.size()), rounds);
  std::map<ParkedId, int> ends;
  for (const ParkedId id : seen.gone) ++ends[id];
  for (const ParkedId id : seen.expired) ++ends[id];
  for (const auto& [id, count] : ends) EXPECT_EQ(count, 1);
  EXPECT_EQ(house.gate.parked(), 0U);
}

TEST(Parking, FiveHundredWaitAtOnce) {
  House house;
  std::vector<Client> clients;
  for (int number = 0; number < 500; ++number) {
    clients.push_back(house.client());
    clients.back().send(asking);
  }
  house.parked(500);
  EXPECT_EQ(house.gate.parked(), 500U);
  EXPECT_EQ(house.client().ask("GET /health HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  for (const ParkedId id : house.events.get().parked) {
    EXPECT_TRUE(house.gate.complete(id, text("confirmed")));
  }
  for (Client& client : clients) EXPECT_EQ(client.receive().body, "confirmed");
}

// ---- stopping

TEST(Parking, StoppingAnswersThoseWhoWait) {
  House house;
  std::vector<Client> clients;
  for (int number = 0; number < 50; ++number) {
    clients.push_back(house.client());
    clients.back().send(asking);
  }
  house.parked(50);
  Client idle = house.client();
  EXPECT_EQ(idle.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  std::thread stopper([&] { house.gate.stop(text("farewell", 503), 10s); });
  for (Client& client : clients) {
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_TRUE(client.is_ended());
    client.close();
  }
  EXPECT_TRUE(idle.is_ended());
  idle.close();
  stopper.join();
  EXPECT_EQ(house.events.get().gone.size(), 50U);
  EXPECT_EQ(house.gate.connections(), 0U);
  EXPECT_THROW(house.client(), std::system_error);
  for (const ParkedId id : house.events.get().parked) {
    EXPECT_FALSE(house.gate.complete(id, text("too late")));
  }
}

TEST(Parking, StoppingLetsWhatIsServedEnd) {
  House house;
  test::Awaited<int> stage;
  house.decide = [&](const Exchange&) {
    return [&](const Exchange& exchange) {
      stage.change([](int& value) { value = 1; });
      stage.wait([](int value) { return value == 2; });
      return text("served")(exchange);
    };
  };
  Client client = house.client();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(stage.wait([](int value) { return value == 1; }));
  std::thread stopper([&] { house.gate.stop(text("farewell", 503), 10s); });
  // The listener closes first: when nobody is taken any more, the stop has begun.
  const auto is_open = [&] {
    try {
      house.client();
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  };
  while (is_open()) std::this_thread::yield();
  stage.change([](int& value) { value = 2; });
  EXPECT_EQ(client.receive().body, "served");
  EXPECT_TRUE(client.is_ended());
  client.close();
  stopper.join();
}

TEST(Parking, StoppingDoesNotWaitLongerThanTheGrace) {
  GateLimits limits;
  limits.head_time = 1h;
  House house(limits);
  Client client = house.client();
  client.send("GET / HTTP/1.1\r\nHost:");
  ASSERT_EQ(house.client().ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  house.gate.stop(text("farewell", 503), 50ms);
  EXPECT_TRUE(client.is_ended());
}

TEST(Parking, AGateMayBeStoppedTwiceOrNeverStarted) {
  House house;
  house.gate.stop(text("farewell", 503), 10ms);
  house.gate.stop(text("farewell", 503), 10ms);
  Gate idle(
      {}, [](const Exchange&) -> Verdict { return text(""); },
      [](int, const Exchange&) { return Reply(); }, house.log, house.metrics);
  Listen where;
  where.host = "127.0.0.1";
  EXPECT_NE(idle.listen(where, nullptr), 0);
}

}  // namespace
}  // namespace jidgate::http
