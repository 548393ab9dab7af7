// SPDX-License-Identifier: GPL-3.0-or-later
// A gloox tag from XML, read as the component reads its stream.
#pragma once

#include <gloox/tag.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "component/xml_reader.hpp"

namespace jidgate::test {

inline std::unique_ptr<gloox::Tag> tag(std::string_view xml) {
  component::XmlReader reader({});
  reader.header(
      "<stream:stream xmlns='jabber:component:accept' "
      "xmlns:stream='http://etherx.jabber.org/streams'>");
  auto parsed = reader.element(xml);
  if (!parsed.tag) throw std::invalid_argument(std::string(parsed.why) + ": " + std::string(xml));
  return std::move(parsed.tag);
}

}  // namespace jidgate::test
