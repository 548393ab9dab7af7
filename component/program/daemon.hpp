// SPDX-License-Identifier: GPL-3.0-or-later
// Every part of the running daemon, made and joined in one place.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "component/program/certificate_service.hpp"
#include "component/rfc6121_presence.hpp"
#include "component/stream.hpp"
#include "component/xep0030_disco.hpp"
#include "component/xep0070_confirm.hpp"
#include "component/xep0092_version.hpp"
#include "component/xep0199_ping.hpp"
#include "core/clock.hpp"
#include "core/confirmations.hpp"
#include "core/endings.hpp"
#include "core/grants.hpp"
#include "core/limits.hpp"
#include "core/locked.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/rules.hpp"
#include "core/settings.hpp"
#include "db/audit_writer.hpp"
#include "db/pool.hpp"
#include "http/access.hpp"
#include "http/admin_door.hpp"
#include "http/authz_door.hpp"
#include "http/gate.hpp"
#include "http/site_door.hpp"
#include "http/tls.hpp"

namespace jidgate::program {

// Main thread.
class Daemon {
 public:
  // Throws std::runtime_error or std::system_error when a part cannot be made: at start every fault
  // is fatal.
  Daemon(Settings settings, const Clock& clock, Log& log);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start();
  // Takes over what can change without a restart; no waiting request is dropped.
  void apply(Settings settings);
  // For the metrics: how the last reload ended.
  void reloaded(bool success);
  // Certificates that were renewed meanwhile. Called now and then.
  void refresh();
  // Listeners closed at once, waiters answered, questions withdrawn, the record written.
  void stop();

 private:
  std::shared_ptr<const Rules> rules() const;
  void adopt(const Settings& settings);
  void reload_certificate(bool always);
  http::Verdict decide(const http::Exchange& exchange);
  std::vector<std::string> not_ready() const;
  void listen(http::Gate& gate, const Listen& where, std::string_view name);

  const Clock& clock_;
  Log& log_;
  Metrics metrics_;
  Locked<std::shared_ptr<const Rules>> rules_;

  std::unique_ptr<db::Pool> pool_;  // null: no database is configured
  std::unique_ptr<db::AuditWriter> audit_;
  NullAudit no_audit_;
  Grants grants_;
  Limits limits_;
  Endings endings_;
  Confirmations confirmations_;

  component::Stream stream_;
  component::Disco disco_;
  component::Version version_;
  component::Ping ping_;
  component::Presence presence_;
  component::ConfirmUnit confirm_;
  // Null: no database is configured. Its threads end with it, which audit_ has closed the pool for.
  std::unique_ptr<CertificateService> certificates_;

  http::DigestAuthority digest_;
  http::Access access_;
  http::SiteDoor sites_;
  http::AuthzDoor authz_;
  http::AdminDoor admin_;
  std::shared_ptr<http::TlsContext> tls_;  // null: no listener speaks TLS
  http::Gate front_gate_;
  http::Gate admin_gate_;
  bool stopped_ = false;
};

}  // namespace jidgate::program
