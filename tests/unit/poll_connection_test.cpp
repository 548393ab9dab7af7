// SPDX-License-Identifier: GPL-3.0-or-later
// The transport: nothing blocks it, TLS is verified, and whatever goes wrong is one event.
#include "component/poll_connection.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/dialogue.hpp"
#include "tests/support/test_authority.hpp"

namespace jidgate::component {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Events final : public gloox::ConnectionDataHandler {
 public:
  void handleReceivedData(const gloox::ConnectionBase*, const std::string& data) override {
    received += data;
  }
  void handleConnect(const gloox::ConnectionBase*) override { ++connects; }
  void handleDisconnect(const gloox::ConnectionBase*, gloox::ConnectionError) override {
    ++disconnects;
  }
  std::string received;
  int connects = 0, disconnects = 0;
};

// A listener that can be talked to from the same thread: both ends are in one kernel.
class Listener {
 public:
  explicit Listener(int backlog = 8)
      : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(descriptor_, raw, size), 0);
    EXPECT_EQ(::listen(descriptor_, backlog), 0);
    EXPECT_EQ(::getsockname(descriptor_, raw, &size), 0);
    port = ntohs(address.sin_port);
  }
  ~Listener() { ::close(descriptor_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int accept() { return ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC); }
  std::uint16_t port = 0;

 private:
  int descriptor_;
};

class PollConnectionTest : public testing::Test {
 protected:
  PollConnection& open(LinkTarget target) {
    connection_ = std::make_unique<PollConnection>(&events, std::move(target), wake);
    connection_->connect();
    return *connection_;
  }
  template <class Done>
  void turn_until(Done done) {
    while (!done()) connection_->recv(1000000);
  }

  Events events;
  std::shared_ptr<Wake> wake = std::make_shared<Wake>();

 private:
  std::unique_ptr<PollConnection> connection_;
};

TEST_F(PollConnectionTest, ConnectsAndCarriesOctetsBothWays) {
  Listener listener;
  auto& connection = open({.host = "127.0.0.1", .port = listener.port});
  EXPECT_EQ(connection.state(), gloox::StateConnecting);
  turn_until([&] { return events.connects == 1; });
  EXPECT_EQ(connection.state(), gloox::StateConnected);
  EXPECT_EQ(connection.peer(), "127.0.0.1");
  EXPECT_TRUE(connection.peer_is_loopback());
  const int peer = listener.accept();
  EXPECT_EQ(::send(peer, "there", 5, 0), 5);
  turn_until([&] { return events.received == "there"; });
  EXPECT_TRUE(connection.send("and "));
  EXPECT_TRUE(connection.send("back"));
  connection.recv(0);
  char buffer[16] = "";
  EXPECT_EQ(::recv(peer, buffer, sizeof buffer, 0), 8);
  EXPECT_STREQ(buffer, "and back");
  long in = 0, out = 0;
  connection.getStatistics(in, out);
  EXPECT_EQ(in, 5);
  EXPECT_EQ(out, 8);
  ::close(peer);
  turn_until([&] { return events.disconnects == 1; });
  EXPECT_EQ(connection.failure(), "closed by the server");
  EXPECT_EQ(connection.state(), gloox::StateDisconnected);
  EXPECT_FALSE(connection.send("late"));
  EXPECT_EQ(connection.recv(0), gloox::ConnNotConnected);
}

TEST_F(PollConnectionTest, ARefusedConnectionIsOneDisconnect) {
  std::uint16_t port = 0;
  {
    Listener listener;
    port = listener.port;
  }
  auto& connection = open({.host = "127.0.0.1", .port = port});
  turn_until([&] { return events.disconnects > 0; });
  EXPECT_EQ(connection.failure(), "Connection refused");
  EXPECT_EQ(events.connects, 0);
  connection.recv(0);
  EXPECT_EQ(events.disconnects, 1);
}

TEST_F(PollConnectionTest, AHostNameIsLookedUpBesideIt) {
  Listener listener;
  auto& connection = open({.host = "localhost", .port = listener.port});
  turn_until([&] { return events.connects + events.disconnects > 0; });
  // "localhost" may be ::1 first, where nobody listens: the next address is tried.
  EXPECT_EQ(events.connects, 1) << connection.failure();
  EXPECT_TRUE(connection.peer_is_loopback());
}

