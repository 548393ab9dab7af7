// SPDX-License-Identifier: GPL-3.0-or-later
// The head of a request, read strictly (RFC 9112). Nothing unusual is repaired: it is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jidgate::http {

struct Field {
  std::string name;   // as sent
  std::string value;  // trimmed, otherwise raw: never decoded
};

struct Head {
  std::string method;  // any token, case kept
  std::string target;
  int minor_version = 1;  // HTTP/1.x
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;

  std::size_t count(std::string_view name) const;  // case-insensitive, exact name
  // The value of a field that stands exactly once; nullopt when absent or repeated.
  std::optional<std::string_view> only(std::string_view name) const;
};

struct HeadLimits {
  std::size_t head = 16384;
  std::size_t fields = 100;
  std::size_t target = 8000;
  std::size_t method = 64;
};

// What parse_head() found at the start of `input`.
struct HeadResult {
  int status = 0;        // 0: more octets wanted; 200: complete; else the error to answer and close
  std::size_t used = 0;  // octets of the head, when complete
};
// The answer does not depend on how the octets arrived: when some prefix of `input` is refused,
// `input` is refused with the same status. After an error `head` holds what was read before it.
// CONNECT is refused with 501.
HeadResult parse_head(std::string_view input, Head& head, const HeadLimits& limits = {});

// Whether the octets of `input` from `seen` on may complete the head or hold something to refuse at
// once: the end of a line, or a control character. Otherwise parsing again can wait for more.
bool may_decide_head(std::string_view input, std::size_t seen);

}  // namespace jidgate::http
