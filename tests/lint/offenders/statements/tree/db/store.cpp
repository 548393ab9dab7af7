#include "db/pqxx_adapter.hpp"
// transaction.exec("a comment runs nothing")
void rename(Connection& connection, pqxx::work& transaction, std::string name) {
  execute(transaction, "UPDATE t SET name = $1", name);
  transaction.exec("UPDATE t SET name = '" + name + "'");
  transaction.exec_params(name);
  transaction.query<int>(name);
  connection.raw().prepare("rename", name);
  connection.prepare(rename_sql);
  PQexec(handle, name.c_str());
  const auto text = transaction->quote(name);
  pqxx::stream_to::table(transaction, {name});
  execute_script(transaction, name);
}
