// SPDX-License-Identifier: GPL-3.0-or-later
// The schema against a real PostgreSQL: migrations, and what each role may see.
#include <gmock/gmock.h>

#include <future>
#include <pqxx/pqxx>

#include "db/migrate.hpp"
#include "tests/support/postgres.hpp"

namespace jidgate::db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SchemaTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { postgres_ = std::make_unique<test::Postgres>(); }
  static void TearDownTestSuite() { postgres_.reset(); }

  std::string url(const std::string& role = "postgres") const {
    return postgres_->url(database_, role);
  }
  pqxx::result query(const std::string& sql, const std::string& role = "postgres") const {
    pqxx::connection connection(url(role));
    pqxx::work transaction(connection);
    pqxx::result result = transaction.exec(sql);
    transaction.commit();
    return result;
  }
  std::vector<std::string> column(const std::string& sql, const std::string& role) const {
    std::vector<std::string> values;
    for (const auto& row : query(sql, role)) values.emplace_back(row[0].c_str());
    return values;
  }
  // What a role gets: a SQLSTATE.
  std::string refusal(const std::string& sql, const std::string& role) const {
    try {
      query(sql, role);
    } catch (const pqxx::insufficient_privilege&) {
      return "insufficient privilege";  // libpqxx 6 forgets the SQLSTATE of this one
    } catch (const pqxx::sql_error& error) {
      return error.sqlstate();
    }
    return "none";
  }

  static std::unique_ptr<test::Postgres> postgres_;
  const std::string database_ = postgres_->create_database();
};

std::unique_ptr<test::Postgres> SchemaTest::postgres_;

constexpr const char* insufficient_privilege = "insufficient privilege";
constexpr const char* insert_row =
    "INSERT INTO jidgate.confirmation_log VALUES (gen_random_uuid(), now(), now(),"
    " 'juliet@verona.test', 'GET', 'https://files.verona.test/private/', 'files', 'iq',"
    " 'confirmed', '192.0.2.1')";

TEST_F(SchemaTest, AnEmptyDatabaseHasVersionZero) {
  EXPECT_EQ(schema_version(url()), 0u);
}

TEST_F(SchemaTest, MigrationsAreNumberedWithoutGaps) {
  unsigned expected = 1;
  for (const Migration& migration : migrations()) EXPECT_EQ(migration.version, expected++);
  EXPECT_EQ(newest_version(), expected - 1);
}

TEST_F(SchemaTest, MigrateBringsTheSchemaForwardAndASecondTimeDoesNothing) {
  const Migrated first = migrate(url());
  EXPECT_EQ(first.from, 0u);
  EXPECT_EQ(first.to, newest_version());
  const Migrated second = migrate(url());
  EXPECT_EQ(second.from, newest_version());
  EXPECT_EQ(second.to, newest_version());
  EXPECT_EQ(query("SELECT version FROM jidgate.schema_version").size(), newest_version());
}

TEST_F(SchemaTest, SeveralAtOnceAlsoInTwoDatabasesApplyEachStepOnce) {
  const std::string other = postgres_->create_database();
  std::vector<std::future<Migrated>> runs;
  for (int i = 0; i < 8; ++i) {
    const std::string where = i % 2 == 0 ? url() : postgres_->url(other);
    runs.push_back(std::async(std::launch::async, [where] { return migrate(where); }));
  }
  for (auto& run : runs) EXPECT_EQ(run.get().to, newest_version());
  EXPECT_EQ(query("SELECT version FROM jidgate.schema_version").size(), newest_version());
}

TEST_F(SchemaTest, ANewerSchemaIsRefusedAndLeftAlone) {
  migrate(url());
  query("INSERT INTO jidgate.schema_version (version) VALUES (999)");
  try {
    migrate(url());
    FAIL() << "a newer schema was accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("999"));
  }
  EXPECT_EQ(schema_version(url()), 999u);
}

