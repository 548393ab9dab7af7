// SPDX-License-Identifier: GPL-3.0-or-later
// The XMPP server in a dialogue test: a loopback socket that does what the test says, line by line.
#include "tests/support/scripted_server.hpp"

#include <arpa/inet.h>
#include <expat.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <stdexcept>

#include "core/jid.hpp"
#include "tests/support/xml_match.hpp"
#include "tests/support/xml_position.hpp"

namespace jidgate::test {
namespace {

constexpr int deadline_ms = 20000;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("server: " + what);
}

void wait_readable(int descriptor, std::string_view what) {
  pollfd waiting{descriptor, POLLIN, 0};
  if (::poll(&waiting, 1, deadline_ms) <= 0) fail("waited in vain for " + std::string(what));
}

}  // namespace

// What the component has sent, cut into stanzas by expat.
struct ScriptedServer::Incoming {
  Incoming() : parser(XML_ParserCreate("UTF-8"), &XML_ParserFree) {
    // Otherwise the end of a large token waits for octets that never come.
    XML_SetReparseDeferralEnabled(parser.get(), XML_FALSE);
    XML_SetUserData(parser.get(), this);
    XML_SetElementHandler(
        parser.get(),
        [](void* data, const XML_Char*, const XML_Char** attributes) {
          auto* self = static_cast<Incoming*>(data);
          if (self->depth++ == 0) {
            for (; *attributes; attributes += 2) {
              if (std::string_view(attributes[0]) == "to") self->header_to = attributes[1];
            }
            self->header = true;
          } else if (self->depth == 2) {
            self->begin = xml_event_begin(self->parser.get());
          }
        },
        [](void* data, const XML_Char*) {
          auto* self = static_cast<Incoming*>(data);
          if (--self->depth == 0) self->ended = true;
          if (self->depth != 1) return;
          const auto end = xml_event_end(self->parser.get());
          self->stanzas.push_back(self->octets.substr(static_cast<std::size_t>(self->begin),
                                                      static_cast<std::size_t>(end - self->begin)));
        });
  }

  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser;
  std::string octets, header_to;
  std::deque<std::string> stanzas;
  int depth = 0;
  std::int64_t begin = 0;
  bool header = false, ended = false, closed = false;
};

ScriptedServer::ScriptedServer(std::string domain)
    : domain_(std::move(domain)), context_(nullptr, &SSL_CTX_free), tls_(nullptr, &SSL_free) {
  listens_again();
}

ScriptedServer::~ScriptedServer() {
  forget_connection();
  stops_listening();
}

void ScriptedServer::use_tls(const std::string& certificate, const std::string& key) {
  std::signal(SIGPIPE, SIG_IGN);  // SSL_write() raises it when the component has closed
  context_.reset(SSL_CTX_new(TLS_server_method()));
  BIO* certificate_bio = BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()));
  BIO* key_bio = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
  X509* leaf = PEM_read_bio_X509(certificate_bio, nullptr, nullptr, nullptr);
  EVP_PKEY* leaf_key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
  const bool good = SSL_CTX_use_certificate(context_.get(), leaf) == 1 &&
                    SSL_CTX_use_PrivateKey(context_.get(), leaf_key) == 1;
  X509_free(leaf);
  EVP_PKEY_free(leaf_key);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  if (!good) fail("cannot use its certificate");
}

XmppSettings ScriptedServer::settings() const {
  XmppSettings settings;
  settings.domain = domain_;
  settings.server_port = port_;
  settings.hosts = {"verona.test"};
  return settings;
}

void ScriptedServer::listens_again() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(listener_, raw, size) != 0 || ::listen(listener_, 8) != 0 ||
      ::getsockname(listener_, raw, &size) != 0) {
    fail("cannot listen");
  }
  port_ = ntohs(address.sin_port);
}

void ScriptedServer::stops_listening() {
  if (listener_ >= 0) ::close(listener_);
  listener_ = -1;
}

