// SPDX-License-Identifier: GPL-3.0-or-later
// Answers that are lost with the connection: what the store says is what became of it.
#include <signal.h>

#include <future>

#include "tests/contract/certificate_fixture.hpp"
#include "tests/contract/certificate_relay.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;
using test::Relay;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* juliet = "juliet@verona.test";

class CertificateDoubtTest : public CertificateTest {
 protected:
  CertificateDoubtTest() {
    // The first use sets a connection up: what is lost later is the question itself.
    EXPECT_EQ(add_behind("warm@verona.test", "up", "warm"), Added::added);
    query("DELETE FROM jidgate.certificate");
  }

  static std::string socket_folder() {
    const std::string url = postgres_->url("postgres");
    return url.substr(url.find("host=") + 5);
  }
  std::string url_behind() const {
    return "postgresql://jidgate_service@/" + database_ + "?port=5432&host=" + relay_.folder();
  }
  // Through the relay.
  Added add_behind(const char* account, const std::string& name, const std::string& seed,
                   const Limits& limits = {}) {
    return std::get<Added>(behind_.add(jid(account), name, certificate(seed), true, limits));
  }
  std::optional<std::string> end_behind(const std::string& name, End how) {
    return std::get<std::optional<std::string>>(behind_.end(jid(juliet), name, how));
  }

  Relay relay_{socket_folder() + "/.s.PGSQL.5432"};
  Pool narrow_{url_behind(), 1, metrics_};
  CertificateStore behind_{narrow_, nullptr, 20s};
};

TEST_F(CertificateDoubtTest, WhatWasAddedIsAcknowledgedThoughTheAnswerWasLost) {
  relay_.lose(Relay::Loses::answer);
  EXPECT_EQ(add_behind(juliet, "phone", "one"), Added::added);
  EXPECT_TRUE(relay_.has_lost());
  EXPECT_THAT(overview(juliet), ElementsAre("phone active"));
}

TEST_F(CertificateDoubtTest, WhatNeverArrivedIsAddedAfterAll) {
  relay_.lose(Relay::Loses::question);
  EXPECT_EQ(add_behind(juliet, "phone", "one"), Added::added);
  EXPECT_TRUE(relay_.has_lost());
  EXPECT_THAT(overview(juliet), ElementsAre("phone active"));
}

TEST_F(CertificateDoubtTest, ALostRefusalIsFoundOut) {
  add(juliet, "phone", "one");
  relay_.lose(Relay::Loses::answer);
  EXPECT_EQ(add_behind(juliet, "phone", "two"), Added::name_taken);
  relay_.lose(Relay::Loses::answer);
  EXPECT_EQ(add_behind(juliet, "laptop", "two", {1, 1000}), Added::limit_reached);
  // Somebody registered it before: that is not taken for what was lost, whatever its name.
  relay_.lose(Relay::Loses::answer);
  EXPECT_EQ(add_behind(juliet, "phone", "one"), Added::already_registered);
  EXPECT_TRUE(relay_.has_lost());
  EXPECT_THAT(overview(juliet), ElementsAre("phone active"));
}

TEST_F(CertificateDoubtTest, WhatIsStillBeingAddedIsWaitedFor) {
  pqxx::connection other(url("postgres"));
  auto transaction = std::make_unique<pqxx::work>(other);
  transaction->exec("LOCK TABLE jidgate.certificate IN SHARE MODE");
  relay_.lose(Relay::Loses::client);
  auto added = std::async(std::launch::async, [&] { return add_behind(juliet, "phone", "one"); });
  // The first is left behind, and so is not told to end.
  wait_until([&] { return value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "2"; },
             "both attempts to wait for the table");
  transaction.reset();
  EXPECT_EQ(added.get(), Added::added);
  EXPECT_THAT(overview(juliet), ElementsAre("phone active"));
}

TEST_F(CertificateDoubtTest, WhileTheLostAttemptMayStillSucceedNothingIsRefused) {
  // The only one so far is that of the warm connection.
  const int backend =
      std::stoi(value("SELECT pid FROM pg_stat_activity WHERE usename = 'jidgate_service'"
                      " AND datname = current_database()"));
  add(juliet, "laptop", "two");
  // It has the statement in its socket, and has not read it.
  ASSERT_EQ(::kill(backend, SIGSTOP), 0);
  relay_.lose(Relay::Loses::client);
  auto added = std::async(std::launch::async, [&] {
    return add_behind(juliet, "phone", "one", {1, 1000});
  });
  wait_until(
      [&] {
        return value(
                   "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%is_unfinished%'"
                   " AND state = 'idle'") != "0";
      },
      "the second attempt to see that there is no place");
  EXPECT_EQ(added.wait_for(0s), std::future_status::timeout);
  end(juliet, "laptop", End::revoke);
  ASSERT_EQ(::kill(backend, SIGCONT), 0);
  EXPECT_EQ(added.get(), Added::added);
  EXPECT_THAT(overview(juliet), ElementsAre("phone active", "laptop revoked"));
}