TEST_F(PollConnectionTest, AHostNameThatDoesNotExistIsAFailure) {
  auto& connection = open({.host = "no-such-host.invalid", .port = 1});
  turn_until([&] { return events.disconnects == 1; });
  EXPECT_FALSE(connection.failure().empty());
}

// A listener whose queue is full answers nothing, like a host behind a dropping firewall.
class SilentHostTest : public PollConnectionTest {
 protected:
  SilentHostTest() {
    for (int i = 0; i < 4; ++i) {
      filling_.push_back(std::make_unique<PollConnection>(
          &other_, LinkTarget{.host = "127.0.0.1", .port = listener.port}, wake));
      filling_.back()->connect();
      filling_.back()->recv(0);
    }
  }
  Listener listener{0};

 private:
  Events other_;
  std::vector<std::unique_ptr<PollConnection>> filling_;
};

TEST_F(SilentHostTest, ConnectingEndsWhenItIsWoken) {
  auto& connection = open({.host = "127.0.0.1", .port = listener.port, .per_address = 24h});
  for (int i = 0; i < 2; ++i) {
    wake->signal();
    connection.recv(-1);
    EXPECT_EQ(events.connects + events.disconnects, 0);
    EXPECT_EQ(connection.state(), gloox::StateConnecting);
  }
}

TEST_F(SilentHostTest, ConnectingIsGivenUp) {
  auto& connection = open({.host = "127.0.0.1", .port = listener.port, .per_address = 100ms});
  turn_until([&] { return events.disconnects == 1; });
  EXPECT_EQ(connection.failure(), "Connection timed out");
}

TEST_F(PollConnectionTest, WakeEndsAWait) {
  Listener listener;
  auto& connection = open({.host = "127.0.0.1", .port = listener.port});
  turn_until([&] { return events.connects == 1; });
  std::jthread waker([&] { wake->signal(); });
  connection.recv(-1);
  EXPECT_EQ(connection.state(), gloox::StateConnected);
}

TEST_F(PollConnectionTest, AServerThatDoesNotReadIsNoReasonForEndlessMemory) {
  Listener listener;
  auto& connection = open({.host = "127.0.0.1", .port = listener.port, .backlog = 1 << 20});
  turn_until([&] { return events.connects == 1; });
  const std::string block(65536, 'x');
  std::size_t sent = 0;
  while (connection.send(block)) {
    sent += block.size();
    connection.recv(0);
    ASSERT_LT(sent, std::size_t{64} << 20);
  }
  EXPECT_GE(sent, std::size_t{1} << 20);
  // When it reads again, everything arrives and there is room.
  const int peer = listener.accept();
  std::size_t arrived = 0;
  std::string buffer(1 << 20, '\0');
  while (arrived < sent) {
    connection.recv(0);
    const ssize_t size = ::recv(peer, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size > 0) arrived += static_cast<std::size_t>(size);
  }
  EXPECT_TRUE(connection.send(block));
  ::close(peer);
}

TEST_F(PollConnectionTest, DescriptorsBeyondFdSetsizeAreFine) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_GT(limit.rlim_cur, 1100U);
  std::vector<int> filling;
  do {
    filling.push_back(::dup(STDERR_FILENO));
    ASSERT_GE(filling.back(), 0);
  } while (filling.back() < 1050);
  Listener listener;
  auto& connection = open({.host = "127.0.0.1", .port = listener.port});
  turn_until([&] { return events.connects == 1; });
  const int peer = listener.accept();
  EXPECT_GT(peer, 1024);
  EXPECT_EQ(::send(peer, "x", 1, 0), 1);
  turn_until([&] { return events.received == "x"; });
  EXPECT_EQ(connection.state(), gloox::StateConnected);
  ::close(peer);
  for (const int descriptor : filling) ::close(descriptor);
}