void ScriptedServer::accepts_connection() {
  forget_connection();
  wait_readable(listener_, "a connection");
  connection_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (connection_ < 0) fail("cannot accept");
  const int on = 1;
  ::setsockopt(connection_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A write blocks for ever only if the component never reads again.
  const timeval longest{deadline_ms / 1000, 0};
  ::setsockopt(connection_, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
  ::setsockopt(connection_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
  in_ = std::make_unique<Incoming>();
}

bool ScriptedServer::completes_tls() {
  tls_.reset(SSL_new(context_.get()));
  SSL_set_fd(tls_.get(), connection_);
  if (SSL_accept(tls_.get()) != 1) return false;
  // TLS 1.3 is done here before the client has judged our certificate: its first octet tells.
  char octet = 0;
  return SSL_peek(tls_.get(), &octet, 1) == 1;
}

void ScriptedServer::accepts() {
  accepts_connection();
  if (context_ && !completes_tls()) fail("the component refused the certificate");
  receives_header();
  sends_header();
  receives_handshake();
  accepts_handshake();
}

void ScriptedServer::receives_header() {
  read_until([this] { return in_->header; }, "the stream header");
  if (in_->header_to != domain_) fail("the header is for " + in_->header_to);
}

void ScriptedServer::sends_header(std::string_view attributes) {
  sends(
      "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
      "xmlns='jabber:component:accept' from='" +
      domain_ + "' " + std::string(attributes) + ">");
}

void ScriptedServer::receives_handshake() {
  read_until([this] { return !in_->stanzas.empty(); }, "the handshake");
  const std::string got = std::move(in_->stanzas.front());
  in_->stanzas.pop_front();
  // XEP-0114 section 3: SHA1(concat(sid, password)) in lower case, of 3BF96D32 and `secret`.
  const auto result =
      matches(got, "<handshake>1e1cf4f9422ba6efcb030e6e0ea426628de2afb4</handshake>");
  if (!result) fail(result.message());
}

void ScriptedServer::sends(std::string_view xml) {
  write_all(xml);
}

void ScriptedServer::sends_in_slices(std::string_view xml) {
  for (std::size_t i = 0; i < xml.size(); ++i) write_all(xml.substr(i, 1));
}

std::string ScriptedServer::receives() {
  read_until([this] { return !in_->stanzas.empty(); }, "a stanza");
  std::string stanza = std::move(in_->stanzas.front());
  in_->stanzas.pop_front();
  const auto from = Jid::parse(attribute(stanza, "from"));
  if (attribute(stanza, "to").empty()) fail("no `to` in " + stanza);
  if (!from || from->domain() != domain_) fail("no `from` of ours in " + stanza);
  return stanza;
}

void ScriptedServer::receives_nothing() {
  const std::string id = "nothing-else-" + std::to_string(++asked_);
  sends("<iq type='get' id='" + id + "' from='verona.test' to='" + domain_ +
        "'><query xmlns='urn:example:no-such-thing'/></iq>");
  const std::string next = receives();
  if (attribute(next, "id") != id) fail("wanted nothing, and got " + next);
}

void ScriptedServer::receives_end() {
  read_until([this] { return in_->ended; }, "the end of the stream");
}

void ScriptedServer::sees_close() {
  while (!in_->closed) read_more();
}

void ScriptedServer::cuts() {
  forget_connection();
}

void ScriptedServer::forget_connection() {
  tls_.reset();
  if (connection_ >= 0) ::close(connection_);
  connection_ = -1;
}

template <class Done>
void ScriptedServer::read_until(Done done, std::string_view what) {
  while (!done()) {
    if (in_->closed) fail("the component closed instead of sending " + std::string(what));
    if (!tls_ || SSL_pending(tls_.get()) == 0) wait_readable(connection_, what);
    read_more();
  }
}

void ScriptedServer::read_more() {
  char buffer[4096];
  const std::size_t size = read_some(buffer, sizeof buffer);
  if (size == 0) {
    in_->closed = true;
    return;
  }
  in_->octets.append(buffer, size);
  if (XML_Parse(in_->parser.get(), buffer, static_cast<int>(size), 0) != XML_STATUS_OK) {
    fail("the component does not send XML: " + in_->octets);
  }
}

std::size_t ScriptedServer::read_some(char* buffer, std::size_t size) {
  const auto got = tls_ ? SSL_read(tls_.get(), buffer, static_cast<int>(size))
                        : ::recv(connection_, buffer, size, 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

void ScriptedServer::write_all(std::string_view octets) {
  while (!octets.empty()) {
    const auto sent = tls_ ? SSL_write(tls_.get(), octets.data(), static_cast<int>(octets.size()))
                           : ::send(connection_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) fail("the component has closed");
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace jidgate::test
