// SPDX-License-Identifier: GPL-3.0-or-later
// The registry: names, forms, refusals, and who is told.
#include "core/certificate_registry.hpp"

#include <gmock/gmock.h>

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "tests/support/certificate_clock.hpp"
#include "tests/support/certificate_memory_store.hpp"
#include "tests/support/certificate_sample.hpp"
#include "tests/support/recording_log.hpp"

namespace jidgate::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = CertificateRefusal::Kind;

class CertificateRegistryTest : public testing::Test {
 protected:
  CertificateRegistryTest() {
    registry.on_added([this](const Jid& account, const std::string& fingerprint) {
      told.push_back("added " + account.to_string() + ' ' + hex_encode(fingerprint));
    });
    registry.on_revoked([this](const Jid& account, const std::string& fingerprint) {
      told.push_back("revoked " + account.to_string() + ' ' + hex_encode(fingerprint));
    });
  }
  template <class T>
  static std::optional<Kind> kind(const std::variant<T, CertificateRefusal>& outcome) {
    if (const auto* refusal = std::get_if<CertificateRefusal>(&outcome)) {
      EXPECT_FALSE(refusal->text.empty());
      return refusal->kind;
    }
    return std::nullopt;
  }
  std::optional<Kind> adds(std::string_view name, std::string_view encoded,
                           CertificateForm form = CertificateForm::any) {
    return kind(registry.add(romeo, name, encoded, true, form));
  }
  static std::string certificate() { return sample_certificate("romeo@verona.test"); }

  const Jid romeo = Jid::parse("romeo@verona.test").value();
  ManualSteadyClock clock;
  RecordingLog log;
  Metrics metrics;
  MemoryCertificateStore store;
  CertificateRegistry registry{store, clock, log, metrics};
  std::vector<std::string> told;
};

TEST_F(CertificateRegistryTest, ANameIsOneLineWithoutSpaceAroundIt) {
  for (const auto* name : {"a", "  a b ", "\tcafé\r\n", "a'b\"c\\d%_;--", "日本"}) {
    EXPECT_EQ(adds(name, certificate()), std::nullopt) << name;
    EXPECT_EQ(store.records().back().name, trim(name));
  }
  EXPECT_EQ(adds(std::string(255, 'x'), certificate()), std::nullopt);
  using namespace std::string_view_literals;
  for (const auto name :
       {""sv, " \t"sv, "a\nb"sv, "a\0b"sv, "a\x7F"sv, "\xFF"sv, "a\u200Bb"sv, "\u202Ea"sv}) {
    EXPECT_EQ(adds(name, certificate()), Kind::malformed) << name;
    EXPECT_EQ(kind(registry.end(romeo, name, CertificateStore::End::revoke)), Kind::malformed);
  }
  EXPECT_EQ(adds(std::string(256, 'x'), certificate()), Kind::malformed);
}

TEST_F(CertificateRegistryTest, OnlyPeopleMayGiveWhateverFormTheyHave) {
  const std::string der = certificate();
  EXPECT_EQ(adds("der", der, CertificateForm::base64), Kind::malformed);
  EXPECT_EQ(adds("der", der), std::nullopt);
  EXPECT_EQ(adds("base64", base64_encode(certificate()), CertificateForm::base64), std::nullopt);
}

TEST_F(CertificateRegistryTest, WhoeverWatchesIsToldOfWhatHappened) {
  const std::string der = certificate(), hex = hex_encode(sha256(der));
  const auto added = registry.add(romeo, "a", der, false);
  EXPECT_EQ(std::get<Certificate>(added).der, der);
  EXPECT_THAT(told, ElementsAre("added romeo@verona.test " + hex));
  EXPECT_EQ(adds("a", certificate()), Kind::conflict);
  EXPECT_EQ(std::get<std::string>(registry.end(romeo, "a", CertificateStore::End::disable)),
            sha256(der));
  EXPECT_EQ(kind(registry.end(romeo, "b", CertificateStore::End::revoke)), Kind::unknown);
  EXPECT_EQ(told.size(), 1U);
  EXPECT_EQ(std::get<std::string>(registry.end(romeo, "a", CertificateStore::End::revoke)),
            sha256(der));
  EXPECT_EQ(told.back(), "revoked romeo@verona.test " + hex);
}

