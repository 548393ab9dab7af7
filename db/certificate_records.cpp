// SPDX-License-Identifier: GPL-3.0-or-later
// The records of certificates in PostgreSQL: what reads them.
#include <algorithm>
#include <set>

#include "core/text.hpp"
#include "db/certificate_store_state.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;

constexpr int batch_size = 200;
constexpr auto counting = 60s;

constexpr SqlPart columns =
    " account, name, encode(sha256, 'hex') AS fingerprint, subject, key,"
    " array_to_string(xmpp_addresses, E'\\n') AS addresses,"
    " floor(extract(epoch FROM not_before))::bigint AS not_before,"
    " floor(extract(epoch FROM not_after))::bigint AS not_after,"
    " floor(extract(epoch FROM added_at))::bigint AS added_at,"
    " floor(extract(epoch FROM ended_at))::bigint AS ended_at, can_manage, state";

// Those after the record that the first four parameters name, in the order that they make.
constexpr auto list_text = SqlPart("SELECT") + columns +
                           SqlPart(
                               ", revoked_at IS NOT NULL AS is_revoked,"
                               " CASE WHEN $7::boolean THEN encode(der, 'hex') ELSE '' END AS der"
                               " FROM jidgate.certificate_record"
                               " WHERE account >= $1"
                               " AND (account, revoked_at IS NOT NULL, name, sha256)"
                               " > ($1::text, $2::boolean, $3::text, decode($4::text, 'hex'))"
                               " AND ($5::text IS NULL OR account = $5)"
                               " AND ($6::boolean OR slot IS NOT NULL)"
                               " ORDER BY account, revoked_at IS NOT NULL, name, sha256 LIMIT $8");

// Claims records, those that another instance is claiming left out.
constexpr auto take_added_text =
    SqlPart(
        "WITH told AS (UPDATE jidgate.certificate SET told_added_at = clock_timestamp()"
        " FROM (SELECT sha256, account FROM jidgate.certificate WHERE told_added_at IS NULL"
        " ORDER BY added_at LIMIT $1 FOR UPDATE SKIP LOCKED) untold"
        " WHERE certificate.sha256 = untold.sha256 AND certificate.account = untold.account"
        " RETURNING certificate.sha256, certificate.account)"
        " SELECT") +
    columns + SqlPart(" FROM told JOIN jidgate.certificate_record USING (sha256, account)");
constexpr auto take_expiring_text =
    SqlPart(
        "WITH told AS (UPDATE jidgate.certificate SET told_expiring_at = clock_timestamp()"
        " FROM (SELECT sha256, account FROM jidgate.certificate"
        " WHERE told_expiring_at IS NULL AND slot IS NOT NULL"
        " AND not_after >= statement_timestamp() AND not_after"
        " <= statement_timestamp() + $2::double precision * interval '1 second'"
        " ORDER BY not_after LIMIT $1 FOR UPDATE SKIP LOCKED) untold"
        " WHERE certificate.sha256 = untold.sha256 AND certificate.account = untold.account"
        " RETURNING certificate.sha256, certificate.account)"
        " SELECT") +
    columns + SqlPart(" FROM told JOIN jidgate.certificate_record USING (sha256, account)");

constexpr PreparedSql can_manage_sql{"certificate_can_manage",
                                     "SELECT can_manage FROM jidgate.certificate"
                                     " WHERE sha256 = $1::bytea AND account = $2"
                                     " AND revoked_at IS NULL"};

// By the record of the last one and not by its time, which would have to be told and read exactly.
constexpr Sql unended_sql =
    "SELECT account, encode(sha256, 'hex') FROM jidgate.certificate"
    " WHERE revoked_at IS NOT NULL AND sessions_ended_at IS NULL"
    " ORDER BY revoked_at, sha256, account LIMIT $1";
