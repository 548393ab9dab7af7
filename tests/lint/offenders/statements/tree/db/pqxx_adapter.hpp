class Sql {
 public:
  Sql(std::string text) : text_(std::move(text)) {}
};
pqxx::result execute(pqxx::transaction_base& transaction, Sql sql) { return transaction.exec(sql); }
