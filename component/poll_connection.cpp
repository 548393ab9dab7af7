// SPDX-License-Identifier: GPL-3.0-or-later
// The transport under gloox: one TCP connection over poll(), with TLS where it is configured.
#include "component/poll_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <system_error>
#include <utility>

namespace jidgate::component {
namespace {

using std::chrono::steady_clock;

// How long sent octets may stay unacknowledged: a host that is gone is noticed while we are
// sending, too.
constexpr int user_timeout_ms = 15000;

std::string system_message(int code) {
  return std::generic_category().message(code);
}

template <class Value>
void set_option(int socket, int level, int name, Value value) {
  // Comfort, all of them: the link works without.
  [[maybe_unused]] const int result = ::setsockopt(socket, level, name, &value, sizeof value);
}

}  // namespace

PollConnection::PollConnection(gloox::ConnectionDataHandler* handler, LinkTarget target,
                               std::shared_ptr<Wake> wake)
    : ConnectionBase(handler), target_(std::move(target)), wake_(std::move(wake)) {
  setServer(target_.host, target_.port);
}

PollConnection::~PollConnection() {
  close_socket();
}

gloox::ConnectionError PollConnection::connect() {
  if (m_state != gloox::StateDisconnected) return gloox::ConnNoError;
  close_socket();
  failure_.clear();
  m_state = gloox::StateConnecting;
  phase_ = Phase::lookup;
  try {
    lookup_ = Lookup::start(target_.host, target_.port, wake_);
  } catch (const std::exception& fault) {  // no thread to be had
    lost(gloox::ConnDnsError, fault.what());
    return gloox::ConnDnsError;
  }
  return gloox::ConnNoError;
}

gloox::ConnectionError PollConnection::recv(int microseconds) {
  if (phase_ == Phase::lookup && !looked_up()) return gloox::ConnDnsError;
  if (phase_ >= Phase::securing && !flush()) return gloox::ConnIoError;
  if (phase_ == Phase::closed) return gloox::ConnNotConnected;

  const int events = wait(microseconds);
  bool alive = true;
  switch (phase_) {
    case Phase::closed:
    case Phase::lookup:
      break;
    case Phase::connecting:
      if (events != 0) {
        alive = connected();
      } else if (steady_clock::now() >= give_up_) {
        failure_ = system_message(ETIMEDOUT);
        alive = try_next();
      }
      break;
    case Phase::securing:
    case Phase::open:
      if ((events & ~POLLOUT) != 0) alive = readable();
      if (alive && phase_ >= Phase::securing) alive = flush();
      break;
  }
  return alive ? gloox::ConnNoError : gloox::ConnIoError;
}

// Sleeps in poll(); the result is what the socket is ready for.
int PollConnection::wait(int microseconds) {
  using std::chrono::milliseconds;
  // Rounded up: a deadline is over when poll() returns, not just before.
  auto longest = milliseconds(microseconds < 0 ? -1 : (microseconds + 999) / 1000);
  if (phase_ == Phase::connecting) {
    const auto left = std::chrono::ceil<milliseconds>(give_up_ - steady_clock::now());
    if (longest.count() < 0 || left < longest) longest = std::max(left, milliseconds(0));
  }
  short wanted = phase_ == Phase::connecting ? POLLOUT : POLLIN;
  if (written_ < output_.size()) wanted = static_cast<short>(wanted | POLLOUT);
  std::array<pollfd, 2> waiting = {pollfd{wake_->descriptor(), POLLIN, 0},
                                   pollfd{socket_, wanted, 0}};  // a negative one is ignored
  if (::poll(waiting.data(), waiting.size(), static_cast<int>(longest.count())) <= 0) return 0;
  if (waiting[0].revents != 0) wake_->drain();
  return waiting[1].revents;
}

bool PollConnection::looked_up() {
  auto result = lookup_->take();
  if (!result) return true;
  lookup_.reset();
  addresses_ = std::move(result->addresses);
  std::reverse(addresses_.begin(), addresses_.end());
  failure_ = result->error;
  return try_next();
}

bool PollConnection::try_next() {
  close_socket();
  while (!addresses_.empty()) {
    const SocketAddress address = addresses_.back();
    addresses_.pop_back();
    if (begin(address)) return true;
  }
  return lost(gloox::ConnConnectionRefused, failure_);
}

bool PollConnection::begin(const SocketAddress& address) {
  peer_ = address.to_string();
  peer_is_loopback_ = address.is_loopback();
  socket_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    failure_ = system_message(errno);
    return false;
  }
  set_option(socket_, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket_, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout_ms);
  const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(socket_, target, address.size) != 0 && errno != EINPROGRESS) {
    failure_ = system_message(errno);
    close_socket();
    return false;
  }
  phase_ = Phase::connecting;
  give_up_ = steady_clock::now() + target_.per_address;
  return true;
}