constexpr Sql unended_after_sql =
    "SELECT account, encode(sha256, 'hex') FROM jidgate.certificate"
    " WHERE revoked_at IS NOT NULL AND sessions_ended_at IS NULL"
    " AND (revoked_at, sha256, account) > (SELECT revoked_at, sha256, account"
    " FROM jidgate.certificate WHERE sha256 = $2::bytea AND account = $3)"
    " ORDER BY revoked_at, sha256, account LIMIT $1";

constexpr Sql statistics_sql =
    "SELECT count(DISTINCT account) AS accounts,"
    " count(*) FILTER (WHERE state = 'active') AS active,"
    " count(*) FILTER (WHERE state = 'disabled') AS disabled,"
    " count(*) FILTER (WHERE state = 'revoked') AS revoked,"
    " count(*) FILTER (WHERE state = 'expired') AS expired"
    " FROM jidgate.certificate_record";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

CertificateState state_of(std::string_view word) {
  using enum CertificateState;
  for (const CertificateState state : {active, disabled, revoked, expired}) {
    if (to_string(state) == word) return state;
  }
  throw std::runtime_error("the database has an unknown state of a certificate");
}

CertificateRecord record_of(const pqxx::row& row) {
  const auto text = [&](const char* column) { return row[column].as<std::string>(); };
  const auto time = [&](const char* column) {
    return std::chrono::sys_seconds(std::chrono::seconds(row[column].as<std::int64_t>()));
  };
  CertificateRecord record;
  record.account = text("account");
  record.name = text("name");
  record.fingerprint = hex_decode(text("fingerprint")).value_or("");
  record.subject = text("subject");
  record.key = text("key");
  record.xmpp_addresses = lines_of(text("addresses"));
  record.not_before = time("not_before");
  record.not_after = time("not_after");
  record.added_at = time("added_at");
  if (!row["ended_at"].is_null()) record.ended_at = time("ended_at");
  record.can_manage = row["can_manage"].as<bool>();
  record.state = state_of(text("state"));
  return record;
}

std::vector<CertificateRecord> records_of(const pqxx::result& rows) {
  std::vector<CertificateRecord> records;
  for (const auto& row : rows) records.push_back(record_of(row));
  return records;
}

// Claims with `sql`.
template <class... Arguments>
std::vector<CertificateRecord> take(Pool& pool, Sql sql, const Arguments&... arguments) {
  std::vector<CertificateRecord> records;
  pool.run(
      [&](Connection& connection) {
        pqxx::work transaction(connection.raw());
        records = records_of(execute(transaction, sql, arguments...));
        try {
          transaction.commit();
        } catch (const pqxx::in_doubt_error&) {
          // Told twice is better than never. The connection is dead, and the pool will see it.
        }
      },
      Pool::Repeat::once);
  return records;
}

}  // namespace

CertificateStore::CertificateStore(Pool& pool, Log* log, std::chrono::milliseconds patience)
    : state_(std::make_unique<State>(pool, log, patience)) {}

CertificateStore::~CertificateStore() = default;

StoreFault CertificateStore::State::fault_of(const std::exception& error) {
  const bool full = dynamic_cast<const pqxx::disk_full*>(&error) != nullptr;
  // That the server is away is told by whoever watches it.
  if (log != nullptr && !is_lost(error) && dynamic_cast<const Unavailable*>(&error) == nullptr) {
    std::string what = first_line(error.what());
    const bool is_new =
        told.with([&](std::string& last) { return std::exchange(last, what) != what; });
    if (is_new) log->error("certificate.database_refused", {{"what", std::move(what)}});
  }
  return full ? StoreFault::full : StoreFault::away;
}

