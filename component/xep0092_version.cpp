// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0092 (Software Version, version 1.1).
#include "component/xep0092_version.hpp"

#include "component/reply.hpp"
#include "component/tags.hpp"

namespace jidgate::component {
namespace {

constexpr std::string_view version_ns = "jabber:iq:version";
constexpr Route served[] = {{IqType::get, version_ns, "query"}};
constexpr std::string_view advertised[] = {version_ns};

}  // namespace

std::span<const Route> Version::routes() const {
  return served;
}

std::span<const std::string_view> Version::features() const {
  return advertised;
}

// Without <os/>: it is OPTIONAL (section 2) and "may open the user or system to attacks" (section
// 5).
void Version::handle(const Incoming&, const gloox::Tag&, Reply reply) {
  auto query = make_tag("query", version_ns);
  add_child(*query, "name", {}, "jidgate");
  add_child(*query, "version", {}, version_);
  reply.result(std::move(query));
}

}  // namespace jidgate::component
