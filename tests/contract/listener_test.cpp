// SPDX-License-Identifier: GPL-3.0-or-later
// The listener against a real PostgreSQL that ends it, restarts and stops answering.
#include "db/listener.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "tests/contract/certificate_fixture.hpp"
#include "tests/support/recording_log.hpp"

namespace jidgate::db {
namespace {

using namespace std::chrono_literals;

constexpr const char* juliet = "juliet@verona.test";

class ListenerTest : public CertificateTest {
 protected:
  // Counts what is heard.
  class Ear {
   public:
    void hear() {
      const std::scoped_lock lock(mutex_);
      ++count_;
      changed_.notify_all();
    }
    int count() const {
      const std::scoped_lock lock(mutex_);
      return count_;
    }
    // Waits until more than this has been heard.
    void hears_more_than(int count) const {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, 30s, [&] { return count_ > count; })) return;
      throw std::runtime_error("nothing was heard");
    }

   private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    int count_ = 0;
  };

  std::unique_ptr<Listener> listener(std::function<void()> heard, ListenerLimits limits = {}) {
    return std::make_unique<Listener>(url("jidgate_service"), std::move(heard), log_, metrics_,
                                      limits);
  }
  std::unique_ptr<Listener> listener(ListenerLimits limits = {}) {
    return listener([this] { ear_.hear(); }, limits);
  }
  // Gives how many there were.
  std::size_t ends_its_backend() const {
    return query(
               "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
               " WHERE datname = current_database() AND query LIKE 'LISTEN %'")
        .size();
  }
  void revokes(const std::string& name) {
    add(juliet, name, name);
    end(juliet, name, End::revoke);
  }

  test::RecordingLog log_;
  Ear ear_;
};

TEST_F(ListenerTest, ItHearsThatItIsConnectedAndOfEachRevoke) {
  const auto listening = listener();
  ear_.hears_more_than(0);
  EXPECT_THAT(metrics_.render(), testing::HasSubstr("jidgate_db_listening 1\n"));
  revokes("phone");
  ear_.hears_more_than(1);
  query("UPDATE jidgate.certificate SET revoked_at = NULL, slot = 1");
  query("UPDATE jidgate.certificate SET revoked_at = now(), slot = NULL", "jidgate_service");
  ear_.hears_more_than(2);
}

TEST_F(ListenerTest, ItSurvivesThatItsConnectionIsEnded) {
  const auto listening = listener();
  ear_.hears_more_than(0);
  for (int lost = 1; lost <= 3; ++lost) {
    const int before = ear_.count();
    EXPECT_EQ(ends_its_backend(), 1u);
    ear_.hears_more_than(before);
    log_.wait("database.listening", static_cast<std::size_t>(lost) + 1);
  }
  const int before = ear_.count();
  revokes("phone");
  ear_.hears_more_than(before);
}

TEST_F(ListenerTest, ItSurvivesARestartOfTheServer) {
  const auto listening = listener({1ms, 50ms});
  ear_.hears_more_than(0);
  for (const int signal : {SIGINT, SIGKILL}) {
    const int before = ear_.count();
    postgres_->stop(signal);
    log_.wait("database.not_listening", signal == SIGINT ? 1 : 2);
    postgres_->start();
    ear_.hears_more_than(before);
  }
  const int before = ear_.count();
  revokes("phone");
  ear_.hears_more_than(before);
  EXPECT_EQ(log_.entries("database.not_listening").size(), 2u) << "not for each attempt";
}

// Of the server as it starts before it is there, too.
TEST_F(ListenerTest, ItWaitsForAServerThatIsAwayFromTheStart) {
  postgres_->stop();
  const auto listening = listener({1ms, 50ms});
  log_.wait("database.not_listening");
  EXPECT_EQ(ear_.count(), 0);
  EXPECT_THAT(metrics_.render(), testing::HasSubstr("jidgate_db_listening 0\n"));
  postgres_->start();
  ear_.hears_more_than(0);
}

// Whoever looks each time that something is heard, and never else, finds everything.
TEST_F(ListenerTest, NothingIsMissedWhileItConnectsAgain) {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> seen;
  bool woken = false, done = false;
  std::thread looker([&] {
    for (std::unique_lock lock(mutex);;) {
      changed.wait(lock, [&] { return woken || done; });
      if (done) return;
      woken = false;
      lock.unlock();
      const auto unended = store_.unended(1000, std::nullopt);
      lock.lock();
      const auto* records = std::get_if<std::vector<CertificateStore::Unended>>(&unended);
      for (const auto& record : records ? *records : std::vector<CertificateStore::Unended>()) {
        seen.insert(record.fingerprint);
      }
      changed.notify_all();
    }
  });
  const auto listening = listener(
      [&] {
        const std::scoped_lock lock(mutex);
        woken = true;
        changed.notify_all();
      },
      {1ms, 10ms});
  constexpr int count = 60;
  for (int i = 0; i < count; ++i) {
    if (i % 3 == 0) ends_its_backend();
    revokes("c" + std::to_string(i));
    std::unique_lock lock(mutex);
    const bool came = changed.wait_for(
        lock, 30s, [&] { return seen.contains(certificate("c" + std::to_string(i)).fingerprint); });
    EXPECT_TRUE(came) << i;
    if (!came) break;
  }
  {
    const std::scoped_lock lock(mutex);
    done = true;
    changed.notify_all();
  }
  looker.join();
}

TEST_F(ListenerTest, ItEndsAtOnceWhateverItWaitsFor) {
  auto listening = listener({1h, 1h});
  ear_.hears_more_than(0);
  listening->stop();
  listening->stop();

  // For a server that has stopped answering.
  listening = listener({1h, 1h});
  ear_.hears_more_than(1);
  postgres_->freeze(true);
  listening->stop();
  postgres_->freeze(false);

  // For the next attempt.
  listening = listener({1h, 1h});
  ear_.hears_more_than(2);
  ends_its_backend();
  log_.wait("database.not_listening");
  listening.reset();
  revokes("phone");
  EXPECT_EQ(ear_.count(), 3);
}

}  // namespace
}  // namespace jidgate::db
