// SPDX-License-Identifier: GPL-3.0-or-later
// The body of a request, taken off the connection strictly and within bounds (RFC 9112 sections 6
// and 7), so that none of its octets can ever be read as another request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.hpp"

namespace jidgate::http {

class BodyReader {
 public:
  BodyReader() = default;  // no body
  // As the head frames it. At most `limit` octets of content are taken.
  BodyReader(const Head& head, std::uint64_t limit);

  // Moves what belongs to the body from the front of `input` to the end of `body`; what is behind
  // the body stays. 0: more octets wanted; 200: the body is complete; else the error to answer
  // before the connection is closed (400, 413).
  int feed(std::string& input, std::string& body);
  bool is_complete() const { return state_ == State::complete; }

 private:
  enum class State : std::uint8_t {
    content,  // of a body with Content-Length, or of one chunk
    size,
    size_padding,
    extension,
    size_end,
    content_end,
    content_end_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_end,
    last_end,
    complete,
    failed,
  };
  int step(char c);
  int size_digit(char c);
  bool may_go_on_wasting();
  int chunk_begins();

  State state_ = State::complete;
  bool chunked_ = false;
  bool has_digit_ = false;  // whether the size line has one by now
  std::uint8_t trailers_ = 0;
  std::uint16_t line_ = 0;       // octets of the size line that do not tell the size
  std::uint32_t overhead_ = 0;   // those of all size lines, and of the trailers
  std::uint64_t remaining_ = 0;  // of the content or the chunk
  std::uint64_t room_ = 0;       // under the limit
};

}  // namespace jidgate::http
