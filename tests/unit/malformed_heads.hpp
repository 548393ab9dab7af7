// SPDX-License-Identifier: GPL-3.0-or-later
// Heads that must be refused, written from the rules of RFC 9112 and RFC 9110.
#pragma once

#include <string>
#include <vector>

namespace jidgate::http {

struct MalformedHead {
  std::string name;
  std::string octets;  // enough of the message to be refused without an octet more
  int status;
};

// With the default HeadLimits, and a body limit of 65536.
std::vector<MalformedHead> malformed_heads();

}  // namespace jidgate::http
