// SPDX-License-Identifier: GPL-3.0-or-later
// Access: a request that waits for a person, and everything that may end the waiting, in whatever
// order. One request, one question, one outcome.
#include <random>
#include <thread>

#include "tests/support/access.hpp"

namespace jidgate::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AccessWaiting : public AccessTest {
 protected:
  // As the gate calls it: the client has closed its connection.
  void leaves() {
    if (gate.take(parked)) park.gone(parked);
  }
  // As the gate calls it at the deadline. Gives the answer.
  std::string expires() {
    EXPECT_TRUE(gate.take(parked));
    return park.expired(parked)({}).body;
  }
  std::vector<std::string> withdrawn() const {
    return asker.withdrawn.with([](const auto& ids) { return ids; });
  }
  std::vector<std::string> outcomes() const {
    return audit.entries.with([](const auto& entries) {
      std::vector<std::string> words;
      words.reserve(entries.size());
      for (const auto& entry : entries) words.emplace_back(to_string(entry.outcome));
      return words;
    });
  }
};

// ---- how long

TEST_F(AccessWaiting, WaitsAsLongAsTheRuleSaysAndNoLongerThanTheDoor) {
  add_rule("/own/").timeout = Seconds{40};
  configure();
  const auto waits_for = [this](std::string path, std::optional<Seconds> longest) {
    auto asked = request({basic(juliet)}, std::move(path));
    asked.longest_wait = longest;
    const std::string id = waits(std::move(asked));
    EXPECT_EQ(confirmations.find(id)->deadline, park.deadline);
    confirmations.end_all(Outcome::expired);
    return park.deadline - clock.steady();
  };
  EXPECT_EQ(waits_for("/x", std::nullopt), 50s);
  EXPECT_EQ(waits_for("/x", Seconds{25}), 25s);
  EXPECT_EQ(waits_for("/x", Seconds{60}), 50s);
  EXPECT_EQ(waits_for("/own/x", std::nullopt), 40s);
  EXPECT_EQ(waits_for("/own/x", Seconds{25}), 40s) << "the rule says so expressly";
}

// ---- each end

// Section 4.7: "Once the XMPP Client has successfully confirmed the request, the XMPP Server
// forwards that confirmation to the HTTP Server, which allows access". "If the XMPP Client denied
// the request, the HTTP Server MUST return a Forbidden error".
TEST_F(AccessWaiting, EachOutcomeHasItsAnswer) {
  const std::pair<Outcome, std::string> answers[] = {
      {Outcome::confirmed, "200 juliet@verona.test/balcony"},
      {Outcome::denied, "403 denied"},
      {Outcome::expired, "401 unanswered"},
      {Outcome::unreachable, "401 unanswered"},
      {Outcome::cancelled, "503 link-down, retry 5"},
  };
  for (const auto& [outcome, answer] : answers) {
    const std::string id = waits({basic(balcony, std::string(to_string(outcome)))});
    EXPECT_EQ(answered(), "nothing");
    EXPECT_TRUE(confirmations.end(id, outcome));
    EXPECT_EQ(answered(), answer);
    // What the gate may still believe changes nothing any more.
    park.gone(parked);
    EXPECT_FALSE(confirmations.end(id, Outcome::confirmed));
  }
  EXPECT_THAT(outcomes(),
              ElementsAre("confirmed", "denied", "expired", "unreachable", "cancelled"));
  EXPECT_THAT(withdrawn(), IsEmpty());
  EXPECT_EQ(counted_decisions(), 5);
}

// Unknown, offline and silent people look the same, in what is said and in when.
TEST_F(AccessWaiting, AHeldBounceLooksLikeSilence) {
  const std::string silent = waits({basic(juliet)});
  clock.advance(50s);
  const std::string after_silence = expires();
  const auto deadline = park.deadline - clock.steady();
  const std::string bounced = waits({basic(romeo)});
  confirmations.unreachable(bounced, Unreachable::hold);
  EXPECT_EQ(answered(), "nothing");
  clock.advance(50s);
  EXPECT_EQ(expires(), after_silence);
  EXPECT_EQ(park.deadline - clock.steady(), deadline);
  EXPECT_EQ(confirmations.ended_as(silent), Outcome::expired);
  EXPECT_EQ(confirmations.ended_as(bounced), Outcome::unreachable);
  EXPECT_EQ(rendered.with([](const auto& all) { return all; }).at(0), after_silence);
  EXPECT_EQ(counted(R"(authz_decisions_total{endpoint="direct",decision="unauthorized",)"
                    R"(reason="unanswered"})"),
            2);
}

