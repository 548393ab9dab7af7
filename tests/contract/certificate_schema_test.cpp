// SPDX-License-Identifier: GPL-3.0-or-later
// What the schema itself holds about certificates, whoever writes to it: constraints, the view, the
// login function, the roles.
#include "tests/contract/certificate_fixture.hpp"

namespace jidgate::db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CertificateSchemaTest : public CertificateTest {
 protected:
  using Columns = std::map<std::string, std::string>;

  // A row that nothing is wrong with, but for `changes`: column and SQL expression.
  static std::string insert(const Columns& changes = {}) {
    Columns columns = {{"account", "'juliet@verona.test'"},
                       {"name", "'phone'"},
                       {"der", "sha256('phone') || sha256('der')"},
                       {"subject", "'CN=Juliet'"},
                       {"xmpp_addresses", "ARRAY['juliet@verona.test']"},
                       {"key", "'P-256'"},
                       {"not_before", "'2026-01-01'"},
                       {"not_after", "'2099-01-01'"},
                       {"can_manage", "true"},
                       {"slot", "1"},
                       {"add_id", "gen_random_uuid()"}};
    for (const auto& [column, expression] : changes) columns[column] = expression;
    std::string names, values;
    for (const auto& [column, expression] : columns) {
      names += (names.empty() ? "" : ", ") + column;
      values += (values.empty() ? "" : ", ") + expression;
    }
    return "INSERT INTO jidgate.certificate (" + names + ") VALUES (" + values + ")";
  }
  // The same for the second one of the account.
  static std::string insert_second(Columns changes) {
    changes.insert(
        {{"name", "'laptop'"}, {"der", "sha256('laptop') || sha256('der')"}, {"slot", "2"}});
    return insert(changes);
  }
  // What a statement comes to: "done", the constraint or column that it offends, or "denied".
  std::string outcome(const std::string& sql, const std::string& role = "postgres") const {
    try {
      query(sql, role);
    } catch (const pqxx::insufficient_privilege&) {
      return "denied";
    } catch (const std::exception& error) {
      const std::string_view text = error.what();
      for (const std::string_view before :
           {"constraint \"", "null value in column \"", "column \""}) {
        const auto start = text.find(before);
        if (start == text.npos) continue;
        const auto rest = text.substr(start + before.size());
        return std::string(rest.substr(0, rest.find('"')));
      }
      return std::string(text);
    }
    return "done";
  }
  // Who may log in with the certificate whose DER is this expression.
  std::vector<std::string> candidates(const std::string& der) const {
    return column(
        "SELECT account || ' ' || name || ' ' || can_manage || ' ' ||"
        " array_to_string(xmpp_addresses, ',')"
        " FROM jidgate.login_candidates(sha256(" +
            der + "))",
        "jidgate_login");
  }
};

TEST_F(CertificateSchemaTest, EveryColumnIsBounded) {
  const struct {
    const char *column, *value, *outcome;
  } cases[] = {
      {"account", "NULL", "account"},
      {"account", "'verona.test'", "certificate_account_check"},
      {"account", "'@verona.test'", "certificate_account_check"},
      {"account", "'juliet@'", "certificate_account_check"},
      {"account", "'juliet@verona.test/balcony'", "certificate_account_check"},
      {"account", "'a@b@c'", "certificate_account_check"},
      {"account", "repeat('a', 1023) || '@' || repeat('b', 1023)", "done"},
      {"account", "repeat('a', 1023) || '@' || repeat('b', 1024)", "certificate_account_check"},
      {"name", "NULL", "name"},
      {"name", "''", "certificate_name_check"},
      {"name", "repeat('n', 255)", "done"},
      {"name", "repeat('n', 256)", "certificate_name_check"},
      {"name", "repeat('ü', 128)", "certificate_name_check"},
      {"der", "NULL", "der"},
      {"der", "substr(sha256('a') || sha256('b'), 2)", "certificate_der_check"},
      {"der", "decode(repeat('00', 16384), 'hex')", "done"},
      {"der", "decode(repeat('00', 16385), 'hex')", "certificate_der_check"},
      {"sha256", "sha256('')", "sha256"},
      {"subject", "NULL", "subject"},
      {"subject", "''", "done"},
      {"subject", "repeat('s', 513)", "certificate_subject_check"},
      {"xmpp_addresses", "NULL", "xmpp_addresses"},
      {"xmpp_addresses", "'{}'", "done"},
      {"xmpp_addresses", "ARRAY['a@b', NULL]", "certificate_xmpp_addresses_check"},
      {"xmpp_addresses", "array_fill('a@b'::text, ARRAY[1001])",
       "certificate_xmpp_addresses_check"},
      {"key", "NULL", "key"},
      {"key", "''", "certificate_key_check"},
      {"key", "repeat('k', 33)", "certificate_key_check"},
      {"not_before", "NULL", "not_before"},
      {"not_after", "NULL", "not_after"},
      {"not_after", "'2026-01-01'", "done"},
      {"not_after", "'2025-12-31'", "certificate_check"},
      {"can_manage", "NULL", "can_manage"},
      {"add_id", "NULL", "add_id"},
      {"slot", "0", "certificate_slot_check"},
      // Whoever counts against the limit has a place, and nobody else has.
      {"slot", "NULL", "certificate_slot_while_in_use"},
      {"disabled_at", "now()", "certificate_slot_while_in_use"},
      {"revoked_at", "now()", "certificate_slot_while_in_use"},
      {"sessions_ended_at", "now()", "certificate_ended_after_revoked"},
  };
  for (const auto& each : cases) {
    query("TRUNCATE jidgate.certificate");
    EXPECT_EQ(outcome(insert({{each.column, each.value}})), each.outcome)
        << each.column << " = " << each.value;
  }
}

