// SPDX-License-Identifier: GPL-3.0-or-later
// The store of certificates against a real PostgreSQL: what is stored, found, ended and forgotten.
#include <algorithm>
#include <set>

#include "core/locked.hpp"
#include "tests/contract/certificate_fixture.hpp"
#include "tests/support/recording_log.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* juliet = "juliet@verona.test";
constexpr const char* romeo = "romeo@verona.test";

class CertificateStoreTest : public CertificateTest {
 protected:
  static std::vector<std::string> names(const Records& records) {
    std::vector<std::string> all;
    for (const auto& record : records) all.push_back(record.name);
    return all;
  }
  // As time would do it.
  void let_expire(const std::string& name, const std::string& since) {
    query("UPDATE jidgate.certificate SET not_after = clock_timestamp() - interval '" + since +
          "' WHERE name = '" + name + "'");
  }
};

TEST_F(CertificateStoreTest, ARecordIsWhatWasAdded) {
  Certificate added = certificate("balcony");
  added.subject = "CN=Юлия,O=\"Capulet, and sons\"";
  added.key = "RSA 4096";
  added.not_before = std::chrono::sys_days(std::chrono::year{1950} / 1 / 1);
  // RFC 5280 section 4.1.2.5: "no well-defined expiration date".
  added.not_after = std::chrono::sys_days(std::chrono::year{9999} / 12 / 31) + 86399s;
  added.xmpp_addresses = {jid("juliet@verona.test"),
                          jid("juliet@xn--verona-9za.test/balcony ,{}\"")};
  const auto before = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  ASSERT_EQ(
      std::get<Added>(store_.add(jid("juliet@verona.test/balcony"), "phone", added, false, {})),
      Added::added);
  const Records found = records_of(juliet);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].account, juliet);
  EXPECT_EQ(found[0].name, "phone");
  EXPECT_EQ(found[0].der, added.der);
  EXPECT_EQ(found[0].fingerprint, added.fingerprint);
  EXPECT_EQ(found[0].subject, added.subject);
  EXPECT_EQ(found[0].key, "RSA 4096");
  EXPECT_THAT(found[0].xmpp_addresses,
              ElementsAre("juliet@verona.test", added.xmpp_addresses[1].to_string()));
  EXPECT_EQ(found[0].not_before, added.not_before);
  EXPECT_EQ(found[0].not_after, added.not_after);
  EXPECT_GE(found[0].added_at, before);
  EXPECT_EQ(found[0].ended_at, std::nullopt);
  EXPECT_FALSE(found[0].can_manage);
  EXPECT_EQ(found[0].state, CertificateState::active);
}

TEST_F(CertificateStoreTest, ANameInUseIsTakenForThisAccountOnly) {
  EXPECT_EQ(add(juliet, "phone", "one"), Added::added);
  EXPECT_EQ(add(juliet, "phone", "two"), Added::name_taken);
  EXPECT_EQ(add(juliet, "Phone", "two"), Added::added);
  EXPECT_EQ(add(romeo, "phone", "two"), Added::added);
  EXPECT_THAT(overview(juliet), ElementsAre("Phone active", "phone active"));
}

TEST_F(CertificateStoreTest, TheNameOfADisabledOneStaysTakenAndThatOfARevokedOneIsFree) {
  EXPECT_EQ(add(juliet, "phone", "one"), Added::added);
  EXPECT_TRUE(end(juliet, "phone", End::disable));
  EXPECT_EQ(add(juliet, "phone", "two"), Added::name_taken);
  EXPECT_TRUE(end(juliet, "phone", End::revoke));
  EXPECT_EQ(add(juliet, "phone", "two"), Added::added);
  EXPECT_THAT(overview(juliet), ElementsAre("phone active", "phone revoked"));
}

TEST_F(CertificateStoreTest, ACertificateIsRegisteredOncePerAccountAndNeverAgain) {
  EXPECT_EQ(add(juliet, "phone", "one"), Added::added);
  EXPECT_EQ(add(juliet, "laptop", "one"), Added::already_registered);
  EXPECT_EQ(add(juliet, "phone", "one"), Added::already_registered);
  EXPECT_TRUE(end(juliet, "phone", End::disable));
  EXPECT_EQ(add(juliet, "laptop", "one"), Added::already_registered);
  EXPECT_TRUE(end(juliet, "phone", End::revoke));
  EXPECT_EQ(add(juliet, "laptop", "one"), Added::already_registered);
  EXPECT_EQ(add(romeo, "phone", "one"), Added::added);
}

