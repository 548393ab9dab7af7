// SPDX-License-Identifier: GPL-3.0-or-later
// What the database knows of the sessions of revoked certificates, and whom it tells.
#include <algorithm>

#include "core/text.hpp"
#include "tests/contract/certificate_fixture.hpp"

namespace jidgate::db {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* juliet = "juliet@verona.test";
constexpr const char* romeo = "romeo@verona.test";

class CertificateSessionsTest : public CertificateTest {
 protected:
  using Unended = CertificateStore::Unended;

  // Registered and revoked.
  void revoked(const char* account, const std::string& name) {
    add(account, name, name);
    end(account, name, End::revoke);
  }
  static Unended which(const char* account, const std::string& seed) {
    return {account, certificate(seed).fingerprint};
  }
  std::vector<Unended> batch(std::size_t most = 100,
                             const std::optional<Unended>& last = std::nullopt) const {
    return std::get<std::vector<Unended>>(store_.unended(most, last));
  }
  // Accounts and names.
  std::vector<std::string> found(std::size_t most = 100,
                                 const std::optional<Unended>& last = std::nullopt) const {
    std::vector<std::string> all;
    for (const Unended& each : batch(most, last)) {
      all.push_back(each.account + " " +
                    value("SELECT name FROM jidgate.certificate WHERE sha256 = '\\x" +
                          hex_encode(each.fingerprint) + "' AND account = '" + each.account + "'"));
    }
    return all;
  }
  bool ended(const Unended& one) { return std::get<bool>(store_.sessions_ended(one)); }
};

TEST_F(CertificateSessionsTest, ThoseOfRevokedOnesAreToBeEndedUntilTheyAre) {
  revoked(juliet, "phone");
  revoked(romeo, "phone");
  revoked(juliet, "laptop");
  add(juliet, "active", "active");
  add(juliet, "off", "off");
  end(juliet, "off", End::disable);
  EXPECT_THAT(found(), ElementsAre("juliet@verona.test phone", "romeo@verona.test phone",
                                   "juliet@verona.test laptop"))
      << "the longest revoked first";
  EXPECT_TRUE(ended(which(romeo, "phone")));
  EXPECT_FALSE(ended(which(romeo, "phone"))) << "somebody was faster";
  EXPECT_THAT(found(), ElementsAre("juliet@verona.test phone", "juliet@verona.test laptop"));
  end(juliet, "off", End::revoke);
  EXPECT_THAT(found(), ElementsAre("juliet@verona.test phone", "juliet@verona.test laptop",
                                   "juliet@verona.test off"));
}

TEST_F(CertificateSessionsTest, OnlyThoseOfRevokedOnesCanHaveBeenEnded) {
  add(juliet, "phone", "phone");
  EXPECT_FALSE(ended(which(juliet, "phone")));
  EXPECT_FALSE(ended(which(romeo, "phone")));
  EXPECT_FALSE(ended({"'; --", std::string("\0\xff", 2)}));
  end(juliet, "phone", End::revoke);
  EXPECT_THAT(found(), ElementsAre("juliet@verona.test phone"));
}

TEST_F(CertificateSessionsTest, ManyAreGivenInBatches) {
  for (const char* name : {"a", "b", "c", "d", "e"}) revoked(juliet, name);
  // As one statement of somebody's leaves them.
  query("UPDATE jidgate.certificate SET revoked_at = '2026-01-01' WHERE name IN ('b', 'c', 'd')");
  std::vector<std::string> all;
  std::optional<Unended> last;
  for (std::vector<Unended> records; !(records = batch(2, last)).empty(); last = records.back()) {
    EXPECT_LE(records.size(), 2u);
    for (const Unended& record : records) all.push_back(record.fingerprint);
  }
  std::sort(all.begin(), all.begin() + 3);
  std::vector<std::string> same_time = {which(juliet, "b").fingerprint,
                                        which(juliet, "c").fingerprint,
                                        which(juliet, "d").fingerprint};
  std::sort(same_time.begin(), same_time.end());
  same_time.push_back(which(juliet, "a").fingerprint);
  same_time.push_back(which(juliet, "e").fingerprint);
  EXPECT_EQ(all, same_time);
  // Where the last one was ended meanwhile what comes after it is found all the same.
  last = batch(2).back();
  ended(*last);
  EXPECT_EQ(batch(100, last).size(), 3u);
  query("DELETE FROM jidgate.certificate WHERE sessions_ended_at IS NOT NULL");
  EXPECT_THAT(batch(100, last), IsEmpty());
}

TEST_F(CertificateSessionsTest, OddTimesKeepNobodyElseWaiting) {
  for (const char* name : {"a", "b", "c"}) revoked(juliet, name);
  query("UPDATE jidgate.certificate SET revoked_at = 'infinity' WHERE name = 'a'");
  query("UPDATE jidgate.certificate SET revoked_at = '-infinity' WHERE name = 'c'");
  EXPECT_THAT(found(),
              ElementsAre("juliet@verona.test c", "juliet@verona.test b", "juliet@verona.test a"));
  EXPECT_THAT(found(100, which(juliet, "b")), ElementsAre("juliet@verona.test a"));
}

TEST_F(CertificateSessionsTest, WithoutTheServerTheDatabaseIsAway) {
  revoked(juliet, "phone");
  postgres_->stop();
  EXPECT_EQ(std::get<StoreFault>(store_.unended(1, std::nullopt)), StoreFault::away);
  EXPECT_EQ(std::get<StoreFault>(store_.sessions_ended(which(juliet, "phone"))), StoreFault::away);
  postgres_->start();
}

// Somebody who listens.
class Ear {
 public:
  explicit Ear(const std::string& url) : connection_(url) { say("LISTEN jidgate_revoked"); }
  // The number of notifications of what was committed since the last call: the server sends them
  // before it says that a statement is done.
  int heard() {
    say("SELECT 1");
    return connection_.get_notifs();
  }

