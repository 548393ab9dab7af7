// SPDX-License-Identifier: GPL-3.0-or-later
// Accounts are told of certificates once: what was added to them, and what will expire.
#include "component/certificate_care.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <future>
#include <thread>

#include "component/certificate_texts.hpp"
#include "tests/support/certificate_care_store.hpp"
#include "tests/support/certificate_clock.hpp"
#include "tests/support/dialogue.hpp"

namespace jidgate::test {
namespace {

using component::CertificateCare;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char *added_100 = "added 100", *expiring_100 = "expiring 1209600 100",
                     *remove_30d = "remove 2592000";

class CertificateCareTest : public Dialogue {
 protected:
  // Without the ticks of the stream: a round begins when the test says so.
  struct LinkOnly final : component::Unit {
    explicit LinkOnly(CertificateCare& the_care) : care(the_care) {}
    void link_up() override { care.link_up(); }
    CertificateCare& care;
  };

  void SetUp() override {
    care.configure(wanted);
    stream().add(link);
    connects();
  }
  void TearDown() override {
    strands.stop();
    Dialogue::TearDown();
  }

  static CertificateRecord record(std::string account, std::string name = "phone") {
    CertificateRecord made;
    made.account = std::move(account);
    made.name = std::move(name);
    made.fingerprint = std::string(32, '\xab');
    made.not_after = std::chrono::sys_seconds(std::chrono::seconds(1801398600));
    return made;
  }
  // Runs on the XMPP thread and waits for it.
  void there(const std::function<void()>& work) {
    std::promise<void> done;
    stream().post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  // After this, what it led to is done, sending included.
  void ticks(Seconds after = Seconds{0}) {
    clock.advance(after);
    there([&] { care.tick(); });
    strand_is_done();
    there([] {});
  }
  void strand_is_done() {
    std::promise<void> done;
    strands.post("care", [&] { done.set_value(); });
    done.get_future().get();
  }
  std::vector<std::string> asked() const { return store.asked(0); }
  void expect_message(const std::string& account, const component::LocalTexts& texts) {
    std::string want = "<message type='normal' id='{any}' from='gate.verona.test' to='" + account +
                       "' xml:lang='en'>";
    for (const auto& text : texts) {
      want +=
          text.language == "en" ? "<body>" : "<body xml:lang='" + std::string(text.language) + "'>";
      want += text.text + "</body>";
    }
    EXPECT_TRUE(matches(server.receives(), want + "</message>"));
  }

  CertificateSettings wanted;
  ManualSteadyClock clock;
  CareStore store;
  Strands strands{"care", 1, 100};
  CertificateCare care{stream(), store, strands, clock, log, metrics};
  LinkOnly link{care};
};

TEST_F(CertificateCareTest, AnAddedCertificateIsToldToItsAccount) {
  const auto added = record("romeo@verona.test");
  store.put_added(added);
  care.wake();
  ticks();
  expect_message("romeo@verona.test", component::told_of_added(added, "gate.verona.test"));
  const LogEntry entry = log.wait("certificate.told");
  EXPECT_EQ(entry.fields.at("account"), "romeo@verona.test");
  EXPECT_EQ(entry.fields.at("about"), "added");
  EXPECT_THAT(metrics.render(),
              HasSubstr("jidgate_certificate_messages_total{about=\"added\"} 1\n"));
  care.wake();
  ticks();
  server.receives_nothing();
}

TEST_F(CertificateCareTest, OneThatWillExpireIsToldWithWhatToDo) {
  const auto expiring = record("romeo@verona.test");
  store.put_expiring(expiring);
  care.wake();
  ticks();
  expect_message("romeo@verona.test", component::told_of_expiry(expiring, "gate.verona.test"));
}

// When the link has come up; then when it is woken, and every minute.
TEST_F(CertificateCareTest, TheStoreIsAskedWhenSomethingWasAddedAndNowAndThen) {
  ticks();
  EXPECT_THAT(asked(), ElementsAre(added_100, expiring_100, remove_30d));
  ticks(CertificateCare::period - Seconds{1});
  EXPECT_THAT(asked(), SizeIs(3));
  ticks(Seconds{1});
  EXPECT_THAT(asked(), SizeIs(5));
  care.wake();
  care.wake();
  ticks();
  ticks();
  EXPECT_THAT(asked(), SizeIs(7));
}

TEST_F(CertificateCareTest, ARoundIsBoundedAndAFullOneIsFollowedByAnother) {
  ticks();
  for (int count = 0; count < 130; ++count) {
    store.put_added(record("user" + std::to_string(count) + "@verona.test"));
  }
  for (int count = 0; count < 80; ++count) {
    store.put_expiring(record("user" + std::to_string(count) + "@verona.test"));
  }
  care.wake();
  for (const int messages : {100, 100, 10, 0}) {
    ticks();
    for (int count = 0; count < messages; ++count) {
      EXPECT_THAT(server.receives(), HasSubstr("<message "));
    }
    server.receives_nothing();
  }
  EXPECT_THAT(asked(), ElementsAre(added_100, expiring_100, remove_30d, added_100, added_100,
                                   "expiring 1209600 70", added_100, expiring_100));
}

TEST_F(CertificateCareTest, ExpiredOnesAreRemovedNowAndThen) {
  ticks();
  EXPECT_EQ(log.wait("certificate.removed_expired").fields.at("count"), "3");
  for (Seconds passed{0}; passed < CertificateCare::removal_period;
       passed += CertificateCare::period) {
    ticks(CertificateCare::period);
  }
  const auto all = asked();
  EXPECT_EQ(std::count(all.begin(), all.end(), remove_30d), 2);
}

TEST_F(CertificateCareTest, WhatIsSwitchedOffIsNotAsked) {
  ticks();
  wanted.expiry_notice = std::nullopt;
  wanted.remove_expired_after = std::nullopt;
  care.configure(wanted);
  ticks(CertificateCare::removal_period);
  EXPECT_THAT(asked(), ElementsAre(added_100, expiring_100, remove_30d, added_100));
}

TEST_F(CertificateCareTest, AStoreThatIsAwayIsAskedAgainAndToldOfOnce) {
  ticks();
  store.fails(true);
  store.put_added(record("romeo@verona.test"));
  ticks(CertificateCare::period);
  ticks(CertificateCare::period);
  EXPECT_THAT(log.entries("certificate.care_failed"), SizeIs(1));
  server.receives_nothing();
  store.fails(false);
  ticks(CertificateCare::period);
  EXPECT_THAT(server.receives(), HasSubstr("to='romeo@verona.test'"));
  store.fails(true);
  ticks(CertificateCare::period);
  EXPECT_THAT(log.entries("certificate.care_failed"), SizeIs(2));
}

// Records are only taken by whoever can tell of them.
TEST_F(CertificateCareTest, WithoutALinkNothingIsTaken) {
  ticks();
  server.cuts();
  log.wait("link.down");
  store.put_added(record("romeo@verona.test"));
  care.wake();
  ticks();
  EXPECT_THAT(asked(), SizeIs(3));
  server.accepts();
  log.wait("link.up", 2);
  ticks();  // at once, and not only in a minute
  EXPECT_THAT(server.receives(), HasSubstr("to='romeo@verona.test'"));
}

TEST_F(CertificateCareTest, WhatWasTakenWhenTheLinkWentDownIsToldWhenItIsUpAgain) {
  ticks();
  std::promise<void> go_on;
  auto gone_on = go_on.get_future().share();
  strands.post("care", [gone_on] { gone_on.wait(); });
  store.put_added(record("romeo@verona.test"));
  store.put_added(record("juliet@verona.test"));
  care.wake();
  there([&] { care.tick(); });
  server.cuts();
  log.wait("link.down");
  go_on.set_value();
  store.asked(4);
  strand_is_done();
  server.accepts();
  EXPECT_THAT(server.receives(), HasSubstr("to='romeo@verona.test'"));
  EXPECT_THAT(server.receives(), HasSubstr("to='juliet@verona.test'"));
  server.receives_nothing();
}

// At the end the strands come first: then what was taken is still sent.
TEST_F(CertificateCareTest, WhatWasTakenBeforeTheEndIsStillTold) {
  ticks();
  store.put_added(record("romeo@verona.test"));
  care.wake();
  there([&] { care.tick(); });
  strands.stop();
  stream().stop();
  EXPECT_THAT(server.receives(), HasSubstr("to='romeo@verona.test'"));
}

TEST_F(CertificateCareTest, ARecordThatCannotBeWrittenDownHoldsNobodyUp) {
  declares("unit.failed");
  store.put_added(record("no account"));
  store.put_added(record("mercutio@verona.test", "a\x01name"));
  store.put_added(record("romeo@verona.test"));
  care.wake();
  ticks();
  EXPECT_THAT(server.receives(), HasSubstr("to='romeo@verona.test'"));
  EXPECT_THAT(log.entries("unit.failed"), SizeIs(2));
}

TEST_F(CertificateCareTest, WhenTooMuchWaitsItIsTriedLater) {
  ticks();
  std::promise<void> go_on;
  auto gone_on = go_on.get_future().share();
  while (strands.post("care", [gone_on] { gone_on.wait(); })) {
  }
  care.wake();
  there([&] { care.tick(); });
  EXPECT_THAT(asked(), SizeIs(3));
  go_on.set_value();
  while (!strands.post("care", [] {})) std::this_thread::yield();
  ticks();
  EXPECT_THAT(asked(), SizeIs(5));
}

}  // namespace
}  // namespace jidgate::test