TEST_F(CertificateStoreTest, TheLimitCountsWhatIsNeitherDisabledNorRevoked) {
  const Limits limits{3, 1000};
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(add(juliet, name, name, limits), Added::added);
  EXPECT_EQ(add(juliet, "d", "d", limits), Added::limit_reached);
  EXPECT_EQ(add(juliet, "a", "d", limits), Added::name_taken);
  EXPECT_TRUE(end(juliet, "b", End::disable));
  EXPECT_EQ(add(juliet, "d", "d", limits), Added::added);
  EXPECT_EQ(add(juliet, "e", "e", limits), Added::limit_reached);
  EXPECT_TRUE(end(juliet, "b", End::revoke));  // had no place any more
  EXPECT_EQ(add(juliet, "e", "e", limits), Added::limit_reached);
  EXPECT_TRUE(end(juliet, "a", End::revoke));
  EXPECT_EQ(add(juliet, "e", "e", limits), Added::added);
  let_expire("e", "1 hour");
  EXPECT_EQ(add(juliet, "f", "f", limits), Added::limit_reached);
}

TEST_F(CertificateStoreTest, ALoweredLimitHoldsThoughLowerPlacesAreFree) {
  for (const char* name : {"a", "b", "c", "d"}) EXPECT_EQ(add(juliet, name, name), Added::added);
  EXPECT_TRUE(end(juliet, "a", End::revoke));
  EXPECT_EQ(add(juliet, "e", "e", {3, 1000}), Added::limit_reached);
  EXPECT_TRUE(end(juliet, "b", End::revoke));
  EXPECT_EQ(add(juliet, "e", "e", {3, 1000}), Added::added);
}

TEST_F(CertificateStoreTest, RememberedOnesAreLimitedToo) {
  const Limits limits{20, 4};
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(add(juliet, name, name, limits), Added::added);
    EXPECT_TRUE(end(juliet, name, End::revoke));
  }
  EXPECT_EQ(add(juliet, "d", "d", limits), Added::added);
  EXPECT_EQ(add(juliet, "e", "e", limits), Added::limit_reached);
  EXPECT_EQ(add(romeo, "e", "e", limits), Added::added);
}

TEST_F(CertificateStoreTest, EndingGivesTheFingerprintOfWhatWasEnded) {
  const std::string one = certificate("one").fingerprint;
  EXPECT_EQ(end(juliet, "phone", End::disable), std::nullopt);
  EXPECT_EQ(end(juliet, "phone", End::revoke), std::nullopt);
  add(juliet, "phone", "one");
  EXPECT_EQ(end(romeo, "phone", End::revoke), std::nullopt);
  EXPECT_EQ(end(juliet, "phone", End::disable), one);
  const auto disabled_at = records_of(juliet)[0].ended_at;
  EXPECT_NE(disabled_at, std::nullopt);
  EXPECT_EQ(end(juliet, "phone", End::disable), std::nullopt);
  EXPECT_EQ(end(juliet, "phone", End::revoke), one);
  EXPECT_GE(records_of(juliet)[0].ended_at, disabled_at);
  EXPECT_EQ(end(juliet, "phone", End::revoke), std::nullopt);
  EXPECT_EQ(end(juliet, "phone", End::disable), std::nullopt);
  EXPECT_THAT(overview(juliet), ElementsAre("phone revoked"));
}

TEST_F(CertificateStoreTest, WhoMayManageIsToldForWhatIsRegistered) {
  const auto may = [&](const char* account, const std::string& seed) {
    return std::get<std::optional<bool>>(
        store_.can_manage(jid(account), certificate(seed).fingerprint));
  };
  add(juliet, "phone", "one");
  store_.add(jid(juliet), "kiosk", certificate("two"), false, {});
  EXPECT_EQ(may(juliet, "one"), true);
  EXPECT_EQ(may(juliet, "two"), false);
  EXPECT_EQ(may(juliet, "three"), std::nullopt);
  EXPECT_EQ(may(romeo, "one"), std::nullopt);
  end(juliet, "phone", End::disable);
  EXPECT_EQ(may(juliet, "one"), true);
  end(juliet, "phone", End::revoke);
  EXPECT_EQ(may(juliet, "one"), std::nullopt);
  EXPECT_EQ(std::get<std::optional<bool>>(store_.can_manage(jid(juliet), "")), std::nullopt);
}

