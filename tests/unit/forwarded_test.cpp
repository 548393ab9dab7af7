// SPDX-License-Identifier: GPL-3.0-or-later
// What a proxy says, and who is believed to have said it.
#include "http/forwarded.hpp"

#include <gmock/gmock.h>

namespace jidgate::http {
namespace {

Head head_of(std::vector<Field> fields) {
  Head head;
  head.fields = std::move(fields);
  return head;
}

class ForwardedTest : public testing::Test {
 protected:
  template <class Result>
  static Forwarded good(const Result& result) {
    const auto* fault = std::get_if<ForwardedFault>(&result);
    EXPECT_FALSE(fault) << (fault ? fault->field : "") << " " << (fault ? fault->what : "");
    const auto* read = std::get_if<Forwarded>(&result);
    return read ? *read : Forwarded{};
  }
  template <class Result>
  static std::string fault(const Result& result) {
    const auto* fault = std::get_if<ForwardedFault>(&result);
    return fault ? std::string(fault->field) + " " + std::string(fault->what) : "no fault";
  }
  auto original(std::vector<Field> fields) const {
    return read_original(head_of(std::move(fields)), peer_, trusted_);
  }
  auto forwarded(std::vector<Field> fields) const {
    return read_forwarded(head_of(std::move(fields)), peer_, trusted_);
  }
  // The client's address, or the fault.
  std::string client(std::vector<Field> fields, std::string_view peer = "127.0.0.1") const {
    const auto result = client_address(head_of(std::move(fields)), *Address::parse(peer), trusted_);
    const auto* address = std::get_if<Address>(&result);
    return address ? address->to_string() : fault(result);
  }

  const Address peer_ = *Address::parse("127.0.0.1");
  const std::vector<Network> trusted_ = {*Network::parse("127.0.0.0/8"), *Network::parse("::1"),
                                         *Network::parse("10.1.0.0/16")};
  const std::vector<Field> caddy_ = {{"X-Forwarded-Proto", "https"},
                                     {"X-Forwarded-Host", "App.example:8443"},
                                     {"X-Forwarded-Uri", "/a%20b?c=d"},
                                     {"X-Forwarded-Method", "POST"},
                                     {"X-Forwarded-For", "192.0.2.7"}};
  const std::vector<Field> nginx_ = {{"X-Original-URL", "https://App.example:443/a%20b?c=d"},
                                     {"x-original-method", "REPORT"},
                                     {"X-Forwarded-For", "192.0.2.7"}};
};

TEST_F(ForwardedTest, IsTheRequestThatNginxAsksAbout) {
  const auto read = good(original(nginx_));
  EXPECT_EQ(read.method, "REPORT");
  EXPECT_EQ(read.target, "/a%20b?c=d");
  EXPECT_EQ(read.path, "/a%20b");
  EXPECT_EQ(read.scheme, "https");
  EXPECT_EQ(read.host.host, "app.example");
  EXPECT_EQ(read.host.port, "");
  EXPECT_EQ(read.client.to_string(), "192.0.2.7");
}

TEST_F(ForwardedTest, IsTheRequestThatCaddyAsksAbout) {
  const auto read = good(forwarded(caddy_));
  EXPECT_EQ(read.method, "POST");
  EXPECT_EQ(read.target, "/a%20b?c=d");
  EXPECT_EQ(read.path, "/a%20b");
  EXPECT_EQ(read.scheme, "https");
  EXPECT_EQ(read.host.host, "app.example");
  EXPECT_EQ(read.host.port, "8443");
  EXPECT_EQ(read.client.to_string(), "192.0.2.7");
}

TEST_F(ForwardedTest, KeepsAnEmptyQuery) {
  EXPECT_EQ(
      good(original({{"X-Original-URL", "http://app.example?"}, {"X-Original-Method", "GET"}}))
          .target,
      "/?");
}

TEST_F(ForwardedTest, NamesTheFieldThatIsMissingOrRepeated) {
  const std::pair<const std::vector<Field>&, bool> families[] = {{nginx_, true}, {caddy_, false}};
  for (const auto& [fields, is_original] : families) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].name == "X-Forwarded-For") continue;
      auto less = fields, more = fields;
      less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
      more.push_back(fields[i]);
      const auto read = [&, original_family = is_original](const std::vector<Field>& sent) {
        return original_family ? fault(original(sent)) : fault(forwarded(sent));
      };
      EXPECT_THAT(read(less), testing::StrCaseEq(fields[i].name + " is missing"));
      EXPECT_THAT(read(more), testing::StrCaseEq(fields[i].name + " stands more than once"));
    }
  }
}

TEST_F(ForwardedTest, IsReadStrictlyFromNginx) {
  for (const auto* url :
       {"", "/a", "app.example/a", "//app.example/a", "ftp://app.example/", "https:///a",
        "https://user@app.example/", "https://app.example:99999/", "https://[::1/",
        "https://app.example/a#b", "https://app.example/a b", "https://app.example/a\tb",
        "https://app.example/\x01", "https://app.example/\xe9", "https://app.example/%zz",
        "https://a, https://b/", "https://app.example, app.example/"})
    EXPECT_EQ(fault(original({{"X-Original-URL", url}, {"X-Original-Method", "GET"}})),
              "X-Original-URL cannot be read")
        << url;
  for (const auto& method : {std::string(), std::string("GET POST"), std::string("GET,POST"),
                             std::string(65, 'A'), std::string("G\xc3\xa9T")})
    EXPECT_EQ(
        fault(original({{"X-Original-URL", "https://a.example/"}, {"X-Original-Method", method}})),
        "X-Original-Method cannot be read")
        << method;
}

