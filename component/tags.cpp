// SPDX-License-Identifier: GPL-3.0-or-later
// Making gloox tags without losing anything.
#include "component/tags.hpp"

#include <stdexcept>
#include <string>

#include "core/text.hpp"

namespace jidgate::component {
namespace {

std::string checked(std::string_view text) {
  if (!is_xml_text(text)) throw std::invalid_argument("text that may not stand in XML");
  return std::string(text);
}

void set_namespace(gloox::Tag& tag, std::string_view xmlns) {
  if (!xmlns.empty()) tag.setXmlns(checked(xmlns));
}

}  // namespace

std::unique_ptr<gloox::Tag> make_tag(std::string_view name, std::string_view xmlns) {
  auto tag = std::make_unique<gloox::Tag>(checked(name));
  set_namespace(*tag, xmlns);
  return tag;
}

void set_attribute(gloox::Tag& tag, std::string_view name, std::string_view value) {
  tag.removeAttribute(std::string(name));
  // The attribute is made first because addAttribute(name, value) ignores an empty value. The tag
  // takes it.
  tag.addAttribute(new gloox::Tag::Attribute(checked(name), checked(value)));
}

gloox::Tag& add_child(gloox::Tag& parent, std::string_view name, std::string_view xmlns,
                      std::string_view text) {
  auto child = make_tag(name, xmlns);
  if (!text.empty()) child->setCData(checked(text));
  gloox::Tag& added = *child;
  parent.addChild(child.release());
  return added;
}

std::string namespace_of(const gloox::Tag& tag) {
  const gloox::Tag* declares = &tag;
  while (!declares->hasAttribute("xmlns") && declares->parent()) declares = declares->parent();
  return declares->findAttribute("xmlns");
}

std::unique_ptr<gloox::Tag> make_stanza(std::string_view kind, std::string_view from,
                                        std::string_view to, std::string_view type) {
  auto stanza = make_tag(kind);
  set_attribute(*stanza, "from", from);
  set_attribute(*stanza, "to", to);
  if (!type.empty()) set_attribute(*stanza, "type", type);
  return stanza;
}

}  // namespace jidgate::component
