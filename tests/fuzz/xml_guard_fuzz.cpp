// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes component/xml_guard against expat reading the same stream in one go: the guard passes
// exactly the children that are well-formed, unrestricted and within the limits, as they are,
// however the octets are sliced.
#include <expat.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "component/xml_guard.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/xml_position.hpp"

namespace {

using namespace jidgate::component;

constexpr std::string_view content_ns = "jabber:component:accept";
constexpr std::string_view fixed_header =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
    "xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='urn:db' id='1'>";
// Small, so that inputs reach them.
constexpr XmlLimits limits{.header = 400,
                           .stanza = 300,
                           .depth = 5,
                           .elements = 12,
                           .attributes = 4,
                           .beginning = 100,
                           .start_tag = 500,
                           .skipped = 2000};

// An element without prefixes, as text.
struct Element {
  std::string xmlns, name;
  std::map<std::string, std::string> attributes;
  std::string text, children;

  std::string start() const {
    std::string dump = "<{" + xmlns + "}" + name;
    for (const auto& [key, value] : attributes) dump += " " + key + "=[" + value + "]";
    return dump + ">";
  }
  std::string dump() const { return start() + text + "|" + children + "</>"; }
};

struct Child {
  std::string start, dump;  // dump: empty, it never ended
  bool restricted = false;  // holds what XMPP does not allow
  bool excessive = false;   // beyond the limits
};

// The stream as expat reads it.
struct Reference {
  std::string header;           // its start tag; empty: none
  std::string header_ns;        // the default namespace
  std::vector<Child> children;  // the last one may be unfinished
  bool broken = false;          // something stands between the children

  explicit Reference(std::string_view stream);
  void start(const XML_Char* name, const XML_Char** attributes);
  void end();
  void stray() {
    if (open.size() < 2) {
      broken = true;
      XML_StopParser(parser.get(), XML_FALSE);
    } else {
      children.back().restricted = true;
    }
  }

  // White space between stanzas is allowed, a reference to some is not.
  bool is_reference() const {
    return octets[static_cast<std::size_t>(jidgate::test::xml_event_begin(parser.get()))] == '&';
  }

