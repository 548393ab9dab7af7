// SPDX-License-Identifier: GPL-3.0-or-later
// core/text: UTF-8, XML characters, plain lines, percent- and base64-coding.
#include "core/text.hpp"

#include <gtest/gtest.h>

#include "tests/unit/vectors.hpp"

namespace jidgate {
namespace {

using namespace std::string_view_literals;

TEST(Text, EverySequenceOfTheVectorsHasItsVerdict) {
  const auto rows = read_vectors("utf8-sequences.txt");
  ASSERT_EQ(rows.size(), 40u);
  for (const auto& row : rows) {
    ASSERT_EQ(row.fields.size(), 3u) << row.line;
    EXPECT_EQ(is_utf8(row.fields[2]), row.fields[0] == "valid") << row.line;
    EXPECT_EQ(is_xml_text(row.fields[2]), row.fields[1] == "char") << row.line;
  }
}

TEST(Text, ACharacterThatIsCutOffAtTheEndIsNoUtf8) {
  for (const auto text : {"a\xC3"sv, "a\xE2\x82"sv, "a\xF0\x9F\x8D"sv}) EXPECT_FALSE(is_utf8(text));
  EXPECT_TRUE(is_utf8(""));
}

// XML 1.0 section 2.2: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] |
// [#x10000-#x10FFFF].
TEST(Text, XmlTextHasTabAndLineEndsAndNoOtherControl) {
  EXPECT_TRUE(is_xml_text("a\t\r\nb"));
  for (char c = 0; c < 0x20; ++c) {
    const bool allowed = c == '\t' || c == '\r' || c == '\n';
    EXPECT_EQ(is_xml_text(std::string_view(&c, 1)), allowed) << static_cast<int>(c);
  }
  EXPECT_FALSE(is_xml_text("\uFFFE"));
  EXPECT_TRUE(is_xml_text("\uFFFD\U00010000\U0010FFFF"));
}

TEST(Text, APlainLineShowsWhatItHolds) {
  for (const auto text : {""sv, "GET /a?b=<c>&d"sv, "j\u00E9r\u00F4me"sv,
                          "\u2615\uFE0F \U0001F37A"sv, "\u05D0\u05D1"sv, "\u00A0"sv}) {
    EXPECT_TRUE(is_plain_line(text)) << text;
  }
}

TEST(Text, APlainLineHasNoControl) {
  for (const auto text : {"a\nb"sv, "a\rb"sv, "a\tb"sv, "\0"sv, "\x1F"sv, "\x7F"sv, "\u0080"sv,
                          "\u0085"sv, "\u009F"sv}) {
    EXPECT_FALSE(is_plain_line(text)) << percent_encode(text);
  }
}

TEST(Text, APlainLineHasNothingInvisibleOrReordering) {
  for (const auto text : {"\u00AD"sv, "\u034F"sv, "\u061C"sv,     "\u115F"sv,     "\u180E"sv,
                          "\u200B"sv, "\u200C"sv, "\u200D"sv,     "\u200E"sv,     "\u200F"sv,
                          "\u2028"sv, "\u2029"sv, "\u202A"sv,     "\u202E"sv,     "\u2060"sv,
                          "\u2066"sv, "\u2069"sv, "\u206F"sv,     "\u3164"sv,     "\uFEFF"sv,
                          "\uFFA0"sv, "\uFFF9"sv, "\U0001D173"sv, "\U000E0041"sv, "\U000E0100"sv}) {
    EXPECT_FALSE(is_plain_line(std::string("code 12") + std::string(text) + "34"))
        << percent_encode(text);
  }
}

TEST(Text, APrefixEndsBetweenCharacters) {
  EXPECT_EQ(utf8_prefix("h\u00E9\u20AC\U0001F37A", 11), "h\u00E9\u20AC\U0001F37A");
  EXPECT_EQ(utf8_prefix("h\u00E9\u20AC\U0001F37A", 9), "h\u00E9\u20AC");
  EXPECT_EQ(utf8_prefix("h\u00E9\u20AC\U0001F37A", 6), "h\u00E9\u20AC");
  EXPECT_EQ(utf8_prefix("h\u00E9\u20AC\U0001F37A", 5), "h\u00E9");
  EXPECT_EQ(utf8_prefix("\U0001F37A", 3), "");
  EXPECT_EQ(utf8_prefix("abc", 0), "");
}

// RFC 3986 section 2.3: unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~".
TEST(Text, PercentEncodingLeavesTheUnreservedAndWhatIsToBeKept) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("/a b%\u00E9\0"sv), "%2Fa%20b%25%C3%A9%00");
  EXPECT_EQ(percent_encode("/a/b?c", "/"), "/a/b%3Fc");
}