TEST_F(CertificateSchemaTest, NamesFingerprintsAndPlacesAreUnique) {
  query(insert());
  EXPECT_EQ(outcome(insert_second({{"name", "'phone'"}})), "certificate_name");
  EXPECT_EQ(outcome(insert_second({{"der", "sha256('phone') || sha256('der')"}})),
            "certificate_once");
  EXPECT_EQ(outcome(insert_second({{"slot", "1"}})), "certificate_slot");
  query("UPDATE jidgate.certificate SET disabled_at = now(), slot = NULL");
  EXPECT_EQ(outcome(insert_second({{"name", "'phone'"}})), "certificate_name");
  query("UPDATE jidgate.certificate SET revoked_at = now()");
  EXPECT_EQ(outcome(insert_second({{"der", "sha256('phone') || sha256('der')"}})),
            "certificate_once");
  EXPECT_EQ(outcome(insert_second({{"name", "'phone'"}, {"slot", "1"}})), "done");
  EXPECT_EQ(outcome(insert({{"account", "'romeo@verona.test'"}})), "done");
}

TEST_F(CertificateSchemaTest, TheFingerprintIsThatOfTheOctetsAndCannotBeGiven) {
  query(insert({{"der", "'\\x" + std::string(128, '0') + "'"}}));
  EXPECT_EQ(value("SELECT sha256 FROM jidgate.certificates"), sha256_hex(std::string(64, '\0')));
  EXPECT_EQ(outcome("UPDATE jidgate.certificate SET sha256 = sha256('')"), "sha256");
}

TEST_F(CertificateSchemaTest, TheViewHasTheColumnsThatOutsidersRelyOn) {
  EXPECT_THAT(column("SELECT column_name || ' ' || udt_name FROM information_schema.columns"
                     " WHERE table_schema = 'jidgate' AND table_name = 'certificates'"
                     " ORDER BY ordinal_position"),
              ElementsAre("account text", "name text", "sha256 text", "subject text",
                          "xmpp_addresses _text", "key text", "not_before timestamptz",
                          "not_after timestamptz", "can_manage bool", "state text",
                          "added_at timestamptz", "ended_at timestamptz"));
}

TEST_F(CertificateSchemaTest, TheViewTellsTheStateOfThisMoment) {
  query(insert());
  const auto state = [&](const std::string& change) {
    query("UPDATE jidgate.certificate SET " + change);
    return value(
        "SELECT state || ' ' || coalesce(ended_at::date::text, '-')"
        " FROM jidgate.certificates",
        "jidgate_reader");
  };
  EXPECT_EQ(state("subject = ''"), "active -");
  EXPECT_EQ(state("not_after = '2026-01-01'"), "expired -");
  EXPECT_EQ(state("disabled_at = '2026-02-01', slot = NULL"), "disabled 2026-02-01");
  EXPECT_EQ(state("revoked_at = '2026-03-01'"), "revoked 2026-03-01");
  EXPECT_EQ(state("disabled_at = NULL"), "revoked 2026-03-01");
}