 private:
  void say(const std::string& sql) { pqxx::nontransaction(connection_).exec(sql); }
  pqxx::connection connection_;
};

TEST_F(CertificateSessionsTest, WhoListensIsToldOfWhatIsRevokedWhoeverDoesIt) {
  Ear ear(url("jidgate_service"));
  for (const char* name : {"a", "b", "c", "d", "e"}) add(juliet, name, name);
  EXPECT_EQ(ear.heard(), 0);
  end(juliet, "a", End::revoke);
  EXPECT_EQ(ear.heard(), 1) << "by the store";
  const std::string revoke =
      "UPDATE jidgate.certificate SET slot = NULL, revoked_at = now() WHERE ";
  query(revoke + "name = 'b'", "jidgate_service");
  EXPECT_EQ(ear.heard(), 1) << "by plain SQL";
  query(revoke + "name IN ('c', 'd')");
  EXPECT_EQ(ear.heard(), 1) << "once, however many it is";
}

TEST_F(CertificateSessionsTest, AndOfNothingElse) {
  for (const char* name : {"a", "b"}) add(juliet, name, name);
  end(juliet, "a", End::revoke);
  Ear ear(url("jidgate_service"));
  add(juliet, "c", "c");
  end(juliet, "c", End::disable);
  end(juliet, "a", End::revoke);
  end(juliet, "unknown", End::revoke);
  store_.take_added(10);
  ended(which(juliet, "a"));
  query("UPDATE jidgate.certificate SET revoked_at = now() WHERE name = 'a'");
  query("DELETE FROM jidgate.certificate WHERE name = 'a'");
  {
    pqxx::connection other(url("jidgate_service"));
    pqxx::work undone(other);
    undone.exec("UPDATE jidgate.certificate SET slot = NULL, revoked_at = now()");
  }
  EXPECT_EQ(ear.heard(), 0);
  end(juliet, "b", End::revoke);
  EXPECT_EQ(ear.heard(), 1);
}

}  // namespace
}  // namespace jidgate::db
