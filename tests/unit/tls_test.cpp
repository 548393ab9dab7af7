// SPDX-License-Identifier: GPL-3.0-or-later
// The TLS context by itself, and the gate behind it.
#include "http/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gate_client.hpp"
#include "tls_files.hpp"

namespace jidgate::http {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::House;
using test::text;
using test::TlsFiles;

using ClientContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

ClientContext client_context() {
  return {SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
}

std::shared_ptr<TlsContext> open(const TlsFiles& files) {
  auto made = TlsContext::create(files.certificate(), files.key());
  if (const auto* error = std::get_if<std::string>(&made)) throw std::runtime_error(*error);
  return std::get<std::shared_ptr<TlsContext>>(made);
}

std::string error_of(const TlsFiles& files) {
  const auto made = TlsContext::create(files.certificate(), files.key());
  const auto* error = std::get_if<std::string>(&made);
  return error == nullptr ? "" : *error;
}

// Whom the client sees.
std::string name_of(Client& client) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(client.tls()), X509_free);
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof name);
  return name;
}

const std::string asking = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

// ---- the context

TEST(Tls, SaysWhatIsWrongWithItsFiles) {
  TlsFiles files;
  EXPECT_NE(error_of(files).find("certificate " + files.certificate()), std::string::npos);
  files.renew("a.test");
  EXPECT_EQ(error_of(files), "");
  files.write_key(test::new_key());
  EXPECT_NE(error_of(files).find("key " + files.key()), std::string::npos) << error_of(files);
  files.write_key("nonsense");
  EXPECT_NE(error_of(files).find("key " + files.key()), std::string::npos);
  files.write_certificate("nonsense");
  EXPECT_NE(error_of(files).find("certificate " + files.certificate()), std::string::npos);
}

TEST(Tls, NeverAsksForAPassphrase) {
  TlsFiles files;
  files.renew("a.test");
  files.write_key(test::new_key("swordfish"));
  EXPECT_NE(error_of(files).find("key " + files.key()), std::string::npos);
}

TEST(Tls, KnowsWhenTheCertificateEnds) {
  TlsFiles files;
  files.renew("a.test", 30);
  const auto left = open(files)->not_after() - std::chrono::system_clock::now();
  EXPECT_GT(left, 29 * 24h);
  EXPECT_LT(left, 31 * 24h);
}

TEST(Tls, KeepsTheOldCertificateWhenTheNewOneIsBroken) {
  TlsFiles files;
  files.renew("a.test", 30);
  const auto context = open(files);
  const auto end = context->not_after();
  bool changed = true;
  EXPECT_EQ(context->reload_if_changed(&changed), std::nullopt);
  EXPECT_FALSE(changed);
  files.write_certificate("nonsense");
  EXPECT_NE(context->reload_if_changed(&changed), std::nullopt);
  EXPECT_FALSE(changed);
  EXPECT_EQ(context->not_after(), end);
  EXPECT_EQ(context->reload_if_changed(&changed), std::nullopt) << "it has been said once";
  EXPECT_NE(context->reload(), std::nullopt) << "asked expressly it says so again";
  files.renew("a.test", 60);
  EXPECT_EQ(context->reload_if_changed(&changed), std::nullopt);
  EXPECT_TRUE(changed);
  EXPECT_GT(context->not_after(), end);
}

TEST(Tls, ReloadsWhileConnectionsAreMade) {
  TlsFiles files;
  files.renew("a.test");
  const auto context = open(files);
  std::thread maker([&] {
    for (int number = 0; number < 200; ++number) SSL_free(context->new_server(-1));
  });
  for (int number = 0; number < 20; ++number) EXPECT_EQ(context->reload(), std::nullopt);
  maker.join();
}

