// SPDX-License-Identifier: GPL-3.0-or-later
// What differs between libpqxx 6, 7 and 8, and what its exceptions mean to us. The only place that
// asks for the version.
#pragma once

#include <pqxx/pqxx>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace jidgate::db {

// What to do after an exception of libpqxx.
enum class Trouble {
  connection,  // it is dead, or it leads to the wrong server: destroy it
  in_doubt,    // the commit may or may not have happened, and the connection is dead
  data,        // the statement's own values are at fault: again would fail again
  other,       // later may succeed
};
Trouble trouble_of(const std::exception& error);

// Text that PostgreSQL cannot hold. libpqxx 6 would cut it at the NUL without a word.
struct UnstorableText : std::invalid_argument {
  UnstorableText() : std::invalid_argument("text with NUL") {}
};

// One connection and the session settings that every use of it relies on.
class Connection {
 public:
  struct Timeouts {
    unsigned statement_ms = 5000;  // 0: none
  };
  // `url` is a connection string or URI. Throws broken_connection.
  Connection(const std::string& url, Timeouts timeouts);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  // The first call sets the session up. Not the constructor: a server that accepts and then says
  // nothing would hold it, and nobody could interrupt() what has not been made.
  pqxx::connection& raw();
  bool is_open() const { return connection_.is_open(); }
  // Any thread: whoever waits for the server on this connection gets an error at once.
  void interrupt();

 private:
  pqxx::connection connection_;
  const Timeouts timeouts_;
  bool is_set_up_ = false;
  // The socket under a number of our own: libpq may close its own at any moment.
  int socket_ = -1;
};

namespace detail {
template <class T>
void refuse_nul(const T& argument) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    if (std::string_view(argument).find('\0') != std::string_view::npos) throw UnstorableText();
  }
}
}  // namespace detail

// Every statement goes through here, and every value as a parameter.
template <class... Arguments>
pqxx::result execute(pqxx::transaction_base& transaction, const char* sql,
                     const Arguments&... arguments) {
  (detail::refuse_nul(arguments), ...);
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
  return transaction.exec(sql, pqxx::params{arguments...});
#else
  return transaction.exec_params(sql, arguments...);
#endif
}

// Several statements without values, from a file of ours.
void execute_script(pqxx::transaction_base& transaction, std::string_view script);

}  // namespace jidgate::db
