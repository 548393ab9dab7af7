// SPDX-License-Identifier: GPL-3.0-or-later
// One TCP connection, plain or TLS, that never blocks.
#pragma once

#include <cstddef>
#include <string_view>

struct ssl_st;  // OpenSSL's SSL

namespace jidgate::http {

enum class Io {
  done,
  want_read,   // nothing moves before the socket is readable
  want_write,  // … before it is writable
  ended,       // the other side has sent all it will
  failed,
};

struct Transfer {
  Io io = Io::failed;
  std::size_t count = 0;  // octets moved; only with Io::done
};

// Owns the descriptor and the TLS state. Used by one thread at a time, which must have SIGPIPE
// blocked: OpenSSL writes with write(2).
class Socket {
 public:
  Socket(int descriptor, ssl_st* tls) : descriptor_(descriptor), tls_(tls) {}
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int descriptor() const { return descriptor_; }
  bool is_tls() const { return tls_ != nullptr; }

  Io handshake();
  Transfer read(char* into, std::size_t room);
  Transfer write(std::string_view octets);
  // Tells the other side that nothing more will come; it may still send.
  void end_writing();
  // Reads and forgets what has arrived, at most `most` octets, without decrypting it.
  Transfer discard(std::size_t most);

 private:
  Transfer outcome(int returned);

  int descriptor_;
  ssl_st* tls_;
  bool broken_ = false;  // OpenSSL allows no SSL_shutdown after an error
};

}  // namespace jidgate::http
