// SPDX-License-Identifier: GPL-3.0-or-later
// What people read when they manage certificates, in every language.
#include "component/certificate_texts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <set>

#include "core/text.hpp"

namespace jidgate::component {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Views = std::array<std::string_view, sizeof(CertificateWords) / sizeof(std::string_view)>;

Views views(const CertificateWords& words) {
  return std::bit_cast<Views>(words);
}

// The names in braces of a text.
std::set<std::string> placeholders(std::string_view text) {
  std::set<std::string> names;
  for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    names.emplace(text.substr(at, text.find('}', at) - at + 1));
  }
  return names;
}

CertificateRecord record() {
  CertificateRecord made;
  made.account = "romeo@verona.test";
  made.name = "phone {host}";
  made.fingerprint = std::string("\x00\xa1\xff\x10\x20\x30\x40\x50\x60", 9) + std::string(23, 'x');
  made.not_after =
      std::chrono::sys_seconds(std::chrono::seconds(1801398600));  // 2027-01-31T12:30:00Z
  return made;
}

TEST(CertificateTextsTest, EveryLanguageHasEveryTextWithTheSameValues) {
  const Views english = views(certificate_words("en"));
  for (const std::string_view language : catalogue_languages) {
    const CertificateWords& words = certificate_words(language);
    EXPECT_EQ(words.language, language);
    const Views texts = views(words);
    for (std::size_t at = 0; at < texts.size(); ++at) {
      EXPECT_FALSE(texts[at].empty()) << language << ' ' << english[at];
      EXPECT_TRUE(is_xml_text(texts[at]));
      EXPECT_EQ(placeholders(texts[at]), placeholders(english[at])) << texts[at];
    }
  }
}

// XEP-0004 section 3: the text of titles and instructions "SHOULD NOT contain newlines".
TEST(CertificateTextsTest, WhatStandsInFormsIsOneLine) {
  for (const std::string_view language : catalogue_languages) {
    const CertificateWords& words = certificate_words(language);
    for (const std::string_view text :
         {words.list_title, words.paste, words.choose_disabled, words.choose_revoked,
          words.choose_account, words.add, words.statistics}) {
      EXPECT_TRUE(is_plain_line(text)) << text;
    }
  }
}

TEST(CertificateTextsTest, AnUnknownLanguageIsEnglish) {
  EXPECT_EQ(certificate_words("tlh").language, "en");
}

// RFC 4647 section 3.4: a longer tag is cut at its end until it fits.
TEST(CertificateTextsTest, ALanguageIsChosenByItsFirstSubtag) {
  const std::pair<const char*, const char*> cases[] = {
      {"de", "de"},    {"de-AT", "de"}, {"DE-at", "de"}, {"es-419", "es"},
      {"fr-CA", "fr"}, {"en-us", "en"}, {"tlh", "en"},   {"zh-Hans-CN", "en"},
      {"x-de", "en"},  {"deu", "en"},   {"e", "en"}};
  for (const auto& [tag, want] : cases) EXPECT_EQ(choose_language(tag), want) << tag;
}

TEST(CertificateTextsTest, WhatIsNoLanguageTagIsNone) {
  for (const std::string& tag :
       {std::string(), std::string("-"), std::string("de-"), std::string("-de"),
        std::string("de--AT"), std::string("4de"), std::string("d\xc3\xa9"), std::string("de_AT"),
        std::string("abcdefghi"), std::string("de-abcdefghi"), std::string("de "),
        "de" + std::string(40, '-') + "x", [] {
          std::string long_one = "de";
          while (long_one.size() < 70) long_one += "-abcd";
          return long_one;
        }()}) {
    EXPECT_FALSE(choose_language(tag)) << tag;
  }
}

TEST(CertificateTextsTest, AFingerprintIsWrittenAsOpenSslPrintsIt) {
  EXPECT_EQ(shown_fingerprint(std::string("\x00\xa1\xff\x10", 4)), "00:A1:FF:10");
  EXPECT_EQ(shown_fingerprint(std::string("\x00\xa1\xff\x10", 4), 2), "00:A1");
}

