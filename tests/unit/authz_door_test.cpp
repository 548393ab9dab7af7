// SPDX-License-Identifier: GPL-3.0-or-later
// The authorisation endpoints: what proxies get for each decision.
#include "tests/support/authz_door.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace jidgate::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST_F(AuthzDoorTest, AsksThePersonAndLetsTheRequestWait) {
  const auto parked = park(nginx_path, nginx("https://app.example/x?a=b",
                                             basic("juliet@capulet.com/balcony:code"), "POST"));
  EXPECT_THAT(asker_.asked_, IsEmpty());
  parked.parked(ParkedId{1});
  ASSERT_THAT(asker_.asked_, SizeIs(1));
  const auto open = confirmations_.find(asker_.asked_.front());
  ASSERT_TRUE(open);
  EXPECT_EQ(open->question.asked.to_string(), "juliet@capulet.com/balcony");
  EXPECT_EQ(open->question.transaction_id, "code");
  EXPECT_EQ(open->question.method, "POST");
  EXPECT_EQ(open->question.url, "https://app.example/x?a=b");
  EXPECT_EQ(open->question.asker.to_string(), "192.0.2.7");
}

TEST_F(AuthzDoorTest, BuildsTheUrlOnTheSitesOriginWhateverTheProxySays) {
  site().origin = "https://public.example:9345";
  park(caddy_path, caddy("/x?a=b", basic("juliet@capulet.com:code"))).parked(ParkedId{1});
  ASSERT_THAT(asker_.asked_, SizeIs(1));
  EXPECT_EQ(confirmations_.find(asker_.asked_.front())->question.url,
            "https://public.example:9345/x?a=b");
}

TEST_F(AuthzDoorTest, WaitsNoLongerThanTheProxyUnlessTheRuleSaysSo) {
  settings_.confirm.timeout = 110s;
  const auto deadline = [&](const char* path, std::vector<Field> fields) {
    clock_.steady_ += 1h;  // past every pause
    const auto parked = park(path, std::move(fields));
    confirmations_.end_all(Outcome::cancelled);
    return parked.deadline - clock_.steady_;
  };
  const auto credentials = basic("juliet@capulet.com:code");
  EXPECT_EQ(deadline(nginx_path, nginx("https://app.example/x", credentials)), 50s);
  EXPECT_EQ(deadline(caddy_path, caddy("/x", credentials)), 25s);
  site().rules.front() = Rule{};
  site().rules.front().timeout = 100s;
  EXPECT_EQ(deadline(caddy_path, caddy("/x", credentials)), 100s);
  EXPECT_EQ(deadline(nginx_path, nginx("https://app.example/x", credentials)), 100s);
}

TEST_F(AuthzDoorTest, SaysWhoConfirmed) {
  settings_.groups["staff"] = {*Jid::parse("juliet@capulet.com"), *Jid::parse("romeo@capulet.com")};
  settings_.groups["nurses, all"] = {*Jid::parse("juliet@capulet.com")};
  settings_.groups["others"] = {*Jid::parse("romeo@capulet.com")};
  for (const bool is_nginx : {true, false}) {
    const auto credentials = basic("juliet@capulet.com/Balkon é:code" + std::to_string(is_nginx));
    const auto given =
        answered(is_nginx ? park(nginx_path, nginx("https://app.example/x", credentials))
                          : park(caddy_path, caddy("/x", credentials)),
                 Outcome::confirmed);
    asker_.asked_.clear();
    EXPECT_EQ(given.status, 200);
    EXPECT_EQ(given.body, "ok\n");
    const std::pair<std::string, std::string> fields[] = {
        {"Remote-User", "juliet@capulet.com"},
        {"Remote-Groups", "xmpp,nurses%2C%20all,staff"},
        {"Remote-Name", "juliet"},
        {"X-Auth-Request-User", "juliet@capulet.com"},
        {"X-Auth-Request-Groups", "xmpp,nurses%2C%20all,staff"},
        {"X-Auth-Request-Preferred-Username", "juliet"},
        {"X-Auth-JID-Resource", "Balkon%20%C3%A9"},
        {"X-Auth-Time", "1000000"},
        {"Cache-Control", "no-store"}};
    for (const auto& [name, value] : fields)
      EXPECT_THAT(values(given, name), ElementsAre(value)) << name;
    EXPECT_THAT(values(given, "Set-Cookie"), IsEmpty());
  }
}

