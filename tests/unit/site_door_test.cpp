// SPDX-License-Identifier: GPL-3.0-or-later
// The front end's own sites: which one a request is for, who asks, and what is asked about.
#include "http/site_door.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/access.hpp"

namespace jidgate::test {
namespace {

using http::Exchange;
using http::Field;
using http::Reply;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class SiteDoorTest : public AccessTest {
 protected:
  SiteDoorTest() {
    std::string name = (std::filesystem::temp_directory_path() / "jidgate-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::ofstream(folder_ / "missive.html") << "O Romeo";
    site().root = folder_.string();
    site().hosts = {"files.verona.test", "xn--bcher-kva.example", "[2001:db8::1]"};
    Site other = site();
    other.name = "other";
    other.hosts = {"other.verona.test"};
    other.origin = "https://other.verona.test";
    settings.sites.push_back(other);
    settings.http.trusted_proxies = {*Network::parse("127.0.0.0/8")};
    add_rule("/public/").mode = Mode::bypass;
    configure();
  }
  ~SiteDoorTest() override { std::filesystem::remove_all(folder_); }

  static Exchange exchange(std::string target, std::vector<Field> fields,
                           std::string method = "GET") {
    Exchange made;
    made.head.method = std::move(method);
    made.head.target = std::move(target);
    made.head.fields = std::move(fields);
    made.peer = *Address::parse("192.0.2.7");
    made.request_id = "0123456789abcdef0123456789abcdef";
    return made;
  }
  static Field host(std::string value = "files.verona.test") { return {"Host", std::move(value)}; }
  static Field credentials(std::string_view jid = juliet, std::string_view code = "a7374") {
    return {"Authorization", basic(jid, code)};
  }

  Reply answer(const Exchange& asked) {
    const auto decided = door.decide(asked, rules);
    const auto* responder = std::get_if<http::Responder>(&decided);
    if (!responder) ADD_FAILURE() << "the person is waited for";
    return responder ? (*responder)(asked) : Reply{};
  }
  int status(const Exchange& asked) { return answer(asked).status; }
  // The question that the request leads to.
  Question question(const Exchange& asked) {
    confirmations.end_all(Outcome::cancelled);
    auto decided = door.decide(asked, rules);
    if (!std::holds_alternative<http::Park>(decided)) throw std::runtime_error("nobody is asked");
    std::get<http::Park>(decided).parked(http::ParkedId{1});
    return confirmations.all().at(0).question;
  }
  static std::vector<std::string> values(const Reply& reply, std::string_view name) {
    std::vector<std::string> found;
    for (const auto& [field, value] : reply.headers) {
      if (field == name) found.push_back(value);
    }
    return found;
  }

  http::SiteDoor door{access, clock};
  std::filesystem::path folder_;
};

// ---- which site

TEST_F(SiteDoorTest, TheHostNamesTheSiteHoweverItIsWritten) {
  for (const auto* name : {"files.verona.test", "FILES.Verona.Test", "files.verona.test.",
                           "files.verona.test:9345", "files.verona.test:1", "xn--BCHER-kva.example",
                           "[2001:DB8:0::1]:80", "files.verona.test:"}) {
    EXPECT_EQ(question(exchange("/x", {host(name), credentials()})).site->name, "files") << name;
  }
  EXPECT_EQ(question(exchange("/x", {host("other.verona.test"), credentials()})).site->name,
            "other");
}

// RFC 9110 section 15.5.20: a server "not configured to produce responses for the combination of
// scheme and authority" answers 421.
TEST_F(SiteDoorTest, AnUnknownHostHasNoSite) {
  for (const auto* name : {"verona.test", "x.files.verona.test", "files.verona.test.evil.example",
                           "localhost", "127.0.0.1", "[::1]", "xn--bcher-kva.example.x"}) {
    EXPECT_EQ(status(exchange("/public/x", {host(name), credentials()})), 421) << name;
  }
  EXPECT_EQ(times_asked(), 0u);
}

TEST_F(SiteDoorTest, AHostThatCannotBeReadIsRefused) {
  for (const auto* name :
       {"", " ", "a b", "files.verona.test:x", "files.verona.test:99999", "files.verona.test/x",
        "juliet@files.verona.test", "files..verona.test", "[::1", "files.verona.test\x01"}) {
    EXPECT_EQ(status(exchange("/public/x", {host(name)})), 400) << name;
  }
  EXPECT_EQ(status(exchange("/public/x", {})), 400);
  EXPECT_EQ(status(exchange("/public/x", {host(), host()})), 400);
}

// RFC 9112 section 3.2.2: "When an origin server receives a request with an absolute-form of
// request-target, the origin server MUST ignore the received Host header field (if any) and instead
// use the host information of the request-target." The first example of XEP-0070 has that form.
TEST_F(SiteDoorTest, AnAbsoluteTargetGoesBeforeTheHost) {
  const std::string target = "https://files.verona.test:9345/missive.html?a=1";
  for (const auto* name : {"other.verona.test", "unknown.example", "a b", ""}) {
    const Question asked = question(exchange(target, {host(name), credentials()}));
    EXPECT_EQ(asked.site->name, "files") << name;
    EXPECT_EQ(asked.url, target) << name;
  }
  EXPECT_EQ(question(exchange("HTTP://Files.Verona.Test", {host(), credentials()})).url,
            "https://files.verona.test:9345/");
  EXPECT_EQ(status(exchange("http://unknown.example/public/x", {host()})), 421);
  EXPECT_EQ(status(exchange("http://other.verona.test/private", {host()})), 401);
  for (const auto* bad : {"ftp://files.verona.test/", "http://juliet@files.verona.test/",
                          "http:///public/x", "files.verona.test:443", "x", "//", "*", ""}) {
    EXPECT_THAT(status(exchange(bad, {host()})), testing::AnyOf(400, 401)) << bad;
  }
  EXPECT_EQ(status(exchange("files.verona.test:443", {host()}, "CONNECT")), 400);
}

// RFC 9110 section 9.3.7: "An OPTIONS request with an asterisk ("*") as the request target […]
// applies to the server in general rather than to a specific resource."
TEST_F(SiteDoorTest, OptionsOfTheServerNeedNobody) {
  const Reply reply = answer(exchange("*", {host("unknown.example")}, "OPTIONS"));
  EXPECT_EQ(reply.status, 204);
  EXPECT_THAT(values(reply, "Allow"), SizeIs(1));
  EXPECT_EQ(status(exchange("*", {host()}, "GET")), 400);
  EXPECT_EQ(status(exchange("/private", {host()}, "OPTIONS")), 401);
}

// ---- who asks

TEST_F(SiteDoorTest, OnlyATrustedProxySaysForWhomItAsks) {
  auto asked = exchange("/x", {host(), credentials(), {"X-Forwarded-For", "198.51.100.1"}});
  EXPECT_EQ(question(asked).asker.to_string(), "192.0.2.7");
  asked.head.fields.back().value = "nonsense";
  EXPECT_EQ(question(asked).asker.to_string(), "192.0.2.7") << "not even read";
  asked.peer = *Address::parse("127.0.0.1");
  EXPECT_EQ(status(asked), 400);
  asked.head.fields.back().value = "203.0.113.1, 198.51.100.1, 127.0.0.2";
  EXPECT_EQ(question(asked).asker.to_string(), "198.51.100.1");
  asked.head.fields.pop_back();
  EXPECT_EQ(question(asked).asker.to_string(), "127.0.0.1");
}

// What the authorisation endpoints read decides nothing here, whoever sends it.
TEST_F(SiteDoorTest, OtherForwardedFieldsHaveNoEffect) {
  auto asked = exchange("/x?a", {host(),
                                 credentials(),
                                 {"X-Forwarded-Host", "other.verona.test"},
                                 {"X-Forwarded-Proto", "http"},
                                 {"X-Forwarded-Uri", "/public/x"},
                                 {"X-Forwarded-Method", "OPTIONS"},
                                 {"X-Original-URL", "https://other.verona.test/public/x"},
                                 {"X-Original-Method", "OPTIONS"},
                                 {"X-Real-IP", "198.51.100.1"},
                                 {"Forwarded", "for=198.51.100.1;host=other.verona.test"},
                                 {"X-HTTP-Method-Override", "OPTIONS"}});
  for (const auto* peer : {"192.0.2.7", "127.0.0.1"}) {
    asked.peer = *Address::parse(peer);
    const Question made = question(asked);
    EXPECT_EQ(made.asker.to_string(), peer);
    EXPECT_EQ(made.method, "GET");
    EXPECT_EQ(made.url, "https://files.verona.test:9345/x?a");
  }
}

// ---- what is asked about

// "a 'url' attribute whose value is the full HTTP URL that was requested"
TEST_F(SiteDoorTest, TheUrlIsTheTargetOnTheSitesOrigin) {
  const auto url_of = [this](const std::string& target) {
    return question(exchange(target, {host("FILES.verona.test:80"), credentials()})).url;
  };
  const std::string origin = "https://files.verona.test:9345";
  for (const auto* target : {"/", "/missive.html", "/a/b?c=d&e=%20f", "/?", "/x?y?z",
                             "/%C3%A9%2F%25", "/a;b=c,d/(e)!*'"}) {
    EXPECT_EQ(url_of(target), origin + target);
  }
  // As browsers send them, though no URI may hold them.
  EXPECT_EQ(url_of("/x?a=[1]|{2}^`\\"), origin + "/x?a=[1]%7C%7B2%7D%5E%60%5C");
}

// What would change how the question reads never becomes one.
TEST_F(SiteDoorTest, TextThatCouldSpoofTheQuestionIsRefusedOrEscaped) {
  for (const auto* target :
       {"/x?<b>&x=\"\u202e", "/x?<b>", "/x?\"", "/x?\u202e", "/pay me now", "/x\ny", "/x?a\tb",
        "/\x01", "/\x7f", "/\xff", "/x#fragment", "/%zz"}) {
    EXPECT_EQ(status(exchange(target, {host(), credentials()})), 400) << target;
  }
  EXPECT_EQ(times_asked(), 0u);
  const Question asked = question(exchange("/x?%3Cb%3E&x=%22%E2%80%AE", {host(), credentials()}));
  EXPECT_EQ(asked.url, "https://files.verona.test:9345/x?%3Cb%3E&x=%22%E2%80%AE");
  // Prose of any length is only ever a long path.
  const std::string prose = "/" + std::string(3000, 'a') + "%20Your%20bank%20asks:%20reply%20OK";
  EXPECT_EQ(question(exchange(prose, {host(), credentials()})).url,
            "https://files.verona.test:9345" + prose);
}

TEST_F(SiteDoorTest, RulesSeeThePathDecodedOnce) {
  const auto decided = [this](const std::string& target) {
    return status(exchange(target, {host()}));
  };
  EXPECT_EQ(decided("/public/missive.html"), 404);  // passes; there is no such file
  EXPECT_EQ(decided("/%70ublic/missive.html"), 404);
  for (const auto* target : {"/public", "/Public/x", "/private?/public/", "/public/../missive.html",
                             "/public/..%2fmissive.html", "/public/%2e%2e/missive.html",
                             "/public/..\\missive.html", "//public/x", "/public/;/x"}) {
    EXPECT_EQ(decided(target), 401) << target;
  }
}

TEST_F(SiteDoorTest, WhatIsFetchedInAdvanceAsksNobody) {
  for (const auto& field : {Field{"Sec-Purpose", "prefetch"}, Field{"Purpose", "prefetch"},
                            Field{"X-Moz", "prefetch"}}) {
    const Reply reply = answer(exchange("/x", {host(), credentials(), field}));
    EXPECT_EQ(reply.status, 401);
    EXPECT_THAT(reply.body, HasSubstr("prefetch"));
  }
  EXPECT_EQ(times_asked(), 0u);
}

// ---- the answers

// XEP-0070 section 4.2: "The response MUST contain an HTTP 401 error and one WWW-Authenticate
// header for each authentication scheme recognized by the HTTP Server. In order to provide
// verification via XMPP, at least one of these headers MUST specify a realm of "xmpp"
// (case-sensitive)."
TEST_F(SiteDoorTest, A401HasOneChallengeALine) {
  for (const auto& fields : {std::vector<Field>{host()},
                             {host(), {"Authorization", "Basic !"}},
                             {host(), {"Authorization", "Bearer x"}}}) {
    const Reply reply = answer(exchange("/x", fields));
    EXPECT_EQ(reply.status, 401);
    EXPECT_THAT(values(reply, "WWW-Authenticate"),
                ElementsAre(R"(Basic realm="xmpp", charset="UTF-8")",
                            StartsWith(R"(Digest realm="xmpp", nonce=)"),
                            StartsWith(R"(Digest realm="xmpp", nonce=)")));
    EXPECT_THAT(values(reply, "Cache-Control"), ElementsAre("no-store"));
  }
  site().digest = false;
  configure();
  EXPECT_THAT(values(answer(exchange("/x", {host()})), "WWW-Authenticate"),
              ElementsAre(R"(Basic realm="xmpp", charset="UTF-8")"));
}

TEST_F(SiteDoorTest, WhereTheCodeIsThePasswordOfDigestItIsShownAndVerifies) {
  site().digest_password = DigestPassword::code;
  configure();
  const Reply reply = answer(exchange("/x", {host()}));
  const std::string::size_type after_code = reply.body.find(" as password");
  ASSERT_NE(after_code, std::string::npos);
  ASSERT_GE(after_code, 6U);
  const std::string code = reply.body.substr(after_code - 6, 6);
  ASSERT_EQ(code.find_first_not_of("0123456789"), std::string::npos) << code;
  const std::string line = values(reply, "WWW-Authenticate").at(1);
  // GCC 12 warns of its own std::regex under the sanitizers.
  const auto parameter = [&](const std::string& name) {
    const std::string opening = name + "=\"";
    const std::string::size_type start = line.find(opening);
    if (start == std::string::npos) return std::string();
    const std::string::size_type first = start + opening.size();
    return line.substr(first, line.find('"', first) - first);
  };
  const std::string nonce = parameter("nonce"), opaque = parameter("opaque");
  ASSERT_FALSE(nonce.empty());
  ASSERT_FALSE(opaque.empty());
  http::DigestFields fields;
  fields.username = juliet;
  fields.nonce = nonce;
  fields.uri = "/x";
  fields.nc_text = "00000001";
  fields.cnonce = "0a4f113b";
  fields.algorithm = http::DigestAlgorithm::sha256;
  const auto with_password = [&](const std::string& password) {
    return Field{"Authorization", "Digest username=\"" + fields.username +
                                      "\", realm=\"xmpp\", algorithm=SHA-256, "
                                      "nonce=\"" +
                                      fields.nonce +
                                      "\", uri=\"/x\", qop=auth, nc=00000001, "
                                      "cnonce=\"0a4f113b\", response=\"" +
                                      http::digest_response(fields, "xmpp", password, "GET") +
                                      "\", opaque=\"" + opaque + "\""};
  };
  EXPECT_EQ(status(exchange("/x", {host(), with_password("")})), 401);
  EXPECT_EQ(status(exchange("/x", {host(), with_password("000000")})), 401);
  EXPECT_EQ(question(exchange("/x", {host(), with_password(code)})).transaction_id, "0a4f113b");
  // Where it is not, none is shown.
  site().digest_password = DigestPassword::any;
  configure();
  EXPECT_THAT(answer(exchange("/x", {host()})).body,
              Not(testing::ContainsRegex("[0-9]{6}.*as password")));
}

TEST_F(SiteDoorTest, RefusalsSayWhenToComeAgain) {
  settings.http.max_waiting = 1;
  configure();
  question(exchange("/x", {host(), credentials()}));
  EXPECT_THAT(values(answer(exchange("/x", {host(), credentials()})), "Retry-After"),
              ElementsAre("2"));
  const Reply busy = answer(exchange("/x", {host(), credentials(romeo)}));
  EXPECT_EQ(busy.status, 503);
  EXPECT_THAT(values(busy, "Retry-After"), ElementsAre("10"));
  asker.up = false;
  const Reply down = answer(exchange("/x", {host(), credentials(romeo)}));
  EXPECT_EQ(down.status, 503);
  EXPECT_THAT(values(down, "WWW-Authenticate"), IsEmpty());
}

TEST_F(SiteDoorTest, AConfirmedRequestGetsTheFile) {
  const auto asked = exchange("/missive.html", {host(), credentials()});
  auto decided = door.decide(asked, rules);
  auto& waiting = std::get<http::Park>(decided);
  gate.park(http::ParkedId{9});
  waiting.parked(http::ParkedId{9});
  EXPECT_TRUE(confirmations.end(confirmations.all().at(0).id, Outcome::confirmed));
  EXPECT_EQ(gate.answer(http::ParkedId{9}).value()(asked).status, 200);
  EXPECT_EQ(status(asked), 200);
  EXPECT_EQ(status(exchange("/nothing.html", {host(), credentials()})), 404);
  EXPECT_EQ(status(exchange("/missive.html", {host(), credentials(romeo, "x"), credentials()})),
            400);
}

// Whether there is a file is told to those who may see it.
TEST_F(SiteDoorTest, StrangersCannotTellWhatIsThere) {
  const Reply there = answer(exchange("/missive.html", {host()}));
  EXPECT_EQ(there.handler, "site");
  const Reply not_there = answer(exchange("/nothing.html", {host()}));
  EXPECT_EQ(there.status, not_there.status);
  EXPECT_EQ(there.body, not_there.body);
}

TEST_F(SiteDoorTest, ASiteWithoutFilesIsThereForTheEndpoints) {
  site().root.clear();
  configure();
  EXPECT_EQ(status(exchange("/missive.html", {host()})), 401);
  EXPECT_EQ(status(exchange("/public/x", {host()})), 404);
}

}  // namespace
}  // namespace jidgate::test