class LinkTlsTest : public test::Dialogue {
 protected:
  LinkTlsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "jidgate-ca-XXXXXX").string();
    const int descriptor = ::mkstemp(name.data());
    ::close(descriptor);
    ca_file_ = name;
    std::ofstream(ca_file_) << authority.certificate();
    settings.xmpp.tls = true;
    settings.xmpp.tls_ca = ca_file_;
    settings.xmpp.tls_name = "verona.test";
  }
  ~LinkTlsTest() override { std::filesystem::remove(ca_file_); }

  void server_has(const test::TlsIdentity& identity) {
    server.use_tls(identity.certificate, identity.key);
  }
  // The handshake fails, and this is why.
  std::string refusal() {
    stream().start();
    server.accepts_connection();
    EXPECT_FALSE(server.completes_tls());
    return log.wait("link.failed").fields.at("reason");
  }

  test::TestAuthority authority;

 private:
  std::filesystem::path ca_file_;
};

TEST_F(LinkTlsTest, ATrustedCertificateOfTheRightNameIsAccepted) {
  server_has(authority.issue("DNS:verona.test"));
  connects();
  server.receives_nothing();
  server.sends_in_slices("<iq type='get' id='1' from='a@verona.test' to='gate.verona.test'/>");
  EXPECT_EQ(test::attribute(server.receives(), "id"), "1");
}

TEST_F(LinkTlsTest, WithoutANameTheServersAddressCounts) {
  settings.xmpp.tls_name.clear();
  server_has(authority.issue("IP:127.0.0.1"));
  connects();
}

TEST_F(LinkTlsTest, ALargeStanzaGoesThroughManyRecords) {
  server_has(authority.issue("DNS:verona.test"));
  connects();
  const std::string id(60000, 'x');
  server.sends("<iq type='get' id='" + id + "' from='a@verona.test' to='gate.verona.test'/>");
  EXPECT_EQ(test::attribute(server.receives(), "id"), id);
}

TEST_F(LinkTlsTest, AnotherNameIsRefused) {
  server_has(authority.issue("DNS:mantua.test"));
  EXPECT_EQ(refusal(), "TLS: hostname mismatch");
}

TEST_F(LinkTlsTest, APartOfTheNameIsNotTheName) {
  server_has(authority.issue("DNS:*.test"));
  settings.xmpp.tls_name = "gate.verona.test";
  EXPECT_EQ(refusal(), "TLS: hostname mismatch");
}

TEST_F(LinkTlsTest, AnotherAddressIsRefused) {
  settings.xmpp.tls_name.clear();
  server_has(authority.issue("IP:127.0.0.2,DNS:127.0.0.1"));
  EXPECT_EQ(refusal(), "TLS: IP address mismatch");
}

TEST_F(LinkTlsTest, AnUnknownAuthorityIsRefused) {
  const test::TestAuthority other;
  server_has(other.issue("DNS:verona.test"));
  EXPECT_THAT(refusal(), HasSubstr("certificate"));
}

TEST_F(LinkTlsTest, TheSystemsAuthoritiesDoNotKnowOurs) {
  settings.xmpp.tls_ca.clear();
  server_has(authority.issue("DNS:verona.test"));
  EXPECT_EQ(refusal(), "TLS: unable to get local issuer certificate");
}

TEST_F(LinkTlsTest, AMissingAuthorityFileIsNamed) {
  settings.xmpp.tls_ca = "/nonexistent/ca.pem";
  stream().start();
  server.accepts_connection();
  EXPECT_THAT(log.wait("link.failed").fields.at("reason"), HasSubstr("tls-ca"));
}

TEST_F(LinkTlsTest, AServerThatSpeaksNoTlsIsRefused) {
  stream().start();
  server.accepts_connection();
  server.sends("<?xml version='1.0'?><stream:stream>");
  EXPECT_THAT(log.wait("link.failed").fields.at("reason"), HasSubstr("TLS: "));
}

TEST_F(LinkTlsTest, StopEndsStreamAndTlsInOrder) {
  server_has(authority.issue("DNS:verona.test"));
  connects();
  std::jthread stopping([&] { stream().stop(); });
  server.receives_end();
  server.sends("</stream:stream>");
  server.sees_close();
}

}  // namespace
}  // namespace jidgate::component