TEST_F(CertificateSchemaTest, WhoMayLogInIsWhoIsActiveAndInDate) {
  const std::string der = "sha256('phone') || sha256('der')";
  query(insert());
  query(insert(
      {{"account", "'romeo@verona.test'"}, {"can_manage", "false"}, {"xmpp_addresses", "'{}'"}}));
  query(insert_second({}));
  EXPECT_THAT(candidates(der),
              testing::UnorderedElementsAre("juliet@verona.test phone true juliet@verona.test",
                                            "romeo@verona.test phone false "));
  EXPECT_THAT(candidates("sha256('laptop') || sha256('der')"),
              ElementsAre("juliet@verona.test laptop true juliet@verona.test"));
  EXPECT_THAT(candidates("'stranger'"), IsEmpty());
  query("DELETE FROM jidgate.certificate WHERE account = 'romeo@verona.test'");
  for (const char* change : {"not_after = clock_timestamp() - interval '1 ms'",
                             "not_before = clock_timestamp() + interval '1 hour'",
                             "slot = NULL, disabled_at = now()", "slot = NULL, revoked_at = now()",
                             "slot = NULL, revoked_at = now(), disabled_at = now()"}) {
    query("TRUNCATE jidgate.certificate");
    query(insert());
    EXPECT_EQ(candidates(der).size(), 1u);
    query(std::string("UPDATE jidgate.certificate SET ") + change);
    EXPECT_THAT(candidates(der), IsEmpty()) << change;
  }
  EXPECT_EQ(value("SELECT count(*) FROM jidgate.login_candidates(NULL)", "jidgate_login"), "0");
}

TEST_F(CertificateSchemaTest, ALoginIsJudgedByTheClockAndByWhatWasCommittedAlsoInALongTransaction) {
  query(insert({{"not_after", "clock_timestamp() + interval '300 ms'"}}));
  query(insert_second({}));
  pqxx::connection connection(url("jidgate_login"));
  pqxx::work transaction(connection);
  const auto count = [&](const std::string& seed) {
    return transaction
        .exec("SELECT FROM jidgate.login_candidates(sha256(sha256('" + seed +
              "') || sha256('der')))")
        .size();
  };
  EXPECT_EQ(count("phone"), 1u);
  EXPECT_EQ(count("laptop"), 1u);
  wait_until([&] { return count("phone") == 0; }, "the certificate to expire");
  query("UPDATE jidgate.certificate SET slot = NULL, revoked_at = now() WHERE name = 'laptop'");
  EXPECT_EQ(count("laptop"), 0u);
}

TEST_F(CertificateSchemaTest, TheLoginFunctionRunsAsItsOwnerAndTrustsNoSearchPath) {
  const pqxx::result found = query(
      "SELECT prosecdef, proconfig::text, proowner::regrole FROM pg_proc"
      " WHERE oid = 'jidgate.login_candidates(bytea)'::regprocedure");
  EXPECT_STREQ(found[0][0].c_str(), "t");
  EXPECT_STREQ(found[0][1].c_str(), "{\"search_path=pg_catalog, pg_temp\"}");
  EXPECT_STREQ(found[0][2].c_str(), "jidgate_owner");
}

TEST_F(CertificateSchemaTest, ALoginIsOneIndexedQuery) {
  query(
      "INSERT INTO jidgate.certificate (account, name, der, subject, xmpp_addresses, key,"
      " not_before, not_after, can_manage, slot, add_id)"
      " SELECT 'a' || i || '@verona.test', 'n', sha256(i::text::bytea) || sha256('b'), '', '{}',"
      " 'P-256', '2020-01-01', '2099-01-01', true, 1, gen_random_uuid()"
      " FROM generate_series(1, 5000) i");
  query("ANALYZE jidgate.certificate");
  const std::string body = value(
      "SELECT prosrc FROM pg_proc WHERE oid = 'jidgate.login_candidates(bytea)'::regprocedure");
  std::string plan;
  for (const std::string& line :
       column("PREPARE body (bytea) AS " + body + "; EXPLAIN EXECUTE body (sha256('x'))",
              "jidgate_owner")) {
    plan += line + "\n";
  }
  EXPECT_THAT(plan, HasSubstr("Index Scan using certificate_once on certificate"));
  EXPECT_THAT(plan, HasSubstr("Index Cond: (sha256 = "));
}

