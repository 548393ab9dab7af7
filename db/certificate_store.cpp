// SPDX-License-Identifier: GPL-3.0-or-later
// The records of certificates in PostgreSQL: what changes them.
#include "db/certificate_store.hpp"

#include <algorithm>

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "db/certificate_store_state.hpp"

namespace jidgate::db {
namespace {

using Added = CertificateStore::Added;

// Each attempt loses its place to another one that was stored; so many in a row are none of an
// account's own clients.
constexpr unsigned most_races = 64;
constexpr unsigned highest_slot = 32767;
constexpr std::size_t removed_at_once = 1000;
constexpr unsigned most_batches = 10;  // others wait for the thread meanwhile

// The lowest free place decides: of several that come at once each finds the same one, and one gets
// it. Only where another is ended at that very moment can they find different ones, so the count of
// all records is exact but for those. What it costs does not depend on the values, so that a
// connection plans it once and not each time.
constexpr PreparedSql add_sql{
    "certificate_add",
    "INSERT INTO jidgate.certificate (account, name, der, subject, xmpp_addresses, key, not_before,"
    " not_after, can_manage, add_id, slot)"
    " SELECT $1::text, $2::text, $3::bytea, $4::text, string_to_array($5::text, E'\\n'), $6::text,"
    " to_timestamp($7::double precision), to_timestamp($8::double precision), $9::boolean,"
    " $10::uuid, free.slot"
    " FROM (SELECT min(candidate) AS slot FROM (SELECT 1 AS candidate UNION ALL"
    " SELECT slot + 1 FROM jidgate.certificate WHERE account = $1) candidates"
    " WHERE NOT EXISTS (SELECT FROM jidgate.certificate WHERE account = $1 AND slot = candidate))"
    " free"
    " WHERE free.slot <= $11::integer"
    " AND (SELECT count(slot) < $11 AND count(*) < $12::integer FROM jidgate.certificate"
    " WHERE account = $1)"
    " ON CONFLICT DO NOTHING RETURNING slot"};

// Why it was not added.
constexpr Sql why_not_added_sql =
    "SELECT coalesce((SELECT add_id = $4::uuid FROM jidgate.certificate"
    " WHERE sha256 = $2::bytea AND account = $1), false) AS by_us,"
    " EXISTS (SELECT FROM pg_stat_activity WHERE pid = ANY ($7::integer[])) AS is_unfinished,"
    " EXISTS (SELECT FROM jidgate.certificate WHERE sha256 = $2::bytea AND account = $1)"
    " AS is_registered,"
    " EXISTS (SELECT FROM jidgate.certificate"
    " WHERE account = $1 AND name = $3 AND revoked_at IS NULL) AS is_named,"
    " (SELECT count(slot) >= $5::integer OR count(*) >= $6::integer FROM jidgate.certificate"
    " WHERE account = $1) AS is_full";

constexpr Sql disable_sql =
    "UPDATE jidgate.certificate SET slot = NULL, disabled_at = clock_timestamp(), end_id = $3::uuid"
    " WHERE account = $1 AND name = $2 AND revoked_at IS NULL AND disabled_at IS NULL"
    " RETURNING encode(sha256, 'hex')";
constexpr Sql revoke_sql =
    "UPDATE jidgate.certificate SET slot = NULL, revoked_at = clock_timestamp(), end_id = $3::uuid"
    " WHERE account = $1 AND name = $2 AND revoked_at IS NULL"
    " RETURNING encode(sha256, 'hex')";
constexpr Sql is_unfinished_sql =
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ANY ($1::integer[])) AS is_unfinished";
constexpr Sql what_was_ended_sql =
    "SELECT encode(sha256, 'hex') FROM jidgate.certificate"
    " WHERE account = $1 AND name = $2 AND end_id = $3::uuid";

// Of one that is revoked: whoever marks another would keep a later revoke from ending anything.
constexpr Sql sessions_ended_sql =
    "UPDATE jidgate.certificate SET sessions_ended_at = clock_timestamp()"
    " WHERE sha256 = $1::bytea AND account = $2"
    " AND revoked_at IS NOT NULL AND sessions_ended_at IS NULL";

constexpr Sql remove_expired_sql =
    "DELETE FROM jidgate.certificate USING"
    " (SELECT sha256, account FROM jidgate.certificate"
    " WHERE not_after < statement_timestamp() - $1::double precision * interval '1 second'"
    " ORDER BY not_after LIMIT $2 FOR UPDATE SKIP LOCKED) gone"
    " WHERE certificate.sha256 = gone.sha256 AND certificate.account = gone.account";

constexpr Sql remove_account_sql = "DELETE FROM jidgate.certificate WHERE account = $1";

std::string joined(const std::vector<Jid>& addresses) {
  std::string lines;
  for (const Jid& address : addresses) {
    if (!lines.empty()) lines += '\n';
    lines += address.to_string();
  }
  return lines;
}

std::string array_of(const std::vector<int>& numbers) {
  std::string text = "{";
  for (const int number : numbers) {
    if (text.size() > 1) text += ',';
    text += std::to_string(number);
  }
  return text + "}";
}

// A backend that was given the statement by an attempt whose answer was lost is still there, and
// may be about to do it: until it is gone a refusal could turn out to be wrong.
void must_be_finished(const pqxx::row& row) {
  if (row["is_unfinished"].as<bool>()) throw Unavailable("an earlier attempt has not ended");
}

void require_text(std::string_view text) {
  if (!is_utf8(text)) throw std::invalid_argument("a text of a certificate is no UTF-8");
  if (text.find('\0') != std::string_view::npos) throw UnstorableText();
}

}  // namespace

