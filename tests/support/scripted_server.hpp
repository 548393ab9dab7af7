// SPDX-License-Identifier: GPL-3.0-or-later
// The XMPP server in a dialogue test: a loopback socket that does what the test says, line by line.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/settings.hpp"

struct XML_ParserStruct;

namespace jidgate::test {

// Every wait has a deadline and throws std::runtime_error when it passes, which fails the test. So
// does a stanza that a server would not take from a component: without `to`, or without a `from` in
// its domain.
class ScriptedServer {
 public:
  static constexpr std::string_view secret = "s3cr3tf0rd14l0g";

  explicit ScriptedServer(std::string domain = "gate.verona.test");
  ~ScriptedServer();

  // TLS from the first octet; PEM.
  void use_tls(const std::string& certificate, const std::string& key);

  // How a component reaches it: 127.0.0.1, with verona.test as its host.
  XmppSettings settings() const;
  std::uint16_t port() const { return port_; }

  // A whole handshake: connection, stream headers, digest.
  void accepts();
  // Its parts.
  void accepts_connection();
  void receives_header();
  void sends_header(std::string_view attributes = "id='3BF96D32'");
  void receives_handshake();  // checks the digest for id 3BF96D32
  void accepts_handshake() { sends("<handshake/>"); }
  // After accepts_connection(); false when the component refused our certificate.
  bool completes_tls();

  void sends(std::string_view xml);
  // The same, one octet in a segment of its own.
  void sends_in_slices(std::string_view xml);
  std::string receives();
  // Has the component answered everything that was sent before, and with nothing else? Asks it
  // something that it answers, and takes the answer for the next stanza.
  void receives_nothing();

  void receives_end();  // </stream:stream>
  void sees_close();    // the component closes the connection
  void cuts();          // closes the connection, as a crash would
  void stops_listening();
  void listens_again();  // on the same port

 private:
  std::size_t read_some(char* buffer, std::size_t size);
  void write_all(std::string_view octets);
  void read_more();
  template <class Done>
  void read_until(Done done, std::string_view what);
  void forget_connection();

  struct Incoming;
  const std::string domain_;
  int listener_ = -1, connection_ = -1;
  std::uint16_t port_ = 0;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  std::unique_ptr<Incoming> in_;
  unsigned asked_ = 0;
};

}  // namespace jidgate::test