TEST_F(CertificateSchemaTest, RolesMayDoWhatTheyAreForAndNothingElse) {
  const struct {
    const char* sql;
    std::string_view may;  // roles, others are denied
  } cases[] = {
      {"SELECT * FROM jidgate.certificates", "reader service"},
      {"SELECT * FROM jidgate.confirmations", "reader service"},
      {"SELECT * FROM jidgate.certificate_record", "service"},
      {"SELECT * FROM jidgate.certificate", "service"},
      {"SELECT * FROM jidgate.login_candidates('')", "login"},
      {"INSERT INTO jidgate.certificate (account, name, der, subject, xmpp_addresses, key,"
       " not_before, not_after, can_manage, slot, add_id) VALUES ('a@b', 'n',"
       " sha256('a') || sha256('b'), '', '{}', 'k', now(), now(), true, 1, gen_random_uuid())",
       "service"},
      {"UPDATE jidgate.certificate SET slot = NULL, disabled_at = now(), end_id = add_id",
       "service"},
      {"UPDATE jidgate.certificate SET revoked_at = now(), told_added_at = now(),"
       " told_expiring_at = now(), sessions_ended_at = now()",
       "service"},
      {"DELETE FROM jidgate.certificate", "service"},
      {"INSERT INTO jidgate.certificate (told_added_at) VALUES (now())", ""},
      {"UPDATE jidgate.certificate SET account = 'a@b'", ""},
      {"UPDATE jidgate.certificate SET name = 'n'", ""},
      {"UPDATE jidgate.certificate SET der = ''", ""},
      {"UPDATE jidgate.certificate SET not_after = now()", ""},
      {"UPDATE jidgate.certificate SET can_manage = true", ""},
      {"UPDATE jidgate.certificate SET added_at = now()", ""},
      {"UPDATE jidgate.certificates SET name = 'n'", ""},
      {"DELETE FROM jidgate.certificates", ""},
      {"DELETE FROM jidgate.certificate_record", ""},
      {"TRUNCATE jidgate.certificate", ""},
      {"SELECT jidgate.notify_of_revoked()", ""},
      {"ALTER TABLE jidgate.certificate DISABLE TRIGGER certificate_revoked", ""},
      {"CREATE TRIGGER mine AFTER INSERT ON jidgate.certificate"
       " EXECUTE FUNCTION jidgate.notify_of_revoked()",
       ""},
      {"LOCK TABLE jidgate.certificates IN ACCESS EXCLUSIVE MODE", ""},
      {"CREATE TABLE jidgate.mine ()", ""},
      {"CREATE FUNCTION jidgate.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", ""},
      {"SET ROLE jidgate_owner", ""},
  };
  for (const auto& each : cases) {
    for (const std::string role : {"reader", "login", "service"}) {
      const bool may = each.may.find(role) != each.may.npos;
      EXPECT_EQ(outcome(each.sql, "jidgate_" + role), may ? "done" : "denied")
          << role << ": " << each.sql;
    }
  }
  // The owner's own words for it: it may be changed by whoever made it.
  for (const char* sql :
       {"ALTER TABLE jidgate.certificate ADD COLUMN x int", "DROP VIEW jidgate.certificates",
        "DROP FUNCTION jidgate.login_candidates(bytea)"}) {
    for (const char* role : {"jidgate_reader", "jidgate_login", "jidgate_service"}) {
      EXPECT_THAT(outcome(sql, role), "denied") << role << ": " << sql;
    }
  }
}

TEST_F(CertificateSchemaTest, ASchemaOfVersion2IsBroughtForwardWithWhatIsInIt) {
  const std::string old = postgres_->create_database();
  {
    pqxx::connection connection(postgres_->url(old));
    for (unsigned version = 1; version <= 2; ++version) {
      pqxx::work transaction(connection);
      transaction.exec(std::string(migrations()[version - 1].sql));
      transaction.exec("INSERT INTO jidgate.schema_version (version) VALUES (" +
                       std::to_string(version) + ")");
      transaction.commit();
    }
    pqxx::work transaction(connection);
    transaction.exec(
        "INSERT INTO jidgate.confirmation_log VALUES (gen_random_uuid(), now(), now(),"
        " 'juliet@verona.test', 'GET', 'https://files.verona.test/', 'files', 'iq', 'confirmed',"
        " NULL)");
    transaction.commit();
  }
  const Migrated done = migrate(postgres_->url(old));
  EXPECT_EQ(done.from, 2u);
  EXPECT_EQ(done.to, newest_version());
  pqxx::connection reader(postgres_->url(old, "jidgate_reader"));
  pqxx::work transaction(reader);
  EXPECT_EQ(transaction.exec("SELECT FROM jidgate.confirmations").size(), 1u);
  EXPECT_EQ(transaction.exec("SELECT FROM jidgate.certificates").size(), 0u);
}

}  // namespace
}  // namespace jidgate::db