TEST_F(SchemaTest, AnOwnerThatIsNoSuperuserCanMigrate) {
  migrate(url());  // makes the roles
  query("DROP SCHEMA jidgate CASCADE");
  query("GRANT CREATE ON DATABASE " + database_ + " TO jidgate_owner");
  EXPECT_EQ(migrate(url("jidgate_owner")).to, newest_version());
}

TEST_F(SchemaTest, TheDaemonsRoleCanAskForTheVersion) {
  migrate(url());
  EXPECT_EQ(schema_version(url("jidgate_service")), newest_version());
}

TEST_F(SchemaTest, TheViewHasTheColumnsThatOutsidersRelyOn) {
  migrate(url());
  EXPECT_THAT(column("SELECT column_name || ' ' || udt_name FROM information_schema.columns"
                     " WHERE table_schema = 'jidgate' AND table_name = 'confirmations'"
                     " ORDER BY ordinal_position",
                     "postgres"),
              ElementsAre("id uuid", "asked_at timestamptz", "ended_at timestamptz", "jid text",
                          "method text", "url text", "site text", "via text", "outcome text",
                          "asker inet"));
}

TEST_F(SchemaTest, TheReaderSeesTheViewsAndNothingElse) {
  migrate(url());
  query(insert_row, "jidgate_service");
  EXPECT_EQ(query("SELECT * FROM jidgate.confirmations", "jidgate_reader").size(), 1u);
  EXPECT_THAT(column("SELECT relname FROM pg_class WHERE relnamespace = 'jidgate'::regnamespace"
                     " AND relkind IN ('r', 'v', 'm', 'p', 'f')"
                     " AND has_table_privilege(oid, 'SELECT') ORDER BY relname",
                     "jidgate_reader"),
              ElementsAre("certificates", "confirmations"));
  EXPECT_EQ(refusal("SELECT * FROM jidgate.confirmation_log", "jidgate_reader"),
            insufficient_privilege);
  EXPECT_EQ(refusal("DELETE FROM jidgate.confirmations", "jidgate_reader"), insufficient_privilege);
}

TEST_F(SchemaTest, TheLoginRoleExecutesTheLoginFunctionAndReadsNothing) {
  migrate(url());
  query(
      "SET ROLE jidgate_owner; CREATE FUNCTION jidgate.later() RETURNS int LANGUAGE sql"
      " AS 'SELECT 1'");
  for (const char* sql :
       {"SELECT * FROM jidgate.confirmations", "SELECT * FROM jidgate.confirmation_log",
        "SELECT * FROM jidgate.schema_version", "SELECT jidgate.later()"}) {
    EXPECT_EQ(refusal(sql, "jidgate_login"), insufficient_privilege) << sql;
  }
  EXPECT_THAT(column("SELECT oid::regprocedure::text FROM pg_proc"
                     " WHERE pronamespace = 'jidgate'::regnamespace"
                     " AND has_function_privilege('jidgate_login', oid, 'EXECUTE')",
                     "postgres"),
              ElementsAre("jidgate.login_candidates(bytea)"));
}

TEST_F(SchemaTest, TheDaemonsRoleAddsRowsAndCannotChangeThem) {
  migrate(url());
  EXPECT_EQ(refusal(insert_row, "jidgate_service"), "none");
  for (const char* sql :
       {"UPDATE jidgate.confirmation_log SET outcome = 'denied'",
        "DELETE FROM jidgate.confirmation_log", "TRUNCATE jidgate.confirmation_log",
        "DROP VIEW jidgate.confirmations", "CREATE TABLE jidgate.mine ()",
        "INSERT INTO jidgate.schema_version (version) VALUES (999)"}) {
    EXPECT_EQ(refusal(sql, "jidgate_service"), insufficient_privilege) << sql;
  }
}

TEST_F(SchemaTest, AQueryStringCannotBeStored) {
  migrate(url());
  EXPECT_EQ(refusal("INSERT INTO jidgate.confirmation_log VALUES (gen_random_uuid(), now(), now(),"
                    " 'a@b', 'GET', 'https://h/?secret', 's', 'iq', 'confirmed', NULL)",
                    "jidgate_service"),
            "23514");
}

}  // namespace
}  // namespace jidgate::db
