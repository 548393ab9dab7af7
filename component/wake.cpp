// SPDX-License-Identifier: GPL-3.0-or-later
// Wakes a thread that sits in poll().
#include "component/wake.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace jidgate::component {

Wake::Wake() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Wake::~Wake() {
  ::close(descriptor_);
}

void Wake::signal() noexcept {
  // Fails only when 2^64 - 2 signals wait already: then the reader is awake anyway.
  [[maybe_unused]] const int result = ::eventfd_write(descriptor_, 1);
}

void Wake::drain() noexcept {
  eventfd_t count = 0;
  [[maybe_unused]] const int result = ::eventfd_read(descriptor_, &count);  // EAGAIN: no signal
}

void Wake::wait(std::chrono::milliseconds longest) noexcept {
  pollfd waiting{descriptor_, POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(longest.count())) > 0) drain();
}

}  // namespace jidgate::component
