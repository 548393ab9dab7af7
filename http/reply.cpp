// SPDX-License-Identifier: GPL-3.0-or-later
// The descriptor of an answer's file.
#include "http/reply.hpp"

#include <unistd.h>

namespace jidgate::http {

FileBody::~FileBody() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileBody::FileBody(FileBody&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      offset_(other.offset_),
      length_(other.length_) {}

FileBody& FileBody::operator=(FileBody&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(offset_, other.offset_);
  std::swap(length_, other.length_);
  return *this;
}

}  // namespace jidgate::http
