// SPDX-License-Identifier: GPL-3.0-or-later
// Access with everything around it made of memory: what a request leads to, and who was asked.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/endings.hpp"
#include "core/locked.hpp"
#include "core/text.hpp"
#include "http/access.hpp"
#include "http/digest.hpp"
#include "http/refusal.hpp"
#include "tests/support/recording_log.hpp"

namespace jidgate::test {

class ManualClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime{} + passed_.load(); }
  WallTime wall() const override { return WallTime{} + passed_.load(); }
  void advance(std::chrono::milliseconds by) { passed_ = passed_.load() + by; }

 private:
  std::atomic<std::chrono::milliseconds> passed_{std::chrono::hours(1)};
};

class FakeAsker final : public Asker {
 public:
  bool is_up() const override { return up; }
  void ask(const std::string& id) override {
    asked.with([&](auto& ids) { ids.push_back(id); });
    if (on_ask) on_ask(id);
  }
  void withdraw(const OpenQuestion& question) override {
    withdrawn.with([&](auto& ids) { ids.push_back(question.id); });
  }

  bool up = true;
  std::function<void(const std::string&)> on_ask;
  Locked<std::vector<std::string>> asked, withdrawn;
};

// The gate as Access sees it: who is parked, and what they were answered.
class FakeGate {
 public:
  void park(http::ParkedId id) {
    table_.with([&](Table& table) { table.parked.insert(id); });
  }
  // Whoever takes it out owns it: as when a client leaves, or the deadline comes.
  bool take(http::ParkedId id) {
    return table_.with([&](Table& table) { return table.parked.erase(id) == 1; });
  }
  bool complete(http::ParkedId id, http::Responder responder) {
    return table_.with([&](Table& table) {
      if (table.parked.erase(id) == 0) return false;
      table.answers.emplace(id, std::move(responder));
      return true;
    });
  }
  std::optional<http::Responder> answer(http::ParkedId id) const {
    return table_.with([&](const Table& table) -> std::optional<http::Responder> {
      const auto found = table.answers.find(id);
      if (found == table.answers.end()) return std::nullopt;
      return found->second;
    });
  }

 private:
  struct Table {
    std::set<http::ParkedId> parked;
    std::map<http::ParkedId, http::Responder> answers;
  };
  Locked<Table> table_;
};

class RecordingAudit final : public Audit {
 public:
  void record(AuditEntry entry) override {
    entries.with([&](auto& all) { all.push_back(std::move(entry)); });
  }
  Locked<std::vector<AuditEntry>> entries;
};

// What a decision says, in one line: "200 juliet@verona.test", "401 pending, retry 2".
inline std::string words(const http::Decision& decision) {
  std::string text = std::to_string(http::status_of(decision));
  const auto reason = http::reason_of(decision);
  if (!reason.empty()) text.append(" ").append(reason);
  std::optional<Seconds> retry;
  if (const auto* pass = std::get_if<http::Pass>(&decision)) {
    if (pass->account) text += ' ' + pass->account->to_string();
  } else if (const auto* unauthorized = std::get_if<http::Unauthorized>(&decision)) {
    retry = unauthorized->retry_after;
    if (unauthorized->stale) text += ", stale";
  } else if (const auto* limited = std::get_if<http::Limited>(&decision)) {
    retry = limited->retry_after;
  } else if (const auto* unavailable = std::get_if<http::Unavailable>(&decision)) {
    retry = unavailable->retry_after;
  }
  if (retry) text += ", retry " + std::to_string(retry->count());
  return text;
}

class AccessTest : public testing::Test {
 protected:
  static constexpr std::string_view juliet = "juliet@verona.test",
                                    balcony = "juliet@verona.test/balcony",
                                    romeo = "romeo@verona.test";

  AccessTest() {
    settings.xmpp.hosts = {"verona.test"};
    Site site;
    site.name = "files";
    site.hosts = {"files.verona.test"};
    site.origin = "https://files.verona.test:9345";
    settings.sites = {site};
    settings.confirm.per_account_rate = {};
    settings.confirm.per_address_rate = {};
    access.set_complete([this](http::ParkedId id, http::Responder responder) {
      return gate.complete(id, std::move(responder));
    });
    configure();
  }
  // After a change of `settings`.
  void configure() {
    rules = std::make_shared<const Rules>(settings);
    confirmations.configure({settings.http.max_waiting, settings.confirm.per_account,
                             settings.confirm.per_address_rate.count});
    limits.configure(settings.confirm);
  }
  Site& site() { return settings.sites.front(); }
  Rule& add_rule(std::string path) {
    Rule rule;
    rule.path = std::move(path);
    rule.name = "files." + std::to_string(site().rules.size() + 1);
    return site().rules.emplace_back(std::move(rule));
  }