TEST_F(CertificateRegistryTest, WhatIsNotRegisteredMayNotManage) {
  const std::string full = certificate(), limited = certificate();
  registry.add(romeo, "full", full, true);
  registry.add(romeo, "limited", limited, false);
  EXPECT_TRUE(std::get<bool>(registry.can_manage(romeo, sha256(full))));
  EXPECT_FALSE(std::get<bool>(registry.can_manage(romeo, sha256(limited))));
  EXPECT_FALSE(std::get<bool>(registry.can_manage(romeo, std::string(32, 'x'))));
  const Jid juliet = Jid::parse("juliet@verona.test").value();
  EXPECT_FALSE(std::get<bool>(registry.can_manage(juliet, sha256(full))));
}

TEST_F(CertificateRegistryTest, TheListLeavesOutWhatHasEndedUnlessItIsWanted) {
  registry.add(romeo, "a", certificate(), true);
  registry.add(romeo, "b", certificate(), true);
  registry.end(romeo, "b", CertificateStore::End::disable);
  const auto names = [&](bool with_ended) {
    std::vector<std::string> found;
    const auto records = registry.list(romeo, with_ended);
    for (const auto& record : std::get<0>(records)) found.push_back(record.name);
    return found;
  };
  EXPECT_THAT(names(false), ElementsAre("a"));
  EXPECT_THAT(names(true), ElementsAre("a", "b"));
}

TEST_F(CertificateRegistryTest, AFaultOfTheStoreIsNoWordAboutTheCertificate) {
  for (const auto& [fault, expected] :
       {std::pair(StoreFault::away, Kind::away), {StoreFault::full, Kind::full}}) {
    store.fails_with(fault);
    EXPECT_EQ(adds("a", certificate()), expected);
    EXPECT_EQ(kind(registry.list(romeo, true)), expected);
    EXPECT_EQ(kind(registry.end(romeo, "a", CertificateStore::End::revoke)), expected);
    EXPECT_EQ(kind(registry.can_manage(romeo, std::string(32, 'x'))), expected);
  }
  EXPECT_TRUE(told.empty());
}

TEST_F(CertificateRegistryTest, ANewPolicyHoldsFromTheNextOne) {
  CertificateSettings one;
  one.max_per_account = 1;
  registry.configure({one, nullptr});
  EXPECT_EQ(adds("a", certificate()), std::nullopt);
  EXPECT_EQ(adds("b", certificate()), Kind::full);
  registry.configure({CertificateSettings{}, nullptr});
  EXPECT_EQ(adds("b", certificate()), std::nullopt);
}

TEST_F(CertificateRegistryTest, RefusalsAreCountedAllAndLoggedFewOfThem) {
  for (int i = 0; i < 100; ++i) adds("a", "no certificate");
  EXPECT_EQ(log.entries("certificate.refused").size(), 5U);
  clock.advance(std::chrono::seconds(1));
  adds("a", "no certificate");
  const auto logged = log.entries("certificate.refused");
  EXPECT_EQ(logged.size(), 6U);
  EXPECT_THAT(metrics.render(),
              HasSubstr("certificates_total{action=\"add\",outcome=\"malformed\"} 101"));
  EXPECT_EQ(logged[0].fields.at("account"), "romeo@verona.test");
  EXPECT_EQ(logged[0].fields.at("name"), "a");
  EXPECT_EQ(logged[0].fields.at("outcome"), "malformed");
}

}  // namespace
}  // namespace jidgate::test