TEST_F(AccessWaiting, AfterTheDeadlineNothingGrants) {
  const std::string id = waits({basic(juliet)});
  EXPECT_EQ(expires(), "401 unanswered");
  EXPECT_FALSE(confirmations.end(id, Outcome::confirmed));
  EXPECT_EQ(answered(), "nothing") << "it was answered by the deadline";
  waits({basic(juliet)});  // asked anew
  EXPECT_EQ(times_asked(), 2u);
}

TEST_F(AccessWaiting, WhoLeavesTakesTheQuestionAlong) {
  const std::string id = waits({basic(juliet)});
  leaves();
  EXPECT_THAT(withdrawn(), ElementsAre(id));
  EXPECT_EQ(confirmations.ended_as(id), Outcome::cancelled);
  EXPECT_FALSE(confirmations.end(id, Outcome::confirmed));
  EXPECT_EQ(answered(), "nothing");
  EXPECT_EQ(counted_decisions(), 0) << "nobody was told anything";
  waits({basic(juliet)});
  EXPECT_EQ(times_asked(), 2u);
}

// Asking and hanging up must not be the way to trouble somebody without end.
TEST_F(AccessWaiting, LeavingCountsAsAskedInVainAndALostLinkDoesNot) {
  settings.confirm.per_account_rate = {2, Seconds{120}};
  configure();
  for (int times = 0; times < 5; ++times) {
    waits({basic(juliet)});
    confirmations.end_all(Outcome::cancelled);
    EXPECT_EQ(answered(), "503 link-down, retry 5");
  }
  for (int times = 0; times < 2; ++times) {
    waits({basic(juliet)});
    leaves();
  }
  EXPECT_EQ(decides({basic(juliet)}), "429 account-limit, retry 300");
}

TEST_F(AccessWaiting, LeavingAfterTheAnswerChangesNothing) {
  const std::string id = waits({basic(juliet)});
  EXPECT_TRUE(confirmations.end(id, Outcome::confirmed));
  leaves();
  park.gone(parked);
  EXPECT_THAT(withdrawn(), IsEmpty());
  EXPECT_EQ(answered(), "200 juliet@verona.test");
  EXPECT_EQ(decides({basic(juliet)}), "200 juliet@verona.test");
}

// ---- in the same instant

TEST_F(AccessWaiting, AnAnswerThatComesWhileTheQuestionIsBeingSentIsNotLost) {
  asker.on_ask = [this](const std::string& id) {
    EXPECT_TRUE(confirmations.end(id, Outcome::confirmed));
  };
  waits({basic(juliet)});
  EXPECT_EQ(answered(), "200 juliet@verona.test");
}

// The link may be lost after the decision to ask and before the request is parked: all questions
// have ended then, and this one must not wait for its deadline.
TEST_F(AccessWaiting, AQuestionThatIsOverBeforeItIsParkedIsAnsweredAtOnce) {
  EXPECT_EQ(decides({basic(juliet)}), "wait");
  park = std::get<http::Park>(std::move(verdict));
  confirmations.end_all(Outcome::cancelled);
  parked = http::ParkedId{77};
  gate.park(parked);
  park.parked(parked);
  EXPECT_EQ(answered(), "503 link-down, retry 5");
  EXPECT_EQ(counted_decisions(), 1);
  leaves();
  EXPECT_THAT(withdrawn(), IsEmpty());
}

// The person's answer has ended the question, and before the gate hears of it the deadline comes:
// the one outcome is what the record says, and what the client gets.
TEST_F(AccessWaiting, AtTheDeadlineTheAnswerThatIsJustComingCounts) {
  for (const auto outcome : {Outcome::confirmed, Outcome::denied, Outcome::cancelled}) {
    const std::string id = waits({basic(juliet, std::string(to_string(outcome)))});
    std::string at_deadline;
    on_end = [&] { at_deadline = expires(); };
    EXPECT_TRUE(confirmations.end(id, outcome));
    on_end = nullptr;
    EXPECT_EQ(at_deadline, outcome == Outcome::confirmed ? "200 juliet@verona.test"
                           : outcome == Outcome::denied  ? "403 denied"
                                                         : "503 link-down, retry 5");
    EXPECT_EQ(answered(), "nothing") << "not answered twice";
  }
  EXPECT_EQ(counted_decisions(), 3);
}

