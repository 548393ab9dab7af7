// SPDX-License-Identifier: GPL-3.0-or-later
// The sections of the configuration, each read into its part of Settings.
#pragma once

#include <string>

#include "component/program/raw_config.hpp"
#include "core/settings.hpp"

namespace jidgate::program {

// What every reader needs.
struct Reading {
  const RawConfig& config;
  const std::string& file;
  Faults& faults;
};

// [xmpp] [database] [http] [confirm] [log]
void read_daemon_sections(const Reading& reading, Settings& settings);
// [site.*] [rule.*] [policy.*] [group.*]; after the daemon's, whose hosts are the default of allow.
void read_site_sections(const Reading& reading, Settings& settings);
// [certificates] [posh.*]
void read_record_sections(const Reading& reading, Settings& settings);

}  // namespace jidgate::program
