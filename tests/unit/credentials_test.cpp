// SPDX-License-Identifier: GPL-3.0-or-later
// Basic credentials, challenges, and the grammar under both schemes.
#include "http/credentials.hpp"

#include <gmock/gmock.h>

#include "core/text.hpp"
#include "http/auth_params.hpp"

namespace jidgate::http {
namespace {

using std::literals::operator""sv;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

CredentialResult basic(std::string_view pair) {
  return read_basic("Basic " + base64_encode(pair));
}

const Credentials& credentials(const CredentialResult& result) {
  static const Credentials none{*Jid::parse("nobody@invalid"), "", ""};
  const auto* credentials = std::get_if<Credentials>(&result);
  EXPECT_TRUE(credentials) << "fault " << static_cast<int>(std::get<CredentialFault>(result));
  return credentials ? *credentials : none;
}

testing::Matcher<const CredentialResult&> is_fault(CredentialFault fault) {
  return testing::VariantWith<CredentialFault>(fault);
}

// XEP-0070 section 4.3.1: "the userid MUST be a valid JID […], the password entity MUST be a
// transaction identifier".
TEST(BasicCredentials, AreAJidAndATransactionIdentifier) {
  const auto result = basic("juliet@capulet.com/balcony:a7374jnjlalasdf82");
  EXPECT_EQ(credentials(result).jid.to_string(), "juliet@capulet.com/balcony");
  EXPECT_EQ(credentials(result).transaction_id, "a7374jnjlalasdf82");
  EXPECT_EQ(credentials(result).grant_token, "a7374jnjlalasdf82");
}

TEST(BasicCredentials, AreSplitAtTheFirstColon) {
  const auto result = basic("juliet@capulet.com:a:b:");
  EXPECT_EQ(credentials(result).transaction_id, "a:b:");
}

TEST(BasicCredentials, TakeTheSchemeInAnyCaseAndAfterSeveralSpaces) {
  const auto pair = base64_encode("juliet@capulet.com:x");
  for (const auto* scheme : {"basic ", "BASIC ", "Basic   "})
    EXPECT_EQ(credentials(read_basic(scheme + pair)).transaction_id, "x");
}

// XEP-0070 section 4.3.1: "any character in the JID or transaction identifier that is outside the
// range of the US-ASCII coded character set MUST be transformed into a percent-encoded octet".
TEST(BasicCredentials, MayBePercentEncodedOrRawUtf8) {
  for (const auto* userid : {"j%C3%A9r%c3%b4me@capulet.com", "jérôme@capulet.com"}) {
    const auto result = basic(userid + std::string(":clé%20%e2%82%ac"));
    EXPECT_EQ(credentials(result).jid.to_string(), "jérôme@capulet.com");
    EXPECT_EQ(credentials(result).transaction_id, "clé%20€");
  }
}

// '%' may stand in a JID; decoding %40 or %2F would make another JID of it.
TEST(BasicCredentials, KeepEscapesOfAsciiAsTheyStand) {
  for (const auto* userid : {"juliet%40evil@capulet.com", "juliet%25@capulet.com",
                             "juliet%zz@capulet.com", "juliet%@capulet.com", "juliet%4@capulet.com",
                             "juliet%00@capulet.com", "juliet%e9@capulet.com"}) {
    const auto jid = credentials(basic(userid + std::string(":x"))).jid;
    EXPECT_EQ(jid.local(), std::string_view(userid).substr(0, std::string_view(userid).find('@')));
    EXPECT_EQ(jid.domain(), "capulet.com");
  }
  EXPECT_EQ(credentials(basic("juliet@capulet.com/a%2Fb%3A:x")).jid.resource(), "a%2Fb%3A");
}

TEST(BasicCredentials, WithoutALocalPartNameNobody) {
  EXPECT_THAT(basic("capulet.com:code"), is_fault(CredentialFault::no_local_part));
  EXPECT_THAT(basic("capulet.com/balcony:code"), is_fault(CredentialFault::no_local_part));
}

TEST(BasicCredentials, AreMalformedWhenThePairIs) {
  const std::string_view pairs[] = {
      "juliet@capulet.com",   // no colon
      "juliet@capulet.com:",  // no transaction identifier
      ":x",
      ":",
      "",                               //
      "a@evil.example@capulet.com:x",   // two '@'
      "juliet@[::1]:x",                 // cut at the first colon
      "juliet@capulet.com/:x",          // empty resource
      "a\u202e@capulet.com:x",          // reorders what follows
      "juliet@capulet.com:a\u202e",     //
      "juliet@capulet.com:a\u200b",     // not to be seen
      "juliet@capulet.com:a\nb",        //
      "juliet@capulet.com:a\0b"sv,      //
      "juliet@capulet.com:%C2%85",      // a control, once decoded
      "juliet@capulet.com:\xc3(",       // not UTF-8
      "j\xe9rome@capulet.com:x",        //
      "j%C3\xa9rome@capulet.com:x",     // neither run is UTF-8 by itself
      "j%c0%afrome\xff@capulet.com:x",  //
  };
  for (const auto pair : pairs)
    EXPECT_THAT(basic(pair), is_fault(CredentialFault::malformed)) << pair;
}

TEST(BasicCredentials, HaveATransactionIdentifierOfAtMost128Octets) {
  const std::string octets(128, 'x');
  EXPECT_EQ(credentials(basic("juliet@capulet.com:" + octets)).transaction_id, octets);
  EXPECT_THAT(basic("juliet@capulet.com:" + octets + "x"), is_fault(CredentialFault::malformed));
}

TEST(BasicCredentials, HaveAJidOfBoundedLength) {
  const std::string longest(1023, 'a');
  EXPECT_EQ(credentials(basic(longest + "@capulet.com:x")).jid.local(), longest);
  EXPECT_THAT(basic(longest + "a@capulet.com:x"), is_fault(CredentialFault::malformed));
  EXPECT_THAT(basic(std::string(20000, 'a') + "@capulet.com:x"),
              is_fault(CredentialFault::malformed));
}

// XEP-0070 section 4.3.1: "Base64 encoding MUST adhere to Section 4 of RFC 4648".
TEST(BasicCredentials, AreStrictBase64) {
  const std::string pair = "juliet@capulet.com/ÿ?>:xy";
  const auto token = base64_encode(pair);
  ASSERT_NE(token.find_first_of("+/"), std::string::npos);
  ASSERT_EQ(token.back(), '=');
  credentials(read_basic("Basic " + token));
  const std::string values[] = {"Basic " + base64url_encode(pair),
                                "Basic " + token.substr(0, token.find('=')),
                                "Basic " + token + "=",
                                "Basic " + token + " ",
                                "Basic " + token + ", Basic " + token,
                                "Basic \t" + token,
                                "Basic" + token,
                                "Basic",
                                "Basic ",
                                "",
                                "Bearer " + token};
  for (const auto& value : values)
    EXPECT_THAT(read_basic(value), is_fault(CredentialFault::malformed)) << value;
}

// The XEP's own example decodes to `Aladdin:open sesame`: a domain, and no account.
TEST(BasicCredentials, OfTheExampleInTheSpecificationNameNobody) {
  EXPECT_THAT(read_basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
              is_fault(CredentialFault::no_local_part));
}

TEST(Scheme, IsTheFirstTokenInLowerCase) {
  EXPECT_EQ(scheme_of("Basic abc"), "basic");
  EXPECT_EQ(scheme_of("DIGEST username=\"a\""), "digest");
  EXPECT_EQ(scheme_of("Bearer"), "bearer");
  EXPECT_EQ(scheme_of("Basic\tabc"), "");
  EXPECT_EQ(scheme_of("Basic,"), "");
  EXPECT_EQ(scheme_of(""), "");
  EXPECT_EQ(scheme_of(" Basic abc"), "");
}

TEST(AuthParams, AreTokensOrQuotedStrings) {
  const auto params = read_auth_params(R"(a=b , ,Cd = "x, \"y\"\\=z",)");
  ASSERT_TRUE(params);
  ASSERT_THAT(*params, SizeIs(2));
  EXPECT_EQ(params->at(0).name, "a");
  EXPECT_EQ(params->at(0).value, "b");
  EXPECT_EQ(params->at(1).name, "cd");
  EXPECT_EQ(params->at(1).value, R"(x, "y"\=z)");
}

TEST(AuthParams, AreRefusedWhenBrokenRepeatedOrTooMany) {
  std::string many = "p0=x", commas(40, ',');
  for (int i = 1; i < 33; ++i) many += ",p" + std::to_string(i) + "=x";
  const std::string_view texts[] = {"",         "a",          "a=",         "=b",       "a=b c=d",
                                    "a=b;c=d",  "a=\"b",      "a=\"b\\",    "a=\"b\"c", "a=b,A=c",
                                    "a=\"\n\"", "a=\"\x7f\"", "a==b",       ",",        "a=/x",
                                    many,       commas,       "a=\"\0\""sv, "a b=c"};
  for (const auto text : texts) EXPECT_FALSE(read_auth_params(text)) << text;
}

TEST(ExtValue, IsUtf8OrNothing) {
  EXPECT_EQ(read_ext_value("UTF-8''j%c3%a9@a"), std::nullopt);  // '@' is no attr-char
  EXPECT_EQ(read_ext_value("utf-8'fr'j%C3%A9%40a"), "jé@a");
  for (const auto* text : {"ISO-8859-1''j%E9", "UTF-8''%E9", "UTF-8''%4", "UTF-8'", "UTF-8", "",
                           "UTF-8''a'b", "UTF-8''a*b"})
    EXPECT_EQ(read_ext_value(text), std::nullopt) << text;
}

class Challenges : public testing::Test {
 protected:
  SystemClock clock_;
  DigestAuthority digest_{clock_};
  Site site_;
};

// XEP-0070 section 4.2: "one WWW-Authenticate header for each authentication scheme"; RFC 7616
// section 3.3: a challenge for each algorithm, the preferred one first.
TEST_F(Challenges, AreBasicThenSha256ThenMd5) {
  const auto lines = challenges(site_, digest_, false);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[0], R"(Basic realm="xmpp", charset="UTF-8")");
  const auto sha256 = read_auth_params(lines[1].substr(7)),
             md5 = read_auth_params(lines[2].substr(7));
  ASSERT_TRUE(sha256 && md5);
  std::vector<std::string> names;
  for (const auto& param : *sha256) names.push_back(param.name);
  EXPECT_THAT(names, ElementsAre("realm", "nonce", "opaque", "qop", "algorithm", "charset"));
  EXPECT_THAT(lines[1], StartsWith(R"(Digest realm="xmpp", nonce=")"));
  EXPECT_THAT(lines[1], testing::HasSubstr(R"(, qop="auth", algorithm=SHA-256, charset=UTF-8)"));
  EXPECT_THAT(lines[2], testing::HasSubstr(R"(, qop="auth", algorithm=MD5, charset=UTF-8)"));
  EXPECT_EQ(sha256->at(1).value, md5->at(1).value);
}

TEST_F(Challenges, SayStaleOnlyWhenTheNonceWas) {
  EXPECT_THAT(challenges(site_, digest_, true)[1], testing::EndsWith(", stale=true"));
  EXPECT_THAT(challenges(site_, digest_, false)[1], testing::Not(testing::HasSubstr("stale")));
}

TEST_F(Challenges, NameOnlyTheSchemesOfTheSite) {
  site_.digest = false;
  EXPECT_THAT(challenges(site_, digest_, false), ElementsAre(StartsWith("Basic ")));
  site_.digest = true;
  site_.basic = false;
  EXPECT_THAT(challenges(site_, digest_, false),
              ElementsAre(StartsWith("Digest "), StartsWith("Digest ")));
  site_.digest = false;
  EXPECT_THAT(challenges(site_, digest_, false), IsEmpty());
}

}  // namespace
}  // namespace jidgate::http
