// SPDX-License-Identifier: GPL-3.0-or-later
// Non-blocking reads and writes, and what their errors mean.
#include "http/socket.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace jidgate::http {
namespace {

Transfer plain_outcome(ssize_t returned, Io wanted) {
  if (returned >= 0) return {Io::done, static_cast<std::size_t>(returned)};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {wanted, 0};
  return {Io::failed, 0};
}

int as_int(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

template <class Call>
ssize_t retry_interrupted(Call call) {
  ssize_t returned = 0;
  do {
    returned = call();
  } while (returned < 0 && errno == EINTR);
  return returned;
}

}  // namespace

Socket::~Socket() {
  SSL_free(tls_);
  ::close(descriptor_);
}

Transfer Socket::outcome(int returned) {
  switch (SSL_get_error(tls_, returned)) {
    case SSL_ERROR_NONE:
      return {Io::done, static_cast<std::size_t>(returned)};
    case SSL_ERROR_WANT_READ:
      return {Io::want_read, 0};
    case SSL_ERROR_WANT_WRITE:
      return {Io::want_write, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Io::ended, 0};
    default:
      broken_ = true;
      return {Io::failed, 0};
  }
}

Io Socket::handshake() {
  ERR_clear_error();
  return outcome(SSL_do_handshake(tls_)).io;
}

Transfer Socket::read(char* into, std::size_t room) {
  Transfer read;
  if (tls_ != nullptr) {
    ERR_clear_error();
    return outcome(SSL_read(tls_, into, as_int(room)));
  }
  read = plain_outcome(retry_interrupted([&] { return ::recv(descriptor_, into, room, 0); }),
                       Io::want_read);
  if (read.io == Io::done && read.count == 0) read.io = Io::ended;
  return read;
}

Transfer Socket::write(std::string_view octets) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    return outcome(SSL_write(tls_, octets.data(), as_int(octets.size())));
  }
  return plain_outcome(retry_interrupted([&] {
                         return ::send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL);
                       }),
                       Io::want_write);
}

void Socket::end_writing() {
  if (tls_ != nullptr && !broken_ && SSL_is_init_finished(tls_) != 0) {
    ERR_clear_error();
    SSL_shutdown(tls_);  // close_notify; the answer to it is not waited for
  }
  ::shutdown(descriptor_, SHUT_WR);
}

Transfer Socket::discard(std::size_t most) {
  char waste[16384];
  Transfer read =
      plain_outcome(retry_interrupted([&] {
                      return ::recv(descriptor_, waste, std::min(most, sizeof waste), 0);
                    }),
                    Io::want_read);
  if (read.io == Io::done && read.count == 0) read.io = Io::ended;
  return read;
}

}  // namespace jidgate::http