  std::string_view octets;
  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser;
  std::vector<Element> open;
  std::int64_t begin = 0;
  std::size_t elements = 0, declarations = 0;
};

Reference::Reference(std::string_view stream)
    : octets(stream), parser(XML_ParserCreateNS("UTF-8", '\x01'), &XML_ParserFree) {
  XML_SetUserData(parser.get(), this);
  XML_SetElementHandler(
      parser.get(),
      [](void* data, const XML_Char* name, const XML_Char** attributes) {
        static_cast<Reference*>(data)->start(name, attributes);
      },
      [](void* data, const XML_Char*) { static_cast<Reference*>(data)->end(); });
  XML_SetCharacterDataHandler(parser.get(), [](void* data, const XML_Char* text, int size) {
    auto* self = static_cast<Reference*>(data);
    const std::string_view piece(text, static_cast<std::size_t>(size));
    if (self->open.size() >= 2) {
      self->open.back().text += piece;
    } else if (piece.find_first_not_of(" \t\r\n") != piece.npos || self->is_reference()) {
      self->stray();
    }
  });
  XML_SetStartNamespaceDeclHandler(parser.get(),
                                   [](void* data, const XML_Char* prefix, const XML_Char* uri) {
                                     auto* self = static_cast<Reference*>(data);
                                     ++self->declarations;
                                     if (self->open.empty() && !prefix)
                                       self->header_ns = uri ? uri : "";
                                   });
  XML_SetCommentHandler(
      parser.get(), [](void* data, const XML_Char*) { static_cast<Reference*>(data)->stray(); });
  XML_SetProcessingInstructionHandler(
      parser.get(),
      [](void* data, const XML_Char*, const XML_Char*) { static_cast<Reference*>(data)->stray(); });
  XML_SetStartDoctypeDeclHandler(
      parser.get(), [](void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
        static_cast<Reference*>(data)->stray();
      });
  // Not the last piece: a stream that is cut off is no error.
  XML_Parse(parser.get(), stream.data(), static_cast<int>(stream.size()), XML_FALSE);
}

void Reference::start(const XML_Char* name, const XML_Char** attributes) {
  const auto split = [](std::string_view text) {
    const auto at = text.find('\x01');
    return at == text.npos
               ? std::pair(std::string(), std::string(text))
               : std::pair(std::string(text.substr(0, at)), std::string(text.substr(at + 1)));
  };
  Element element;
  std::tie(element.xmlns, element.name) = split(name);
  const std::string parent = open.size() > 1 ? open.back().xmlns : std::string(content_ns);
  if (element.xmlns == "jabber:client" && parent == content_ns) element.xmlns = content_ns;
  std::size_t count = 0;
  for (; *attributes; attributes += 2) {
    ++count;
    auto [xmlns, local] = split(attributes[0]);
    if (xmlns == "http://www.w3.org/XML/1998/namespace") local = "xml:" + local;
    if (xmlns.empty() || local.starts_with("xml:")) element.attributes[local] = attributes[1];
  }
  if (open.empty()) {
    header = element.start();
  } else {
    if (open.size() == 1) {
      // Of a start tag that is beyond the limits itself the guard keeps who asks whom.
      Element beginning = element;
      if (count > limits.attributes || declarations > limits.attributes) {
        std::erase_if(beginning.attributes, [](const auto& attribute) {
          const std::string& key = attribute.first;
          return key != "from" && key != "to" && key != "id" && key != "type";
        });
      }
      children.emplace_back().start = beginning.start();
      begin = jidgate::test::xml_event_begin(parser.get());
      elements = 0;
    }
    Child& child = children.back();
    if (++elements > limits.elements || open.size() > limits.depth || count > limits.attributes ||
        declarations > limits.attributes) {
      child.excessive = true;
    }
    if (element.xmlns.empty() && open.size() <= 2) child.restricted = true;
    if (element.xmlns == "http://www.w3.org/XML/1998/namespace") child.restricted = true;
  }
  declarations = 0;
  open.push_back(std::move(element));
}

void Reference::end() {
  const Element element = std::move(open.back());
  open.pop_back();
  if (open.empty()) {
    XML_StopParser(parser.get(), XML_FALSE);
  } else if (open.size() > 1) {
    open.back().children += element.dump();
  } else {
    const std::int64_t after = jidgate::test::xml_event_end(parser.get());
    children.back().dump = element.dump();
    if (after - begin > static_cast<std::int64_t>(limits.stanza)) children.back().excessive = true;
  }
}

Element element_of(const gloox::Tag& tag, const std::string& parent_ns) {
  Element element;
  element.name = tag.name();
  element.xmlns = tag.hasAttribute("xmlns") ? tag.findAttribute("xmlns") : parent_ns;
  REQUIRE(element.xmlns.empty() || element.xmlns != parent_ns || !tag.hasAttribute("xmlns"));
  REQUIRE(tag.prefix().empty());
  for (const auto* attribute : tag.attributes()) {
    REQUIRE(attribute->prefix().empty());
    if (attribute->name() == "xmlns") continue;
    REQUIRE(element.attributes.emplace(attribute->name(), attribute->value()).second);
  }
  element.text = tag.cdata();
  for (const gloox::Tag* child : tag.children()) {
    element.children += element_of(*child, element.xmlns).dump();
  }
  return element;
}

struct Event {
  XmlEvent::Kind kind;
  std::string start, dump, why;
  bool operator==(const Event&) const = default;
};

std::vector<Event> guarded(std::string_view stream, std::size_t slice) {
  XmlGuard guard(limits);
  std::vector<Event> events;
  while (!stream.empty()) {
    std::string_view piece = stream.substr(0, slice);
    stream.remove_prefix(piece.size());
    while (const auto event = guard.next(piece)) {
      Event& seen = events.emplace_back();
      seen.kind = event->kind;
      seen.why = event->why;
      if (!event->tag) continue;
      const bool header = event->kind == XmlEvent::Kind::header;
      const Element element = element_of(*event->tag, header ? "" : std::string(content_ns));
      seen.start = element.start();
      seen.dump = element.dump();
      // What gloox would send of it is XML again.
      REQUIRE(is_well_formed(event->tag->xml()));
    }
    REQUIRE(piece.empty() || events.back().kind == XmlEvent::Kind::end ||
            events.back().kind == XmlEvent::Kind::broken);
  }
  return events;
}

void compare(const std::vector<Event>& events, const Reference& reference) {
  using Kind = XmlEvent::Kind;
  if (events.empty() || events[0].kind != Kind::header) {
    for (const Event& event : events) REQUIRE(event.kind == Kind::broken);
    return;
  }
  REQUIRE(events[0].start == reference.header);
  REQUIRE(reference.header_ns == content_ns);
  for (std::size_t i = 1; i < events.size(); ++i) {
    const Event& event = events[i];
    // Beyond what expat could follow, the guard may only leave out.
    const bool known = i - 1 < reference.children.size();
    const Child* child = known ? &reference.children[i - 1] : nullptr;
    switch (event.kind) {
      case Kind::header:
        REQUIRE(i == 0);  // only one
        break;
      case Kind::stanza:
        REQUIRE(child && event.dump == child->dump);
        REQUIRE(!child->restricted && !child->excessive);
        break;
      case Kind::dropped:
        if (!child || child->dump.empty()) return;  // not well-formed; the two part here
        REQUIRE(child->restricted || child->excessive);
        REQUIRE(event.start.empty() || event.start == child->start);
        break;
      case Kind::end:  // of whatever name: the stream is over
      case Kind::broken:
        REQUIRE(!child || child->dump.empty());
        break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size == 0) return 0;
  std::string stream(octets[0] % 2 == 0 ? fixed_header : std::string_view());
  stream.append(reinterpret_cast<const char*>(octets + 1), size - 1);
  const auto events = guarded(stream, stream.size());
  REQUIRE(events == guarded(stream, 1));
  REQUIRE(events == guarded(stream, 2 + octets[0] / 2));
  compare(events, Reference(stream));
  return 0;
}
