// SPDX-License-Identifier: GPL-3.0-or-later
// Records of certificates in memory, for tests of what stands in front of them.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/certificate_store.hpp"
#include "core/locked.hpp"

namespace jidgate::test {

class MemoryCertificateStore final : public CertificateStore {
 public:
  // From now on everything fails with this; nullopt: nothing does.
  void fails_with(std::optional<StoreFault> fault) {
    table_.with([&](Table& table) { table.fault = fault; });
  }
  std::vector<CertificateRecord> records() const {
    return table_.with([](const Table& table) { return table.records; });
  }
  void put(CertificateRecord record) {
    table_.with([&](Table& table) { table.records.push_back(std::move(record)); });
  }

  OrStoreFault<Added> add(const Jid& account, std::string_view name, const Certificate& certificate,
                          bool can_manage, const Limits& limits) override {
    return table_.with([&](Table& table) -> OrStoreFault<Added> {
      if (table.fault) return *table.fault;
      unsigned active = 0, all = 0;
      for (const CertificateRecord& record : table.records) {
        if (record.account != account.to_string()) continue;
        if (record.fingerprint == certificate.fingerprint) return Added::already_registered;
        if (record.name == name && record.state != CertificateState::revoked) {
          return Added::name_taken;
        }
        ++all;
        if (!record.ended_at) ++active;
      }
      if (active >= limits.active || all >= limits.remembered) return Added::limit_reached;
      CertificateRecord record;
      record.account = account.to_string();
      record.name = name;
      record.der = certificate.der;
      record.fingerprint = certificate.fingerprint;
      record.subject = certificate.subject;
      record.key = certificate.key;
      for (const Jid& jid : certificate.xmpp_addresses) {
        record.xmpp_addresses.push_back(jid.to_string());
      }
      record.not_before = certificate.not_before;
      record.not_after = certificate.not_after;
      record.can_manage = can_manage;
      table.records.push_back(std::move(record));
      return Added::added;
    });
  }

  std::optional<StoreFault> list(
      const Selection& selection,
      const std::function<void(CertificateRecord)>& each) const override {
    auto copy = table_.with([](const Table& table) { return table; });
    if (copy.fault) return copy.fault;
    std::sort(copy.records.begin(), copy.records.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    for (CertificateRecord& record : copy.records) {
      if (selection.account && record.account != selection.account->to_string()) continue;
      if (!selection.with_ended && record.ended_at) continue;
      if (!selection.with_der) record.der.clear();
      each(std::move(record));
    }
    return std::nullopt;
  }

  OrStoreFault<std::optional<std::string>> end(const Jid& account, std::string_view name,
                                               End how) override {
    using Ended = OrStoreFault<std::optional<std::string>>;
    return table_.with([&](Table& table) -> Ended {
      if (table.fault) return *table.fault;
      const auto target =
          how == End::revoke ? CertificateState::revoked : CertificateState::disabled;
      for (CertificateRecord& record : table.records) {
        if (record.account != account.to_string() || record.name != name) continue;
        if (record.state == CertificateState::revoked || record.state == target) continue;
        record.state = target;
        record.ended_at.emplace();
        return std::optional(record.fingerprint);
      }
      return std::optional<std::string>();
    });
  }

  OrStoreFault<std::optional<bool>> can_manage(const Jid& account,
                                               std::string_view fingerprint) const override {
    return table_.with([&](const Table& table) -> OrStoreFault<std::optional<bool>> {
      if (table.fault) return *table.fault;
      for (const CertificateRecord& record : table.records) {
        if (record.account == account.to_string() && record.fingerprint == fingerprint &&
            !record.ended_at) {
          return std::optional(record.can_manage);
        }
      }
      return std::optional<bool>();
    });
  }

  OrStoreFault<std::vector<Unended>> unended(std::size_t most,
                                             const std::optional<Unended>& last) const override {
    return table_.with([&](const Table& table) -> OrStoreFault<std::vector<Unended>> {
      if (table.fault) return *table.fault;
      std::vector<Unended> found;
      bool after = !last;
      for (const CertificateRecord& record : table.records) {
        const std::pair key(record.account, record.fingerprint);
        if (after && found.size() < most && record.state == CertificateState::revoked &&
            !table.sessions_ended.contains(key)) {
          found.push_back({record.account, record.fingerprint});
        }
        after = after || key == std::pair(last->account, last->fingerprint);
      }
      return found;
    });
  }
  OrStoreFault<bool> sessions_ended(const Unended& which) override {
    return table_.with([&](Table& table) -> OrStoreFault<bool> {
      if (table.fault) return *table.fault;
      return table.sessions_ended.emplace(which.account, which.fingerprint).second;
    });
  }

  // What watches over records is tested with the database.
  OrStoreFault<std::vector<CertificateRecord>> take_added(std::size_t) override {
    return nothing();
  }
  OrStoreFault<std::vector<CertificateRecord>> take_expiring(std::chrono::seconds,
                                                             std::size_t) override {
    return nothing();
  }
  OrStoreFault<std::size_t> remove_expired(std::chrono::seconds) override { return std::size_t{0}; }
  OrStoreFault<Statistics> statistics() const override { return Statistics(); }

 private:
  struct Table {
    std::vector<CertificateRecord> records;
    std::set<std::pair<std::string, std::string>> sessions_ended;  // account, fingerprint
    std::optional<StoreFault> fault;
  };
  static std::vector<CertificateRecord> nothing() { return {}; }
  Locked<Table> table_;
};

}  // namespace jidgate::test