// Two accounts must never look like one to the application behind.
TEST_F(AuthzDoorTest, WritesEachAccountInItsOwnWay) {
  const auto user = [&](const std::string& account) {
    const auto given =
        answered(park(caddy_path, caddy("/x", basic(account + ":code"))), Outcome::confirmed);
    asker_.asked_.clear();
    return values(given, "Remote-User");
  };
  EXPECT_THAT(user("jérôme@capulet.com"), ElementsAre("j%C3%A9r%C3%B4me@capulet.com"));
  EXPECT_THAT(user("j%e9r%40me@capulet.com"), ElementsAre("j%25e9r%2540me@capulet.com"));
}

TEST_F(AuthzDoorTest, CallsWhoNeedsNoAccountAnonymous) {
  for (const auto& given : {reply(nginx_path, nginx("https://app.example/public/a")),
                            reply(caddy_path, caddy("/public/a"))}) {
    EXPECT_EQ(given.status, 200);
    for (const auto* name : {"Remote-User", "Remote-Groups", "Remote-Name", "X-Auth-Request-User",
                             "X-Auth-Request-Groups", "X-Auth-Request-Preferred-Username"})
      EXPECT_THAT(values(given, name), ElementsAre("anonymous")) << name;
    EXPECT_THAT(values(given, "X-Auth-JID-Resource"), IsEmpty());
  }
}

TEST_F(AuthzDoorTest, LetsTheSameCredentialsPassWithinTheirGrant) {
  const auto credentials = basic("juliet@capulet.com:code");
  answered(park(caddy_path, caddy("/x", credentials)), Outcome::confirmed);
  EXPECT_EQ(reply(caddy_path, caddy("/y", credentials)).status, 200);
  EXPECT_EQ(reply(nginx_path, nginx("https://app.example/z", credentials)).status, 200);
  clock_.steady_ += 301s;
  const auto given = reply(caddy_path, caddy("/y", credentials));
  EXPECT_EQ(given.status, 401);
  EXPECT_THAT(values(given, "X-Auth-Reason"), ElementsAre("code-used"));
  EXPECT_THAT(asker_.asked_, SizeIs(1));
}

// XEP-0070 section 4.7: denied is 403. Whoever does not answer and whoever does not exist are 401.
TEST_F(AuthzDoorTest, TellsTheProxyHowItEnded) {
  const std::tuple<Outcome, int, std::string> ends[] = {{Outcome::denied, 403, "denied"},
                                                        {Outcome::expired, 401, "unanswered"},
                                                        {Outcome::unreachable, 401, "unanswered"},
                                                        {Outcome::cancelled, 503, "link-down"}};
  for (const auto& [outcome, status, reason] : ends) {
    for (const bool is_nginx : {true, false}) {
      asker_.asked_.clear();
      const auto credentials = basic("juliet@capulet.com:code");
      const auto given =
          answered(is_nginx ? park(nginx_path, nginx("https://app.example/x", credentials))
                            : park(caddy_path, caddy("/x", credentials)),
                   outcome);
      clock_.steady_ += 1h;  // past every pause
      EXPECT_EQ(given.status, status);
      EXPECT_THAT(values(given, "X-Auth-Reason"), ElementsAre(reason));
      EXPECT_EQ(values(given, "WWW-Authenticate").size(), status == 401 ? 3u : 0u);
      EXPECT_EQ(values(given, "Retry-After").size(), status == 503 ? 1u : 0u);
    }
  }
}

TEST_F(AuthzDoorTest, RefusesWhoIsNotAllowedAtOnce) {
  for (const auto* account : {"romeo@montague.net", "capulet.com", "capulet.com/balcony"}) {
    const auto credentials = basic(std::string(account) + ":code");
    EXPECT_EQ(reply(nginx_path, nginx("https://app.example/x", credentials)).status, 403);
    EXPECT_EQ(reply(caddy_path, caddy("/x", credentials)).status, 403);
  }
  EXPECT_THAT(asker_.asked_, IsEmpty());
}

// nginx makes a 500 of every other status.
TEST_F(AuthzDoorTest, FoldsLimitsInto403ForNginxOnly) {
  const auto credentials = basic("juliet@capulet.com:code");
  const auto parked = park(caddy_path, caddy("/x", credentials));
  auto given = reply(caddy_path, caddy("/x", basic("juliet@capulet.com:other")));
  EXPECT_EQ(given.status, 429);
  EXPECT_THAT(values(given, "Retry-After"), SizeIs(1));
  EXPECT_THAT(values(given, "X-Auth-Reason"), ElementsAre("account-busy"));
  given = reply(nginx_path, nginx("https://app.example/x", basic("juliet@capulet.com:other")));
  EXPECT_EQ(given.status, 403);
  EXPECT_THAT(values(given, "Retry-After"), SizeIs(1));
  EXPECT_THAT(values(given, "X-Auth-Reason"), ElementsAre("account-busy"));
}

