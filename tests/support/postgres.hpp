// SPDX-License-Identifier: GPL-3.0-or-later
// A private PostgreSQL cluster for a test: its own directory, a Unix socket, no port.
#pragma once

#include <csignal>
#include <memory>
#include <string>

namespace jidgate::test {

// Started by the constructor, gone with everything in it after the destructor. All members throw
// std::runtime_error, with the server's log, when something does not go as told.
class Postgres {
 public:
  Postgres();
  ~Postgres();

  void start();  // also after kill(): as soon as the old backends are gone
  void stop(int signal = SIGINT);
  void kill() { stop(SIGKILL); }
  void freeze(bool frozen);  // the postmaster and every backend
  void freeze_backend(int pid, bool frozen);

  // A new, empty database; the connection string of it for a role.
  std::string create_database();
  std::string url(const std::string& database, const std::string& role = "postgres") const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate::test
