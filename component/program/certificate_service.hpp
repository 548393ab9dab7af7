// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that manages certificates in the running daemon, where there is a database for them.
#pragma once

#include <chrono>
#include <vector>

#include "component/certificate_care.hpp"
#include "component/certificate_commands.hpp"
#include "component/host_module.hpp"
#include "component/session_ender.hpp"
#include "component/session_guard.hpp"
#include "component/stream.hpp"
#include "component/xep0050_commands.hpp"
#include "component/xep0257_certificates.hpp"
#include "component/xep0355_delegation.hpp"
#include "core/certificate_registry.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/settings.hpp"
#include "core/strands.hpp"
#include "db/certificate_store.hpp"
#include "db/listener.hpp"
#include "db/pool.hpp"

namespace jidgate::program {

// Main thread.
class CertificateService {
 public:
  // Throws std::runtime_error when the authorities cannot be read.
  CertificateService(const Settings& settings, db::Pool& pool, component::Stream& stream,
                     const Clock& clock, Log& log, Metrics& metrics);
  ~CertificateService();

  std::vector<component::Unit*> units();
  // After a reload. Throws as the constructor, and changes nothing then.
  void configure(const CertificateSettings& settings);
  // Takes nothing more, and answers what was taken, as far as that is possible in this time.
  void close(std::chrono::milliseconds patience);

 private:
  db::CertificateStore store_;
  CertificateRegistry registry_;
  Strands strands_;
  component::HostModule host_;
  component::SessionGuard guard_;
  component::Certificates certificates_;
  component::Delegation delegation_;
  component::CertificateCommands commands_;
  component::CommandsUnit command_unit_;
  component::CertificateCare care_;
  component::SessionEnder ender_;
  db::Listener listener_;
};

}  // namespace jidgate::program
