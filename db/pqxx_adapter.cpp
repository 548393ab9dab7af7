// SPDX-License-Identifier: GPL-3.0-or-later
// What differs between libpqxx versions.
#include "db/pqxx_adapter.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <typeinfo>

#if defined(__SANITIZE_ADDRESS__) && PQXX_VERSION_MAJOR < 7
// Version 6 loses the last result of a connection that breaks, about 2 kB each time.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libpqxx-6";
}
#endif

namespace jidgate::db {
namespace {

// A host that is gone must not hold a thread for minutes. What the operator gives is stronger.
std::string with_defaults(const std::string& url) {
  constexpr std::string_view names[] = {"connect_timeout",     "keepalives_idle",
                                        "keepalives_interval", "keepalives_count",
                                        "tcp_user_timeout",    "fallback_application_name"};
  constexpr std::string_view values[] = {"3", "10", "5", "3", "10000", "jidgate"};
  const bool uri = url.starts_with("postgresql://") || url.starts_with("postgres://");
  std::string result = url;
  char joint = url.find('?') == std::string::npos ? '?' : '&';
  for (std::size_t i = 0; i < std::size(names); ++i) {
    if (url.find(names[i]) != std::string::npos) continue;
    result += uri ? joint : ' ';
    result.append(names[i]).append("=").append(values[i]);
    joint = '&';
  }
  return result;
}

}  // namespace

Connection::Connection(const std::string& url, Timeouts timeouts)
    : connection_(with_defaults(url)), timeouts_(timeouts) {
#if PQXX_VERSION_MAJOR < 7
  // It would connect again in silence, and the settings of raw() would be gone. Version 6
  // deprecates the switch for what version 7 does without being told.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
  socket_ = ::fcntl(connection_.sock(), F_DUPFD_CLOEXEC, 0);
}

pqxx::connection& Connection::raw() {
  if (!is_set_up_) {
    pqxx::nontransaction session(connection_);
    const std::string milliseconds = std::to_string(timeouts_.statement_ms);
    execute(session,
            "SELECT set_config('statement_timeout', $1, false),"
            " set_config('idle_in_transaction_session_timeout', $1, false)",
            milliseconds);
    is_set_up_ = true;
  }
  return connection_;
}

void Connection::prepare(const PreparedSql& statement) {
  if (prepared_.contains(statement.name)) return;
  connection_.prepare(statement.name, statement.sql.text());
  prepared_.insert(statement.name);
}

Connection::~Connection() {
  if (socket_ >= 0) ::close(socket_);
}

void Connection::wait_for_notification() {
  // They may have come already, with the answer to a statement.
  while (connection_.get_notifs() == 0) {
    if (!connection_.is_open()) throw pqxx::broken_connection("the connection was lost");
    // Not libpqxx's own wait: where it was built with select() a high descriptor breaks it.
    pollfd readable{connection_.sock(), POLLIN, 0};
    if (::poll(&readable, 1, -1) < 0 && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "poll");
    }
  }
}

void Connection::interrupt() {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

Trouble trouble_of(const std::exception& error) {
  if (dynamic_cast<const pqxx::in_doubt_error*>(&error) != nullptr) return Trouble::in_doubt;
  if (dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr) return Trouble::connection;
  if (dynamic_cast<const UnstorableText*>(&error) != nullptr ||
      dynamic_cast<const pqxx::data_exception*>(&error) != nullptr ||
      dynamic_cast<const pqxx::integrity_constraint_violation*>(&error) != nullptr) {
    return Trouble::data;
  }
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error);
  if (sql == nullptr) return Trouble::other;
  const std::string state = sql->sqlstate();
  // Version 6 forgets the state of several subclasses; without a subclass the server said nothing.
  if (state.empty()) {
    return typeid(error) == typeid(pqxx::sql_error) ? Trouble::connection : Trouble::other;
  }
  // 08: connection, 57P: the server ends or starts, 25006: a standby that only reads, so that the
  // next connection may find the primary.
  if (state.starts_with("08") || state.starts_with("57P") || state == "25006") {
    return Trouble::connection;
  }
  // 54: too long for an index or the protocol.
  return state.starts_with("54") ? Trouble::data : Trouble::other;
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

void execute_script(pqxx::transaction_base& transaction, std::string_view script) {
  transaction.exec(std::string(script));
}

}  // namespace jidgate::db
