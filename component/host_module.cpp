// SPDX-License-Identifier: GPL-3.0-or-later
// Asks the host server's module, and takes its answers.
#include "component/host_module.hpp"

#include <optional>
#include <utility>

#include "component/tags.hpp"
#include "core/crypto.hpp"
#include "core/text.hpp"

namespace jidgate::component {
namespace {

using namespace std::chrono_literals;

// For an answer, to the next tick: some clients wait three seconds for a list, and no longer.
constexpr auto patience = 1500ms;
constexpr auto believed_absent = 30s;  // until a host without the module is asked again
constexpr std::chrono::minutes complaint_interval{1};
// Far above what is under way at any moment; it keeps a host that is silent from costing more.
constexpr std::size_t most_pending = 5000;

std::unique_ptr<gloox::Tag> make_request(std::string_view name, const Jid& account) {
  auto tag = make_tag(name, host_ns);
  set_attribute(*tag, "account", account.to_string());
  return tag;
}

bool has_condition(const gloox::Tag& stanza, const char* condition) {
  const gloox::Tag* error = stanza.findChild("error");
  return error && error->hasChild(condition);
}

// nullopt: not what the module sends.
std::optional<std::vector<HostSession>> read_sessions(const gloox::Tag& payload) {
  std::vector<HostSession> sessions;
  for (const gloox::Tag* child : payload.children()) {
    if (child->name() != "session" || namespace_of(*child) != host_ns) continue;
    const auto fingerprint = read_fingerprint(*child);
    if (!fingerprint) return std::nullopt;
    sessions.push_back({child->findAttribute("resource"), *fingerprint});
  }
  return sessions;
}

}  // namespace

std::optional<std::string> read_fingerprint(const gloox::Tag& session) {
  if (!session.hasAttribute("sha256")) return std::string();
  auto octets = hex_decode(session.findAttribute("sha256"));
  if (!octets || octets->size() != 32) return std::nullopt;
  return octets;
}

HostModule::HostModule(Stream& stream, const Clock& clock, Log& log)
    : stream_(stream), clock_(clock), log_(log) {}

void HostModule::sessions(const Jid& account, std::function<void(Sessions)> then) {
  ask("get", account.domain(), make_request("sessions", account),
      [this, account, then = std::move(then)](Answer<const gloox::Tag*> answer) {
        if (const auto* silence = std::get_if<Silence>(&answer)) return then(*silence);
        auto sessions = read_sessions(*std::get<const gloox::Tag*>(answer));
        if (sessions) return then(std::move(*sessions));
        complain("host.unreadable", account.domain());
        then(Silence::no_answer);
      });
}

void HostModule::end(const Jid& account, const std::string& fingerprint,
                     std::function<void(Ended)> then) {
  auto request = make_request("end", account);
  set_attribute(*request, "sha256", hex_encode(fingerprint));
  ask("set", account.domain(), std::move(request),
      [then = std::move(then)](Answer<const gloox::Tag*> answer) {
        if (const auto* silence = std::get_if<Silence>(&answer)) return then(*silence);
        then(std::get<const gloox::Tag*>(answer)->children().size());
      });
}

void HostModule::ask(std::string_view type, const std::string& host,
                     std::unique_ptr<gloox::Tag> payload, Then then) {
  const SteadyTime now = clock_.steady();
  const auto absent = without_module_.find(host);
  if (absent != without_module_.end() && now < absent->second) return then(Silence::no_module);
  auto iq = make_stanza("iq", stream_.domain(), host, type);
  const std::string id = random_id();
  set_attribute(*iq, "id", id);
  iq->addChild(payload.release());
  if (pending_.size() >= most_pending || !stream_.send(std::move(iq))) {
    return then(Silence::no_answer);
  }
  pending_.emplace(id, Pending{host, now + patience, std::move(then)});
}

bool HostModule::handle_answer(const Incoming& answer) {
  const auto found = pending_.find(answer.id);
  if (found == pending_.end()) return false;
  const Jid& from = answer.from;
  if (from.is_account() || !from.is_bare() || from.domain() != found->second.host) return false;
  const Pending pending = std::move(pending_.extract(found).mapped());
  pending.then(read(answer));
  return true;
}

HostModule::Answer<const gloox::Tag*> HostModule::read(const Incoming& answer) {
  const std::string& host = answer.from.domain();
  if (answer.type == "result") {
    seen(host);
    const auto& children = answer.tag.children();
    if (children.size() == 1 && namespace_of(*children.front()) == host_ns) return children.front();
    complain("host.unreadable", host);
    return Silence::no_answer;
  }
  // What a server says that knows nothing of the namespace. A module that does not want to answer
  // says something else, and then nobody may be let off.
  if (!has_condition(answer.tag, "service-unavailable") &&
      !has_condition(answer.tag, "feature-not-implemented")) {
    complain("host.refuses", host);
    return Silence::no_answer;
  }
  // Sessions that it marked may still be there: nobody is let off because it went away.
  if (with_module_.contains(host)) {
    complain("host.module_gone", host);
    return Silence::no_answer;
  }
  if (without_module_.insert_or_assign(host, clock_.steady() + believed_absent).second) {
    log_.info("host.no_module", {{"host", host}});
  }
  return Silence::no_module;
}

void HostModule::seen(const std::string& host) {
  without_module_.erase(host);
  with_module_.insert(host);
}

void HostModule::complain(std::string_view event, const std::string& host) {
  const SteadyTime now = clock_.steady();
  SteadyTime& quiet_until = quiet_until_[std::string(event) + ' ' + host];
  if (now < quiet_until) return;
  quiet_until = now + complaint_interval;
  log_.warning(event, {{"host", host}});
}

void HostModule::link_down() {
  without_module_.clear();
  with_module_.clear();
  for (auto& [id, pending] : std::exchange(pending_, {})) pending.then(Silence::no_answer);
}

void HostModule::tick() {
  const SteadyTime now = clock_.steady();
  // Taken out first: whoever is told may ask the next thing.
  std::vector<Then> late;
  for (auto entry = pending_.begin(); entry != pending_.end();) {
    if (now < entry->second.deadline) {
      ++entry;
      continue;
    }
    late.push_back(std::move(entry->second.then));
    entry = pending_.erase(entry);
  }
  for (const Then& then : late) then(Silence::no_answer);
}

}  // namespace jidgate::component
