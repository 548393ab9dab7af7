// SPDX-License-Identifier: GPL-3.0-or-later
// The transport under gloox: one TCP connection over poll(), with TLS where it is configured.
#pragma once

#include <gloox/connectionbase.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "component/link_tls.hpp"
#include "component/lookup.hpp"
#include "component/wake.hpp"
#include "core/clock.hpp"

namespace jidgate::component {

struct LinkTarget {
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  std::string tls_ca{}, tls_name{};             // empty: the system's store, `host`
  std::chrono::milliseconds per_address{3000};  // of several addresses, each gets so much
  std::size_t backlog = 16 << 20;  // octets that may wait for a server that reads slowly
};

// gloox's own connection blocks, raises SIGPIPE and aborts when its descriptor is beyond
// FD_SETSIZE. Here nothing blocks but recv(), and that ends when `wake` is signalled, when
// something happened, or after its time; so the lookup of the name, connecting and the TLS
// handshake all go on inside of recv(). XMPP thread only.
class PollConnection final : public gloox::ConnectionBase {
 public:
  PollConnection(gloox::ConnectionDataHandler* handler, LinkTarget target,
                 std::shared_ptr<Wake> wake);
  ~PollConnection() override;

  // Begins; handleConnect follows out of recv(), or handleDisconnect.
  gloox::ConnectionError connect() override;
  gloox::ConnectionError recv(int microseconds) override;
  // Queues; what was queued goes out, together, in the next recv(). False: too much waits already.
  bool send(const std::string& data) override;
  // Sends what the socket takes at once, and closes. No handleDisconnect.
  void disconnect() override;
  void cleanup() override { disconnect(); }
  gloox::ConnectionError receive() override;
  void getStatistics(long int& in, long int& out) override;
  gloox::ConnectionBase* newInstance() const override;

  // Octets that the server has not taken yet.
  std::size_t backlog() const { return plain_.size() + output_.size() - written_; }

  const std::string& failure() const { return failure_; }  // why it was lost, for the log
  const std::string& peer() const { return peer_; }        // the address it is connected to
  bool peer_is_loopback() const { return peer_is_loopback_; }

 private:
  enum class Phase { closed, lookup, connecting, securing, open };

  bool looked_up();
  bool try_next();
  bool begin(const SocketAddress& address);
  bool connected();
  bool readable();
  bool established();
  bool flush();
  int wait(int microseconds);
  bool lost(gloox::ConnectionError error, std::string why);
  void close_socket();

  const LinkTarget target_;
  const std::shared_ptr<Wake> wake_;
  Phase phase_ = Phase::closed;
  int socket_ = -1;
  std::shared_ptr<Lookup> lookup_;
  std::vector<SocketAddress> addresses_;  // still to be tried, the next one at the back
  SteadyTime give_up_{};                  // on the present address
  std::optional<TlsClient> tls_;
  std::vector<char> buffer_ = std::vector<char>(65536);  // for recv(2)
  std::string plain_, output_;  // not yet encrypted; not yet taken by the socket
  std::size_t written_ = 0;     // of output_
  std::string failure_, peer_;
  bool peer_is_loopback_ = false;
  long int received_ = 0, sent_ = 0;
};

}  // namespace jidgate::component
