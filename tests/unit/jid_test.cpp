// SPDX-License-Identifier: GPL-3.0-or-later
// core/jid: RFC 7622 addresses, prepared by RFC 3920 stringprep.
#include "core/jid.hpp"

#include <gtest/gtest.h>

#include <map>

#include "core/text.hpp"
#include "tests/unit/vectors.hpp"

namespace jidgate {
namespace {

using namespace std::string_view_literals;

std::string printed(std::string_view text) {
  const auto jid = Jid::parse(text);
  return jid ? jid->to_string() : "refused";
}

// The verdicts of the vectors are those of RFC 7622 (PRECIS). Prosody and ejabberd prepare by
// RFC 3920 (stringprep), and an address that differs from theirs would be no account of theirs: so
// these rows have the value that the servers give them.
struct Difference {
  std::string_view local, reason;
};
const std::map<std::string_view, Difference> stringprep_differs{
    {"fu\u00DFball@example.com", {"fussball", "RFC 3454 table B.2 folds U+00DF; PRECIS keeps it"}},
    {"henry\u2163@example.com", {"henryiv", "NFKC maps a compatibility form; PRECIS refuses it"}},
    {"\u265A@example.com", {"\u265A", "nodeprep allows symbols; the IdentifierClass does not"}},
};

TEST(Jid, EveryValidVectorHasItsParts) {
  const auto rows = read_vectors("jid-valid.txt");
  ASSERT_EQ(rows.size(), 50u);
  for (const auto& [line, fields] : rows) {
    ASSERT_EQ(fields.size(), 4u) << line;
    const auto jid = Jid::parse(fields[0]);
    ASSERT_TRUE(jid) << line;
    const auto differs = stringprep_differs.find(fields[0]);
    EXPECT_EQ(jid->local(),
              differs == stringprep_differs.end() ? fields[1] : std::string(differs->second.local))
        << line;
    EXPECT_EQ(jid->domain(), fields[2]) << line;
    EXPECT_EQ(jid->resource(), fields[3]) << line;
    EXPECT_EQ(Jid::parse(jid->to_string()), jid) << line;
  }
}

TEST(Jid, EveryInvalidVectorIsRefused) {
  const auto rows = read_vectors("jid-invalid.txt");
  ASSERT_EQ(rows.size(), 56u);
  for (const auto& [line, fields] : rows) {
    ASSERT_EQ(fields.size(), 1u) << line;
    const auto jid = Jid::parse(fields[0]);
    const auto differs = stringprep_differs.find(fields[0]);
    if (differs == stringprep_differs.end()) {
      EXPECT_FALSE(jid) << line;
    } else {
      ASSERT_TRUE(jid) << line << ": " << differs->second.reason;
      EXPECT_EQ(jid->local(), differs->second.local) << line;
    }
  }
  EXPECT_FALSE(Jid::parse(""));
}

// RFC 7622 section 3.1: first whatever follows the first '/' is taken off, then what precedes '@'.
TEST(Jid, IsSplitAtTheFirstSlashBeforeItIsSplitAtTheAt) {
  const auto jid = Jid::parse("capulet.com/a@montague.net/x");
  ASSERT_TRUE(jid);
  EXPECT_EQ(jid->domain(), "capulet.com");
  EXPECT_EQ(jid->resource(), "a@montague.net/x");
  EXPECT_FALSE(jid->is_account());
}

TEST(Jid, KnowsItsBareForm) {
  const auto jid = Jid::parse("Juliet@Capulet.com/Balcony");
  ASSERT_TRUE(jid);
  EXPECT_EQ(jid->to_string(), "juliet@capulet.com/Balcony");
  EXPECT_FALSE(jid->is_bare());
  EXPECT_TRUE(jid->bare().is_bare());
  EXPECT_EQ(jid->bare(), Jid::parse("juliet@capulet.com"));
  EXPECT_NE(jid->bare(), *jid);
}

// gateway-cases.tsv T31a-T31h: what becomes of the userid in Basic credentials.
TEST(Jid, NobodyBecomesSomebodyElseByHowTheAddressIsWritten) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"a@evil.example@capulet.com", "refused"},                       // T31a
      {"a@capulet.com/@evil.example", "a@capulet.com/@evil.example"},  // T31b
      {"capulet.com", "capulet.com"},                                  // T31c
      {"a@capulet.com.", "a@capulet.com"},                             // T31d
      {"a@[::1]", "a@[::1]"},                                          // T31e
      {"\uFF41@capulet.com", "a@capulet.com"},                         // T31f
      {"a\u202E@capulet.com", "refused"},                              // T31g
      {"a\uFF20evil.example@capulet.com", "refused"},                  // fullwidth '@'
      {"a@evil.example\uFF0Fcapulet.com", "refused"},                  // fullwidth '/'
      {"a@evil.example\u2100capulet.com", "refused"},                  // folds to "a/c"
      {"a\uFF0Fb@capulet.com", "refused"},
      {"a\u00A0b@capulet.com", "refused"},  // folds to a space
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(printed(text), expected) << text;
  EXPECT_FALSE(Jid::parse("capulet.com")->is_account());
  EXPECT_FALSE(Jid::parse(std::string(1024, 'a') + "@capulet.com"));  // T31h
}

