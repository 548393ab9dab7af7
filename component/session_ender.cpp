// SPDX-License-Identifier: GPL-3.0-or-later
// Ends the sessions of revoked certificates.
#include "component/session_ender.hpp"

#include <algorithm>
#include <variant>

#include "core/text.hpp"

namespace jidgate::component {
namespace {

// No account has it for a key.
constexpr std::string_view strand = "sessions";
// What hosts do not answer about is passed over until the next period. More than this is not kept
// in mind, and may then keep what was revoked later waiting.
constexpr std::size_t most_put_off = 5000;

}  // namespace

SessionEnder::SessionEnder(std::vector<std::string> hosts, Stream& stream, HostModule& host,
                           CertificateStore& store, Strands& strands, const Clock& clock, Log& log)
    : hosts_(std::move(hosts)),
      stream_(stream),
      host_(host),
      store_(store),
      strands_(strands),
      clock_(clock),
      log_(log) {}

void SessionEnder::wake() {
  if (woken_.exchange(true)) return;
  stream_.post([this] {
    woken_ = false;
    look();
  });
}

void SessionEnder::link_up() {
  look_again();
}

void SessionEnder::tick() {
  if (clock_.steady() >= next_) look_again();
}

void SessionEnder::look_again() {
  next_ = clock_.steady() + period;
  const auto again = std::exchange(put_off_, {});
  for (const auto& [key, sessions] : again) {
    if (sessions) mark({key.first, key.second}, *sessions);
  }
  look();
}

// Always from the beginning: what was committed last need not have been revoked last.
void SessionEnder::look() {
  if (!stream_.is_up()) return;
  again_ = reading_;
  if (!reading_) read(std::nullopt);
}

void SessionEnder::read(std::optional<Unended> last) {
  reading_ = strands_.post(strand, [this, last = std::move(last)] {
    stream_.post([this, batch = store_.unended(most_at_once, last)] { found(batch); });
  });
}

void SessionEnder::found(const OrStoreFault<std::vector<Unended>>& batch) {
  reading_ = full_ = false;
  const auto* records = std::get_if<std::vector<Unended>>(&batch);
  if (!records) return;
  full_ = !std::all_of(records->begin(), records->end(),
                       [&](const Unended& which) { return begin(which); });
  if (!full_ && records->size() == most_at_once) {
    read(records->back());
  } else if (again_) {
    look();
  }
}

// False: too much is under way already.
bool SessionEnder::begin(const Unended& which) {
  const auto account = Jid::parse(which.account);
  const Key key(which.account, which.fingerprint);
  if (!account || !account->is_account() ||
      std::find(hosts_.begin(), hosts_.end(), account->domain()) == hosts_.end() ||
      under_way_.contains(key) || put_off_.contains(key)) {
    return true;
  }
  if (under_way_.size() >= most_at_once) return false;
  under_way_.insert(key);
  // Whoever revokes a certificate here is answered by the work on the strand of the account: what
  // is posted to it now goes to the host after that. It may be the session that asked.
  const bool taken = strands_.post(which.account, [this, account = *account, which] {
    stream_.post([this, account, which] {
      host_.end(account, which.fingerprint,
                [this, which](const HostModule::Ended& answer) { answered(which, answer); });
    });
  });
  if (!taken) put_off(which, std::nullopt);
  return true;
}

void SessionEnder::answered(const Unended& which, const HostModule::Ended& answer) {
  const std::string host = which.account.substr(which.account.find('@') + 1);
  const auto* silence = std::get_if<HostModule::Silence>(&answer);
  if (silence && *silence == HostModule::Silence::no_answer) {
    // A link that is down is told of elsewhere. Once until it answers, not for each.
    if (stream_.is_up() && silent_.insert(host).second) {
      log_.warning(
          "certificate.sessions_not_ended",
          {{"host", host}, {"account", which.account}, {"sha256", hex_encode(which.fingerprint)}});
    }
    return put_off(which, std::nullopt);
  }
  silent_.erase(host);
  mark(which, silence ? 0 : std::get<std::size_t>(answer));
}

void SessionEnder::mark(const Unended& which, std::size_t sessions) {
  under_way_.emplace(which.account, which.fingerprint);
  const bool taken = strands_.post(strand, [this, which, sessions] {
    stream_.post([this, which, sessions, outcome = store_.sessions_ended(which)] {
      marked(which, sessions, outcome);
    });
  });
  if (!taken) put_off(which, sessions);
}

void SessionEnder::marked(const Unended& which, std::size_t sessions,
                          const OrStoreFault<bool>& outcome) {
  if (std::holds_alternative<StoreFault>(outcome)) return put_off(which, sessions);
  // Not when another instance was the first to tell the store.
  if (std::get<bool>(outcome)) {
    log_.info("certificate.sessions_ended", {{"account", which.account},
                                             {"sha256", hex_encode(which.fingerprint)},
                                             {"sessions", std::to_string(sessions)}});
  }
  is_over(which);
}

void SessionEnder::put_off(const Unended& which, std::optional<std::size_t> sessions) {
  if (put_off_.size() < most_put_off) {
    put_off_.emplace(Key(which.account, which.fingerprint), sessions);
  }
  is_over(which);
}

void SessionEnder::is_over(const Unended& which) {
  under_way_.erase({which.account, which.fingerprint});
  if (full_ && under_way_.size() <= most_at_once / 2) look();
}

}  // namespace jidgate::component
