// SPDX-License-Identifier: GPL-3.0-or-later
// Tells accounts of certificates that were added to them or will expire, and clears away what
// expired long ago.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "component/stream.hpp"
#include "component/unit.hpp"
#include "core/certificate_store.hpp"
#include "core/clock.hpp"
#include "core/locked.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/settings.hpp"
#include "core/strands.hpp"

namespace jidgate::component {

// However a certificate was added, here, by another instance or on the command line, its account is
// told once: whoever takes a record from the store tells of it, and the store gives it to nobody
// else. It is taken only while the link is up; what the link lost meanwhile keeps from being sent
// waits in memory until it is up again. A process that dies in between has told nobody: twice would
// look like two certificates, and the list of certificates shows them all.
class CertificateCare final : public Unit {
 public:
  CertificateCare(Stream& stream, CertificateStore& store, Strands& strands, const Clock& clock,
                  Log& log, Metrics& metrics);

  // Any thread: from the next round on.
  void configure(const CertificateSettings& settings);
  // Any thread: a certificate was added.
  void wake() { woken_ = true; }

  void link_up() override;
  void tick() override;

  static constexpr std::size_t most_of_round =
      100;  // messages; a full round is followed by another
  static constexpr std::chrono::seconds period{60}, removal_period{3600};

 private:
  enum class About { added, expiry };
  struct Message {
    About about;
    CertificateRecord record;
  };
  struct Round;

  void begin();
  void take(Round& round) const;  // on the strand
  void finish(Round& round);
  void send_all();
  std::unique_ptr<gloox::Tag> make_message(About about, const CertificateRecord& record);

  Stream& stream_;
  CertificateStore& store_;
  Strands& strands_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  Locked<CertificateSettings> settings_;
  std::atomic<bool> woken_ = false;
  // XMPP thread.
  std::deque<Message> unsent_;
  bool running_ = false, failing_ = false;
  SteadyTime next_{}, next_removal_{};
};

}  // namespace jidgate::component
