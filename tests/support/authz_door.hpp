// SPDX-License-Identifier: GPL-3.0-or-later
// The authorisation endpoints with a real Access behind them, for tests.
#pragma once

#include <gmock/gmock.h>

#include "core/endings.hpp"
#include "core/text.hpp"
#include "http/authz_door.hpp"
#include "http/digest.hpp"
#include "tests/support/recording_log.hpp"

namespace jidgate::http {

using namespace std::chrono_literals;

class FakeClock final : public Clock {
 public:
  SteadyTime steady() const override { return steady_; }
  WallTime wall() const override { return WallTime(1000000s); }
  SteadyTime steady_{1000s};
};

class FakeAsker final : public Asker {
 public:
  bool is_up() const override { return up_; }
  void ask(const std::string& id) override { asked_.push_back(id); }
  void withdraw(const OpenQuestion&) override {}
  bool up_ = true;
  std::vector<std::string> asked_;
};

inline Site site_of(std::string name, const std::string& host) {
  Site site;
  site.name = std::move(name);
  site.hosts = {host};
  site.origin = "https://" + host;
  site.allow = {{Admission::Kind::domain, "capulet.com"}};
  Rule open;
  open.path = "/public/";
  open.mode = Mode::bypass;
  open.name = site.name + ".1";
  site.rules = {open};
  return site;
}

// The site that the cases assume: https://app.example, /public/ is bypass, all else wants
// *@capulet.com; the proxy is 127.0.0.1.
class AuthzDoorTest : public testing::Test {
 protected:
  AuthzDoorTest() {
    settings_.xmpp.hosts = {"capulet.com"};
    settings_.http.trusted_proxies = {*Network::parse("127.0.0.0/8"), *Network::parse("::1")};
    settings_.sites = {site_of("app", "app.example")};
    access_.set_gate(gate_);
  }

  Site& site() { return settings_.sites.front(); }
  Exchange exchange(std::string target, std::vector<Field> fields) const {
    Exchange made;
    made.head.method = "GET";
    made.head.target = std::move(target);
    made.head.fields = std::move(fields);
    made.peer = *Address::parse(peer_);
    made.request_id = "0123456789abcdef0123456789abcdef";
    return made;
  }
  std::optional<Verdict> verdict(const Exchange& asked) {
    return door_.decide(asked, std::make_shared<const Rules>(settings_));
  }
  // The answer to what is decided at once.
  Reply reply(std::string target, std::vector<Field> fields) {
    const auto asked = exchange(std::move(target), std::move(fields));
    const auto decided = verdict(asked);
    if (!decided || !std::holds_alternative<Responder>(*decided)) {
      ADD_FAILURE() << "no answer at once";
      return {};
    }
    return std::get<Responder>(*decided)(asked);
  }
  Park park(std::string target, std::vector<Field> fields) {
    auto decided = verdict(exchange(std::move(target), std::move(fields)));
    if (!decided || !std::holds_alternative<Park>(*decided)) {
      ADD_FAILURE() << "nobody is waited for";
      return {};
    }
    return std::move(std::get<Park>(*decided));
  }
  // Lets the person answer the parked request, and gives what the proxy gets.
  Reply answered(const Park& parked, Outcome outcome) {
    parked.parked(ParkedId{1});
    EXPECT_THAT(asker_.asked_, testing::SizeIs(1));
    EXPECT_TRUE(confirmations_.end(asker_.asked_.back(), outcome));
    return parked.expired(ParkedId{1})(exchange("/", {}));
  }

  static std::vector<Field> nginx(std::string url, std::string authorization = {},
                                  std::string method = "GET") {
    std::vector<Field> fields = {{"X-Original-URL", std::move(url)},
                                 {"X-Original-Method", std::move(method)},
                                 {"X-Forwarded-For", "192.0.2.7"}};
    if (!authorization.empty()) fields.push_back({"Authorization", std::move(authorization)});
    return fields;
  }
  static std::vector<Field> caddy(std::string uri, std::string authorization = {},
                                  std::string method = "GET") {
    std::vector<Field> fields = {{"X-Forwarded-Proto", "https"},
                                 {"X-Forwarded-Host", "app.example"},
                                 {"X-Forwarded-Uri", std::move(uri)},
                                 {"X-Forwarded-Method", std::move(method)},
                                 {"X-Forwarded-For", "192.0.2.7"}};
    if (!authorization.empty()) fields.push_back({"Authorization", std::move(authorization)});
    return fields;
  }
  static std::string basic(std::string_view pair) { return "Basic " + base64_encode(pair); }
  static std::vector<std::string> values(const Reply& reply, std::string_view name) {
    std::vector<std::string> found;
    for (const auto& [field, value] : reply.headers)
      if (field == name) found.push_back(value);
    return found;
  }

  FakeClock clock_;
  FakeAsker asker_;
  NullAudit audit_;
  test::RecordingLog log_;
  Metrics metrics_;
  Grants grants_;
  Limits limits_;
  DigestAuthority digest_{clock_};
  Endings endings_{clock_, grants_, limits_, audit_, log_, metrics_};
  Confirmations confirmations_{clock_, endings_};
  Access access_{{clock_, confirmations_, grants_, limits_, digest_, asker_, log_, metrics_}};
  // Never started: nothing is parked in it, so whatever is completed is told that it has gone.
  Gate gate_{{}, {}, {}, log_, metrics_};
  AuthzDoor door_{access_, clock_, log_, metrics_};
  Settings settings_;
  std::string peer_ = "127.0.0.1";
};

constexpr const char* nginx_path = "/authz/auth-request";
constexpr const char* caddy_path = "/authz/forward-auth";

}  // namespace jidgate::http
