// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the server's stream strictly and in bounds, before gloox sees anything of it.
#pragma once

#include <gloox/tag.h>

#include <memory>
#include <optional>
#include <string_view>

#include "component/xml_framer.hpp"
#include "component/xml_reader.hpp"

namespace jidgate::component {

struct XmlEvent {
  enum class Kind {
    header,   // the stream is open; `tag` is <stream:stream/>
    stanza,   // `tag` is one complete child of the stream
    dropped,  // a child was left out, the stream goes on; `tag` is what its beginning says, or null
    end,      // </stream:stream>
    broken,   // the stream cannot be followed any further
  };
  Kind kind;
  std::unique_ptr<gloox::Tag> tag;
  std::string_view why;  // dropped, broken: a stable word
};

// gloox's parser is no XML processor: it takes a prefixed e:from for from, accepts what is not
// well-formed, and dies of depth. So the stream is cut into its children while the bytes arrive
// (XmlFramer), each child is bounded and parsed by expat (XmlReader), and gloox gets the finished
// tree, without prefixes. One guard serves one connection. No threads, no input or output.
class XmlGuard {
 public:
  explicit XmlGuard(XmlLimits limits = {}) : framer_(limits), reader_(limits) {}

  // Takes octets off the front of `octets` until something has happened; nullopt: all are used up.
  // After `end` or `broken` nothing follows.
  std::optional<XmlEvent> next(std::string_view& octets);

 private:
  XmlFramer framer_;
  XmlReader reader_;
  bool over_ = false;
};

}  // namespace jidgate::component