std::optional<StoreFault> CertificateStore::list(
    const Selection& selection, const std::function<void(CertificateRecord)>& each) const {
  struct {
    std::string account, name, fingerprint;
    bool is_revoked = false;
  } last;
  std::optional<std::string> only;
  if (selection.account) last.account = *(only = selection.account->bare().to_string());
  // A record that is revoked between two batches moves behind the others of its account.
  std::set<std::string> seen;  // of `last.account`
  for (bool more = true; more;) {
    std::vector<CertificateRecord> records;
    const auto read = [&](Connection& connection) {
      records.clear();
      pqxx::nontransaction transaction(connection.raw());
      const pqxx::result rows =
          execute(transaction, list_text.text, last.account, last.is_revoked, last.name,
                  last.fingerprint, only, selection.with_ended, selection.with_der, batch_size);
      for (const auto& row : rows) {
        records.push_back(record_of(row));
        records.back().der = hex_decode(row["der"].c_str()).value_or("");
      }
      more = rows.size() == batch_size;
      if (more) last.is_revoked = rows[batch_size - 1]["is_revoked"].as<bool>();
    };
    const auto fault = state_->guarded([&] {
      state_->pool.run(read, Pool::Repeat::once);
      return true;
    });
    if (const auto* what = std::get_if<StoreFault>(&fault)) return *what;
    for (CertificateRecord& record : records) {
      if (record.account != last.account) seen.clear();
      last.account = record.account;
      last.name = record.name;
      last.fingerprint = hex_encode(record.fingerprint);
      if (seen.insert(record.fingerprint).second) each(std::move(record));
    }
  }
  return std::nullopt;
}

OrStoreFault<std::optional<bool>> CertificateStore::can_manage(const Jid& account,
                                                               std::string_view fingerprint) const {
  std::optional<bool> may;
  const auto read = [&](Connection& connection) {
    connection.prepare(can_manage_sql);
    pqxx::nontransaction transaction(connection.raw());
    const pqxx::result rows =
        execute(transaction, can_manage_sql, Octets{fingerprint}, account.bare().to_string());
    if (!rows.empty()) may = rows[0][0].as<bool>();
  };
  return state_->guarded([&] {
    state_->pool.run(read, Pool::Repeat::once);
    return may;
  });
}

OrStoreFault<std::vector<CertificateRecord>> CertificateStore::take_added(std::size_t most) {
  return state_->guarded([&] { return take(state_->pool, take_added_text.text, most); });
}

OrStoreFault<std::vector<CertificateRecord>> CertificateStore::take_expiring(
    std::chrono::seconds ahead, std::size_t most) {
  return state_->guarded(
      [&] { return take(state_->pool, take_expiring_text.text, most, ahead.count()); });
}

OrStoreFault<std::vector<CertificateStore::Unended>> CertificateStore::unended(
    std::size_t most, const std::optional<Unended>& last) const {
  std::vector<Unended> found;
  const auto read = [&](Connection& connection) {
    found.clear();
    pqxx::nontransaction transaction(connection.raw());
    const pqxx::result rows = last ? execute(transaction, unended_after_sql, most,
                                             Octets{last->fingerprint}, last->account)
                                   : execute(transaction, unended_sql, most);
    for (const auto& row : rows) {
      found.push_back({row[0].c_str(), hex_decode(row[1].c_str()).value_or("")});
    }
  };
  return state_->guarded([&] {
    state_->pool.run(read, Pool::Repeat::once);
    return found;
  });
}

OrStoreFault<CertificateStore::Statistics> CertificateStore::statistics() const {
  Statistics statistics;
  const auto read = [&](Connection& connection) {
    pqxx::work transaction(connection.raw());
    // Looks at every record: there may be millions.
    execute(transaction, "SELECT set_config('statement_timeout', $1, true)",
            std::to_string(std::chrono::milliseconds(counting).count()));
    const pqxx::result rows = execute(transaction, statistics_sql);
    const auto count = [&](const char* column) { return rows[0][column].as<std::size_t>(); };
    statistics = {count("accounts"), count("active"), count("disabled"), count("revoked"),
                  count("expired")};
  };
  return state_->guarded([&] {
    state_->pool.run(read, Pool::Repeat::once, 2s, counting + 2s);
    return statistics;
  });
}

}  // namespace jidgate::db