void CertificateStore::State::resolve(const Attempt& attempt) {
  std::vector<int> asked;  // backends that were given the statement, and have not answered
  const auto once = [&](Connection& connection) {
    // Sets the connection up: when it turns out to be dead here, nothing has been asked yet.
    const int backend = connection.raw().backendpid();
    const std::vector<int> before = asked;
    asked.push_back(backend);
    try {
      attempt(connection, before);
    } catch (const std::exception& error) {
      if (!is_lost(error)) asked.pop_back();
      throw;
    }
  };
  try {
    pool.run(once, Pool::Repeat::never);
  } catch (const std::exception&) {
    if (asked.empty()) throw;
    pool.insist(once, std::chrono::steady_clock::now() + patience);
  }
}

OrStoreFault<Added> CertificateStore::add(const Jid& account, std::string_view name,
                                          const Certificate& certificate, bool can_manage,
                                          const Limits& limits) {
  for (const std::string_view text : {name, std::string_view(certificate.subject)}) {
    require_text(text);
  }
  const std::string owner = account.bare().to_string(), given(name), id = random_id(),
                    addresses = joined(certificate.xmpp_addresses);
  const unsigned active = std::min(limits.active, highest_slot);
  std::optional<Added> outcome;
  const auto attempt = [&](Connection& connection, const std::vector<int>& unfinished) {
    connection.prepare(add_sql);
    pqxx::nontransaction transaction(connection.raw());
    for (unsigned race = 0; race < most_races; ++race) {
      const pqxx::result stored =
          execute(transaction, add_sql, owner, given, Octets{certificate.der}, certificate.subject,
                  addresses, certificate.key, certificate.not_before.time_since_epoch().count(),
                  certificate.not_after.time_since_epoch().count(), can_manage, id, active,
                  limits.remembered);
      if (!stored.empty()) {
        outcome = Added::added;
        return;
      }
      const pqxx::result rows =
          execute(transaction, why_not_added_sql, owner, Octets{certificate.fingerprint}, given, id,
                  active, limits.remembered, array_of(unfinished));
      const pqxx::row why = rows[0];
      const auto is = [&](const char* column) { return why[column].as<bool>(); };
      if (is("by_us")) {
        outcome = Added::added;
        return;
      }
      must_be_finished(why);
      if (is("is_registered")) {
        outcome = Added::already_registered;
      } else if (is("is_named")) {
        outcome = Added::name_taken;
      } else if (is("is_full")) {
        outcome = Added::limit_reached;
      }
      if (outcome) return;
      // Another one took the place at this moment. The next is free.
    }
    throw Unavailable("too many certificates of the account are being added");
  };
  return state_->guarded([&] {
    state_->resolve(attempt);
    return *outcome;
  });
}

OrStoreFault<std::optional<std::string>> CertificateStore::end(const Jid& account,
                                                               std::string_view name, End how) {
  // There is no record of such a name.
  if (!is_utf8(name) || name.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string owner = account.bare().to_string(), given(name), id = random_id();
  std::optional<std::string> fingerprint;
  const auto attempt = [&](Connection& connection, const std::vector<int>& unfinished) {
    pqxx::nontransaction transaction(connection.raw());
    pqxx::result ended;
    if (!unfinished.empty()) {
      // What an earlier attempt did comes first: its name may have been given to another one
      // meanwhile, which must not be ended in its place. In this order, since it may be done now.
      const pqxx::result before = execute(transaction, is_unfinished_sql, array_of(unfinished));
      ended = execute(transaction, what_was_ended_sql, owner, given, id);
      if (ended.empty()) must_be_finished(before[0]);
    }
    if (ended.empty()) {
      ended =
          execute(transaction, how == End::disable ? disable_sql : revoke_sql, owner, given, id);
    }
    if (!ended.empty()) fingerprint = hex_decode(ended[0][0].c_str());
  };
  return state_->guarded([&] {
    state_->resolve(attempt);
    return fingerprint;
  });
}

OrStoreFault<bool> CertificateStore::sessions_ended(const Unended& which) {
  bool changed = false;
  const auto mark = [&](Connection& connection) {
    pqxx::work transaction(connection.raw());
    // Many may have been revoked at once, and nobody waits for the disk: what a crash forgets is
    // ended once more.
    execute(transaction, "SELECT set_config('synchronous_commit', 'off', true)");
    changed = execute(transaction, sessions_ended_sql, Octets{which.fingerprint}, which.account)
                  .affected_rows() > 0;
    transaction.commit();
  };
  return state_->guarded([&] {
    state_->pool.run(mark, Pool::Repeat::once);
    return changed;
  });
}

OrStoreFault<std::size_t> CertificateStore::remove_expired(std::chrono::seconds ago) {
  return state_->guarded([&] {
    std::size_t all = 0;
    for (unsigned batch = 0; batch < most_batches; ++batch) {
      const std::size_t removed =
          state_->changed_rows(remove_expired_sql, ago.count(), removed_at_once);
      all += removed;
      if (removed < removed_at_once) break;
    }
    return all;
  });
}

OrStoreFault<std::size_t> CertificateStore::remove_account(const Jid& account) {
  return state_->guarded(
      [&] { return state_->changed_rows(remove_account_sql, account.bare().to_string()); });
}

}  // namespace jidgate::db