TEST_F(CertificateDoubtTest, WhatWasEndedIsToldThoughTheAnswerWasLost) {
  for (const auto lost : {Relay::Loses::answer, Relay::Loses::question}) {
    const std::string name = lost == Relay::Loses::answer ? "phone" : "laptop";
    add(juliet, name, name);
    relay_.lose(lost);
    EXPECT_EQ(end_behind(name, End::disable), certificate(name).fingerprint);
    EXPECT_TRUE(relay_.has_lost());
    relay_.lose(lost);
    EXPECT_EQ(end_behind(name, End::revoke), certificate(name).fingerprint);
    EXPECT_TRUE(relay_.has_lost());
  }
  EXPECT_THAT(overview(juliet), ElementsAre("laptop revoked", "phone revoked"));
  // Not one that somebody else ended before.
  relay_.lose(Relay::Loses::answer);
  EXPECT_EQ(end_behind("phone", End::revoke), std::nullopt);
  EXPECT_TRUE(relay_.has_lost());
}

TEST_F(CertificateDoubtTest, AnotherOneThatGotTheNameMeanwhileIsNotEndedInItsPlace) {
  add(juliet, "phone", "one");
  add(juliet, "laptop", "two");
  // Before the second attempt can begin.
  query(
      "CREATE FUNCTION jidgate.take_the_name() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
      " $$ BEGIN UPDATE jidgate.certificate SET name = 'phone' WHERE name = 'laptop';"
      " RETURN NULL; END $$");
  query(
      "CREATE TRIGGER take_the_name AFTER UPDATE OF revoked_at ON jidgate.certificate"
      " FOR EACH ROW EXECUTE FUNCTION jidgate.take_the_name()");
  relay_.lose(Relay::Loses::answer);
  EXPECT_EQ(end_behind("phone", End::revoke), certificate("one").fingerprint);
  EXPECT_TRUE(relay_.has_lost());
  EXPECT_THAT(overview(juliet), ElementsAre("phone active", "phone revoked"));
}

TEST_F(CertificateDoubtTest, RecordsAreToldOfEvenIfNobodyKnowsThatTheyWereClaimed) {
  add(juliet, "phone", "one");
  relay_.lose(Relay::Loses::answer, "COMMIT");
  EXPECT_EQ(std::get<Records>(behind_.take_added(10)).size(), 1u);
  EXPECT_TRUE(relay_.has_lost());
  EXPECT_THAT(std::get<Records>(behind_.take_added(10)), IsEmpty());
  add(juliet, "laptop", "two");
  relay_.lose(Relay::Loses::question, "COMMIT");
  EXPECT_EQ(std::get<Records>(behind_.take_added(10)).size(), 1u);
  EXPECT_TRUE(relay_.has_lost());
}

TEST_F(CertificateDoubtTest, ReadingIsSimplyDoneAgain) {
  add(juliet, "phone", "one");
  relay_.lose(Relay::Loses::question);
  std::size_t count = 0;
  EXPECT_EQ(behind_.list({}, [&](const CertificateRecord&) { ++count; }), std::nullopt);
  EXPECT_EQ(count, 1u);
  relay_.lose(Relay::Loses::answer);
  EXPECT_EQ(std::get<CertificateStore::Statistics>(behind_.statistics()).active, 1u);
  relay_.lose(Relay::Loses::answer);
  EXPECT_EQ(std::get<std::optional<bool>>(
                behind_.can_manage(jid(juliet), certificate("one").fingerprint)),
            true);
  EXPECT_TRUE(relay_.has_lost());
}

TEST_F(CertificateDoubtTest, WhenTheServerDoesNotComeBackTheDatabaseIsSaidToBeAway) {
  CertificateStore impatient(narrow_, nullptr, 300ms);
  postgres_->stop();
  EXPECT_EQ(std::get<StoreFault>(impatient.add(jid(juliet), "phone", certificate("one"), true, {})),
            StoreFault::away);
  EXPECT_EQ(std::get<StoreFault>(impatient.end(jid(juliet), "phone", End::revoke)),
            StoreFault::away);
  postgres_->start();
}

TEST_F(CertificateDoubtTest, WhenTheServerComesBackInTimeItIsAdded) {
  postgres_->kill();
  auto added = std::async(std::launch::async, [&] { return add_behind(juliet, "phone", "one"); });
  postgres_->start();
  EXPECT_EQ(added.get(), Added::added);
  EXPECT_THAT(overview(juliet), ElementsAre("phone active"));
}

TEST_F(CertificateDoubtTest, WhatAFrozenServerHadNotBegunIsAddedOnceWhenItGoesOn) {
  Pool pool(url("jidgate_service"), 1, metrics_, {200ms, 50ms, 100ms});
  CertificateStore store(pool, nullptr, 20s);
  EXPECT_EQ(std::get<std::size_t>(store.remove_account(jid(juliet))), 0u);  // connects
  postgres_->freeze(true);
  auto added = std::async(std::launch::async, [&] {
    return store.add(jid(juliet), "phone", certificate("one"), true, {});
  });
  wait_until([&] { return metrics_.render().find("db_errors_total 0\n") == std::string::npos; },
             "the connection to be taken away");
  postgres_->freeze(false);
  EXPECT_EQ(std::get<Added>(added.get()), Added::added);
  EXPECT_THAT(overview(juliet), ElementsAre("phone active"));
}

TEST_F(CertificateDoubtTest, AThreadThatLooksForItsAnswerIsFreedWhenTheDaemonStops) {
  CertificateStore patient(narrow_, nullptr, 1h);
  postgres_->stop();
  auto added = std::async(std::launch::async, [&] {
    return patient.add(jid(juliet), "phone", certificate("one"), true, {});
  });
  narrow_.close();
  EXPECT_EQ(std::get<StoreFault>(added.get()), StoreFault::away);
  postgres_->start();
}

}  // namespace
}  // namespace jidgate::db
