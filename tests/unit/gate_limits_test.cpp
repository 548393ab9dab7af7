// SPDX-License-Identifier: GPL-3.0-or-later
// What the gate does to clients that take too much: time, connections, descriptors.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "gate_client.hpp"
#include "http/connection.hpp"
#include "http/workers.hpp"

namespace jidgate::http {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::House;
using test::text;

const std::string asking = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

template <class Predicate>
bool comes_true(Predicate predicate) {
  const auto end = std::chrono::steady_clock::now() + test::patience;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// ---- time

TEST(GateLimits, AHeadThatIsNotCompletedInTimeIsAnswered) {
  GateLimits limits;
  limits.head_time = 50ms;
  House house(limits);
  Client client = house.client();
  client.send("GET / HTTP/1.1\r\nHost: a");
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_TRUE(client.is_ended());
}

TEST(GateLimits, ASlowDripDoesNotExtendTheDeadline) {
  GateLimits limits;
  limits.head_time = 100ms;
  House house(limits);
  Client client = house.client();
  pollfd answer{client.descriptor(), POLLIN, 0};
  int octets = 0;
  // Each octet comes well within the deadline, and would go on for twenty times as long.
  for (; octets < 400; ++octets) {
    client.send("G");
    if (::poll(&answer, 1, 5) == 1) break;
  }
  EXPECT_LT(octets, 400);
  EXPECT_EQ(client.receive().status, octets < 64 ? 408 : 501);
}

TEST(GateLimits, TheDeadlineOfAHeadBeginsWithItsFirstOctet) {
  GateLimits limits;
  limits.head_time = 50ms;
  limits.idle = 1h;
  House house(limits);
  Client first = house.client();
  Client other = house.client();
  other.send("G");
  EXPECT_EQ(other.receive().status, 408);  // so more than head_time has gone by for the first, too
  EXPECT_EQ(first.ask(asking).status, 200);
}

TEST(GateLimits, AnIdleConnectionEndsQuietly) {
  GateLimits limits;
  limits.idle = 30ms;
  House house(limits);
  EXPECT_TRUE(house.client().is_ended());
  Client used = house.client();
  EXPECT_EQ(used.ask(asking).status, 200);
  EXPECT_TRUE(used.is_ended());
}

TEST(GateLimits, ABodyThatDoesNotComeInTimeIsAnswered) {
  GateLimits limits;
  limits.body_time = 50ms;
  House house(limits);
  Client client = house.client();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello");
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_TRUE(client.is_ended());
}

TEST(GateLimits, AnAnswerThatNobodyTakesIsGivenUp) {
  GateLimits limits;
  limits.write_time = 50ms;
  House house(limits);
  const std::string large(40'000'000, 'x');
  house.decide = [&](const Exchange&) { return text(large); };
  Client client = house.client();
  client.send(asking);
  EXPECT_TRUE(comes_true([&] { return !house.events.get().targets.empty(); }));
  EXPECT_TRUE(comes_true([&] { return house.gate.connections() == 0; }));
  EXPECT_LT(client.receive_all().size(), large.size());
}

TEST(GateLimits, LingeringEndsThoughTheClientGoesOnSending) {
  House house;
  Client client = house.client();
  client.send("nonsense\r\n");
  EXPECT_EQ(client.receive().status, 400);
  const std::string more(65536, 'x');
  EXPECT_TRUE(comes_true([&] { return !client.send(more); }));
}

TEST(GateLimits, ManyIdleAndDrippingClientsHoldNobodyUp) {
  House house;
  std::vector<Client> clients;
  for (int number = 0; number < 200; ++number) {
    clients.push_back(house.client());
    if (number % 2 == 0) clients.back().send("GET / HT");
  }
  EXPECT_EQ(house.client().ask(asking).status, 200);
  for (Client& client : clients) {
    client.send("T");
  }
  EXPECT_EQ(house.client().ask(asking).status, 200);
}

// ---- connections

TEST(GateLimits, MoreConnectionsThanAllowedAreClosed) {
  GateLimits limits;
  limits.connections = 3;
  House house(limits);
  std::vector<Client> clients;
  for (int number = 0; number < 3; ++number) {
    clients.push_back(house.client());
    EXPECT_EQ(clients.back().ask(asking).status, 200);
  }
  EXPECT_TRUE(house.client().is_ended());
  clients.pop_back();
  EXPECT_TRUE(comes_true([&] { return house.gate.connections() == 2; }));
  EXPECT_EQ(house.client().ask(asking).status, 200);
}

TEST(GateLimits, OneAddressMayHaveSoManyConnections) {
  GateLimits limits;
  limits.connections_per_address = 2;
  House house(limits);
  Client first = house.client();
  EXPECT_EQ(first.ask(asking).status, 200);
  {
    Client second = house.client();
    EXPECT_EQ(second.ask(asking).status, 200);
    EXPECT_TRUE(house.client().is_ended());
    EXPECT_TRUE(house.client().is_ended());
  }
  EXPECT_TRUE(comes_true([&] { return house.gate.connections() == 1; }));
  EXPECT_EQ(house.client().ask(asking).status, 200);
}

TEST(GateLimits, SomeNetworksAreNotCounted) {
  GateLimits limits;
  limits.connections_per_address = 1;
  limits.uncounted = {*Network::parse("127.0.0.0/8")};
  House house(limits);
  Client first = house.client();
  EXPECT_EQ(first.ask(asking).status, 200);
  EXPECT_EQ(house.client().ask(asking).status, 200);
}

// ---- descriptors

class DescriptorLimit {
 public:
  DescriptorLimit() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  ~DescriptorLimit() { restore(); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  // No more than `count` can be opened from now on.
  static void leave(int count) {
    int last = -1;
    std::vector<int> opened;
    for (int number = 0; number < count; ++number) {
      last = ::dup(STDIN_FILENO);
      opened.push_back(last);
    }
    for (const int descriptor : opened) ::close(descriptor);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = static_cast<rlim_t>(last) + 1;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  void restore() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(GateLimits, WithoutDescriptorsItWaitsAndServesOn) {
  House house;
  Client open = house.client();
  EXPECT_EQ(open.ask(asking).status, 200);
  DescriptorLimit limit;
  DescriptorLimit::leave(1);
  Client waiting = house.client();  // takes the last one; the gate has none to accept it with
  waiting.send(asking);
  EXPECT_EQ(house.log.wait("http.accept_paused").level, LogLevel::warning);
  for (int number = 0; number < 100; ++number) EXPECT_EQ(open.ask(asking).status, 200);
  limit.restore();
  EXPECT_EQ(waiting.receive().status, 200);
  EXPECT_EQ(house.log.entries("http.accept_paused").size(), 1U);
}

// ---- the parts

TEST(Socket, WritingToAClientThatLeftRaisesNoSignal) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ::close(ends[1]);
  const auto before = std::signal(SIGPIPE, SIG_DFL);
  Socket socket(ends[0], nullptr);
  EXPECT_EQ(socket.write("hello").io, Io::failed);
  socket.end_writing();
  std::signal(SIGPIPE, before);
}

class ConnectionsOfNobody {
 public:
  Connection& add() {
    connections_.push_back(
        std::make_unique<Connection>(connections_.size(), -1, nullptr, Address(), counters_));
    return *connections_.back();
  }
  Owned make(const char* address) {
    return std::make_unique<Connection>(0, -1, nullptr, *Address::parse(address), counters_);
  }

 private:
  Counters counters_;
  std::vector<Owned> connections_;
};

TEST(Deadlines, TheFirstIsAlwaysTheEarliest) {
  ConnectionsOfNobody connections;
  std::vector<Connection*> all;
  for (int number = 0; number < 200; ++number) all.push_back(&connections.add());
  Deadlines deadlines;
  std::set<std::pair<Deadline, Connection*>> model;
  std::mt19937 random(20201215);
  for (int step = 0; step < 20'000; ++step) {
    Connection& connection = *all[random() % all.size()];
    model.erase({connection.deadline, &connection});
    if (random() % 3 == 0) {
      deadlines.remove(connection);
    } else {
      const Deadline deadline{std::chrono::nanoseconds(random() % 1000)};
      deadlines.set(connection, deadline);
      model.emplace(deadline, &connection);
    }
    ASSERT_EQ(deadlines.empty(), model.empty());
    if (!model.empty()) {
      ASSERT_EQ(deadlines.first().deadline, model.begin()->first);
    }
  }
  while (!model.empty()) {
    Connection& first = deadlines.first();
    ASSERT_EQ(first.deadline, model.begin()->first);
    ASSERT_EQ(model.erase({first.deadline, &first}), 1U);
    deadlines.remove(first);
  }
  EXPECT_TRUE(deadlines.empty());
}

TEST(FairQueue, AddressesTakeTurns) {
  ConnectionsOfNobody connections;
  FairQueue queue;
  EXPECT_TRUE(queue.empty());
  for (const char* address :
       {"10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", "10.0.0.2"}) {
    queue.push(connections.make(address));
  }
  std::string order;
  while (!queue.empty()) order += queue.pop()->peer.to_string() + " ";
  // The two IPv6 addresses are of one /64, and so of one client.
  EXPECT_EQ(order, "10.0.0.1 10.0.0.2 2001:db8::1 10.0.0.1 10.0.0.2 2001:db8::2 10.0.0.1 ");
}

}  // namespace
}  // namespace jidgate::http
