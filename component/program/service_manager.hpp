// SPDX-License-Identifier: GPL-3.0-or-later
// What the daemon tells systemd (sd_notify). Without systemd all of it does nothing.
#pragma once

#include <chrono>
#include <optional>

namespace jidgate::program {

void notify_ready();
void notify_reloading();
void notify_stopping();
void notify_alive();  // the watchdog
// How often notify_alive() is wanted; nullopt: never.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace jidgate::program