  static std::string basic(std::string_view jid, std::string_view code = "a7374") {
    return "Basic " + base64_encode(std::string(jid).append(":").append(code));
  }
  // As a client with an empty password answers the challenge.
  std::string digest(const http::DigestAuthority::Challenge& challenge, std::string_view jid,
                     std::string cnonce, unsigned nc = 1, std::string target = "/missive.html") {
    http::DigestFields fields;
    fields.username = jid;
    fields.nonce = challenge.nonce;
    fields.uri = std::move(target);
    fields.nc_text = "0000000" + std::to_string(nc);
    fields.cnonce = std::move(cnonce);
    return "Digest username=\"" + fields.username + "\", realm=\"xmpp\", nonce=\"" + fields.nonce +
           "\", uri=\"" + fields.uri + "\", qop=auth, nc=" + fields.nc_text + ", cnonce=\"" +
           fields.cnonce + "\", response=\"" + http::digest_response(fields, "xmpp", "", "GET") +
           "\", opaque=\"" + challenge.opaque + "\"";
  }

  http::AccessRequest request(std::vector<std::string> authorization,
                              std::string target = "/missive.html",
                              std::string method = "GET") const {
    http::AccessRequest made;
    made.rules = rules;
    made.asker = Address::parse(asker_address).value();
    made.ruling = rules->decide(*rules->site_for("files.verona.test"),
                                rule_path(target.substr(0, target.find('?'))), method, made.asker);
    made.method = std::move(method);
    made.url = http::url_on(*made.ruling.site, target);
    made.target = std::move(target);
    made.authorization = std::move(authorization);
    made.request_id = "0123456789abcdef0123456789abcdef";
    made.endpoint = "direct";
    return made;
  }

  // Decides, and gives what was decided at once ("wait" where the person is waited for).
  std::string decides(http::AccessRequest asked) {
    verdict = access.handle(std::move(asked), [this](const auto& of, const auto& decision) {
      rendered.with([&](auto& all) { all.push_back(words(decision)); });
      kept_authorization = !of.authorization.empty();
      return [decision](const http::Exchange&) {
        http::Reply reply;
        reply.status = http::status_of(decision);
        reply.body = words(decision);
        return reply;
      };
    });
    if (std::holds_alternative<http::Park>(verdict)) return "wait";
    return std::get<http::Responder>(verdict)({}).body;
  }
  std::string decides(std::vector<std::string> authorization) {
    return decides(request(std::move(authorization)));
  }
  // The same, parked as the gate parks it. Gives the id of the question.
  std::string waits(http::AccessRequest asked) {
    EXPECT_EQ(decides(std::move(asked)), "wait");
    park = std::get<http::Park>(std::move(verdict));
    parked = http::ParkedId{++parks_};
    gate.park(parked);
    const std::size_t before = times_asked();
    park.parked(parked);
    const auto ids = asker.asked.with([](const auto& all) { return all; });
    return ids.size() > before ? ids.back() : std::string();
  }
  std::string waits(std::vector<std::string> authorization) {
    return waits(request(std::move(authorization)));
  }
  // What the parked request was answered; "nothing" while it waits.
  std::string answered() const {
    const auto responder = gate.answer(parked);
    return responder ? (*responder)({}).body : "nothing";
  }
  // Asks and lets the person answer.
  std::string confirmed(http::AccessRequest asked) {
    EXPECT_TRUE(confirmations.end(waits(std::move(asked)), Outcome::confirmed));
    return answered();
  }
  std::size_t times_asked() const {
    return asker.asked.with([](const auto& ids) { return ids.size(); });
  }
  double counted(const std::string& sample) const {
    const std::string page = metrics.render(), line = "\njidgate_" + sample + ' ';
    const auto at = page.find(line);
    return at == std::string::npos ? 0 : std::stod(page.substr(at + line.size()));
  }
  double counted_decisions() const {
    double sum = 0;
    const std::string page = metrics.render(), line = "\njidgate_authz_decisions_total{";
    for (auto at = page.find(line); at != std::string::npos; at = page.find(line, at + 1)) {
      sum += std::stod(page.substr(page.find("} ", at) + 2));
    }
    return sum;
  }

  ManualClock clock;
  FakeAsker asker;
  FakeGate gate;
  RecordingAudit audit;
  RecordingLog log;
  Metrics metrics;
  Grants grants;
  Limits limits;
  http::DigestAuthority digest_authority{clock};
  Endings endings{clock, grants, limits, audit, log, metrics};
  std::function<void()> on_end;  // between the end of a question and whoever is told
  Confirmations confirmations{clock, [this](const OpenQuestion& open, Outcome outcome) {
                                endings(open, outcome);
                                if (on_end) on_end();
                              }};
  http::Access access{
      {clock, confirmations, grants, limits, digest_authority, asker, log, metrics}};
  Settings settings;
  std::shared_ptr<const Rules> rules;
  std::string asker_address = "192.0.2.7";

  http::Verdict verdict;
  http::Park park;
  http::ParkedId parked{};
  Locked<std::vector<std::string>> rendered;
  std::atomic<bool> kept_authorization = false;

 private:
  std::uint64_t parks_ = 0;
};

}  // namespace jidgate::test