bool PollConnection::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) {
    failure_ = system_message(error);
    return try_next();
  }
  addresses_.clear();
  if (!target_.tls) return established();
  try {
    tls_.emplace(target_.tls_ca, target_.tls_name.empty() ? target_.host : target_.tls_name);
  } catch (const std::exception& fault) {
    return lost(gloox::ConnTlsFailed, fault.what());
  }
  phase_ = Phase::securing;
  std::string nothing;
  return tls_->receive({}, nothing) || lost(gloox::ConnTlsFailed, tls_->error());
}

bool PollConnection::established() {
  phase_ = Phase::open;
  m_state = gloox::StateConnected;
  m_handler->handleConnect(this);
  return phase_ == Phase::open;
}

bool PollConnection::readable() {
  const ssize_t size = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
  if (size < 0) {
    if (errno == EAGAIN || errno == EINTR) return true;
    return lost(gloox::ConnIoError, system_message(errno));
  }
  if (size == 0) {
    return lost(gloox::ConnStreamClosed, tls_ && !tls_->is_open()
                                             ? "closed during the TLS handshake"
                                             : "closed by the server");
  }
  std::string octets(buffer_.data(), static_cast<std::size_t>(size));
  received_ += size;
  if (tls_) {
    std::string plain;
    if (!tls_->receive(octets, plain)) {
      const std::string why = "TLS: " + tls_->error();
      flush();  // the alert; when that fails, too, there is no tls_ any more
      return lost(gloox::ConnTlsFailed, why);
    }
    if (phase_ == Phase::securing && tls_->is_open() && !established()) return false;
    octets = std::move(plain);
  }
  if (!octets.empty()) m_handler->handleReceivedData(this, octets);
  if (phase_ == Phase::open && tls_ && tls_->is_closed()) {
    return lost(gloox::ConnStreamClosed, "closed by the server");
  }
  return phase_ != Phase::closed;
}

bool PollConnection::send(const std::string& data) {
  if (phase_ != Phase::open) return false;
  if (backlog() + data.size() > target_.backlog) return false;
  plain_ += data;
  return true;
}

bool PollConnection::flush() {
  if (tls_) {
    if (!plain_.empty() && !tls_->send(plain_)) {
      return lost(gloox::ConnTlsFailed, "TLS: " + tls_->error());
    }
    output_ += tls_->output();
  } else {
    output_ += plain_;
  }
  plain_.clear();
  while (written_ < output_.size()) {
    const ssize_t size =
        ::send(socket_, output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return lost(gloox::ConnIoError, system_message(errno));
      // A server that never quite catches up must not make the written part grow.
      output_.erase(0, std::exchange(written_, 0));
      return true;
    }
    written_ += static_cast<std::size_t>(size);
    sent_ += size;
  }
  output_.clear();
  written_ = 0;
  return true;
}

bool PollConnection::lost(gloox::ConnectionError error, std::string why) {
  if (phase_ == Phase::closed) return false;
  close_socket();
  phase_ = Phase::closed;
  m_state = gloox::StateDisconnected;
  failure_ = std::move(why);
  m_handler->handleDisconnect(this, error);
  return false;
}

void PollConnection::disconnect() {
  if (phase_ == Phase::closed) return;
  if (tls_) tls_->close();
  const auto phase = std::exchange(phase_, Phase::closed);  // so that flush() reports no loss
  if (phase >= Phase::securing) flush();
  close_socket();
  m_state = gloox::StateDisconnected;
}

void PollConnection::close_socket() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  tls_.reset();
  plain_.clear();
  output_.clear();
  written_ = 0;
}

gloox::ConnectionError PollConnection::receive() {
  gloox::ConnectionError error = gloox::ConnNoError;
  while (error == gloox::ConnNoError) error = recv(-1);
  return error;
}

void PollConnection::getStatistics(long int& in, long int& out) {
  in = received_;
  out = sent_;
}

gloox::ConnectionBase* PollConnection::newInstance() const {
  return new PollConnection(m_handler, target_, wake_);
}

}  // namespace jidgate::component
