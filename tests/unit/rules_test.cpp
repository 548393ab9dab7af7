// SPDX-License-Identifier: GPL-3.0-or-later
// core/rules: which rule decides, and whom it admits.
#include "core/rules.hpp"

#include <gmock/gmock.h>

namespace jidgate {
namespace {

using Kind = Admission::Kind;

Address address(std::string_view text) {
  return Address::parse(text).value();
}
Jid jid(std::string_view text) {
  return Jid::parse(text).value();
}
const Address& somewhere() {
  static const Address value = address("203.0.113.9");
  return value;
}

Rule rule(std::string path, Mode mode) {
  Rule made;
  made.name = "test:" + path;
  made.path = std::move(path);
  made.mode = mode;
  return made;
}

// One site "app" at app.example that blocks for *@capulet.com, with these rules.
Settings settings_with(std::vector<Rule> rules) {
  Settings settings;
  settings.xmpp.hosts = {"verona.test"};
  Site site;
  site.name = "app";
  site.hosts = {"app.example", "xn--bcher-kva.example"};
  site.origin = "https://app.example";
  site.allow = {{Kind::domain, "capulet.com"}};
  site.rules = std::move(rules);
  settings.sites = {site};
  return settings;
}

class RulesOf : public Rules {
 public:
  explicit RulesOf(std::vector<Rule> rules) : Rules(settings_with(std::move(rules))) {}
  using Rules::decide;
  Ruling decide(std::string_view raw, std::string_view method = "GET",
                const Address& asker = somewhere()) const {
    return Rules::decide(settings().sites.front(), rule_path(raw), method, asker);
  }
};

TEST(Rules, TheHostNamesTheSite) {
  const RulesOf rules({});
  ASSERT_NE(rules.site_for("app.example"), nullptr);
  EXPECT_EQ(rules.site_for("app.example")->name, "app");
  EXPECT_EQ(rules.site_for("xn--bcher-kva.example"), rules.site_for("app.example"));
  EXPECT_EQ(rules.site_for("other.example"), nullptr);
  EXPECT_EQ(rules.site_for(""), nullptr);
  EXPECT_EQ(rules.policy("members"), nullptr);
}

TEST(Rules, WithoutARuleTheSiteDecides) {
  const RulesOf rules({});
  const Ruling ruling = rules.decide("/x");
  EXPECT_EQ(ruling.mode, Mode::block);
  EXPECT_EQ(ruling.rule, "app");
  EXPECT_EQ(ruling.timeout, Seconds{50});
  EXPECT_FALSE(ruling.timeout_is_own);
  EXPECT_EQ(ruling.grant, Seconds{300});
  EXPECT_FALSE(ruling.strictest);
}

TEST(Rules, APathIsAPrefixThatEndsWithASegment) {
  struct {
    std::string_view rule, covered, not_covered;
  } const cases[] = {
      {"/admin", "/admin", "/administrator"},
      {"/admin", "/admin/", "/"},
      {"/admin", "/admin/x/y", "/x/admin"},
      {"/public/", "/public/", "/public"},
      {"/public/", "/public/a/b", "/publicly"},
      {"/", "/", "*"},
      {"/a/b", "/a/b/c", "/a/bc"},
      {"/admin", "/admin", "/ADMIN"},
  };
  for (const auto& c : cases) {
    const RulesOf rules({rule(std::string(c.rule), Mode::bypass)});
    EXPECT_EQ(rules.decide(c.covered).mode, Mode::bypass) << c.rule << ' ' << c.covered;
    EXPECT_EQ(rules.decide(c.not_covered).mode, Mode::block) << c.rule << ' ' << c.not_covered;
  }
}

TEST(Rules, AnExactPathIsThatPathAlone) {
  Rule exact = rule("/health", Mode::bypass);
  exact.exact = true;
  const RulesOf rules({exact});
  EXPECT_EQ(rules.decide("/health").mode, Mode::bypass);
  for (const auto path : {"/health/", "/health/x", "/healthy", "/Health"}) {
    EXPECT_EQ(rules.decide(path).mode, Mode::block) << path;
  }
}

TEST(Rules, TheFirstMatchWins) {
  const RulesOf rules({rule("/public/secret", Mode::redirect), rule("/public", Mode::bypass),
                       rule("/public", Mode::challenge)});
  EXPECT_EQ(rules.decide("/public/secret/a").mode, Mode::redirect);
  EXPECT_EQ(rules.decide("/public/secret/a").rule, "test:/public/secret");
  EXPECT_EQ(rules.decide("/public/a").mode, Mode::bypass);
}

// RFC 9110 section 9.1: "The method token is case-sensitive".
TEST(Rules, AMethodIsComparedByCase) {
  Rule reading = rule("/", Mode::bypass);
  reading.methods = {"GET", "HEAD"};
  const RulesOf rules({reading});
  EXPECT_EQ(rules.decide("/x", "GET").mode, Mode::bypass);
  EXPECT_EQ(rules.decide("/x", "HEAD").mode, Mode::bypass);
  for (const auto method : {"get", "Get", "GET ", "GETX", "POST", "OPTIONS", ""}) {  // T21a-T21e
    EXPECT_EQ(rules.decide("/x", method).mode, Mode::block) << method;
  }
}

TEST(Rules, ANetworkIsTheAskers) {
  Rule inside = rule("/", Mode::bypass);
  inside.networks = {*Network::parse("10.0.0.0/8"), *Network::parse("2001:db8::/32")};
  const RulesOf rules({inside});
  EXPECT_EQ(rules.decide("/x", "GET", address("10.1.2.3")).mode, Mode::bypass);
  EXPECT_EQ(rules.decide("/x", "GET", address("2001:db8::1")).mode, Mode::bypass);
  EXPECT_EQ(rules.decide("/x", "GET", address("203.0.113.9")).mode, Mode::block);
  EXPECT_EQ(rules.decide("/x", "GET", address("::1")).mode, Mode::block);
}

TEST(Rules, ARuleGivesItsOwnValuesAndTheSiteTheOthers) {
  Rule own = rule("/own", Mode::challenge);
  own.timeout = Seconds{7};
  own.grant = Seconds{0};
  own.allow = {{Kind::account, "romeo@montague.net"}};
  Rule plain;
  plain.name = "app.2";
  plain.path = "/plain";
  const RulesOf rules({own, plain});

  const Ruling first = rules.decide("/own/x");
  EXPECT_EQ(first.mode, Mode::challenge);
  EXPECT_EQ(first.timeout, Seconds{7});
  EXPECT_TRUE(first.timeout_is_own);
  EXPECT_EQ(first.grant, Seconds{0});
  EXPECT_TRUE(rules.admits(first, jid("romeo@montague.net")));
  EXPECT_FALSE(rules.admits(first, jid("juliet@capulet.com")));

  const Ruling second = rules.decide("/plain");
  EXPECT_EQ(second.rule, "app.2");
  EXPECT_EQ(second.mode, Mode::block);
  EXPECT_EQ(second.timeout, Seconds{50});
  EXPECT_FALSE(second.timeout_is_own);
  EXPECT_EQ(second.grant, Seconds{300});
  EXPECT_TRUE(rules.admits(second, jid("juliet@capulet.com")));
}

TEST(Rules, AnAccountADomainAndAGroupAreAdmitted) {
  Settings settings = settings_with({});
  settings.sites[0].allow = {{Kind::account, "romeo@montague.net"},
                             {Kind::domain, "capulet.com"},
                             {Kind::group, "staff"},
                             {Kind::group, "nobody-made-this"}};
  settings.groups["staff"] = {jid("nurse@verona.test"), jid("friar@verona.test/cell")};
  const Rules rules(settings);
  const Ruling ruling = rules.decide(rules.settings().sites[0], rule_path("/"), "GET", somewhere());
  for (const auto text : {"romeo@montague.net", "romeo@montague.net/orchard", "anyone@capulet.com",
                          "nurse@verona.test", "friar@verona.test", "friar@verona.test/other"}) {
    EXPECT_TRUE(rules.admits(ruling, jid(text))) << text;
  }
  for (const auto text : {"mercutio@montague.net", "romeo@sub.montague.net", "a@sub.capulet.com",
                          "a@evilcapulet.com", "someone@verona.test", "a@capulet.com.evil"}) {
    EXPECT_FALSE(rules.admits(ruling, jid(text))) << text;
  }
}

// gateway-cases.tsv T31c.
TEST(Rules, AnAddressWithoutAnAccountIsNeverAdmitted) {
  const RulesOf rules({});
  EXPECT_FALSE(rules.admits(rules.decide("/"), jid("capulet.com")));
  EXPECT_FALSE(rules.admits(rules.decide("/"), jid("capulet.com/a@capulet.com")));
}

TEST(Rules, NobodyIsAdmittedByNoList) {
  const RulesOf rules({});
  EXPECT_FALSE(rules.admits(Ruling{}, jid("juliet@capulet.com")));
}

TEST(Rules, ASiteWithoutAListAdmitsTheAccountsOfOurHosts) {
  Settings settings = settings_with({});
  settings.sites[0].allow.clear();
  const Rules rules(settings);
  const Ruling ruling = rules.decide(rules.settings().sites[0], rule_path("/"), "GET", somewhere());
  EXPECT_TRUE(rules.admits(ruling, jid("juliet@verona.test")));
  EXPECT_FALSE(rules.admits(ruling, jid("juliet@capulet.com")));

  settings.xmpp.hosts.clear();
  const Rules closed(settings);
  EXPECT_FALSE(
      closed.admits(closed.decide(closed.settings().sites[0], rule_path("/"), "GET", somewhere()),
                    jid("juliet@verona.test")));
}

// gateway-cases.tsv T14, T15, T17a and T18: "/public/" is bypassed, all else needs *@capulet.com.
TEST(Rules, NoSpellingOfAPathGetsPastTheRules) {
  const RulesOf rules({rule("/public/", Mode::bypass)});
  for (const auto raw : {"/public/a", "/public/", "/public/a%23b" /* T17a */, "/%70ublic/a"}) {
    EXPECT_EQ(rules.decide(raw).mode, Mode::bypass) << raw;
  }
  for (const auto raw : {
           "/public/../admin",              // T18a
           "/public/..%2fadmin",            // T18b, T18o
           "/public/%2e%2e/admin",          // T18c
           "/public/%252e%252e%252fadmin",  // T18d
           "//admin",                       // T18e
           "/./admin",                      // T18f
           "/admin/.",                      // T18g
           "/admin;x=y",                    // T18h
           "/ADMIN",                        // T18i
           "/public/..\\admin",             // T18j
           "/public/..%5cadmin",            // T18k
           "/public/%00/../admin",          // T18l
           "/public/\xE9\xFF",              // T18m
           "/public/a/../../admin",         // T18n
           "/public/%zz",                   // T14a
           "/public/\x01",                  // T14g
           "/private",                      // T15
           "/public",
           "/publicx",
           "/PUBLIC/a",
           "/public//a",
           "/public/./a",
           "/x/../public/a",
           "/public/a;b",
           "/public%2fa",
           "\\public\\a",
           "/public/a/..",
           "/public/%2541",
       }) {
    const Ruling ruling = rules.decide(raw);
    EXPECT_EQ(ruling.mode, Mode::block) << raw;
    EXPECT_TRUE(rules.admits(ruling, jid("juliet@capulet.com"))) << raw;
    EXPECT_FALSE(rules.admits(ruling, jid("romeo@montague.net"))) << raw;
  }
}

TEST(Rules, AnAmbiguousPathNeedsEveryListAndGrantsNothing) {
  Rule romeo = rule("/romeo", Mode::challenge);
  romeo.allow = {{Kind::account, "romeo@capulet.com"}};
  romeo.timeout = Seconds{20};
  Rule open = rule("/open", Mode::bypass);
  open.allow = {{Kind::account, "nobody@nowhere.test"}};
  const RulesOf rules({open, romeo, rule("/again", Mode::redirect)});
  const Ruling ruling = rules.decide("/open//x");
  EXPECT_TRUE(ruling.strictest);
  EXPECT_EQ(ruling.mode, Mode::block);
  EXPECT_EQ(ruling.grant, Seconds{0});
  EXPECT_EQ(ruling.timeout, Seconds{20});
  EXPECT_FALSE(ruling.timeout_is_own);
  EXPECT_EQ(ruling.rule, "app");
  EXPECT_THAT(ruling.allow, testing::SizeIs(2));
  EXPECT_TRUE(rules.admits(ruling, jid("romeo@capulet.com")));
  EXPECT_FALSE(rules.admits(ruling, jid("juliet@capulet.com")));
  EXPECT_FALSE(rules.admits(ruling, jid("nobody@nowhere.test")));
}

TEST(Rules, OnAnAmbiguousPathARuleForAnotherMethodOrAskerStillDoesNotCount) {
  Rule writing = rule("/romeo", Mode::block);
  writing.methods = {"POST"};
  writing.allow = {{Kind::account, "romeo@capulet.com"}};
  Rule inside = writing;
  inside.methods.clear();
  inside.networks = {*Network::parse("10.0.0.0/8")};
  const RulesOf rules({writing, inside});
  EXPECT_TRUE(rules.admits(rules.decide("//x", "GET"), jid("juliet@capulet.com")));
  EXPECT_FALSE(rules.admits(rules.decide("//x", "POST"), jid("juliet@capulet.com")));
  EXPECT_FALSE(
      rules.admits(rules.decide("//x", "GET", address("10.0.0.1")), jid("juliet@capulet.com")));
}

// With a grant of 0 an answer that nobody waits for would never let anyone in.
TEST(Rules, OnAnAmbiguousPathChallengeWaitsAndRedirectStays) {
  Settings settings = settings_with({});
  for (const auto& [mode, expected] :
       {std::pair{Mode::challenge, Mode::block}, std::pair{Mode::redirect, Mode::redirect},
        std::pair{Mode::bypass, Mode::block}}) {
    settings.sites[0].mode = mode;
    const Rules rules(settings);
    const Ruling ruling =
        rules.decide(rules.settings().sites[0], rule_path("//"), "GET", somewhere());
    EXPECT_EQ(ruling.mode, expected);
    EXPECT_TRUE(rules.admits(ruling, jid("juliet@capulet.com")));
  }
}

TEST(Rules, APolicyReplacesWhatItNames) {
  const RulesOf rules({rule("/public/", Mode::bypass)});
  const Site& site = rules.settings().sites[0];
  Policy members{
      "members", {{Kind::account, "romeo@montague.net"}}, Mode::challenge, Seconds{9}, Seconds{1}};
  const Ruling ruling = rules.decide(site, rule_path("/public/a"), "GET", somewhere(), members);
  EXPECT_EQ(ruling.mode, Mode::challenge);
  EXPECT_EQ(ruling.timeout, Seconds{9});
  EXPECT_TRUE(ruling.timeout_is_own);
  EXPECT_EQ(ruling.grant, Seconds{1});
  EXPECT_TRUE(rules.admits(ruling, jid("romeo@montague.net")));
  EXPECT_FALSE(rules.admits(ruling, jid("juliet@capulet.com")));

  const Policy empty{"empty", {}, {}, {}, {}};
  const Ruling same = rules.decide(site, rule_path("/x"), "GET", somewhere(), empty);
  EXPECT_EQ(same.mode, Mode::block);
  EXPECT_EQ(same.grant, Seconds{300});
  EXPECT_TRUE(rules.admits(same, jid("juliet@capulet.com")));
}

TEST(Rules, APolicyIsNoBypassForAnAmbiguousPathEither) {
  const RulesOf rules({});
  const Policy open{"open", {}, Mode::bypass, {}, Seconds{3600}};
  const Site& site = rules.settings().sites[0];
  EXPECT_EQ(rules.decide(site, rule_path("/a"), "GET", somewhere(), open).mode, Mode::bypass);
  const Ruling ruling = rules.decide(site, rule_path("/a/../b"), "GET", somewhere(), open);
  EXPECT_EQ(ruling.mode, Mode::block);
  EXPECT_EQ(ruling.grant, Seconds{0});
  EXPECT_TRUE(ruling.strictest);
}

TEST(Rules, APolicyAdmitsNobodyElseWhereThePathIsAmbiguous) {
  Rule inner = rule("/admin/", Mode::block);
  inner.allow = {{Kind::account, "romeo@capulet.com"}};
  const RulesOf rules({inner});
  const Policy members{"members", {{Kind::account, "juliet@capulet.com"}}, {}, {}, {}};
  const Site& site = rules.settings().sites[0];
  const auto admits = [&](const char* path, const char* who) {
    return rules.admits(rules.decide(site, rule_path(path), "GET", somewhere(), members), jid(who));
  };
  EXPECT_TRUE(admits("/admin/x", "juliet@capulet.com"));
  EXPECT_FALSE(admits("/x/..%2fadmin/x", "juliet@capulet.com"));
  EXPECT_FALSE(admits("/x/..%2fadmin/x", "romeo@capulet.com"));
}

TEST(Rules, APolicyIsFoundByItsName) {
  Settings settings = settings_with({});
  settings.policies["members"] = {"members", {{Kind::group, "staff"}}, {}, {}, {}};
  const Rules rules(settings);
  ASSERT_NE(rules.policy("members"), nullptr);
  EXPECT_EQ(rules.policy("members")->allow.front().value, "staff");
  EXPECT_EQ(rules.policy("Members"), nullptr);
}

}  // namespace
}  // namespace jidgate
