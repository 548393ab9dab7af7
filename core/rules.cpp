// SPDX-License-Identifier: GPL-3.0-or-later
// Which site and rule a request falls under: see rules.hpp.
#include "core/rules.hpp"

#include <algorithm>

namespace jidgate {
namespace {

bool covers_path(const Rule& rule, std::string_view path) {
  if (rule.exact) return path == rule.path;
  if (!path.starts_with(rule.path)) return false;
  return path.size() == rule.path.size() || rule.path.ends_with('/') ||
         path[rule.path.size()] == '/';
}

// What is certain also where the path is not.
bool covers_method_and_asker(const Rule& rule, std::string_view method, const Address& asker) {
  const auto& methods = rule.methods;
  return (methods.empty() || std::find(methods.begin(), methods.end(), method) != methods.end()) &&
         (rule.networks.empty() || contains(rule.networks, asker));
}

// Of two modes the one that asks more of a request. With a grant of 0, `challenge` would never let
// anything through, so a request of doubtful path waits for its person instead.
Mode stricter(Mode left, Mode right) {
  return left == Mode::redirect && right == Mode::redirect ? Mode::redirect : Mode::block;
}

// Puts together what counts for an ambiguous path.
class Strictest {
 public:
  explicit Strictest(Ruling& ruling) : ruling_(ruling) {}

  void add(Mode mode, Seconds timeout, const std::vector<Admission>& allow) {
    if (mode == Mode::bypass) return;
    ruling_.mode = empty_ ? stricter(mode, mode) : stricter(ruling_.mode, mode);
    ruling_.timeout = empty_ ? timeout : std::min(ruling_.timeout, timeout);
    empty_ = false;
    const std::span<const Admission> list(allow);
    const auto is_list = [&](const auto& other) { return other.data() == list.data(); };
    if (std::none_of(ruling_.allow.begin(), ruling_.allow.end(), is_list)) {
      ruling_.allow.push_back(list);
    }
  }
  bool empty() const { return empty_; }

 private:
  Ruling& ruling_;
  bool empty_ = true;
};

}  // namespace

Rules::Rules(Settings settings) : settings_(std::move(settings)) {
  for (std::size_t at = 0; at < settings_.sites.size(); ++at) {
    Site& site = settings_.sites[at];
    for (const auto& host : site.hosts) site_of_host_.emplace(host, at);
    if (site.allow.empty()) {
      for (const auto& host : settings_.xmpp.hosts) {
        site.allow.push_back({Admission::Kind::domain, host});
      }
    }
  }
  for (const auto& [name, members] : settings_.groups) {
    for (const auto& member : members) members_[name].insert(member.bare().to_string());
  }
}

const Site* Rules::site_for(std::string_view host) const {
  const auto found = site_of_host_.find(std::string(host));
  return found == site_of_host_.end() ? nullptr : &settings_.sites[found->second];
}

const Policy* Rules::policy(std::string_view name) const {
  const auto found = settings_.policies.find(std::string(name));
  return found == settings_.policies.end() ? nullptr : &found->second;
}

Ruling Rules::decide(const Site& site, const RulePath& path, std::string_view method,
                     const Address& asker) const {
  Ruling ruling;
  ruling.site = &site;
  ruling.rule = site.name;
  ruling.mode = site.mode;
  ruling.timeout = settings_.confirm.timeout;
  ruling.grant = site.grant;

  if (path.ambiguous) {
    ruling.strictest = true;
    ruling.grant = Seconds{0};
    Strictest strictest(ruling);
    strictest.add(site.mode, settings_.confirm.timeout, site.allow);
    for (const auto& rule : site.rules) {
      if (!covers_method_and_asker(rule, method, asker)) continue;
      strictest.add(rule.mode.value_or(site.mode), rule.timeout.value_or(settings_.confirm.timeout),
                    rule.allow.empty() ? site.allow : rule.allow);
    }
    // A site that asks nobody anywhere asks for this.
    if (strictest.empty()) strictest.add(Mode::block, settings_.confirm.timeout, site.allow);
    return ruling;
  }

  ruling.allow = {site.allow};
  for (const auto& rule : site.rules) {
    if (!covers_path(rule, path.path) || !covers_method_and_asker(rule, method, asker)) continue;
    ruling.rule = rule.name;
    ruling.mode = rule.mode.value_or(site.mode);
    ruling.timeout = rule.timeout.value_or(settings_.confirm.timeout);
    ruling.timeout_is_own = rule.timeout.has_value();
    ruling.grant = rule.grant.value_or(site.grant);
    if (!rule.allow.empty()) ruling.allow = {rule.allow};
    break;
  }
  return ruling;
}

Ruling Rules::decide(const Site& site, const RulePath& path, std::string_view method,
                     const Address& asker, const Policy& policy) const {
  Ruling ruling = decide(site, path, method, asker);
  if (!policy.allow.empty()) {
    if (!ruling.strictest) ruling.allow.clear();
    ruling.allow.emplace_back(policy.allow);
  }
  if (policy.timeout) {
    ruling.timeout = *policy.timeout;
    ruling.timeout_is_own = true;
  }
  if (ruling.strictest) {
    if (policy.mode) ruling.mode = stricter(*policy.mode, *policy.mode);
    return ruling;
  }
  if (policy.mode) ruling.mode = *policy.mode;
  if (policy.grant) ruling.grant = *policy.grant;
  return ruling;
}

bool Rules::admits(const Admission& admission, const Jid& account, const std::string& bare) const {
  switch (admission.kind) {
    case Admission::Kind::account:
      return admission.value == bare;
    case Admission::Kind::domain:
      return admission.value == account.domain();
    case Admission::Kind::group: {
      const auto group = members_.find(admission.value);
      return group != members_.end() && group->second.contains(bare);
    }
  }
  return false;
}

bool Rules::admits(const Ruling& ruling, const Jid& jid) const {
  if (!jid.is_account() || ruling.allow.empty()) return false;
  const std::string bare = jid.bare().to_string();
  return std::all_of(ruling.allow.begin(), ruling.allow.end(), [&](const auto& list) {
    return std::any_of(list.begin(), list.end(),
                       [&](const Admission& admission) { return admits(admission, jid, bare); });
  });
}

}  // namespace jidgate
