// SPDX-License-Identifier: GPL-3.0-or-later
// What the daemon tells systemd.
#include "component/program/service_manager.hpp"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <string>

namespace jidgate::program {

void notify_ready() {
  sd_notify(0, "READY=1");
}

void notify_reloading() {
  // Type=notify-reload wants the monotonic time beside it, so that it can tell one reload from
  // another.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds.count())).c_str());
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1");
}
void notify_alive() {
  sd_notify(0, "WATCHDOG=1");
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  // "half of the time": sd_watchdog_enabled(3).
  return std::chrono::microseconds(microseconds / 2);
}

}  // namespace jidgate::program
