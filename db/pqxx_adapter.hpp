// SPDX-License-Identifier: GPL-3.0-or-later
// What differs between libpqxx 6, 7 and 8, and what its exceptions mean to us. The only place that
// asks for the version.
#pragma once

#include <algorithm>
#include <cstddef>
#include <pqxx/pqxx>
#include <set>
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
// Of the text of an error: PostgreSQL adds the row and the statement in further lines.
std::string first_line(std::string_view text);

// Text that PostgreSQL cannot hold. libpqxx 6 would cut it at the NUL without a word.
struct UnstorableText : std::invalid_argument {
  UnstorableText() : std::invalid_argument("text with NUL") {}
};

// The text of a statement. Only the compiler can make one, so nothing that came in while the
// program ran can ever be part of it: values are parameters.
class Sql {
 public:
  consteval Sql(const char* text) : text_(text) {}
  constexpr const char* text() const { return text_; }

 private:
  const char* text_;
};

// A piece of such a text, for what several statements have in common.
template <std::size_t Size>
struct SqlPart {
  char text[Size] = {};

  consteval SqlPart() = default;
  consteval SqlPart(const char (&literal)[Size]) { std::copy_n(literal, Size, text); }
  template <std::size_t Other>
  consteval SqlPart<Size + Other - 1> operator+(const SqlPart<Other>& other) const {
    SqlPart<Size + Other - 1> both;
    std::copy_n(text, Size - 1, both.text);
    std::copy_n(other.text, Other, both.text + Size - 1);
    return both;
  }
};

// A statement that every connection has planned once, under a name of its own.
struct PreparedSql {
  const char* name;
  Sql sql;
};

// A value of the type bytea: may hold anything, NUL included.
struct Octets {
  std::string_view value;
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
  void prepare(const PreparedSql& statement);
  // Until something that this connection LISTENs to has been notified of, maybe several times.
  // Throws when it is lost, or interrupted.
  void wait_for_notification();
  // Any thread: whoever waits for the server on this connection gets an error at once.
  void interrupt();

 private:
  pqxx::connection connection_;
  const Timeouts timeouts_;
  bool is_set_up_ = false;
  std::set<std::string_view> prepared_;
  // The socket under a number of our own: libpq may close its own at any moment.
  int socket_ = -1;
};

namespace detail {
// What libpqxx is given for a value of ours.
template <class T>
const T& parameter(const T& argument) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    if (std::string_view(argument).find('\0') != std::string_view::npos) throw UnstorableText();
  }
  return argument;
}
#if PQXX_VERSION_MAJOR < 7
inline pqxx::binarystring parameter(const Octets& octets) {
  return {octets.value.data(), octets.value.size()};
}
#else
#if PQXX_VERSION_MAJOR > 7 || PQXX_VERSION_MINOR >= 9
using OctetsView = pqxx::bytes_view;
#else
using OctetsView = std::basic_string_view<std::byte>;
#endif
inline OctetsView parameter(const Octets& octets) {
  return {reinterpret_cast<const std::byte*>(octets.value.data()), octets.value.size()};
}
#endif
}  // namespace detail

// Every statement goes through these two, and every value as a parameter.
template <class... Arguments>
pqxx::result execute(pqxx::transaction_base& transaction, Sql sql, const Arguments&... arguments) {
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
  return transaction.exec(sql.text(), pqxx::params{detail::parameter(arguments)...});
#else
  return transaction.exec_params(sql.text(), detail::parameter(arguments)...);
#endif
}
// `statement` has been prepared on this connection.
template <class... Arguments>
pqxx::result execute(pqxx::transaction_base& transaction, const PreparedSql& statement,
                     const Arguments&... arguments) {
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
  return transaction.exec(pqxx::prepped{statement.name},
                          pqxx::params{detail::parameter(arguments)...});
#else
  return transaction.exec_prepared(statement.name, detail::parameter(arguments)...);
#endif
}

// Several statements without values, from a file of ours.
void execute_script(pqxx::transaction_base& transaction, std::string_view script);

}  // namespace jidgate::db
