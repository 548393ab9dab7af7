// SPDX-License-Identifier: GPL-3.0-or-later
// Frames answers with cpp-httplib. It never sees an octet that a client sent.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "http/reply.hpp"

namespace jidgate::http {

// One for each worker: not to be shared between threads.
class ReplyFramer {
 public:
  ReplyFramer();
  ~ReplyFramer();

  struct Framing {
    bool is_head = false;  // the request was HEAD: fields only
    bool keep_alive = false;
    std::chrono::seconds idle{};  // told to the client when the connection stays open
  };
  // The status line, the fields, and `body` (taken out of the reply). A file is left to the caller;
  // its length is framed here. The reply must be sendable().
  std::string frame(Reply& reply, const Framing& framing);

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

// A final status, names that are tokens, values without controls: nothing that could end a field
// early. RFC 9110 section 5.5 calls CR, LF and NUL in a value "invalid and dangerous".
bool is_sendable(const Reply& reply);

// RFC 9110 section 6.4.1: 204 and 304 end with their fields.
bool may_have_content(int status);

}  // namespace jidgate::http