// gateway-cases.tsv T30a: one limit for all spellings.
TEST(Jid, EverySpellingOfAnAccountIsOneJid) {
  for (const auto text : {"Juliet@capulet.com", "juliet@CAPULET.com", "JULIET@capulet.com.",
                          "\uFF2A\uFF55\uFF4C\uFF49\uFF45\uFF54@\uFF43apulet.com"}) {
    EXPECT_EQ(printed(text), "juliet@capulet.com") << text;
  }
  EXPECT_EQ(printed("\u03A3\u03AF\u03C3\u03C5\u03C6\u03BF\u03C2@example.com"),
            printed("\u03C3\u03AF\u03C3\u03C5\u03C6\u03BF\u03C3@example.com"));
  EXPECT_EQ(printed("e\u0301@example.com"), printed("\u00E9@example.com"));
}

// RFC 7622 section 3.4: the resource is opaque and its case counts.
TEST(Jid, TheResourceKeepsItsCaseAndItsMarkup) {
  for (const auto text : {"a@b.test/\"<'>&/@: \u265A\\20", "a@b.test/Balcony", "a@b.test/ x"}) {
    EXPECT_EQ(printed(text), text);
  }
}

// Phones are named with emoji that are younger than Unicode 3.2; both servers take them.
TEST(Jid, TheResourceMayHaveYoungCharactersAndTheAccountMayNot) {
  EXPECT_EQ(printed("a@b.test/\U0001F4F1"), "a@b.test/\U0001F4F1");
  EXPECT_EQ(printed("a@b.test/\u2615\uFE0F"), "a@b.test/\u2615");
  EXPECT_EQ(printed("\U0001F4F1@b.test"), "refused");
  EXPECT_EQ(printed("a@\U0001F4F1.test"), "refused");
}

// RFC 7622 sections 3.2 to 3.4: a part "MUST NOT be more than 1023 octets in length".
TEST(Jid, APartHasAtMost1023Octets) {
  const std::string most(1023, 'a'), over(1024, 'a');
  const std::string labels = std::string(1021, 'a') + ".b";
  const auto jid = Jid::parse(most + '@' + labels + '/' + most);
  ASSERT_TRUE(jid);
  EXPECT_EQ(jid->local(), most);
  EXPECT_EQ(jid->domain(), labels);
  EXPECT_EQ(jid->resource(), most);
  EXPECT_FALSE(Jid::parse(over + "@b.test"));
  EXPECT_FALSE(Jid::parse("a@" + over));
  EXPECT_FALSE(Jid::parse("a@b.test/" + over));
}

TEST(Jid, APartThatGrowsBeyond1023OctetsByPreparationIsRefused) {
  std::string resource;
  while (resource.size() < 900) resource += "\uFDFA";  // 3 octets become 33
  EXPECT_FALSE(Jid::parse("a@b.test/" + resource));
  EXPECT_TRUE(Jid::parse("a@b.test/" + resource.substr(0, 90)));
}

TEST(Jid, APartThatVanishesByPreparationIsRefused) {
  EXPECT_FALSE(Jid::parse("\uFE0F@b.test"));
  EXPECT_FALSE(Jid::parse("a@\uFE0F"));
  EXPECT_FALSE(Jid::parse("a@b.test/\uFE0F"));
}