TEST_F(AccessWaiting, LeavingWhileTheAnswerIsJustComingWithdrawsNothing) {
  const std::string id = waits({basic(juliet)});
  on_end = [&] { leaves(); };
  EXPECT_TRUE(confirmations.end(id, Outcome::confirmed));
  EXPECT_THAT(withdrawn(), IsEmpty());
  EXPECT_THAT(outcomes(), ElementsAre("confirmed"));
  EXPECT_EQ(counted_decisions(), 0);
}

// The deadline, the client's leaving, two answers and a lost link, each on its own thread, in
// random order.
TEST_F(AccessWaiting, WhateverComesFirstThereIsOneOutcomeAndTheClientGetsIt) {
  std::mt19937 random(20261124);
  for (int round = 0; round < 400; ++round) {
    const std::string code = std::to_string(round);
    const std::string id = waits({basic(juliet, code)});
    std::string at_deadline;
    bool left = false;
    std::vector<std::function<void()>> ends = {
        [&] { confirmations.end(id, Outcome::confirmed); },
        [&] { confirmations.end(id, Outcome::denied); },
        [&] {
          if (gate.take(parked)) at_deadline = park.expired(parked)({}).body;
        },
        [&] {
          left = gate.take(parked);
          if (left) park.gone(parked);
        },
        [&] { confirmations.end_all(Outcome::cancelled); },
    };
    std::shuffle(ends.begin(), ends.end(), random);
    ends.resize(2 + random() % 3);
    std::vector<std::thread> threads;
    threads.reserve(ends.size());
    for (const auto& end : ends) threads.emplace_back(end);
    for (std::thread& thread : threads) thread.join();

    const auto outcome = confirmations.ended_as(id);
    ASSERT_TRUE(outcome.has_value());
    ASSERT_THAT(outcomes(), SizeIs(round + 1));
    EXPECT_EQ(outcomes().back(), to_string(*outcome));
    const std::string want = left                             ? "nothing"
                             : *outcome == Outcome::confirmed ? "200 juliet@verona.test"
                             : *outcome == Outcome::denied    ? "403 denied"
                             : *outcome == Outcome::expired   ? "401 unanswered"
                                                              : "503 link-down, retry 5";
    if (at_deadline.empty()) {
      EXPECT_EQ(answered(), want);
    } else {
      EXPECT_EQ(answered(), "nothing");
      EXPECT_EQ(at_deadline, want);
    }
    // Only a confirmation grants.
    const auto standing = grants.look(
        {Jid::parse(juliet).value(), code, "files", Address::parse("192.0.2.7").value()}, "",
        clock.steady());
    EXPECT_EQ(standing == Standing::granted, *outcome == Outcome::confirmed);
    EXPECT_EQ(confirmations.size(), 0u);
  }
}

// ---- the record

TEST_F(AccessWaiting, TheRecordSaysWhatWasAskedAndHowItEnded) {
  const std::string id = waits(request({basic(balcony)}, "/missive.html?token=secret", "PUT"));
  clock.advance(3s);
  EXPECT_TRUE(confirmations.end(id, Outcome::denied));
  const auto entries = audit.entries.with([](const auto& all) { return all; });
  ASSERT_THAT(entries, SizeIs(1));
  const AuditEntry& entry = entries.front();
  EXPECT_EQ(entry.id, id);
  EXPECT_EQ(entry.jid.to_string(), balcony);
  EXPECT_EQ(entry.method, "PUT");
  EXPECT_EQ(entry.url, "https://files.verona.test:9345/missive.html");
  EXPECT_EQ(entry.site, "files");
  EXPECT_EQ(entry.via, Via::iq);
  EXPECT_EQ(entry.outcome, Outcome::denied);
  EXPECT_EQ(entry.asker.value().to_string(), "192.0.2.7");
  EXPECT_EQ(entry.ended_at - entry.asked_at, 3s);
}

}  // namespace
}  // namespace jidgate::test
