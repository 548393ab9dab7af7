// SPDX-License-Identifier: GPL-3.0-or-later
// An answer before it has been put on the wire. Doors make it; httplib_adapter.cpp sends it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jidgate::http {

// An open file that the answer's body is read from. Owns the descriptor.
class FileBody {
 public:
  FileBody() = default;
  FileBody(int descriptor, std::uint64_t offset, std::uint64_t length)
      : descriptor_(descriptor), offset_(offset), length_(length) {}
  ~FileBody();
  FileBody(FileBody&& other) noexcept;
  FileBody& operator=(FileBody&& other) noexcept;
  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  std::uint64_t offset() const { return offset_; }
  std::uint64_t length() const { return length_; }

 private:
  int descriptor_ = -1;
  std::uint64_t offset_ = 0, length_ = 0;
};

struct Reply {
  int status = 200;
  // A name may repeat (WWW-Authenticate): its values keep their order. Values are checked when they
  // are sent: one with CR, LF, NUL or another control makes the answer a 500. Date, Connection and
  // what frames the body (Content-Length …) are the gate's business: if they stand here they are
  // left out. HEAD is answered as GET is: the gate sends the length and leaves the body out.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  FileBody file;       // instead of body
  bool close = false;  // end the connection after this answer
  // Which door made it: a label of the metrics, so a literal.
  std::string_view handler;

  Reply& header(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
};

}  // namespace jidgate::http
