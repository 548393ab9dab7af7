// SPDX-License-Identifier: GPL-3.0-or-later
// The one answer to one IQ request.
#include "component/reply.hpp"

#include <exception>
#include <utility>

#include "component/tags.hpp"

namespace jidgate::component {
namespace {
constexpr std::string_view stanzas_ns = "urn:ietf:params:xml:ns:xmpp-stanzas";
}

std::unique_ptr<gloox::Tag> make_error(const StanzaError& error) {
  auto tag = make_tag("error");
  set_attribute(*tag, "type", error.type);
  add_child(*tag, error.condition, stanzas_ns);
  if (!error.text.empty()) {
    set_attribute(add_child(*tag, "text", stanzas_ns, error.text), "xml:lang", error.language);
  }
  if (!error.specific.empty()) add_child(*tag, error.specific, error.specific_xmlns);
  return tag;
}

Reply::Reply(std::shared_ptr<ReplySink> sink, std::string asker, std::string asked, std::string id)
    : sink_(std::move(sink)),
      asker_(std::move(asker)),
      asked_(std::move(asked)),
      id_(std::move(id)) {}

Reply::~Reply() {
  if (!sink_) return;
  try {
    fail({"cancel", "internal-server-error", {}});
  } catch (const std::exception&) {
    // Only memory can have run out here, and a destructor has nobody to tell.
  }
}

Reply& Reply::operator=(Reply&& other) noexcept {
  Reply dying(std::move(other));
  std::swap(sink_, dying.sink_);
  std::swap(asker_, dying.asker_);
  std::swap(asked_, dying.asked_);
  std::swap(id_, dying.id_);
  return *this;
}

void Reply::result(std::unique_ptr<gloox::Tag> payload) {
  send("result", std::move(payload));
}

void Reply::fail(const StanzaError& error, std::unique_ptr<gloox::Tag> request) {
  if (request) return send("error", std::move(request), make_error(error));
  send("error", make_error(error));
}

void Reply::send(std::string_view type, std::unique_ptr<gloox::Tag> child,
                 std::unique_ptr<gloox::Tag> second) {
  if (!sink_) return;
  auto stanza = make_stanza("iq", asked_, asker_, type);
  // "The response MUST preserve the 'id' attribute of the request (or be empty if the generated
  // stanza did not include an 'id' attribute)."
  set_attribute(*stanza, "id", id_);
  if (child) stanza->addChild(child.release());
  if (second) stanza->addChild(second.release());
  std::exchange(sink_, nullptr)->deliver(std::move(stanza));
}

}  // namespace jidgate::component
