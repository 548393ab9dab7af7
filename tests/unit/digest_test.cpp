// SPDX-License-Identifier: GPL-3.0-or-later
// Digest credentials: the specifications' vectors, and every way to get one wrong.
#include "http/digest.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/text.hpp"
#include "http/credentials.hpp"

namespace jidgate::http {
namespace {

using namespace std::chrono_literals;

// RFC 2617 section 3.5.
TEST(DigestResponse, IsTheOneOfRfc2617) {
  DigestFields fields;
  fields.username = "Mufasa";
  fields.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
  fields.uri = "/dir/index.html";
  fields.nc_text = "00000001";
  fields.cnonce = "0a4f113b";
  EXPECT_EQ(digest_response(fields, "testrealm@host.com", "Circle Of Life", "GET"),
            "6629fae49393a05397450978507c4ef1");
}

// RFC 7616 section 3.9.1.
TEST(DigestResponse, IsTheOneOfRfc7616) {
  DigestFields fields;
  fields.username = "Mufasa";
  fields.nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
  fields.uri = "/dir/index.html";
  fields.nc_text = "00000001";
  fields.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
  EXPECT_EQ(digest_response(fields, "http-auth@example.org", "Circle of Life", "GET"),
            "8ca523f5e9506fed4657c9700eebdbec");
  fields.algorithm = DigestAlgorithm::sha256;
  EXPECT_EQ(digest_response(fields, "http-auth@example.org", "Circle of Life", "GET"),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

// The `response` in XEP-0070's example is RFC 2617's, not one for its own values.
TEST(DigestResponse, OfTheValuesInTheXepIsNotTheOnePrintedThere) {
  DigestFields fields;
  fields.username = "juliet@capulet.com";
  fields.nonce = "ec2cc00f21f71acd35ab9be057970609";
  fields.uri = "missive.html";
  fields.nc_text = "00000001";
  fields.cnonce = "0a4f113b";
  EXPECT_EQ(digest_response(fields, "xmpp", "", "GET"), "52aae593bef7042593c6b9b90f08b073");
}

class FakeClock final : public Clock {
 public:
  SteadyTime steady() const override { return steady_; }
  WallTime wall() const override { return {}; }
  SteadyTime steady_{1000s};
};

// A client that answers a challenge; a test bends one field of it.
struct Client {
  std::string username = "juliet@capulet.com", realm = "xmpp", nonce, opaque;
  std::string uri = "/missive.html?a=b", qop = "auth", nc = "00000001", cnonce = "0a4f113b";
  std::string method = "GET", password, algorithm = "SHA-256", extra;
  std::optional<std::string> response;

  static std::string quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + '"';
  }
  std::string value() const {
    DigestFields fields;
    fields.username = username;
    fields.nonce = nonce;
    fields.uri = uri;
    fields.nc_text = nc;
    fields.cnonce = cnonce;
    if (algorithm == "SHA-256") fields.algorithm = DigestAlgorithm::sha256;
    auto value = "Digest username=" + quote(username) + ", realm=" + quote(realm) +
                 ", nonce=" + quote(nonce) + ", uri=" + quote(uri) + ", qop=" + qop + ", nc=" + nc +
                 ", cnonce=" + quote(cnonce) + ", response=" +
                 quote(response.value_or(digest_response(fields, "xmpp", password, method))) +
                 ", opaque=" + quote(opaque) + extra;
    if (!algorithm.empty()) value += ", algorithm=" + algorithm;
    return value;
  }
};

class Digest : public testing::Test {
 protected:
  Client client() { return answering(authority_.challenge("files")); }
  static Client answering(const DigestAuthority::Challenge& challenge) {
    Client client;
    client.nonce = challenge.nonce;
    client.opaque = challenge.opaque;
    return client;
  }
  CredentialResult read(std::string_view value) {
    return authority_.read({value, "GET", "/missive.html?a=b", "files", password_});
  }
  CredentialResult read(const Client& client) { return read(client.value()); }
  // The fault, or nothing for credentials.
  std::optional<CredentialFault> fault(const Client& client) {
    const auto result = read(client);
    const auto* fault = std::get_if<CredentialFault>(&result);
    return fault ? std::optional(*fault) : std::nullopt;
  }

  FakeClock clock_;
  DigestAuthority authority_{clock_};
  DigestPassword password_ = DigestPassword::empty_or_transaction;
};

// XEP-0070 section 4.3.2: "the username MUST be a valid JID […], the cnonce MUST be a transaction
// identifier".
TEST_F(Digest, CarriesTheJidAndTheTransactionIdentifier) {
  auto asking = client();
  asking.username = "juliet@capulet.com/balcony";
  const auto result = read(asking);
  ASSERT_TRUE(std::holds_alternative<Credentials>(result));
  EXPECT_EQ(std::get<Credentials>(result).jid.to_string(), "juliet@capulet.com/balcony");
  EXPECT_EQ(std::get<Credentials>(result).transaction_id, "0a4f113b");
  EXPECT_EQ(std::get<Credentials>(result).grant_token, asking.nonce);
}

TEST_F(Digest, TakesBothAlgorithmsAndMd5WhereNoneIsNamed) {
  for (const auto* algorithm : {"SHA-256", "MD5", "", "\"MD5\"", "md5"}) {
    auto asking = client();
    asking.algorithm = algorithm;
    EXPECT_EQ(fault(asking), std::nullopt) << algorithm;
  }
  for (const auto* algorithm : {"SHA-512-256", "MD5-sess", "SHA-256-sess", "XMPP"}) {
    auto asking = client();
    asking.algorithm = algorithm;
    EXPECT_EQ(fault(asking), CredentialFault::malformed) << algorithm;
  }
}

TEST_F(Digest, HashesTheUserNameAsItWasSent) {
  const std::pair<std::string, std::string> names[] = {
      {"jérôme@capulet.com", "jérôme@capulet.com"},
      {"j%C3%A9r%C3%B4me@capulet.com", "jérôme@capulet.com"},
      {R"(call\20me@capulet.com)", R"(call\20me@capulet.com)"},
      {R"(juliet@capulet.com/"my" room)", R"(juliet@capulet.com/"my" room)"},
      {"juliet@capulet.com/a:b", "juliet@capulet.com/a:b"}};
  for (const auto& [sent, meant] : names) {
    auto asking = client();
    asking.username = sent;
    const auto result = read(asking);
    ASSERT_TRUE(std::holds_alternative<Credentials>(result)) << sent;
    EXPECT_EQ(std::get<Credentials>(result).jid.to_string(), meant);
  }
}

// RFC 7616 section 3.4: username* is for names that a quoted-string cannot hold.
TEST_F(Digest, TakesAnExtendedUserName) {
  auto asking = client();
  asking.username = "jérôme@capulet.com";
  auto value = asking.value();
  const auto plain = "username=" + Client::quote(asking.username);
  value.replace(value.find(plain), plain.size(), "username*=UTF-8''j%C3%A9r%C3%B4me%40capulet.com");
  const auto result = read(value);
  ASSERT_TRUE(std::holds_alternative<Credentials>(result));
  EXPECT_EQ(std::get<Credentials>(result).jid.to_string(), "jérôme@capulet.com");

  auto both = client();
  both.extra = ", username*=UTF-8''juliet%40capulet.com";
  EXPECT_EQ(fault(both), CredentialFault::malformed);
}

TEST_F(Digest, IsOnlyARealJid) {
  auto asking = client();
  asking.username = "capulet.com";
  EXPECT_EQ(fault(asking), CredentialFault::no_local_part);
  for (const auto* name : {"", "a@b@capulet.com", "a\u202e@capulet.com", "\xff@capulet.com"}) {
    asking.username = name;
    EXPECT_EQ(fault(asking), CredentialFault::malformed) << name;
  }
}

TEST_F(Digest, WantsATransactionIdentifier) {
  for (const auto& cnonce : {std::string(), std::string(129, 'x'), std::string("a\u202e")}) {
    auto asking = client();
    asking.cnonce = cnonce;
    EXPECT_EQ(fault(asking), CredentialFault::malformed) << cnonce;
  }
  auto asking = client();
  asking.cnonce = std::string(128, 'x');
  EXPECT_EQ(fault(asking), std::nullopt);
}

TEST_F(Digest, IsForOurRealmQopAndPlainNamesOnly) {
  auto asking = client();
  asking.realm = "XMPP";
  EXPECT_EQ(fault(asking), CredentialFault::malformed);
  asking = client();
  asking.qop = "auth-int";
  EXPECT_EQ(fault(asking), CredentialFault::malformed);
  asking = client();
  asking.extra = ", userhash=true";
  EXPECT_EQ(fault(asking), CredentialFault::malformed);
  asking.extra = ", userhash=false";
  EXPECT_EQ(fault(asking), std::nullopt);
}

TEST_F(Digest, WantsEveryField) {
  const auto whole = client().value();
  const auto part = [&](const std::string& name) {
    const auto begin = whole.find(" " + name + "="), end = whole.find(", ", begin);
    return std::pair(begin, end == std::string::npos ? end : end - begin + 1);
  };
  for (const auto* name :
       {"realm", "nonce", "uri", "qop", "nc", "cnonce", "response", "opaque", "username"}) {
    auto value = whole;
    const auto [begin, length] = part(name);
    ASSERT_NE(begin, std::string::npos) << name;
    value.erase(begin, length);
    EXPECT_THAT(read(value), testing::VariantWith<CredentialFault>(CredentialFault::malformed))
        << value;
    auto doubled = whole + ", " + std::string(name) + "=\"x\"";
    EXPECT_THAT(read(doubled), testing::VariantWith<CredentialFault>(CredentialFault::malformed))
        << doubled;
  }
}

// RFC 7616 section 3.4.6: the server must see to it that `uri` is the request's.
TEST_F(Digest, IsForExactlyThisTarget) {
  for (const auto* uri : {"/missive.html", "/", "/missive.html?a=c", "/Missive.html?a=b",
                          "https://files.verona.test/missive.html?a=b", "*"}) {
    auto asking = client();
    asking.uri = uri;
    EXPECT_EQ(fault(asking), CredentialFault::malformed) << uri;
  }
  auto asking = client();
  asking.method = "POST";
  EXPECT_EQ(fault(asking), CredentialFault::unverified);
}

TEST_F(Digest, WithANonceThatIsNotOursIsMalformed) {
  auto asking = client();
  asking.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
  EXPECT_EQ(fault(asking), CredentialFault::malformed);

  // Each octet of ours counts.
  const auto nonce = client().nonce;
  for (std::size_t i = 0; i < nonce.size(); ++i) {
    asking = client();
    asking.nonce = nonce;
    asking.nonce[i] = asking.nonce[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(fault(asking), CredentialFault::malformed) << i;
  }
  asking.nonce = nonce + "A";
  EXPECT_EQ(fault(asking), CredentialFault::malformed);

  DigestAuthority other(clock_);
  asking = client();
  asking.nonce = other.challenge("files").nonce;
  EXPECT_EQ(fault(asking), CredentialFault::malformed);

  asking = client();
  asking.nonce = authority_.challenge("elsewhere").nonce;
  EXPECT_EQ(fault(asking), CredentialFault::malformed);

  asking = client();
  asking.opaque = authority_.challenge("elsewhere").opaque;
  EXPECT_EQ(fault(asking), CredentialFault::malformed);
}

TEST_F(Digest, IsStaleAfterFiveMinutesButOnlyWhenItWasRight) {
  auto asking = client();
  clock_.steady_ += 5min - 1ms;
  EXPECT_EQ(fault(asking), std::nullopt);
  clock_.steady_ += 1ms;
  asking.nc = "00000002";
  EXPECT_EQ(fault(asking), CredentialFault::stale);
  asking.password = "wrong";
  EXPECT_EQ(fault(asking), CredentialFault::unverified);
}

// RFC 7616 section 3.4: nc is there so that the server can "detect request replays".
TEST_F(Digest, CountsOnce) {
  auto asking = client();
  EXPECT_EQ(fault(asking), std::nullopt);
  EXPECT_EQ(fault(asking), CredentialFault::replayed);
  asking.cnonce = "another";
  EXPECT_EQ(fault(asking), CredentialFault::replayed);
  asking.nc = "00000002";
  EXPECT_EQ(fault(asking), std::nullopt);
}

TEST_F(Digest, MayCountOutOfOrder) {
  auto asking = client();
  for (const auto* nc : {"00000001", "00000002", "00000005", "00000003", "00000004", "00000006"}) {
    asking.nc = nc;
    EXPECT_EQ(fault(asking), std::nullopt) << nc;
  }
  for (const auto* nc : {"00000001", "00000004", "00000006"}) {
    asking.nc = nc;
    EXPECT_EQ(fault(asking), CredentialFault::replayed) << nc;
  }
}

TEST_F(Digest, ThatWasRefusedUsesNothingUp) {
  auto asking = client();
  asking.password = "wrong";
  EXPECT_EQ(fault(asking), CredentialFault::unverified);
  asking.password = "";
  EXPECT_EQ(fault(asking), std::nullopt);
}

TEST_F(Digest, WantsAnOrdinaryCount) {
  for (const auto* nc : {"00000000", "1", "0000000g", "000000001", "0000000A"}) {
    auto asking = client();
    asking.nc = nc;
    EXPECT_EQ(fault(asking), CredentialFault::malformed) << nc;
  }
}

TEST_F(Digest, WantsAResponseOfTheAlgorithmsForm) {
  const auto right = client();
  for (const auto& response :
       {std::string(), std::string(32, 'a'), std::string(64, 'A'), std::string(64, 'g')}) {
    auto asking = right;
    asking.response = response;
    EXPECT_EQ(fault(asking), CredentialFault::malformed) << response;
  }
  auto asking = right;
  asking.response = std::string(64, 'a');
  EXPECT_EQ(fault(asking), CredentialFault::unverified);
}

TEST_F(Digest, TakesTheEmptyPasswordOrTheTransactionIdentifier) {
  auto asking = client();
  asking.password = asking.cnonce;
  EXPECT_EQ(fault(asking), std::nullopt);
  asking = client();
  asking.password = "her real password";
  EXPECT_EQ(fault(asking), CredentialFault::unverified);
}

TEST_F(Digest, TakesAnyPasswordWhereTheSiteSaysSo) {
  password_ = DigestPassword::any;
  auto asking = client();
  asking.password = "whatever was typed";
  EXPECT_EQ(fault(asking), std::nullopt);
  EXPECT_EQ(fault(asking), CredentialFault::replayed);
  asking = client();
  asking.uri = "/other";
  EXPECT_EQ(fault(asking), CredentialFault::malformed);
}

TEST_F(Digest, TakesTheCodeOfItsNonceWhereTheSiteSaysSo) {
  password_ = DigestPassword::code;
  const auto challenge = authority_.challenge("files");
  EXPECT_THAT(challenge.code, testing::MatchesRegex("[0-9][0-9][0-9][0-9][0-9][0-9]"));
  auto asking = answering(challenge);
  EXPECT_EQ(fault(asking), CredentialFault::unverified);
  asking.password = challenge.code;
  EXPECT_EQ(fault(asking), std::nullopt);
}

TEST(NonceWindows, SlideOverSixtyFourCounts) {
  NonceWindows windows(10);
  const NonceWindows::Nonce nonce{1ms, "a"};
  EXPECT_TRUE(windows.take(nonce, 100));
  EXPECT_TRUE(windows.take(nonce, 37));
  EXPECT_FALSE(windows.take(nonce, 37));
  EXPECT_FALSE(windows.take(nonce, 36));
  EXPECT_TRUE(windows.take(nonce, 101));
  EXPECT_FALSE(windows.take(nonce, 100));
  EXPECT_FALSE(windows.take(nonce, 37));
  EXPECT_TRUE(windows.take(nonce, 0xffffffff));
  EXPECT_FALSE(windows.take(nonce, 101));
  EXPECT_FALSE(windows.take(nonce, 0xffffffff));
  EXPECT_TRUE(windows.take(nonce, 0xffffffff - 63));
  EXPECT_FALSE(windows.take(nonce, 0xffffffff - 64));
}

TEST(NonceWindows, ThatWereForgottenToMakeRoomAreOver) {
  NonceWindows windows(2);
  EXPECT_TRUE(windows.take({1ms, "a"}, 1));
  EXPECT_TRUE(windows.take({2ms, "b"}, 1));
  EXPECT_TRUE(windows.take({3ms, "c"}, 1));
  EXPECT_EQ(windows.size(), 2u);
  EXPECT_FALSE(windows.knows({1ms, "a"}));
  EXPECT_FALSE(windows.take({1ms, "a"}, 1));
  EXPECT_FALSE(windows.take({1ms, "never seen, but as old"}, 1));
  EXPECT_FALSE(windows.take({2ms, "b"}, 1));
  EXPECT_TRUE(windows.take({2ms, "b"}, 2));
  EXPECT_TRUE(windows.take({4ms, "d"}, 1));
  EXPECT_FALSE(windows.knows({2ms, "b"}));
}

TEST(NonceWindows, GoWhenTheirNoncesAreOutOfDate) {
  NonceWindows windows(10);
  EXPECT_TRUE(windows.take({1ms, "a"}, 1));
  EXPECT_TRUE(windows.take({5ms, "b"}, 1));
  windows.forget_until(4ms);
  EXPECT_EQ(windows.size(), 1u);
  EXPECT_FALSE(windows.knows({4ms, "c"}));
  EXPECT_TRUE(windows.knows({5ms, "b"}));
}

TEST_F(Digest, CountsOnceForAllThreads) {
  const auto value = client().value();
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n)
        if (std::holds_alternative<Credentials>(read(value))) ++passed;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(passed, 1);
}

}  // namespace
}  // namespace jidgate::http
