// SPDX-License-Identifier: GPL-3.0-or-later
// What differs between libpqxx versions.
#include "db/pqxx_adapter.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

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
    : connection_(with_defaults(url)) {
  pqxx::nontransaction session(connection_);
  const std::string milliseconds = std::to_string(timeouts.statement_ms);
  execute(session,
          "SELECT set_config('statement_timeout', $1, false),"
          " set_config('idle_in_transaction_session_timeout', $1, false)",
          milliseconds);
#if PQXX_VERSION_MAJOR < 7
  // It would connect again in silence, and the settings above would be gone. Version 6 deprecates
  // the switch for what version 7 does without being told.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
  socket_ = ::fcntl(connection_.sock(), F_DUPFD_CLOEXEC, 0);
}

Connection::~Connection() {
  if (socket_ >= 0) ::close(socket_);
}

void Connection::interrupt() {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

Trouble trouble_of(const std::exception& error) {
  if (dynamic_cast<const pqxx::in_doubt_error*>(&error) != nullptr) return Trouble::in_doubt;
  if (dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr) return Trouble::connection;
  if (dynamic_cast<const UnstorableText*>(&error) != nullptr) return Trouble::data;
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) {
    const std::string state = sql->sqlstate();
    // 08: connection, 57P: the server ends or starts, 25006: a standby that only reads, so that the
    // next connection may find the primary.
    if (state.empty() || state.starts_with("08") || state.starts_with("57P") || state == "25006") {
      return Trouble::connection;
    }
    // 22: data exception, 23: constraint, 54: too long for an index or the protocol.
    if (state.starts_with("22") || state.starts_with("23") || state.starts_with("54")) {
      return Trouble::data;
    }
  }
  return Trouble::other;
}

void execute_script(pqxx::transaction_base& transaction, std::string_view script) {
  transaction.exec(std::string(script));
}

}  // namespace jidgate::db
