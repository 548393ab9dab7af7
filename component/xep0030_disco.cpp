// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0030 (Service Discovery, version 2.5): says what the units serve, and nothing else.
#include "component/xep0030_disco.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "component/reply.hpp"
#include "component/tags.hpp"

namespace jidgate::component {
namespace {

constexpr std::string_view info_ns = "http://jabber.org/protocol/disco#info";
constexpr std::string_view items_ns = "http://jabber.org/protocol/disco#items";
constexpr Route served[] = {{IqType::get, info_ns, "query"}, {IqType::get, items_ns, "query"}};
constexpr std::string_view advertised[] = {info_ns, items_ns};

// Section 3.1: "Every entity MUST have at least one identity". This one it has whatever is served.
constexpr Identity own_identity{"auth", "generic", "jidgate"};

std::unique_ptr<gloox::Tag> describe(const std::vector<Unit*>& units) {
  // Section 3.1: the query "MUST NOT include multiple <identity/> elements with the same
  // category+type+xml:lang but with different 'name' values".
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> identities;
  std::set<std::string_view> features;
  const auto add = [&](const Identity& identity) {
    const auto same_kind = [&](const auto& other) {
      return std::get<0>(other) == identity.category && std::get<1>(other) == identity.type;
    };
    if (std::none_of(identities.begin(), identities.end(), same_kind)) {
      identities.emplace(identity.category, identity.type, identity.name);
    }
  };
  for (const Unit* unit : units) {
    for (const Identity& identity : unit->identities()) add(identity);
    features.insert(unit->features().begin(), unit->features().end());
  }
  add(own_identity);

  auto query = make_tag("query", info_ns);
  for (const auto& [category, type, name] : identities) {
    auto& identity = add_child(*query, "identity");
    set_attribute(identity, "category", category);
    set_attribute(identity, "type", type);
    if (!name.empty()) set_attribute(identity, "name", name);
  }
  for (const std::string_view feature : features) {
    set_attribute(add_child(*query, "feature"), "var", feature);
  }
  return query;
}

}  // namespace

std::span<const Route> Disco::routes() const {
  return served;
}

std::span<const std::string_view> Disco::features() const {
  return advertised;
}

void Disco::handle(const Incoming&, const gloox::Tag& payload, Reply reply) {
  // Section 7: <item-not-found/> where "the JID or JID+NodeID of the specified target entity does
  // not exist". We have no nodes.
  if (payload.hasAttribute("node")) return reply.fail({"cancel", "item-not-found", {}});
  reply.result(payload.xmlns() == info_ns ? describe(units_) : make_tag("query", items_ns));
}

}  // namespace jidgate::component
