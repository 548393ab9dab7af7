// SPDX-License-Identifier: GPL-3.0-or-later
// Registers certificates: reader, policy and store in one.
#include "core/certificate_registry.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.hpp"

namespace jidgate {
namespace {

using Kind = CertificateRefusal::Kind;

constexpr std::size_t longest_name = 255;
// All records of an account, ended ones too: their fingerprints must not be forgotten.
constexpr unsigned most_remembered = 1000;
// Anybody with an account may ask for what is refused; nobody may fill the disk with it. The metric
// counts them all.
constexpr unsigned refusals_logged_per_second = 5;

std::string_view outcome_of(Kind kind) {
  constexpr std::array<std::string_view, 6> words{"malformed", "not_acceptable", "conflict",
                                                  "unknown",   "full",           "away"};
  return words.at(static_cast<std::size_t>(kind));
}

CertificateRefusal refusal_of(StoreFault fault) {
  if (fault == StoreFault::full) {
    return {Kind::full, "There is no room for further certificates."};
  }
  return {Kind::away, "The database cannot be asked just now. Try again later."};
}

// The name without white space around it; nullopt when it is none.
std::optional<std::string_view> name_of(std::string_view text) {
  const std::string_view name = trim(text);
  if (name.empty() || name.size() > longest_name || !is_plain_line(name)) return std::nullopt;
  return name;
}

CertificateRefusal no_name() {
  return {Kind::malformed, "A certificate needs a name: one line of at most " +
                               std::to_string(longest_name) + " octets."};
}

std::variant<std::string, NotACertificate> der_of(std::string_view encoded, CertificateForm form) {
  return form == CertificateForm::base64 ? der_from_base64(encoded) : der_from_any(encoded);
}

int rank(CertificateState state) {
  switch (state) {
    case CertificateState::active:
      return 0;
    case CertificateState::expired:
      return 1;
    case CertificateState::disabled:
      return 2;
    case CertificateState::revoked:
      break;
  }
  return 3;
}

}  // namespace

CertificateRegistry::CertificateRegistry(CertificateStore& store, const Clock& clock, Log& log,
                                         Metrics& metrics)
    : store_(store), clock_(clock), log_(log), metrics_(metrics) {}

void CertificateRegistry::configure(CertificatePolicy policy) {
  policy_.with([&](CertificatePolicy& current) { current = std::move(policy); });
}

std::variant<Certificate, CertificateRefusal> CertificateRegistry::add(const Jid& account,
                                                                       std::string_view name,
                                                                       std::string_view encoded,
                                                                       bool can_manage,
                                                                       CertificateForm form) {
  auto outcome = try_add(account, name, encoded, can_manage, form);
  if (const auto* refusal = std::get_if<CertificateRefusal>(&outcome)) {
    refused("add", account, name, *refusal);
    return outcome;
  }
  const auto& certificate = std::get<Certificate>(outcome);
  metrics_.add("certificates_total", {{"action", "add"}, {"outcome", "done"}});
  log_.info("certificate.added", {{"account", account.to_string()},
                                  {"name", std::string(trim(name))},
                                  {"sha256", hex_encode(certificate.fingerprint)},
                                  {"key", certificate.key},
                                  {"can_manage", can_manage ? "yes" : "no"}});
  if (on_added_) on_added_(account, certificate.fingerprint);
  return outcome;
}

CertificateRegistry::Outcome CertificateRegistry::try_add(const Jid& account,
                                                          std::string_view given_name,
                                                          std::string_view encoded, bool can_manage,
                                                          CertificateForm form) {
  const auto name = name_of(given_name);
  if (!name) return no_name();
  const auto der = der_of(encoded, form);
  if (const auto* fault = std::get_if<NotACertificate>(&der)) {
    return CertificateRefusal{Kind::malformed, fault->text};
  }
  auto read = read_certificate(std::get<std::string>(der));
  if (const auto* fault = std::get_if<NotACertificate>(&read)) {
    return CertificateRefusal{Kind::malformed, fault->text};
  }
  auto& certificate = std::get<Certificate>(read);
  const CertificatePolicy policy = policy_.with([](const auto& current) { return current; });
  if (auto refusal = policy.refusal(certificate, account, clock_.wall())) {
    return CertificateRefusal{Kind::not_acceptable, std::move(*refusal)};
  }
  const auto added = store_.add(account, *name, certificate, can_manage,
                                {policy.settings.max_per_account, most_remembered});
  if (const auto* fault = std::get_if<StoreFault>(&added)) return refusal_of(*fault);
  switch (std::get<CertificateStore::Added>(added)) {
    case CertificateStore::Added::added:
      break;
    case CertificateStore::Added::name_taken:
      return CertificateRefusal{Kind::conflict, "Another certificate has this name."};
    case CertificateStore::Added::already_registered:
      return CertificateRefusal{
          Kind::conflict,
          "This very certificate was registered before; one that was disabled or "
          "revoked never comes back."};
    case CertificateStore::Added::limit_reached:
      return CertificateRefusal{Kind::full,
                                "The account has as many certificates as it may have: disable or "
                                "revoke one first. Of those that were, a thousand are remembered "
                                "until they have expired."};
  }
  return std::move(certificate);
}

std::variant<std::vector<CertificateRecord>, CertificateRefusal> CertificateRegistry::list(
    const Jid& account, bool with_ended) const {
  std::vector<CertificateRecord> records;
  CertificateStore::Selection selection;
  selection.account = account;
  selection.with_ended = with_ended;
  const auto fault = store_.list(
      selection, [&](CertificateRecord record) { records.push_back(std::move(record)); });
  if (fault) return refusal_of(*fault);
  // Where a list has to be cut, what can still be used must not be what is left out.
  std::stable_sort(records.begin(), records.end(),
                   [](const auto& a, const auto& b) { return rank(a.state) < rank(b.state); });
  return records;
}

std::variant<std::string, CertificateRefusal> CertificateRegistry::end(const Jid& account,
                                                                       std::string_view name,
                                                                       CertificateStore::End how) {
  const bool revoke = how == CertificateStore::End::revoke;
  const std::string_view action = revoke ? "revoke" : "disable";
  const auto refuse = [&](CertificateRefusal refusal) {
    refused(action, account, name, refusal);
    return refusal;
  };
  const auto valid_name = name_of(name);
  if (!valid_name) return refuse(no_name());
  auto ended = store_.end(account, *valid_name, how);
  if (const auto* fault = std::get_if<StoreFault>(&ended)) return refuse(refusal_of(*fault));
  auto& fingerprint = std::get<std::optional<std::string>>(ended);
  if (!fingerprint) {
    return refuse({Kind::unknown, revoke ? "There is no certificate of this name to revoke."
                                         : "There is no certificate of this name to disable."});
  }
  metrics_.add("certificates_total", {{"action", action}, {"outcome", "done"}});
  log_.info(revoke ? "certificate.revoked" : "certificate.disabled",
            {{"account", account.to_string()},
             {"name", std::string(*valid_name)},
             {"sha256", hex_encode(*fingerprint)}});
  if (revoke && on_revoked_) on_revoked_(account, *fingerprint);
  return std::move(*fingerprint);
}

std::variant<bool, CertificateRefusal> CertificateRegistry::can_manage(
    const Jid& account, std::string_view fingerprint) const {
  const auto known = store_.can_manage(account, fingerprint);
  if (const auto* fault = std::get_if<StoreFault>(&known)) return refusal_of(*fault);
  return std::get<std::optional<bool>>(known).value_or(false);
}

void CertificateRegistry::refused(std::string_view action, const Jid& account,
                                  std::string_view name, const CertificateRefusal& refusal) {
  const std::string_view outcome = outcome_of(refusal.kind);
  metrics_.add("certificates_total", {{"action", action}, {"outcome", outcome}});
  const bool loggable = tally_.with([now = clock_.steady()](Tally& tally) {
    if (now - tally.second >= std::chrono::seconds(1)) tally = {now, 0};
    return tally.logged++ < refusals_logged_per_second;
  });
  if (!loggable) return;
  const auto valid_name = name_of(name);
  log_.info("certificate.refused", {{"account", account.to_string()},
                                    {"name", std::string(valid_name.value_or(""))},
                                    {"action", std::string(action)},
                                    {"outcome", std::string(outcome)},
                                    {"reason", refusal.text}});
}

}  // namespace jidgate