TEST_F(AuthzDoorTest, SaysThatItIsFull) {
  confirmations_.configure({0, 1});
  const auto credentials = basic("juliet@capulet.com:code");
  for (const bool is_nginx : {true, false}) {
    const auto given = is_nginx ? reply(nginx_path, nginx("https://app.example/x", credentials))
                                : reply(caddy_path, caddy("/x", credentials));
    EXPECT_EQ(given.status, is_nginx ? 403 : 503);
    EXPECT_THAT(values(given, "Retry-After"), SizeIs(1));
    EXPECT_THAT(values(given, "X-Auth-Reason"), ElementsAre("busy"));
  }
}

TEST_F(AuthzDoorTest, FailsClosedWhileTheLinkIsDown) {
  asker_.up_ = false;
  const auto credentials = basic("juliet@capulet.com:code");
  EXPECT_EQ(reply(nginx_path, nginx("https://app.example/x", credentials)).status, 503);
  EXPECT_EQ(reply(caddy_path, caddy("/x", credentials)).status, 503);
  EXPECT_EQ(reply(caddy_path, caddy("/public/x")).status, 200);
}

TEST_F(AuthzDoorTest, TakesCredentialsOnlyOnce) {
  auto fields = caddy("/x", basic("juliet@capulet.com:code"));
  fields.push_back(fields.back());
  EXPECT_EQ(reply(caddy_path, fields).status, 400);
  fields = nginx("https://app.example/x", basic("juliet@capulet.com:code"));
  fields.push_back({"authorization", "Basic !"});
  EXPECT_EQ(reply(nginx_path, fields).status, 403);
}

TEST_F(AuthzDoorTest, AsksNobodyForWhatIsFetchedInAdvance) {
  auto fields = caddy("/x", basic("juliet@capulet.com:code"));
  fields.push_back({"Sec-Purpose", "prefetch;prerender"});
  const auto given = reply(caddy_path, fields);
  EXPECT_EQ(given.status, 401);
  EXPECT_THAT(values(given, "X-Auth-Reason"), ElementsAre("prefetch"));
  EXPECT_EQ(confirmations_.size(), 0u);
}

// RFC 7616 section 3.4.6: the digest is over the client's own request, not over the subrequest.
TEST_F(AuthzDoorTest, ChecksDigestsOfTheOriginalRequest) {
  for (const bool is_nginx : {true, false}) {
    const auto challenge = digest_.challenge("app");
    DigestFields fields;
    fields.username = "juliet@capulet.com";
    fields.nonce = challenge.nonce;
    fields.uri = "/x?a=b";
    fields.nc_text = "00000001";
    fields.cnonce = "0a4f113b";
    const auto value =
        "Digest username=\"" + fields.username + "\", realm=\"xmpp\", nonce=\"" + fields.nonce +
        "\", uri=\"" + fields.uri + "\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", response=\"" +
        digest_response(fields, "xmpp", "", "PUT") + "\", opaque=\"" + challenge.opaque + "\"";
    EXPECT_EQ(reply(caddy_path, caddy("/y?a=b", value, "PUT")).status, 401);
    EXPECT_EQ(reply(caddy_path, caddy("/x?a=b", value, "GET")).status, 401);
    asker_.asked_.clear();
    const auto parked = is_nginx
                            ? park(nginx_path, nginx("https://app.example/x?a=b", value, "PUT"))
                            : park(caddy_path, caddy("/x?a=b", value, "PUT"));
    EXPECT_EQ(answered(parked, Outcome::confirmed).status, 200);
  }
}

TEST_F(AuthzDoorTest, TakesThePolicyFromItsOwnPathOnly) {
  settings_.policies["romeo"] = {
      "romeo", {{Admission::Kind::account, "romeo@capulet.com"}}, {}, {}, {}};
  settings_.policies["open"] = {"open", {}, Mode::bypass, {}, {}};
  const auto credentials = basic("juliet@capulet.com:code");
  EXPECT_EQ(reply("/authz/forward-auth/p/romeo", caddy("/x", credentials)).status, 403);
  EXPECT_EQ(
      reply("/authz/auth-request/p/romeo", nginx("https://app.example/x", credentials)).status,
      403);
  EXPECT_EQ(reply("/authz/forward-auth/p/open", caddy("/x")).status, 200);
  EXPECT_EQ(reply("/authz/forward-auth?/p/open", caddy("/x")).status, 401);
  EXPECT_EQ(reply("/authz/forward-auth/p/romeo?policy=open", caddy("/x")).status, 401);

  const auto given = reply("/authz/forward-auth/p/unheard-of", caddy("/public/a"));
  EXPECT_EQ(given.status, 403);
  EXPECT_THAT(values(given, "X-Auth-Reason"), ElementsAre("unknown-policy"));
  EXPECT_EQ(reply("/authz/auth-request/p/unheard-of", nginx("https://app.example/public/a")).status,
            403);
}