TEST(CertificateTextsTest, ATimeIsTheSameForEverybody) {
  EXPECT_EQ(shown_time(record().not_after), "2027-01-31 12:30 UTC");
}

TEST(CertificateTextsTest, TheDetailsAreOneLine) {
  const std::string details = certificate_details(certificate_words("en"), record());
  EXPECT_TRUE(is_plain_line(details));
  EXPECT_EQ(details, "active, expires 2027-01-31 12:30 UTC, SHA-256 " +
                         shown_fingerprint(record().fingerprint));
}

TEST(CertificateTextsTest, ALineBeginsWithTheName) {
  EXPECT_EQ(certificate_line(certificate_words("en"), record()),
            "phone {host}: active, expires 2027-01-31 12:30 UTC, SHA-256 "
            "00:A1:FF:10:20:30:40:50…");
  auto ended = record();
  ended.state = CertificateState::revoked;
  ended.can_manage = false;
  EXPECT_EQ(certificate_line(certificate_words("de"), ended),
            "phone {host}: widerrufen, läuft ab am 2027-01-31 12:30 UTC, SHA-256 "
            "00:A1:FF:10:20:30:40:50…, darf keine Zertifikate verwalten");
}

TEST(CertificateTextsTest, EveryStateHasAWord) {
  for (const std::string_view language : catalogue_languages) {
    const CertificateWords& words = certificate_words(language);
    EXPECT_EQ(state_word(words, CertificateState::active), words.active);
    EXPECT_EQ(state_word(words, CertificateState::disabled), words.disabled);
    EXPECT_EQ(state_word(words, CertificateState::revoked), words.revoked);
    EXPECT_EQ(state_word(words, CertificateState::expired), words.expired);
  }
}

TEST(CertificateTextsTest, ARefusalHasALeadInTheLanguageAndItsReason) {
  using Kind = CertificateRefusal::Kind;
  const CertificateWords& words = certificate_words("es");
  const std::pair<Kind, std::string_view> cases[] = {{Kind::malformed, words.malformed},
                                                     {Kind::not_acceptable, words.not_acceptable},
                                                     {Kind::conflict, words.conflict},
                                                     {Kind::unknown, words.unknown},
                                                     {Kind::full, words.full}};
  for (const auto& [kind, lead] : cases) {
    EXPECT_EQ(refusal_text(words, {kind, "It is so."}), std::string(lead) + " It is so.");
  }
  // Nobody can do anything about the reason.
  EXPECT_EQ(refusal_text(words, {Kind::away, "It is so."}), words.away);
}

TEST(CertificateTextsTest, AnAddedCertificateIsToldInEveryLanguage) {
  const LocalTexts texts = told_of_added(record(), "gate.verona.test");
  ASSERT_EQ(texts.size(), 4U);
  EXPECT_EQ(texts.front().language, "en");
  for (const LocalText& text : texts) {
    EXPECT_THAT(text.text,
                AllOf(HasSubstr("romeo@verona.test"), HasSubstr("phone {host}\n"),
                      HasSubstr("00:A1:FF:10:20:30:40:50…"), HasSubstr("2027-01-31 12:30 UTC"),
                      HasSubstr(certificate_words(text.language).revoke),
                      HasSubstr(certificate_words(text.language).told_may_manage),
                      HasSubstr("xmpp:gate.verona.test?command;node="
                                "urn:xmpp:jidgate:certificates:revoke")));
  }
}

TEST(CertificateTextsTest, AnExpiringCertificateIsToldWithWhatToDo) {
  auto restricted = record();
  restricted.can_manage = false;
  for (const LocalText& text : told_of_expiry(restricted, "gate.verona.test")) {
    EXPECT_THAT(text.text, AllOf(HasSubstr("romeo@verona.test"), HasSubstr("2027-01-31 12:30 UTC"),
                                 HasSubstr(certificate_words(text.language).add),
                                 Not(HasSubstr(certificate_words(text.language).told_may_manage)),
                                 HasSubstr("xmpp:gate.verona.test?command;node="
                                           "urn:xmpp:jidgate:certificates:add")));
  }
}

}  // namespace
}  // namespace jidgate::component