// A read that went on until it found content would last as long as somebody sends records without:
// one client could keep the reactor from all others.
TEST(Tls, AReadEndsBehindARecordWithoutContent) {
  TlsFiles files;
  files.renew("a.test");
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const ClientContext context = client_context();
  using Side = std::unique_ptr<SSL, decltype(&SSL_free)>;
  const Side server(open(files)->new_server(ends[0]), SSL_free),
      client(SSL_new(context.get()), SSL_free);
  ASSERT_EQ(SSL_set_fd(client.get(), ends[1]), 1);
  SSL_set_connect_state(client.get());
  for (int flights = 0; flights < 3; ++flights) {
    SSL_do_handshake(client.get());
    SSL_do_handshake(server.get());
  }
  ASSERT_TRUE(SSL_is_init_finished(client.get()) && SSL_is_init_finished(server.get()));
  ASSERT_EQ(SSL_key_update(client.get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
  ASSERT_EQ(SSL_do_handshake(client.get()), 1);
  ASSERT_EQ(SSL_write(client.get(), "content", 7), 7);

  char part[16];
  const int nothing = SSL_read(server.get(), part, sizeof part);
  EXPECT_EQ(SSL_get_error(server.get(), nothing), SSL_ERROR_WANT_READ);
  EXPECT_EQ(SSL_read(server.get(), part, sizeof part), 7);
  for (const int end : ends) ::close(end);
}

// ---- the gate

TEST(TlsGate, ServesRequests) {
  TlsFiles files;
  files.renew("a.test");
  House house({}, open(files));
  house.decide = [](const Exchange& exchange) -> Verdict {
    EXPECT_TRUE(exchange.tls);
    return WithBody{
        [](const Exchange& again) { return text(again.head.target + again.body)(again); }};
  };
  const ClientContext context = client_context();
  Client client(house.port, context.get());
  EXPECT_EQ(client.ask(asking).body, "/");
  // More than one request inside one TLS record: nothing else will wake the reactor for the second.
  std::string pipelined;
  for (int number = 0; number < 10; ++number) {
    pipelined += "POST /" + std::to_string(number) +
                 " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  }
  client.send(pipelined);
  for (int number = 0; number < 10; ++number) {
    EXPECT_EQ(client.receive().body, "/" + std::to_string(number) + "hello");
  }
  client.drip("POST /d HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client.receive().body, "/dhello");
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status, 200);
  EXPECT_TRUE(client.is_ended());
}

TEST(TlsGate, SendsLargeAnswersToSlowReaders) {
  TlsFiles files;
  files.renew("a.test");
  GateLimits limits;
  limits.workers = 1;
  House house(limits, open(files));
  const std::string content(20'000'000, 'x');
  house.decide = [&](const Exchange& exchange) {
    return text(exchange.head.target == "/large" ? content : "small");
  };
  const ClientContext context = client_context();
  Client slow(house.port, context.get());
  slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  Client other(house.port, context.get());
  EXPECT_EQ(other.ask(asking).body, "small");
  EXPECT_EQ(slow.receive().body, content);
  EXPECT_EQ(slow.ask(asking).body, "small");
}

TEST(TlsGate, NoticesThatAParkedClientLeft) {
  TlsFiles files;
  files.renew("a.test");
  House house({}, open(files));
  const ClientContext context = client_context();
  for (std::size_t number = 1; number <= 20; ++number) {
    Client client(house.port, context.get());
    client.send("GET /park HTTP/1.1\r\nHost: a\r\n\r\n");
    const ParkedId id = house.parked(number);
    if (number % 2 == 0) SSL_shutdown(client.tls());
    client.close();
    EXPECT_TRUE(house.events.wait([&](const auto& seen) { return seen.gone.size() == number; }));
    EXPECT_FALSE(house.gate.complete(id, text("too late")));
  }
}

TEST(TlsGate, CompletesAParkedRequest) {
  TlsFiles files;
  files.renew("a.test");
  House house({}, open(files));
  const ClientContext context = client_context();
  Client client(house.port, context.get());
  client.send("GET /park HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(house.gate.complete(house.parked(), text("confirmed")));
  EXPECT_EQ(client.receive().body, "confirmed");
}

TEST(TlsGate, GivesNewConnectionsTheNewCertificate) {
  TlsFiles files;
  files.renew("old.test");
  const auto tls = open(files);
  House house({}, tls);
  const ClientContext context = client_context();
  Client before(house.port, context.get());
  EXPECT_EQ(name_of(before), "old.test");
  files.renew("new.test");
  EXPECT_EQ(tls->reload_if_changed(), std::nullopt);
  Client after(house.port, context.get());
  EXPECT_EQ(name_of(after), "new.test");
  EXPECT_EQ(before.ask(asking).status, 200);
  EXPECT_EQ(after.ask(asking).status, 200);
}

TEST(TlsGate, RefusesOldProtocols) {
  TlsFiles files;
  files.renew("a.test");
  House house({}, open(files));
  const ClientContext old = client_context();
  SSL_CTX_set_security_level(old.get(), 0);
  SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
  EXPECT_THROW(Client(house.port, old.get()), std::runtime_error);
  const ClientContext allowed = client_context();
  SSL_CTX_set_max_proto_version(allowed.get(), TLS1_2_VERSION);
  EXPECT_EQ(Client(house.port, allowed.get()).ask(asking).status, 200);
}

TEST(TlsGate, SpeaksHttp11WhenTheClientMayChoose) {
  TlsFiles files;
  files.renew("a.test");
  House house({}, open(files));
  const ClientContext context = client_context();
  static constexpr unsigned char offer[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), offer, sizeof offer - 1);
  Client client(house.port, context.get());
  const unsigned char* chosen = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(client.tls(), &chosen, &length);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), length), "http/1.1");
}

TEST(TlsGate, AnUnfinishedHandshakeHoldsNobodyUpAndEnds) {
  TlsFiles files;
  files.renew("a.test");
  GateLimits limits;
  limits.workers = 1;
  limits.handshake = 300ms;
  House house(limits, open(files));
  std::vector<Client> silent;
  for (int number = 0; number < 50; ++number) {
    silent.emplace_back(house.port);
    silent.back().send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  }
  const ClientContext context = client_context();
  EXPECT_EQ(Client(house.port, context.get()).ask(asking).status, 200);
  for (Client& client : silent) EXPECT_TRUE(client.is_ended());
}

TEST(TlsGate, DropsWhoDoesNotSpeakTls) {
  TlsFiles files;
  files.renew("a.test");
  House house({}, open(files));
  Client client(house.port);
  client.send(asking);
  const std::string alert = client.receive_all();
  EXPECT_EQ(alert.find("HTTP"), std::string::npos);
  EXPECT_TRUE(house.events.get().targets.empty());
}

TEST(TlsGate, HandshakesOfManyClientsAllEnd) {
  TlsFiles files;
  files.renew("a.test");
  GateLimits limits;
  limits.workers = 3;
  House house(limits, open(files));
  std::vector<std::thread> clients;
  for (int number = 0; number < 8; ++number) {
    clients.emplace_back([&] {
      const ClientContext context = client_context();
      for (int time = 0; time < 15; ++time) {
        EXPECT_EQ(Client(house.port, context.get()).ask(asking).status, 200);
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace jidgate::http
