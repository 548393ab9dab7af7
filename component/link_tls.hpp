// SPDX-License-Identifier: GPL-3.0-or-later
// TLS from the first octet on the component port, with the server's certificate verified.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace jidgate::component {

// The client's side of one TLS connection, between plain octets and the network's: no socket, so it
// never blocks and never raises SIGPIPE. TLS 1.2 at least.
class TlsClient {
 public:
  // `ca_file`: PEM, empty for the system's store. `name`: what the certificate must be for, a host
  // name or an IP address. Throws std::runtime_error when the authorities cannot be loaded.
  TlsClient(const std::string& ca_file, const std::string& name);

  // Octets from the network; what they hold is appended to `plain`. False: the connection is lost,
  // and error() says why. The first call, with nothing, begins the handshake.
  bool receive(std::string_view network, std::string& plain);
  bool send(std::string_view plain);
  void close();            // queues close_notify
  std::string output();    // what must go to the network
  bool is_open() const;    // the handshake is done
  bool is_closed() const;  // the server sent close_notify
  const std::string& error() const { return error_; }

 private:
  bool handshake();
  bool fail(int result);

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string error_;
};

}  // namespace jidgate::component
