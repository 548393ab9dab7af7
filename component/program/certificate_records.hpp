// SPDX-License-Identifier: GPL-3.0-or-later
// The records of certificates for a command: a connection of its own to the database.
#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include "component/program/command.hpp"
#include "core/certificate_registry.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "db/certificate_store.hpp"
#include "db/pool.hpp"

namespace jidgate::program {

struct Records {
  // Throws std::runtime_error when there is no database, or the policy's file cannot be read.
  explicit Records(const Settings& settings);

  NullLog log;
  Metrics metrics;
  SystemClock clock;
  db::Pool pool;
  db::CertificateStore store;
  CertificateRegistry registry;
};

// The policy of the settings, its authorities loaded. Throws std::runtime_error.
CertificatePolicy load_policy(const CertificateSettings& settings);

// --account as the bare JID of an account, and --name. Throw boost::program_options::error.
void describe_account(boost::program_options::options_description& flags, bool required);
void describe_name(boost::program_options::options_description& flags);
std::optional<Jid> account_of(const Invocation& invocation);

// Tells why on the error stream; the exit status.
int refused(const Invocation& invocation, std::string_view command, std::string_view why);

}  // namespace jidgate::program
