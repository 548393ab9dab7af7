// SPDX-License-Identifier: GPL-3.0-or-later
// [site.NAME], [rule.SITE.N], [policy.NAME] and [group.NAME].
#include <algorithm>
#include <set>

#include "component/program/files.hpp"
#include "component/program/section.hpp"
#include "component/program/sections.hpp"
#include "core/target.hpp"

namespace jidgate::program {
namespace {

constexpr Seconds least_timeout{1}, most_timeout{3600}, most_grant{30 * 86400};

std::optional<Mode> read_mode(Section& section) {
  return section.maybe_choice<Mode>("mode", {{"block", Mode::block},
                                             {"challenge", Mode::challenge},
                                             {"redirect", Mode::redirect},
                                             {"bypass", Mode::bypass}});
}

std::vector<Admission> read_allow(Section& section) {
  return section.values("allow", parse_admission, "a bare JID, *@domain or group:NAME");
}

// A host without port, as requests are compared: an A-label or an address.
std::optional<std::string> parse_site_host(std::string_view text) {
  const auto domain = Address::parse(text) ? std::string(text) : to_ascii_domain(text);
  if (!domain) return std::nullopt;
  const auto host = parse_host(*domain, "https");
  if (!host || !host->port.empty()) return std::nullopt;
  return host->host;
}

void read_schemes(Section& section, Site& site) {
  site.basic = site.digest = false;
  for (const RawValue& word : section.list("schemes")) {
    if (word.text == "basic") {
      site.basic = true;
    } else if (word.text == "digest") {
      site.digest = true;
    } else {
      section.faults().add(word, "\"" + word.text + "\" is not valid, expected basic or digest");
    }
  }
  if (section.list("schemes").empty()) section.fault("schemes", "is empty, expected basic digest");
}

std::vector<std::string> read_languages(Section& section) {
  const auto known = [](std::string_view text) -> std::optional<std::string> {
    for (const std::string_view language : {"en", "de", "fr", "es"}) {
      if (text == language) return std::string(text);
    }
    return std::nullopt;
  };
  auto languages = section.values("languages", known, "en, de, fr or es");
  if (section.list("languages").empty()) section.fault("languages", "is empty, expected en");
  return languages;
}

Site read_site(Section section, const std::vector<std::string>& account_hosts) {
  Site site;
  site.name = section.name().substr(section.name().find('.') + 1);
  site.hosts = section.values("host", parse_site_host, "a host without port");
  if (section.list("host").empty()) section.fault("host", "is missing, expected a host");
  site.origin = section.maybe("origin", parse_origin, "https://HOST[:PORT]").value_or("");
  if (site.origin.empty() && !site.hosts.empty()) site.origin = "https://" + site.hosts.front();
  site.root = section.file("root", check_directory);
  site.upstream =
      section.maybe("upstream", parse_upstream, "http://HOST:PORT or unix:/PATH").value_or("");
  // Better a fault than a site that answers 404 to everybody whom it has let in.
  if (!site.upstream.empty()) {
    section.fault("upstream",
                  "needs the built-in proxy, which this version does not have, expected a proxy in "
                  "front that uses /authz/");
  }
  site.allow = read_allow(section);
  if (section.list("allow").empty()) {
    for (const std::string& host : account_hosts) {
      site.allow.push_back({Admission::Kind::domain, host});
    }
  }
  read_schemes(section, site);
  site.digest_password = section.choice<DigestPassword>(
      "digest-password", {{"empty-or-transaction", DigestPassword::empty_or_transaction},
                          {"code", DigestPassword::code},
                          {"any", DigestPassword::any}});
  site.mode = read_mode(section).value_or(Mode::block);
  site.grant = section.duration("grant", Seconds{0}, most_grant);
  site.languages = read_languages(section);
  site.text_confirm = section.choice<TextConfirm>(
      "text-confirm", {{"ok", TextConfirm::ok}, {"type-code", TextConfirm::type_code}});
  return site;
}

void read_rule_path(Section& section, Rule& rule) {
  rule.exact = section.given("path-exact");
  if (rule.exact && section.given("path")) {
    section.fault("path-exact", "stands beside path, expected one of them");
  }
  rule.path = section.value(rule.exact ? "path-exact" : "path", parse_rule_path,
                            "a path that begins with / and every server reads alike");
}

Rule read_rule(Section section) {
  Rule rule;
  rule.name = section.name().substr(section.name().find('.') + 1);
  read_rule_path(section, rule);
  rule.methods = section.values(
      "method",
      [](std::string_view text) {
        return is_method(text) ? std::optional(std::string(text)) : std::nullopt;
      },
      "a method such as GET");
  rule.networks = section.values("network", Network::parse, "a network such as 10.0.0.0/8");
  rule.allow = read_allow(section);
  rule.mode = read_mode(section);
  rule.timeout = section.maybe_duration("timeout", least_timeout, most_timeout);
  rule.grant = section.maybe_duration("grant", Seconds{0}, most_grant);
  return rule;
}

Policy read_policy(Section section) {
  Policy policy;
  policy.name = section.name().substr(section.name().find('.') + 1);
  policy.allow = read_allow(section);
  policy.mode = read_mode(section);
  policy.timeout = section.maybe_duration("timeout", least_timeout, most_timeout);
  policy.grant = section.maybe_duration("grant", Seconds{0}, most_grant);
  return policy;
}

std::vector<Jid> read_group(Section section) {
  if (section.list("member").empty()) section.fault("member", "is missing, expected a JID");
  return section.values("member", parse_account, "a bare JID");
}

// A list that is wrong must not become shorter in silence, nor admit a group that does not exist.
void check_groups(Section section, const Settings& settings) {
  for (const RawValue& raw : section.list("allow")) {
    const auto admission = parse_admission(raw.text);
    if (admission && admission->kind == Admission::Kind::group &&
        !settings.groups.contains(admission->value)) {
      section.faults().add(raw,
                           "no such group, expected a section [group." + admission->value + "]");
    }
  }
}

// The next request with the same code is the one that gets in, and there is none where each is
// asked about anew.
void check_grant(Section section, Mode mode, Seconds grant) {
  if (mode != Mode::challenge || grant != Seconds{0}) return;
  section.fault("grant", "is 0 under mode = challenge and would let nobody in, expected a time");
}

void check_hosts(Section section, const Site& site, std::set<std::string>& taken) {
  for (const std::string& host : site.hosts) {
    if (!taken.insert(host).second) {
      section.fault("host", host + " stands twice, expected each host at one site");
    }
  }
}

// The number of "rule.SITE.N". Leading zeros make no second rule.
std::uint64_t number_of(const std::string& rule_name) {
  return parse_count(rule_name.substr(rule_name.rfind('.') + 1)).value();
}

void add_rule(Section section, Settings& settings) {
  Rule rule = read_rule(section);
  const std::string site_name = rule.name.substr(0, rule.name.rfind('.'));
  const auto site = std::find_if(settings.sites.begin(), settings.sites.end(),
                                 [&](const Site& s) { return s.name == site_name; });
  if (site == settings.sites.end()) {
    section.fault("path", "belongs to no site, expected a section [site." + site_name + "]");
    return;
  }
  const auto place = std::lower_bound(
      site->rules.begin(), site->rules.end(), rule,
      [](const Rule& a, const Rule& b) { return number_of(a.name) < number_of(b.name); });
  if (place != site->rules.end() && number_of(place->name) == number_of(rule.name)) {
    section.fault("path", "has the number of another rule, expected one rule for each number");
    return;
  }
  if (rule.mode || rule.grant) {
    check_grant(section, rule.mode.value_or(site->mode), rule.grant.value_or(site->grant));
  }
  site->rules.insert(place, std::move(rule));
}

}  // namespace

void read_site_sections(const Reading& reading, Settings& settings) {
  const auto each = [&](std::string_view prefix, auto&& use) {
    for (const auto& [name, values] : reading.config) {
      if (name.starts_with(prefix)) {
        use(Section(reading.config, reading.file, name, reading.faults));
      }
    }
  };
  const auto short_name = [](const Section& section) {
    return section.name().substr(section.name().find('.') + 1);
  };
  std::set<std::string> taken;
  each("group.", [&](Section s) { settings.groups.emplace(short_name(s), read_group(s)); });
  each("site.", [&](Section s) {
    settings.sites.push_back(read_site(s, settings.xmpp.hosts));
    const Site& site = settings.sites.back();
    check_hosts(s, site, taken);
    check_grant(s, site.mode, site.grant);
    check_groups(s, settings);
  });
  each("rule.", [&](Section s) {
    add_rule(s, settings);
    check_groups(s, settings);
  });
  each("policy.", [&](Section s) {
    const Policy& policy = settings.policies.emplace(short_name(s), read_policy(s)).first->second;
    if (policy.mode && policy.grant) check_grant(s, *policy.mode, *policy.grant);
    check_groups(s, settings);
  });
}

}  // namespace jidgate::program