TEST(Jid, HoldsNothingThatIsNotSeen) {
  for (const auto hidden : {"\0"sv, "\n"sv, "\x1F"sv, "\x7F"sv, "\u0085"sv, "\u00AD"sv, "\u061C"sv,
                            "\u200B"sv, "\u200D"sv, "\u200E"sv, "\u202A"sv, "\u2066"sv, "\uFEFF"sv,
                            "\x80"sv, "\xC0\xAF"sv, "\xED\xA0\x80"sv, "\uFFFE"sv}) {
    const std::string part = "a" + std::string(hidden) + "b";
    EXPECT_FALSE(Jid::parse(part + "@example.com")) << percent_encode(hidden);
    EXPECT_FALSE(Jid::parse("a@" + part + ".com")) << percent_encode(hidden);
    EXPECT_FALSE(Jid::parse("a@example.com/" + part)) << percent_encode(hidden);
  }
}

// RFC 3454 section 6: "If a string contains any RandALCat character, the string MUST NOT contain
// any LCat character", and "a RandALCat character MUST be the first character of the string, and
// [...] the last".
TEST(Jid, DoesNotMixDirections) {
  EXPECT_TRUE(Jid::parse("\u05D0\u05D1@example.com"));
  EXPECT_FALSE(Jid::parse("\u05D0a@example.com"));
  EXPECT_FALSE(Jid::parse("\u05D01@example.com"));
}

TEST(Domain, IsANameOrAnAddress) {
  for (const auto text : {"a", "verona.test", "a-b.c1", "1.2.3.4", "[::1]", "b\u00FCcher.example",
                          "xn--bcher-kva.example", "\u4F8B\u3048.\u30C6\u30B9\u30C8"}) {
    EXPECT_EQ(prepare_domain(text), text);
  }
  EXPECT_EQ(prepare_domain("Verona.TEST."), "verona.test");
  EXPECT_EQ(prepare_domain("B\u00DCCHER.example"), "b\u00FCcher.example");
  EXPECT_EQ(prepare_domain("[2001:DB8::A]"), "[2001:db8::a]");
  EXPECT_EQ(prepare_domain("XN--BCHER-KVA.example"), "xn--bcher-kva.example");
}

TEST(Domain, IsNothingElse) {
  for (const auto text :
       {"",      ".",        "..",       "a..b",      ".a",        "a..",      "-a.b",   "a-.b",
        "a_b.c", "a b",      "a@b",      "a/b",       "a:5222",    "<a>",      "a%2e.b", "a\\b",
        "*.b",   "[::1",     "::1",      "[1.2.3.4]", "[::1].",    "[]",       "[::1]x", "[::1%1]",
        "[b.c]", "a\u3002b", "a\uFF61b", "a\uFF0Eb",  "a\u00A0.b", "\u05D0a.b"}) {
    EXPECT_FALSE(prepare_domain(text)) << text;
  }
}

TEST(Domain, HasAnAsciiFormForHttp) {
  EXPECT_EQ(to_ascii_domain("b\u00FCcher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(to_ascii_domain("B\u00DCcher.Example."), "xn--bcher-kva.example");
  EXPECT_EQ(to_ascii_domain("XN--BCHER-KVA.example"), "xn--bcher-kva.example");
  EXPECT_EQ(to_ascii_domain("my_app.example"), "my_app.example");
  EXPECT_EQ(to_ascii_domain("\u4F8B\u3048.\u30C6\u30B9\u30C8"), "xn--r8jz45g.xn--zckzah");
  for (const auto& text :
       {std::string(), std::string("."), std::string("a..b"), std::string("a b"),
        std::string("a/b"), std::string("a@b"), std::string("a%20b"), std::string("a\u3002b"),
        std::string(64, 'a') + ".example", std::string("\u202Ea.example")}) {
    EXPECT_FALSE(to_ascii_domain(text)) << text;
  }
  std::string longest;
  while (longest.size() < 250) longest += "ab.";
  EXPECT_TRUE(to_ascii_domain(longest + "c"));
  EXPECT_FALSE(to_ascii_domain(longest + "cdef"));
}

// RFC 5894 section 7.2: IDNA 2003 and 2008 name two hosts by these, so neither is guessed.
TEST(Domain, HasNoAsciiFormWhereTheVersionsOfIdnaDiffer) {
  for (const auto text : {"fu\u00DFball.example", "\u03B2\u03CC\u03BB\u03BF\u03C2.example",
                          "a\u200Db.example", "a\u200Cb.example"}) {
    EXPECT_FALSE(to_ascii_domain(text)) << text;
  }
}

}  // namespace
}  // namespace jidgate
