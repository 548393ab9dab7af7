// SPDX-License-Identifier: GPL-3.0-or-later
// From the text of one child of the stream to a gloox tag, by way of expat.
#pragma once

#include <gloox/tag.h>

#include <memory>
#include <string>
#include <string_view>

#include "component/xml_framer.hpp"

struct XML_ParserStruct;  // expat's

namespace jidgate::component {

struct XmlParsed {
  std::unique_ptr<gloox::Tag> tag;  // null: refused
  std::string_view why;             // a stable word
};

// The tree that comes out has no prefixes: every element has its local name, and an xmlns attribute
// where its namespace is not its parent's; the content namespace of the stream, and jabber:client
// in its place, are none. Attributes are the unprefixed ones and xml:*, so that `from` can only be
// the real one. Strict: well-formed with namespaces, UTF-8, no comments and no processing
// instructions (RFC 6120 section 11.1), nothing beyond the limits.
class XmlReader {
 public:
  explicit XmlReader(const XmlLimits& limits);

  // The stream's start tag, with the XML declaration if there was one. First; what it declares
  // holds for everything after it.
  XmlParsed header(std::string_view text);
  XmlParsed element(std::string_view text);
  // What can be known of an element that was refused or cut off: its start tags, without text. Null
  // when not even the first start tag can be read.
  std::unique_ptr<gloox::Tag> beginning(std::string_view text);

 private:
  const XmlLimits limits_;
  std::unique_ptr<XML_ParserStruct, void (*)(XML_ParserStruct*)> parser_;
  std::string scope_;  // a start tag with the declarations of the header
};

// Well-formed XML with namespaces: nothing else may leave, because the server would end the stream.
bool is_well_formed(std::string_view document);

}  // namespace jidgate::component
