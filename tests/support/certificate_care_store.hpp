// SPDX-License-Identifier: GPL-3.0-or-later
// A store for tests of what watches over records: it gives what the test puts in, and tells what it
// was asked.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/certificate_store.hpp"

namespace jidgate::test {

class CareStore final : public CertificateStore {
 public:
  Statistics counts;

  void put_added(CertificateRecord record) {
    const std::scoped_lock lock(mutex_);
    added_.push_back(std::move(record));
  }
  void put_expiring(CertificateRecord record) {
    const std::scoped_lock lock(mutex_);
    expiring_.push_back(std::move(record));
  }
  void fails(bool away) {
    const std::scoped_lock lock(mutex_);
    away_ = away;
  }
  // What it was asked, as "added 100", "expiring 1209600 100", "remove 2592000"; waits until so
  // many questions have come.
  std::vector<std::string> asked(std::size_t count) const {
    std::unique_lock lock(mutex_);
    const bool came =
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return asked_.size() >= count; });
    if (!came) throw std::runtime_error("the store was not asked");
    return asked_;
  }

  OrStoreFault<std::vector<CertificateRecord>> take_added(std::size_t most) override {
    return take("added " + std::to_string(most), added_, most);
  }
  OrStoreFault<std::vector<CertificateRecord>> take_expiring(std::chrono::seconds ahead,
                                                             std::size_t most) override {
    return take("expiring " + std::to_string(ahead.count()) + ' ' + std::to_string(most), expiring_,
                most);
  }
  OrStoreFault<std::size_t> remove_expired(std::chrono::seconds ago) override {
    const std::scoped_lock lock(mutex_);
    note("remove " + std::to_string(ago.count()));
    if (away_) return StoreFault::away;
    return std::size_t{3};
  }
  OrStoreFault<Statistics> statistics() const override {
    const std::scoped_lock lock(mutex_);
    if (away_) return StoreFault::away;
    return counts;
  }

  // Nobody who watches over records asks for these.
  OrStoreFault<Added> add(const Jid&, std::string_view, const Certificate&, bool,
                          const Limits&) override {
    throw std::logic_error("add");
  }
  std::optional<StoreFault> list(const Selection&,
                                 const std::function<void(CertificateRecord)>&) const override {
    throw std::logic_error("list");
  }
  OrStoreFault<std::optional<std::string>> end(const Jid&, std::string_view, End) override {
    throw std::logic_error("end");
  }
  OrStoreFault<std::optional<bool>> can_manage(const Jid&, std::string_view) const override {
    throw std::logic_error("can_manage");
  }
  OrStoreFault<std::vector<Unended>> unended(std::size_t,
                                             const std::optional<Unended>&) const override {
    throw std::logic_error("unended");
  }
  OrStoreFault<bool> sessions_ended(const Unended&) override {
    throw std::logic_error("sessions_ended");
  }

 private:
  using Records = std::vector<CertificateRecord>;

  void note(std::string question) {
    asked_.push_back(std::move(question));
    changed_.notify_all();
  }
  OrStoreFault<Records> take(std::string question, Records& from, std::size_t most) {
    const std::scoped_lock lock(mutex_);
    note(std::move(question));
    if (away_) return StoreFault::away;
    const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(most, from.size()));
    Records taken(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
    from.erase(from.begin(), end);
    return taken;
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Records added_, expiring_;
  std::vector<std::string> asked_;
  bool away_ = false;
};

}  // namespace jidgate::test
