// SPDX-License-Identifier: GPL-3.0-or-later
// Stands between the daemon and PostgreSQL, and loses what it is told to lose.
#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace jidgate::test {

class Relay {
 public:
  enum class Loses {
    nothing,
    question,  // the server never gets it, and both connections are closed
    answer,    // the server has answered, and both connections are closed
    client,    // the server gets it and is kept; only the client's connection is closed
  };

  // To the server whose socket this is.
  explicit Relay(std::filesystem::path server_socket);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Applies to the next thing that the client says which holds `text`, and to that alone.
  void lose(Loses what, std::string text = {});
  bool has_lost() const { return armed_ == Loses::nothing; }
  std::string folder() const { return folder_.string(); }  // for `host=`; the port is 5432

 private:
  void accept();
  void serve(int client, int server);
  Loses what_is_lost_of(std::string_view said);

  const std::filesystem::path server_socket_;
  std::filesystem::path folder_;
  int listener_ = -1;
  std::atomic<Loses> armed_{Loses::nothing};
  std::mutex mutex_;  // guards the next one
  std::string text_;
  // Of the accepting thread, and of the destructor after it.
  std::vector<int> descriptors_;
  std::vector<std::thread> servers_;
  std::thread acceptor_;
};

}  // namespace jidgate::test
