// SPDX-License-Identifier: GPL-3.0-or-later
// Which site and rule a request falls under, and whom the rule admits. Immutable after it is made:
// a reload makes a new one and swaps the shared_ptr.
//
// How rules are matched, first match wins:
//  * `path` is a prefix that ends at a segment's end: "/admin" covers "/admin" and "/admin/…" but
//    not "/administrator"; "/public/" covers "/public/…" but not "/public". `path-exact` covers
//    that one path. Case counts: behind an application that ignores it, make the site's own values
//    the strict ones.
//  * `method` is compared by case (RFC 9110 section 9.1): "get" is another method than "GET".
//  * a path that a server behind us may read otherwise (RulePath::ambiguous) gets no bypass. Each
//    other rule that covers this method and asker may be the one that was meant, and so may the
//    site's own values: all their allow-lists must admit the account, it is asked each time, and
//    the request waits.
// A site without `allow` admits the accounts of the [xmpp] hosts, and nobody else.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/settings.hpp"
#include "core/target.hpp"

namespace jidgate {

// What was decided for one request. Pointers live as long as the Rules.
struct Ruling {
  const Site* site = nullptr;
  Mode mode = Mode::block;
  Seconds timeout{50};
  bool timeout_is_own = false;  // the rule or policy names one, so door caps do not apply
  Seconds grant{300};
  std::string_view rule;  // its name, or the site's
  // Each list has to admit the account. More than one only where the path is ambiguous.
  std::vector<std::span<const Admission>> allow;
  bool strictest = false;  // an ambiguous path: no bypass, every rule's allow-list at once
};

class Rules {
 public:
  explicit Rules(Settings settings);

  const Settings& settings() const { return settings_; }
  // The site that serves this host (A-label, lower case), or null.
  const Site* site_for(std::string_view host) const;
  const Policy* policy(std::string_view name) const;
  Ruling decide(const Site& site, const RulePath& path, std::string_view method,
                const Address& asker) const;
  // The same under a policy: its allow-list takes the place of the rule's, as do its mode and
  // times, each where the policy has one. An ambiguous path is still no bypass and asked each time,
  // and the policy's list admits nobody there whom the others do not.
  Ruling decide(const Site& site, const RulePath& path, std::string_view method,
                const Address& asker, const Policy& policy) const;
  // Whether every list admits the account. A JID without a local part is never admitted.
  bool admits(const Ruling& ruling, const Jid& jid) const;

 private:
  bool admits(const Admission& admission, const Jid& account, const std::string& bare) const;

  Settings settings_;
  std::unordered_map<std::string, std::size_t> site_of_host_;  // index into settings_.sites
  std::unordered_map<std::string, std::unordered_set<std::string>> members_;  // of groups
};

}  // namespace jidgate