TEST_F(CertificateStoreTest, ListsAreByNameWithRevokedOnesLast) {
  for (const char* name : {"d", "b", "a", "c"}) add(juliet, name, name);
  add(romeo, "a", "a");
  end(juliet, "a", End::revoke);
  end(juliet, "b", End::disable);
  let_expire("c", "1 second");
  EXPECT_THAT(overview(juliet), ElementsAre("b disabled", "c expired", "d active", "a revoked"));
  CertificateStore::Selection selection;
  selection.account = jid(juliet);
  selection.with_ended = selection.with_der = false;
  const Records in_use = list(selection);
  EXPECT_THAT(names(in_use), ElementsAre("c", "d"));
  EXPECT_EQ(in_use[0].der, "");
  EXPECT_THAT(names(list({})), ElementsAre("b", "c", "d", "a", "a"));
}

TEST_F(CertificateStoreTest, ALongListComesWholeAndOnceWhileItChanges) {
  // Several batches, with their ends within an account and between two.
  constexpr int accounts = 7, each = 110;
  for (int i = 0; i < accounts * each; ++i) {
    const std::string account = "a" + std::to_string(i / each) + "@verona.test";
    const std::string name = "n" + std::to_string(1000 + i % each);
    ASSERT_EQ(add(account, name, account + name, {200, 1000}), Added::added);
  }
  std::vector<std::string> order;
  std::set<std::string> fingerprints;
  EXPECT_EQ(store_.list({},
                        [&](const CertificateRecord& record) {
                          order.push_back(record.account + record.name);
                          fingerprints.insert(record.account + record.fingerprint);
                          // Moves what was listed behind the rest of its account.
                          if (order.size() % 10 == 1) {
                            end(record.account, record.name, End::revoke);
                          }
                        }),
            std::nullopt);
  EXPECT_EQ(order.size(), static_cast<std::size_t>(accounts * each));
  EXPECT_EQ(fingerprints.size(), order.size());
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(CertificateStoreTest, EachRecordIsTakenOnceToBeToldOf) {
  for (const char* name : {"a", "b", "c"}) add(juliet, name, name);
  const auto take = [&](std::size_t most) { return std::get<Records>(store_.take_added(most)); };
  const Records first = take(2);
  EXPECT_THAT(names(first), testing::UnorderedElementsAre("a", "b"));
  EXPECT_EQ(first[0].account, juliet);
  EXPECT_EQ(first[0].fingerprint, certificate(first[0].name).fingerprint);
  EXPECT_THAT(names(take(2)), ElementsAre("c"));
  EXPECT_THAT(take(2), IsEmpty());
  end(juliet, "a", End::revoke);
  EXPECT_THAT(take(2), IsEmpty());
}

TEST_F(CertificateStoreTest, WhatExpiresSoonIsTakenOnceUnlessItWasEndedOrHasExpired) {
  const auto until = [&](const char* name, std::chrono::seconds left) {
    store_.add(jid(juliet), name, certificate(name, left), true, {});
  };
  until("today", 1h);
  until("soon", 24h * 13);
  until("later", 24h * 15);
  until("past", -10s);
  until("disabled", 1h);
  until("revoked", 1h);
  end(juliet, "disabled", End::disable);
  end(juliet, "revoked", End::revoke);
  const auto take = [&](std::size_t most) {
    return std::get<Records>(store_.take_expiring(24h * 14, most));
  };
  EXPECT_THAT(names(take(1)), ElementsAre("today"));
  EXPECT_THAT(names(take(10)), ElementsAre("soon"));
  EXPECT_THAT(take(10), IsEmpty());
}

TEST_F(CertificateStoreTest, SeveralInstancesTakeEachRecordOnce) {
  constexpr std::size_t count = 400;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = std::to_string(i);
    store_.add(jid("a" + std::to_string(i / 10) + "@verona.test"), name, certificate(name, 1h),
               true, {});
  }
  Locked<std::vector<std::string>> added, expiring;
  std::vector<std::thread> instances;
  for (int i = 0; i < 4; ++i) {
    instances.emplace_back([&] {
      Pool pool(url("jidgate_service"), 1, metrics_);
      CertificateStore store(pool);
      const auto take_all = [](auto take, auto& all) {
        for (Records batch; !(batch = std::get<Records>(take())).empty();) {
          all.with([&](auto& taken) {
            for (auto& record : batch) taken.push_back(record.name);
          });
        }
      };
      take_all([&] { return store.take_added(7); }, added);
      take_all([&] { return store.take_expiring(2h, 7); }, expiring);
    });
  }
  for (auto& instance : instances) instance.join();
  for (auto* taken : {&added, &expiring}) {
    taken->with([&](const auto& all) {
      EXPECT_EQ(all.size(), count);
      EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), count);
    });
  }
}

