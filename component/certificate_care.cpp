// SPDX-License-Identifier: GPL-3.0-or-later
// Tells accounts of certificates that were added to them or will expire.
#include "component/certificate_care.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "component/certificate_texts.hpp"
#include "component/tags.hpp"
#include "core/crypto.hpp"

namespace jidgate::component {
namespace {

// No account has it for a key.
constexpr std::string_view strand = "care";

}  // namespace

// What one look at the store asks for, and what came of it.
struct CertificateCare::Round {
  CertificateSettings settings;
  bool remove = false;
  std::vector<Message> messages;
  std::size_t removed = 0;
  bool away = false;
};

CertificateCare::CertificateCare(Stream& stream, CertificateStore& store, Strands& strands,
                                 const Clock& clock, Log& log, Metrics& metrics)
    : stream_(stream),
      store_(store),
      strands_(strands),
      clock_(clock),
      log_(log),
      metrics_(metrics) {}

void CertificateCare::configure(const CertificateSettings& settings) {
  settings_.with([&](CertificateSettings& kept) { kept = settings; });
}

void CertificateCare::link_up() {
  woken_ = true;  // what others added meanwhile
  send_all();
}

void CertificateCare::tick() {
  // What waits is told first: nothing more is taken that could not be sent.
  send_all();
  if (running_ || !unsent_.empty() || !stream_.is_up()) return;
  if (woken_.exchange(false) || clock_.steady() >= next_) begin();
}

void CertificateCare::begin() {
  const SteadyTime now = clock_.steady();
  next_ = now + period;
  const auto round = std::make_shared<Round>();
  round->settings = settings_.with([](const CertificateSettings& kept) { return kept; });
  round->remove = round->settings.remove_expired_after && now >= next_removal_;
  running_ = strands_.post(strand, [this, round]() noexcept {
    try {
      take(*round);
    } catch (const std::exception& fault) {
      log_.error("unit.failed", {{"kind", "care"}, {"what", fault.what()}});
      round->away = true;
    }
    stream_.post([this, round] { finish(*round); });
  });
  if (!running_) {
    woken_ = true;  // too much waits on the strands
  } else if (round->remove) {
    next_removal_ = now + removal_period;
  }
}

void CertificateCare::take(Round& round) const {
  const auto keep = [&](About about, OrStoreFault<std::vector<CertificateRecord>> taken) {
    auto* records = std::get_if<std::vector<CertificateRecord>>(&taken);
    if (!records) {
      round.away = true;
      return;
    }
    for (auto& record : *records) round.messages.push_back({about, std::move(record)});
  };
  keep(About::added, store_.take_added(most_of_round));
  if (round.away) return;
  if (round.settings.expiry_notice && round.messages.size() < most_of_round) {
    keep(About::expiry, store_.take_expiring(*round.settings.expiry_notice,
                                             most_of_round - round.messages.size()));
  }
  if (round.away || !round.remove) return;
  const auto removed = store_.remove_expired(*round.settings.remove_expired_after);
  if (const auto* count = std::get_if<std::size_t>(&removed)) round.removed = *count;
}

void CertificateCare::finish(Round& round) {
  running_ = false;
  // Once for each time that it goes away; the pool tells the rest.
  if (round.away && !failing_) log_.warning("certificate.care_failed");
  failing_ = round.away;
  if (round.removed > 0) {
    log_.info("certificate.removed_expired", {{"count", std::to_string(round.removed)}});
  }
  if (round.messages.size() >= most_of_round) woken_ = true;
  for (Message& message : round.messages) unsent_.push_back(std::move(message));
  send_all();
}

void CertificateCare::send_all() {
  for (; !unsent_.empty(); unsent_.pop_front()) {
    const auto& [about, record] = unsent_.front();
    auto message = make_message(about, record);
    if (!message) continue;
    if (!stream_.send(std::move(message))) return;  // the link went down
    const std::string word = about == About::added ? "added" : "expiry";
    metrics_.add("certificate_messages_total", {{"about", word}});
    log_.info("certificate.told",
              {{"account", record.account}, {"name", record.name}, {"about", word}});
  }
}

// Null, logged: nobody can be told of a record that no text can be made of, and it must not keep
// the others waiting.
std::unique_ptr<gloox::Tag> CertificateCare::make_message(About about,
                                                          const CertificateRecord& record) {
  try {
    if (!Jid::parse(record.account)) throw std::invalid_argument("no address");
    auto message = make_stanza("message", stream_.domain(), record.account, "normal");
    set_attribute(*message, "id", random_id());
    add_bodies(*message, about == About::added ? told_of_added(record, stream_.domain())
                                               : told_of_expiry(record, stream_.domain()));
    return message;
  } catch (const std::exception& fault) {
    log_.error("unit.failed", {{"kind", "care"}, {"what", fault.what()}});
    return nullptr;
  }
}

}  // namespace jidgate::component