TEST(Text, PercentDecodingIsDoneOnceAndIsStrict) {
  EXPECT_EQ(percent_decode("%2fa%2Fb%252f+"), "/a/b%2f+");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  for (const auto text : {"%", "%2", "a%zz", "%u002f", "%%41", "% 41", "%-1"}) {
    EXPECT_FALSE(percent_decode(text)) << text;
  }
}

TEST(Text, PercentCodingIsARoundTripForEveryOctet) {
  std::string octets;
  for (int octet = 0; octet < 256; ++octet) octets += static_cast<char>(octet);
  EXPECT_EQ(percent_decode(percent_encode(octets)), octets);
}

// RFC 4648 section 10.
TEST(Text, Base64HasTheVectorsOfItsSpecification) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [octets, text] : vectors) {
    EXPECT_EQ(base64_encode(octets), text);
    EXPECT_EQ(base64_decode(text), octets);
  }
}

// RFC 4648 section 3.2: "Implementations MUST include appropriate pad characters"; section 3.3:
// "MUST reject the encoded data if it contains characters outside the base alphabet".
TEST(Text, Base64DecodingIsStrict) {
  for (const auto text : {"Zg", "Zg=", "Zg===", "====", "=", "Z===", "Zm9v====", "Zm9v=", "Zm 9v",
                          "Zm9v\n", "Zm9-", "Zg==Zg==", "Zm=v", "Z=9v", "\xC3\xA9=="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

// RFC 4648 section 3.5: two texts for one value would be two fingerprints of one certificate.
TEST(Text, Base64RefusesBitsThatNoOctetStandsFor) {
  EXPECT_FALSE(base64_decode("Zh=="));
  EXPECT_FALSE(base64_decode("Zm9="));
  EXPECT_FALSE(base64url_decode("Zh"));
}

TEST(Text, Base64UrlHasItsOwnAlphabetAndNoPadding) {
  EXPECT_EQ(base64url_encode("\xFB\xFF\xFE!"), "-__-IQ");
  EXPECT_EQ(base64url_decode("-__-IQ"), "\xFB\xFF\xFE!");
  for (const auto text : {"-__-IQ==", "+//+IQ", "-__-I"}) EXPECT_FALSE(base64url_decode(text));
}

TEST(Text, Base64IsARoundTripForEveryLength) {
  std::string octets;
  for (int length = 0; length < 300; ++length) {
    EXPECT_EQ(base64_decode(base64_encode(octets)), octets);
    EXPECT_EQ(base64url_decode(base64url_encode(octets)), octets);
    octets += static_cast<char>(length * 37);
  }
}

TEST(Text, HexIsLowerCase) {
  EXPECT_EQ(hex_encode("\x00\x0F\xA5\xFF"sv), "000fa5ff");
}

TEST(Text, HexIsReadInEitherCaseAndStrictly) {
  EXPECT_EQ(hex_decode("000fA5fF"), "\x00\x0F\xA5\xFF"sv);
  EXPECT_EQ(hex_decode(""), "");
  for (const auto* text : {"0", "0g", "g0", " 00", "0x00", "00 "}) EXPECT_FALSE(hex_decode(text));
}

TEST(Text, CaseIsFoldedInAsciiAlone) {
  EXPECT_EQ(ascii_lower("GeT \u00C9@[`{"), "get \u00C9@[`{");
  EXPECT_TRUE(ascii_iequals("Content-Length", "cONTENT-lENGTH"));
  EXPECT_FALSE(ascii_iequals("a", "ab"));
  EXPECT_FALSE(ascii_iequals("@", "`"));
  EXPECT_FALSE(ascii_iequals("\u00C9", "\u00E9"));
}

TEST(Text, TrimTakesAsciiSpaceOffBothEnds) {
  EXPECT_EQ(trim(" \t\r\na b\v\f "), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim("\u00A0a"), "\u00A0a");
}

}  // namespace
}  // namespace jidgate