TEST_F(ForwardedTest, IsReadStrictlyFromOthers) {
  const std::pair<std::string, std::vector<std::string>> bad[] = {
      {"X-Forwarded-Proto", {"", "HTTPS", "https, http", "ftp", "https:"}},
      {"X-Forwarded-Host", {"", "a, b", "app.example:0", "user@app.example", "a b", "a/b"}},
      {"X-Forwarded-Uri",
       {"", "a", "*", "https://app.example/a", "/a, /b", "/a#b", "/\xe9\xff", "/%zz"}},
      {"X-Forwarded-Method", {"", "GET, POST", std::string(65, 'A')}}};
  for (const auto& [name, values] : bad) {
    for (const auto& value : values) {
      auto fields = caddy_;
      for (auto& field : fields)
        if (field.name == name) field.value = value;
      EXPECT_EQ(fault(forwarded(fields)), name + " cannot be read") << value;
    }
  }
}

TEST_F(ForwardedTest, MayBeForAWebSocket) {
  auto fields = caddy_;
  fields[0].value = "wss";
  EXPECT_EQ(good(forwarded(fields)).scheme, "https");
  fields[0].value = "ws";
  EXPECT_EQ(good(forwarded(fields)).scheme, "http");
}

// The class of CVE-2025-64484: X_Original_URL is another field, and absent is absent.
TEST_F(ForwardedTest, KnowsNoOtherSpellings) {
  EXPECT_EQ(fault(original({{"X_Original_URL", "https://a.example/"},
                            {"X.Original.URL", "https://a.example/"},
                            {"X-Original-URI", "/"},
                            {"X-Original-Method", "GET"}})),
            "X-Original-URL is missing");
}

TEST_F(ForwardedTest, HasTheClientFromXRealIpWhereNothingElseIsSaid) {
  std::vector<Field> fields = {nginx_[0], nginx_[1], {"X-Real-IP", "2001:db8::7"}};
  EXPECT_EQ(good(original(fields)).client.to_string(), "2001:db8::7");
  fields.push_back({"X-Forwarded-For", "192.0.2.7"});
  EXPECT_EQ(good(original(fields)).client.to_string(), "192.0.2.7");
  fields = {nginx_[0], nginx_[1], {"X-Real-IP", "192.0.2.7, 192.0.2.8"}};
  EXPECT_EQ(fault(original(fields)), "X-Real-IP cannot be read");
  fields = {nginx_[0], nginx_[1], {"X-Real-IP", "192.0.2.7"}, {"X-Real-IP", "192.0.2.8"}};
  EXPECT_EQ(fault(original(fields)), "X-Real-IP stands more than once");

  // Not one of this family's.
  fields = {caddy_[0], caddy_[1], caddy_[2], caddy_[3], {"X-Real-IP", "192.0.2.7"}};
  EXPECT_EQ(good(forwarded(fields)).client, peer_);
}

TEST_F(ForwardedTest, WalksFromTheRightToTheFirstWhoIsNoProxyOfOurs) {
  const auto via = [&](std::string list) { return client({{"X-Forwarded-For", std::move(list)}}); };
  EXPECT_EQ(client({}), "127.0.0.1");
  EXPECT_EQ(via("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(via("198.51.100.1, 192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(via("198.51.100.1,192.0.2.7 , 10.1.2.3,::1"), "192.0.2.7");
  EXPECT_EQ(via("10.1.0.1, 10.1.0.2"), "10.1.0.1");
  EXPECT_EQ(via("::ffff:192.0.2.7"), "192.0.2.7");
  // What the client itself wrote there decides nothing.
  EXPECT_EQ(via("unknown, _hidden, 192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client({{"X-Forwarded-For", "10.1.0.9"}, {"x-forwarded-for", "192.0.2.7, 10.1.0.2"}}),
            "192.0.2.7");
}

// CVE-2024-47070: an address that cannot be read must not pass for none.
TEST_F(ForwardedTest, RefusesAddressesThatCannotBeRead) {
  for (const auto* list :
       {"", ",", "a", "10.0.0.1.5", "192.0.2.7,", "nonsense, 10.1.0.2", "192.0.2.7:80",
        "[2001:db8::7]", "192.0.2.07", "fe80::1%eth0", "192.0.2.7;", ",,,,"})
    EXPECT_EQ(client({{"X-Forwarded-For", list}}), "X-Forwarded-For cannot be read") << list;
}

TEST_F(ForwardedTest, FromAStrangerCountsForNothing) {
  EXPECT_EQ(client({{"X-Forwarded-For", "192.0.2.7"}}, "203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(client({{"X-Forwarded-For", "a"}}, "203.0.113.9"), "203.0.113.9");
}

}  // namespace
}  // namespace jidgate::http