TEST_F(CertificateStoreTest, WhatExpiredLongAgoIsForgottenWhateverBecameOfIt) {
  for (const char* name : {"old", "older", "recent", "fresh"}) add(juliet, name, name);
  end(juliet, "older", End::revoke);
  let_expire("old", "31 days");
  let_expire("older", "40 days");
  let_expire("recent", "29 days");
  EXPECT_EQ(std::get<std::size_t>(store_.remove_expired(24h * 30)), 2u);
  EXPECT_THAT(overview(juliet), ElementsAre("fresh active", "recent expired"));
  EXPECT_EQ(std::get<std::size_t>(store_.remove_expired(24h * 30)), 0u);
}

TEST_F(CertificateStoreTest, ManyExpiredOnesAreForgottenInOneCall) {
  query(
      "INSERT INTO jidgate.certificate (account, name, der, subject, xmpp_addresses, key,"
      " not_before, not_after, can_manage, slot, add_id)"
      " SELECT 'a' || i || '@verona.test', 'n', sha256(i::text::bytea) || sha256('b'), '', '{}',"
      " 'P-256', '2020-01-01', '2021-01-01', true, 1, gen_random_uuid()"
      " FROM generate_series(1, 2500) i");
  add(juliet, "phone", "one");
  EXPECT_EQ(std::get<std::size_t>(store_.remove_expired(24h)), 2500u);
  EXPECT_EQ(value("SELECT count(*) FROM jidgate.certificate"), "1");
}

TEST_F(CertificateStoreTest, TheRecordsOfADeletedAccountAreGoneAndNoOthers) {
  add(juliet, "phone", "one");
  add(juliet, "laptop", "two");
  end(juliet, "laptop", End::revoke);
  add(romeo, "phone", "one");
  EXPECT_EQ(std::get<std::size_t>(store_.remove_account(jid("juliet@verona.test/balcony"))), 2u);
  EXPECT_THAT(overview(juliet), IsEmpty());
  EXPECT_THAT(overview(romeo), ElementsAre("phone active"));
  EXPECT_EQ(add(juliet, "phone", "one"), Added::added);
}

TEST_F(CertificateStoreTest, StatisticsCountTheStates) {
  EXPECT_EQ(std::get<CertificateStore::Statistics>(store_.statistics()).accounts, 0u);
  for (const char* name : {"a", "b", "c", "d"}) add(juliet, name, name);
  add(romeo, "a", "a");
  end(juliet, "a", End::disable);
  end(juliet, "b", End::revoke);
  let_expire("c", "1 second");
  const auto counted = std::get<CertificateStore::Statistics>(store_.statistics());
  EXPECT_EQ(counted.accounts, 2u);
  EXPECT_EQ(counted.active, 2u);
  EXPECT_EQ(counted.disabled, 1u);
  EXPECT_EQ(counted.revoked, 1u);
  EXPECT_EQ(counted.expired, 1u);
}

TEST_F(CertificateStoreTest, WhatSqlWouldReadIsStoredAsItIs) {
  const std::vector<std::string> hostile = {"'; DROP TABLE jidgate.certificate; --",
                                            "$1",
                                            "\\",
                                            "\\'",
                                            "%",
                                            "_",
                                            "a%b_c\\%",
                                            "\"",
                                            "{}",
                                            "E'\\n'",
                                            "--",
                                            "/*",
                                            "NULL",
                                            ";",
                                            "${jndi:ldap://x}",
                                            "\xf0\x9f\x94\x91",
                                            " ",
                                            "\x7f",
                                            std::string(255, 'n')};
  for (const std::string& name : hostile) {
    Certificate odd = certificate("for " + name);
    odd.subject = name;
    ASSERT_EQ(std::get<Added>(store_.add(jid(juliet), name, odd, true, {})), Added::added) << name;
  }
  std::vector<std::string> found;
  for (const auto& record : records_of(juliet)) {
    found.push_back(record.name);
    EXPECT_EQ(record.subject, record.name);
  }
  EXPECT_THAT(found, testing::UnorderedElementsAreArray(hostile));
  EXPECT_EQ(end(juliet, "_", End::disable), certificate("for _").fingerprint);
  EXPECT_EQ(end(juliet, "%", End::revoke), certificate("for %").fingerprint);
  for (const auto& record : records_of(juliet)) {
    EXPECT_EQ(record.state == CertificateState::active, record.name != "_" && record.name != "%");
  }
  // An apostrophe in an account too.
  const char* quoted = "o\xca\xbcneil$1;--@verona.test";
  EXPECT_EQ(add(quoted, "phone", "one"), Added::added);
  EXPECT_EQ(records_of(quoted).size(), 1u);
}

