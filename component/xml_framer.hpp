// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts an XML stream into its children while the octets arrive, and bounds each of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace jidgate::component {

// RFC 6120 section 13.12 forbids a stanza limit below 10,000 octets. A certificate of 16 kB is 22
// kB in base64; 64 KiB leaves room for it, its envelope and its signature.
struct XmlLimits {
  std::size_t header = 4096;      // octets of the stream header
  std::size_t stanza = 65536;     // octets
  std::size_t depth = 32;         // levels, the stanza itself included
  std::size_t elements = 1024;    // in a stanza
  std::size_t attributes = 32;    // of an element, and so many namespace declarations
  std::size_t beginning = 16384;  // octets kept of a stanza that is left out
  // The same while its own start tag has not ended: whoever asked is named in there.
  std::size_t start_tag = 512 << 10;
  std::size_t skipped =
      256 << 20;  // octets of a stanza that is left out, then the stream is given up
};

struct XmlFrame {
  enum class Kind {
    header,   // the stream's start tag
    element,  // a child, complete
    excess,   // a child beyond the limits, now over; `text` is its beginning
    end,      // the stream's end tag
    broken,
  };
  Kind kind;
  std::string text;
  std::string_view why;  // excess, broken
};

// Knows just enough of XML to find where a child ends: tags, quotes, comments, CDATA. Whether what
// it cut out is well-formed is for expat to say. It never holds more than the limits allow.
class XmlFramer {
 public:
  explicit XmlFramer(const XmlLimits& limits) : limits_(limits) {}
  // Takes octets off the front; nullopt: all are used up. Nothing may follow `end` or `broken`.
  std::optional<XmlFrame> next(std::string_view& octets);

 private:
  enum class State { text, open, start, start_slash, apos, quot, end, bang, comment, cdata, pi };

  std::optional<XmlFrame> take(char c);
  std::optional<XmlFrame> in_text(char c);
  std::optional<XmlFrame> after_open(char c);
  std::optional<XmlFrame> in_start(char c);
  std::optional<XmlFrame> after_bang(char c);
  std::optional<XmlFrame> started(bool empty);
  std::optional<XmlFrame> ended();
  void within(char c, std::string_view terminator);
  XmlFrame finish();
  void keep(char c);
  void leave_out(std::string_view why);
  XmlFrame broken(std::string_view why);

  const XmlLimits limits_;
  State state_ = State::text;
  bool header_seen_ = false;
  std::size_t depth_ = 0;     // open elements below the stream
  std::size_t elements_ = 0;  // of the present child
  std::size_t octets_ = 0;    // of the present child, or of the header
  std::string_view excess_;   // why the present child is left out; empty: it is not
  std::string mark_;          // what followed "<!", or the last octets of a comment, CDATA or PI
  std::string kept_;
};

}  // namespace jidgate::component
