// SPDX-License-Identifier: GPL-3.0-or-later
// The authorisation endpoints: every case of gateway-cases.tsv that needs no pages and no session.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <ostream>
#include <set>

#include "tests/support/authz_door.hpp"

namespace jidgate::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One line of gateway-cases.tsv.
struct Case {
  std::string id, request, expected;
  friend std::ostream& operator<<(std::ostream& out, const Case& shown) {
    return out << shown.id << ": " << shown.request << " -> " << shown.expected;
  }
};

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (true) {
    const auto end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return parts;
    begin = end + separator.size();
  }
}

std::vector<Case> gateway_cases() {
  // They ask for sign-in pages or for a session in the database.
  const std::set<std::string> elsewhere = {"T6b", "T39a"};
  std::ifstream file(JIDGATE_VECTORS "/gateway-cases.tsv");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    const auto cells = split(line, "\t");
    if (cells.size() < 4 || elsewhere.contains(cells[0])) continue;
    if (cells[1] == "auth-request" || cells[1] == "forward-auth")
      cases.push_back({cells[0], cells[2], cells[3]});
  }
  return cases;
}

std::string octets_of(const std::string& text) {
  std::string octets;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 2, "\\x") == 0) {
      octets += static_cast<char>(std::stoi(text.substr(at + 2, 2), nullptr, 16));
      at += 3;
    } else {
      octets += text[at];
    }
  }
  return octets;
}

class GatewayCase : public AuthzDoorTest, public testing::WithParamInterface<Case> {
 protected:
  // What the lines say in words.
  void assume(const std::string& condition) {
    if (condition.starts_with("peer=")) {
      peer_ = condition.substr(5);
    } else if (condition == "XMPP link down") {
      asker_.up_ = false;
    } else if (condition == "rule bypass for OPTIONS") {
      Rule rule;
      rule.methods = {"OPTIONS"};
      rule.mode = Mode::bypass;
      site().rules.push_back(rule);
    } else if (condition == "rule by network") {
      Rule rule;
      rule.networks = {*Network::parse("127.0.0.0/8"), *Network::parse("10.0.0.0/8")};
      rule.mode = Mode::bypass;
      site().rules.push_back(rule);
    } else if (condition == "site bücher.example has a deny rule") {
      // In this configuration: a rule that admits nobody who asks.
      settings_.sites.push_back(site_of("buecher", "xn--bcher-kva.example"));
      settings_.sites.back().allow = {{Admission::Kind::account, "nobody@capulet.com"}};
      fields_.push_back({"Authorization", basic("juliet@capulet.com:code")});
    } else if (condition != "session=juliet" && condition != "trusted_proxies not set") {
      ADD_FAILURE() << "unknown condition: " << condition;
    }
  }
  void read(const std::string& part) {
    const auto colon = part.find(": ");
    const auto name = part.substr(0, colon);
    if (colon == std::string::npos || name.find(' ') != std::string::npos) return assume(part);
    auto value = part.substr(colon + 2);
    if (value == "(empty value)") value.clear();
    if (value == "GET(one trailing space)") value = "GET";  // the head's values are trimmed
    if (value == "(100 letters)") value = std::string(100, 'A');
    if (value == "Basic (valid)" || value == "Basic (new code)")
      value = basic("juliet@capulet.com:code");
    fields_.push_back({name, octets_of(value)});
  }

  std::vector<Field> fields_;
};

TEST_P(GatewayCase, IsAnsweredAsItHasToBe) {
  auto parts = split(GetParam().request, " | ");
  const auto target = parts.front().substr(parts.front().find(' ') + 1);
  parts.erase(parts.begin());
  for (const auto& part : parts) read(part);

  // "401 or 400, never 200": every number before the "never".
  auto expected = GetParam().expected;
  expected.resize(std::min(expected.find("never"), expected.size()));
  std::set<int> allowed;
  std::string missing;
  for (const auto& word : split(expected, " ")) {
    if (word.size() >= 3 && std::isdigit(static_cast<unsigned char>(word.front())))
      allowed.insert(std::stoi(word));
    if (word.starts_with("X-")) missing = word;
  }
  ASSERT_FALSE(allowed.empty());

  const auto given = reply(target, fields_);
  EXPECT_TRUE(allowed.contains(given.status)) << given.status << " " << given.body;
  EXPECT_EQ(given.handler, "authz");
  EXPECT_THAT(values(given, "Remote-User"), IsEmpty());
  EXPECT_THAT(values(given, "Cache-Control"), ElementsAre("no-store"));
  EXPECT_EQ(values(given, "WWW-Authenticate").size(), given.status == 401 ? 3u : 0u);
  EXPECT_THAT(asker_.asked_, IsEmpty());
  EXPECT_EQ(confirmations_.size(), 0u);
  if (!missing.empty()) {
    EXPECT_THAT(given.body, HasSubstr(missing + " is missing"));
  }
  EXPECT_EQ(log_.entries("peer.untrusted").size(), peer_ == "127.0.0.1" ? 0u : 1u);
}

INSTANTIATE_TEST_SUITE_P(Vectors, GatewayCase, testing::ValuesIn(gateway_cases()),
                         [](const auto& given) { return given.param.id; });

TEST(GatewayCases, AreAllThere) {
  EXPECT_EQ(gateway_cases().size(), 57u);
}

}  // namespace
}  // namespace jidgate::http