TEST_F(CertificateStoreTest, TextThatCannotBeStoredIsRefusedInsteadOfCut) {
  for (const std::string& name :
       {std::string("a\0b", 3), std::string("\xff"), std::string("\xed\xa0\x80")}) {
    EXPECT_THROW(store_.add(jid(juliet), name, certificate("one"), true, {}),
                 std::invalid_argument);
    EXPECT_EQ(end(juliet, name, End::revoke), std::nullopt);
  }
  Certificate odd = certificate("one");
  odd.subject = std::string("CN=a\0b", 6);
  EXPECT_THROW(store_.add(jid(juliet), "phone", odd, true, {}), std::invalid_argument);
  // What the registry would never let through stops at a constraint.
  EXPECT_EQ(std::get<StoreFault>(
                store_.add(jid(juliet), std::string(256, 'n'), certificate("one"), true, {})),
            StoreFault::away);
  EXPECT_EQ(std::get<StoreFault>(store_.add(jid(juliet), "", certificate("one"), true, {})),
            StoreFault::away);
  EXPECT_EQ(value("SELECT count(*) FROM jidgate.certificate"), "0");
}

TEST_F(CertificateStoreTest, AFullDiskIsToldAsFullAndLeavesNothing) {
  query(
      "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;"
      "CREATE TRIGGER no_room AFTER INSERT OR UPDATE ON jidgate.certificate"
      " EXECUTE FUNCTION no_room()");
  test::RecordingLog log;
  CertificateStore store(pool_, &log);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(std::get<StoreFault>(store.add(jid(juliet), "phone", certificate("one"), true, {})),
              StoreFault::full);
  }
  EXPECT_EQ(log.entries("certificate.database_refused").size(), 1u);
  query("ALTER TABLE jidgate.certificate DISABLE TRIGGER no_room");
  EXPECT_EQ(add(juliet, "phone", "one"), Added::added);
  query("ALTER TABLE jidgate.certificate ENABLE TRIGGER no_room");
  EXPECT_EQ(std::get<StoreFault>(store.end(jid(juliet), "phone", End::revoke)), StoreFault::full);
  EXPECT_THAT(overview(juliet), ElementsAre("phone active"));
}

TEST_F(CertificateStoreTest, ADatabaseThatTakesNoMoreConnectionsIsAway) {
  query("ALTER ROLE jidgate_service CONNECTION LIMIT 0");
  EXPECT_EQ(std::get<StoreFault>(store_.add(jid(juliet), "phone", certificate("one"), true, {})),
            StoreFault::away);
  EXPECT_EQ(store_.list({}, [](const CertificateRecord&) {}), StoreFault::away);
  query("ALTER ROLE jidgate_service CONNECTION LIMIT -1");
  wait_until(
      [&] {
        const auto added = store_.add(jid(juliet), "phone", certificate("one"), true, {});
        return std::holds_alternative<Added>(added);
      },
      "the database to be used again");
}

TEST_F(CertificateStoreTest, ADatabaseThatIsAwayIsSaidToBeAndFoundAgain) {
  add(juliet, "phone", "one");
  postgres_->stop();
  EXPECT_EQ(std::get<StoreFault>(store_.statistics()), StoreFault::away);
  EXPECT_EQ(std::get<StoreFault>(store_.take_added(1)), StoreFault::away);
  EXPECT_EQ(std::get<StoreFault>(store_.take_expiring(1h, 1)), StoreFault::away);
  EXPECT_EQ(std::get<StoreFault>(store_.remove_expired(1h)), StoreFault::away);
  EXPECT_EQ(std::get<StoreFault>(store_.can_manage(jid(juliet), "x")), StoreFault::away);
  EXPECT_EQ(std::get<StoreFault>(store_.end(jid(juliet), "phone", End::revoke)), StoreFault::away);
  postgres_->start();
  wait_until([&] { return std::holds_alternative<std::size_t>(store_.remove_expired(1h)); },
             "the database to be used again");
  EXPECT_THAT(overview(juliet), ElementsAre("phone active"));
}

TEST_F(CertificateStoreTest, WhenTheDaemonStopsAnAnswerIsNotWaitedFor) {
  add(juliet, "phone", "one");
  pool_.close();
  EXPECT_EQ(std::get<StoreFault>(store_.add(jid(juliet), "laptop", certificate("two"), true, {})),
            StoreFault::away);
}

}  // namespace
}  // namespace jidgate::db
