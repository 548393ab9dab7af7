// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0030 (Service Discovery, version 2.5): says what the units serve, and nothing else.
#include "component/xep0030_disco.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "component/reply.hpp"
#include "component/tags.hpp"

namespace jidgate::component {
namespace {

constexpr Route served[] = {{IqType::get, disco_info_ns, "query"},
                            {IqType::get, disco_items_ns, "query"}};
constexpr std::string_view advertised[] = {disco_info_ns, disco_items_ns};

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

  auto query = make_tag("query", disco_info_ns);
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

void Disco::handle(const Incoming& request, const gloox::Tag& payload, Reply reply) {
  if (payload.hasAttribute("node")) return answer_node(request, payload, std::move(reply));
  reply.result(payload.xmlns() == disco_info_ns ? describe(units_)
                                                : make_tag("query", disco_items_ns));
}

void Disco::answer_node(const Incoming& request, const gloox::Tag& query, Reply reply) {
  for (Unit* unit : units_) {
    auto described = unit->describe_node(request, query);
    if (!described) continue;
    if (const auto* error = std::get_if<StanzaError>(&*described)) return reply.fail(*error);
    return reply.result(std::get<std::unique_ptr<gloox::Tag>>(std::move(*described)));
  }
  // Section 7: <item-not-found/> where "the JID or JID+NodeID of the specified target entity does
  // not exist".
  reply.fail({"cancel", "item-not-found", {}});
}

}  // namespace jidgate::component
