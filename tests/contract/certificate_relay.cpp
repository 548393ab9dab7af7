// SPDX-License-Identifier: GPL-3.0-or-later
// Stands between the daemon and PostgreSQL, and loses what it is told to lose.
#include "tests/contract/certificate_relay.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace jidgate::test {
namespace {

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path) throw std::runtime_error("path too long");
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

int unix_socket() {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw std::runtime_error("no socket");
  return descriptor;
}

// What can be read now; empty at the end.
std::string read_some(int descriptor) {
  std::array<char, 65536> buffer;
  const ssize_t count = ::recv(descriptor, buffer.data(), buffer.size(), 0);
  return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
}

void send_all(int descriptor, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ::send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
}

void hang_up(int descriptor) {
  ::shutdown(descriptor, SHUT_RDWR);
}

}  // namespace

Relay::Relay(std::filesystem::path server_socket) : server_socket_(std::move(server_socket)) {
  std::string name = (std::filesystem::temp_directory_path() / "jidgate-relay-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory");
  folder_ = name;
  listener_ = unix_socket();
  const sockaddr_un address = address_of(folder_ / ".s.PGSQL.5432");
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 16) != 0) {
    throw std::runtime_error("cannot listen");
  }
  acceptor_ = std::thread([this] { accept(); });
}

Relay::~Relay() {
  hang_up(listener_);
  acceptor_.join();
  for (const int descriptor : descriptors_) hang_up(descriptor);
  for (auto& server : servers_) server.join();
  for (const int descriptor : descriptors_) ::close(descriptor);
  ::close(listener_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Relay::lose(Loses what, std::string text) {
  const std::scoped_lock lock(mutex_);
  text_ = std::move(text);
  armed_ = what;
}

void Relay::accept() {
  for (int client; (client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    const int server = unix_socket();
    // Kept open until the end: what is only hung up keeps its number.
    descriptors_.insert(descriptors_.end(), {client, server});
    servers_.emplace_back([this, client, server] { serve(client, server); });
  }
}

Relay::Loses Relay::what_is_lost_of(std::string_view said) {
  const std::scoped_lock lock(mutex_);
  if (said.find(text_) == std::string_view::npos) return Loses::nothing;
  return armed_.exchange(Loses::nothing);
}

void Relay::serve(int client, int server) {
  const sockaddr_un address = address_of(server_socket_);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return hang_up(client);
  }
  for (;;) {
    std::array<pollfd, 2> ready = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), -1) < 0) continue;
    if (ready[1].revents != 0) {
      const std::string answer = read_some(server);
      if (answer.empty()) break;
      send_all(client, answer);
    }
    if (ready[0].revents == 0) continue;
    const std::string question = read_some(client);
    if (question.empty()) break;
    const Loses lost = what_is_lost_of(question);
    if (lost != Loses::question) send_all(server, question);
    if (lost == Loses::client) return hang_up(client);
    if (lost == Loses::answer) read_some(server);
    if (lost != Loses::nothing) break;
  }
  hang_up(client);
  hang_up(server);
}

}  // namespace jidgate::test