TEST_F(AuthzDoorTest, KnowsItsOwnHostsOnly) {
  auto fields = caddy("/public/a");
  fields[1].value = "bank.example";
  EXPECT_EQ(reply(caddy_path, fields).status, 403);
  EXPECT_EQ(reply(nginx_path, nginx("https://bank.example/public/a")).status, 403);
}

TEST_F(AuthzDoorTest, LeavesOtherPathsToOthers) {
  for (const auto* target : {"/", "/authzz", "/authz-x/auth-request", "/public/authz/auth-request",
                             "/%61uthz/auth-request", "/.jidgate/../authz/auth-request", "*"})
    EXPECT_FALSE(verdict(exchange(target, nginx("https://app.example/public/a")))) << target;
}

TEST_F(AuthzDoorTest, HasNoOtherEndpoints) {
  for (const auto* target :
       {"/authz", "/authz/", "/authz/ext-authz/x", "/authz/auth-requests", "/authz/auth-request/",
        "/authz/auth-request/p/", "/authz/auth-request/p/a/b", "/authz/auth-request/x/a",
        "/authz//auth-request", "/authz/../authz/auth-request", "/authz/Auth-Request"})
    EXPECT_EQ(reply(target, nginx("https://app.example/public/a")).status, 404) << target;
}

TEST_F(AuthzDoorTest, AnswersStrangersNothing) {
  peer_ = "203.0.113.9";
  const auto credentials = basic("juliet@capulet.com:code");
  EXPECT_EQ(reply(caddy_path, caddy("/public/a")).status, 403);
  EXPECT_EQ(reply(caddy_path, caddy("/x", credentials)).status, 403);
  EXPECT_EQ(reply("/authz/forward-auth/p/unheard-of", caddy("/x")).status, 403);
  EXPECT_EQ(reply("/authz/nothing", {}).status, 403);
  const auto entries = log_.entries("peer.untrusted");
  ASSERT_THAT(entries, SizeIs(1));  // once a minute, however often they come
  EXPECT_EQ(entries[0].fields.at("peer"), "203.0.113.9");
  EXPECT_THAT(asker_.asked_, IsEmpty());
}

TEST_F(AuthzDoorTest, TellsTheOperatorOnceAMinuteWhatTheProxyDoesWrong) {
  for (int i = 0; i < 3; ++i) reply(nginx_path, {});
  ASSERT_THAT(log_.entries("authz.misconfigured"), SizeIs(1));
  EXPECT_EQ(log_.entries("authz.misconfigured")[0].fields.at("what"), "X-Original-URL is missing.");
  clock_.steady_ += 60s;
  reply(caddy_path, {});
  EXPECT_THAT(log_.entries("authz.misconfigured"), SizeIs(2));
}

TEST_F(AuthzDoorTest, TellsTheOperatorOfAProxyThatNamesNoClient) {
  auto fields = caddy("/public/a");
  fields.pop_back();
  EXPECT_EQ(reply(caddy_path, fields).status, 200);
  const auto entries = log_.entries("authz.misconfigured");
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_THAT(entries[0].fields.at("what"), StartsWith("X-Forwarded-For is missing"));
  clock_.steady_ += 60s;
  auto real_ip = nginx("https://app.example/public/a");
  real_ip.back() = {"X-Real-IP", "192.0.2.7"};
  EXPECT_EQ(reply(nginx_path, real_ip).status, 200);
  EXPECT_THAT(log_.entries("authz.misconfigured"), SizeIs(1));
}

TEST_F(AuthzDoorTest, CountsWhatItRefuses) {
  reply(caddy_path, {});
  peer_ = "203.0.113.9";
  reply(nginx_path, {});
  const auto page = metrics_.render();
  EXPECT_THAT(page, HasSubstr("jidgate_authz_decisions_total{endpoint=\"forward-auth\",decision="
                              "\"bad-request\",reason=\"forwarded-header\"} 1"));
  EXPECT_THAT(page, HasSubstr("reason=\"untrusted-peer\"} 1"));
}

TEST_F(AuthzDoorTest, ShowsTheDigestCodeWhereTheSiteWantsIt) {
  site().digest_password = DigestPassword::code;
  const auto given = reply(caddy_path, caddy("/x"));
  EXPECT_THAT(given.body, testing::ContainsRegex(" [0-9][0-9][0-9][0-9][0-9][0-9] as password"));
}

}  // namespace
}  // namespace jidgate::http
