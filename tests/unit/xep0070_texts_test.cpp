// SPDX-License-Identifier: GPL-3.0-or-later
// What people read and write who have no client for XEP-0070.
#include "component/xep0070_texts.hpp"

#include <gmock/gmock.h>

#include "core/text.hpp"

namespace jidgate::component {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> every_language{"en", "de", "fr", "es"};
constexpr Notice every_notice[] = {Notice::over, Notice::withdrawn, Notice::which_one,
                                   Notice::not_understood};

PromptValues values() {
  return {"192.0.2.7", "GET", "https://files.verona.test/missive.html", "a7374jnjlalasdf82",
          "12:34:56 UTC"};
}

std::vector<std::string_view> languages_of(const LocalTexts& texts) {
  std::vector<std::string_view> languages;
  for (const LocalText& text : texts) languages.push_back(text.language);
  return languages;
}

TEST(Prompt, SaysInEveryLanguageWhoWantsWhatUntilWhen) {
  const auto texts = prompt(every_language, values());
  EXPECT_THAT(languages_of(texts), ElementsAre("en", "de", "fr", "es"));
  for (const LocalText& text : texts) {
    EXPECT_THAT(text.text, AllOf(HasSubstr("192.0.2.7"), HasSubstr("12:34:56 UTC"),
                                 HasSubstr("\nGET https://files.verona.test/missive.html\n"),
                                 HasSubstr(": a7374jnjlalasdf82\n"), HasSubstr("OK")))
        << text.language;
    EXPECT_THAT(text.text, Not(HasSubstr("{"))) << text.language;
    EXPECT_TRUE(is_xml_text(text.text)) << text.language;
  }
}

// What the text asks the person to reply is what read_word() takes.
TEST(Prompt, AsksForWordsThatAreUnderstood) {
  const std::pair<std::string_view, std::string> nos[] = {
      {"en", "No"}, {"de", "Nein"}, {"fr", "Non"}, {"es", "No"}};
  EXPECT_EQ(read_word("OK"), Word::yes);
  for (const auto& [language, no] : nos) {
    EXPECT_EQ(read_word(no), Word::no) << language;
    for (const auto& one : {values(), PromptValues{"192.0.2.7", "GET", "/", "", "12:34:56 UTC"}}) {
      EXPECT_THAT(prompt({std::string(language)}, one).front().text, HasSubstr(" " + no + "."));
    }
  }
}

// Sending back a code that stands in the message proves nothing about the browser.
TEST(Prompt, WithoutACodeItAsksForTheOneOnTheScreen) {
  auto without = values();
  without.code.clear();
  for (const LocalText& text : prompt(every_language, without)) {
    EXPECT_THAT(text.text, Not(HasSubstr("OK"))) << text.language;
    EXPECT_THAT(text.text, Not(HasSubstr("{"))) << text.language;
  }
}

TEST(Prompt, LanguagesComeInTheOrderWantedAndUnknownOnesArePassedOver) {
  EXPECT_THAT(languages_of(prompt({"fr", "tlh", "en"}, values())), ElementsAre("fr", "en"));
  EXPECT_THAT(languages_of(prompt({"tlh"}, values())), ElementsAre("en"));
  EXPECT_THAT(languages_of(prompt({}, values())), ElementsAre("en"));
}

TEST(Prompt, AValueThatLooksLikeAPlaceholderStaysWhatItIs) {
  auto tricky = values();
  tricky.url = "https://files.verona.test/{code}/{until}";
  tricky.code = "{asker}{";
  const auto text = prompt({"en"}, tricky).front().text;
  EXPECT_THAT(text, HasSubstr("https://files.verona.test/{code}/{until}\n"));
  EXPECT_THAT(text, HasSubstr(": {asker}{\n"));
}

TEST(Notices, EachIsThereInEveryLanguageAndDiffersFromTheOthers) {
  std::vector<std::string> seen;
  for (const Notice which : every_notice) {
    const auto texts = notice(every_language, which);
    EXPECT_THAT(languages_of(texts), ElementsAre("en", "de", "fr", "es"));
    for (const LocalText& text : texts) {
      EXPECT_FALSE(text.text.empty());
      EXPECT_TRUE(is_plain_line(text.text)) << text.text;
      EXPECT_THAT(seen, Not(testing::Contains(text.text)));
      seen.push_back(text.text);
    }
  }
}

// What the component says must never be a word that another such program takes for an answer.
TEST(Notices, NoneIsAnAnswer) {
  for (const Notice which : every_notice) {
    for (const LocalText& text : notice(every_language, which)) {
      EXPECT_EQ(read_word(text.text), std::nullopt) << text.text;
    }
  }
}

struct WordCase {
  std::string_view body;
  std::optional<Word> word;
};

class Words : public testing::TestWithParam<WordCase> {};

TEST_P(Words, AreReadExactly) {
  EXPECT_EQ(read_word(GetParam().body), GetParam().word) << GetParam().body;
}

constexpr auto yes = Word::yes, no = Word::no;
INSTANTIATE_TEST_SUITE_P(
    All, Words,
    testing::Values(WordCase{"OK", yes}, WordCase{" ok ", yes}, WordCase{"ok.", yes},
                    WordCase{"Ok!", yes}, WordCase{"O.K.", yes}, WordCase{"okay", yes},
                    WordCase{"YES", yes}, WordCase{"Ja", yes}, WordCase{"Oui.", yes},
                    WordCase{"Sí", yes}, WordCase{"SÍ", yes}, WordCase{"sí!", yes},
                    WordCase{"si\u0301", yes}, WordCase{"Si", yes}, WordCase{"vale", yes},
                    WordCase{"\tOK\r\n", yes}, WordCase{"OK\n> Reply OK", yes},
                    WordCase{"> No\nOK", yes}, WordCase{"No", no}, WordCase{"nein!!", no},
                    WordCase{"NON", no}, WordCase{"nope", no}, WordCase{"> OK\nno", no},
                    // Neither, and above all no yes.
                    WordCase{"", {}}, WordCase{".", {}}, WordCase{"> OK", {}},
                    WordCase{">OK\n  > yes", {}}, WordCase{"NOT OK", {}}, WordCase{"ok?", {}},
                    WordCase{"not ok", {}}, WordCase{"oky", {}}, WordCase{"OK\nNo", {}},
                    WordCase{"No\nOK", {}}, WordCase{"okno", {}}, WordCase{"o k", {}},
                    WordCase{"I do not say yes", {}}, WordCase{"result", {}}, WordCase{"ＯＫ", {}},
                    WordCase{"ОК", {}} /* Cyrillic */, WordCase{"\xff", {}}));

TEST(Quotes, AreNoPartOfAnAnswer) {
  EXPECT_EQ(without_quotes("> The code is: x\n> reply\n 4711 \n"), "4711");
  EXPECT_EQ(without_quotes("  > quoted"), "");
  EXPECT_EQ(without_quotes("one\n>two\nthree"), "one\nthree");
  EXPECT_EQ(without_quotes("1 > 0"), "1 > 0");
  EXPECT_EQ(without_quotes(""), "");
  EXPECT_EQ(without_quotes("\n\n"), "");
}

}  // namespace
}  // namespace jidgate::component
