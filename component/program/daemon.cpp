// SPDX-License-Identifier: GPL-3.0-or-later
// Every part of the running daemon.
#include "component/program/daemon.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <variant>

#include "component/program/files.hpp"
#include "http/problem.hpp"

namespace jidgate::program {

namespace {

constexpr std::chrono::milliseconds stop_grace{3000};
constexpr std::chrono::milliseconds record_grace{3000};
// For what has been written all the time that the others were given.
constexpr std::chrono::milliseconds least_grace{1000};

component::StreamSettings stream_settings(const Settings& settings) {
  component::StreamSettings stream;
  stream.xmpp = settings.xmpp;
  return stream;
}

http::GateLimits front_limits(const HttpSettings& settings) {
  http::GateLimits limits;
  limits.head.head = settings.max_head;
  limits.body = settings.max_body;
  limits.connections = settings.max_connections;
  limits.connections_per_address = settings.max_connections_per_address;
  limits.uncounted = settings.trusted_proxies;
  for (const std::string_view loopback : {"127.0.0.0/8", "::1/128"}) {
    limits.uncounted.push_back(*Network::parse(loopback));
  }
  limits.workers = settings.workers;
  return limits;
}

http::GateLimits admin_limits() {
  http::GateLimits limits;
  limits.body = 0;
  limits.connections = 100;
  limits.workers = 1;
  limits.show_gauges = false;  // they are the front door's
  return limits;
}

std::shared_ptr<http::TlsContext> make_tls(const HttpSettings& settings) {
  if (settings.tls_certificate.empty()) return nullptr;
  auto made = http::TlsContext::create(settings.tls_certificate, settings.tls_key);
  if (const auto* fault = std::get_if<std::string>(&made)) throw std::runtime_error(*fault);
  return std::get<std::shared_ptr<http::TlsContext>>(std::move(made));
}

http::Reply refuse(int status, const http::Exchange& exchange) {
  return http::problem(status, exchange);
}

http::Reply farewell(const http::Exchange& exchange) {
  return http::problem(503, "shutting-down", exchange, {Seconds{5}, {}});
}

}  // namespace

Daemon::Daemon(Settings settings, const Clock& clock, Log& log)
    : clock_(clock),
      log_(log),
      rules_(std::make_shared<const Rules>(settings)),
      pool_(settings.database.url.empty()
                ? nullptr
                : std::make_unique<db::Pool>(settings.database.url, settings.database.connections,
                                             metrics_)),
      audit_(pool_ ? std::make_unique<db::AuditWriter>(*pool_, log, metrics_) : nullptr),
      endings_(clock, grants_, limits_, audit_ ? static_cast<Audit&>(*audit_) : no_audit_, log,
               metrics_),
      confirmations_(
          clock, [this](const OpenQuestion& open, Outcome outcome) { endings_(open, outcome); }),
      stream_(stream_settings(settings), read_secret_file(settings.xmpp.secret_file), log,
              metrics_),
      disco_(stream_.units()),
      version_(JIDGATE_VERSION),
      presence_(stream_),
      confirm_(stream_, confirmations_, clock, log, metrics_),
      certificates_(pool_ ? std::make_unique<CertificateService>(settings, *pool_, stream_, clock,
                                                                 log, metrics_)
                          : nullptr),
      digest_(clock),
      access_({clock, confirmations_, grants_, limits_, digest_, confirm_, log, metrics_}),
      sites_(access_, clock),
      authz_(access_, clock, log, metrics_),
      admin_(metrics_, [this] { return not_ready(); }),
      tls_(make_tls(settings.http)),
      front_gate_(
          front_limits(settings.http),
          [this](const http::Exchange& exchange) { return decide(exchange); }, refuse, log,
          metrics_),
      admin_gate_(
          admin_limits(),
          [this](const http::Exchange& exchange) -> http::Verdict {
            if (auto responder = admin_.decide(exchange)) return std::move(*responder);
            return http::Responder(
                [](const http::Exchange& unknown) { return http::problem(404, unknown); });
          },
          refuse, log, metrics_) {
  metrics_.set("build_info", 1, {{"version", JIDGATE_VERSION}});
  metrics_.watch("confirmations_pending",
                 [this] { return static_cast<double>(confirmations_.size()); });
  for (component::Unit* unit :
       {static_cast<component::Unit*>(&disco_), static_cast<component::Unit*>(&version_),
        static_cast<component::Unit*>(&ping_), static_cast<component::Unit*>(&presence_),
        static_cast<component::Unit*>(&confirm_)}) {
    stream_.add(*unit);
  }
  if (certificates_) {
    for (component::Unit* unit : certificates_->units()) stream_.add(*unit);
  }
  access_.set_gate(front_gate_);
  reloaded(true);
  adopt(settings);
}

Daemon::~Daemon() {
  stop();
}

std::shared_ptr<const Rules> Daemon::rules() const {
  return rules_.with([](const auto& rules) { return rules; });
}

void Daemon::adopt(const Settings& settings) {
  confirmations_.configure({settings.http.max_waiting, settings.confirm.per_account,
                            settings.confirm.per_address_rate.count});
  limits_.configure(settings.confirm);
  confirm_.configure(settings.confirm);
}

void Daemon::listen(http::Gate& gate, const Listen& where, std::string_view name) {
  const std::uint16_t port = gate.listen(where, where.tls ? tls_ : nullptr);
  log_.info("http.listening", {{"where", std::string(name)},
                               {"address", where.host},
                               {"port", std::to_string(port)},
                               {"tls", where.tls ? "on" : "off"}});
}

void Daemon::start() {
  const Settings& settings = rules()->settings();
  if (settings.http.admin_listen) listen(admin_gate_, *settings.http.admin_listen, "admin");
  for (const Listen& where : settings.http.listen) listen(front_gate_, where, "front");
  reload_certificate(false);
  if (audit_) audit_->start();
  stream_.start();
  admin_gate_.start();
  front_gate_.start();
}

http::Verdict Daemon::decide(const http::Exchange& exchange) {
  const auto current = rules();
  if (auto verdict = authz_.decide(exchange, current)) return std::move(*verdict);
  return sites_.decide(exchange, current);
}

std::vector<std::string> Daemon::not_ready() const {
  std::vector<std::string> reasons;
  if (!stream_.is_up()) reasons.emplace_back("xmpp: the component is not connected");
  if (audit_ && !audit_->is_up()) reasons.emplace_back("database: not reachable");
  return reasons;
}

void Daemon::apply(Settings settings) {
  if (certificates_) certificates_->configure(settings.certificates);
  adopt(settings);
  rules_.with([&](auto& rules) { rules = std::make_shared<const Rules>(std::move(settings)); });
  reload_certificate(true);
}

void Daemon::reloaded(bool success) {
  metrics_.set("config_last_reload_successful", success ? 1 : 0);
  if (!success) return;
  metrics_.set("config_last_reload_success_timestamp_seconds",
               std::chrono::duration<double>(clock_.wall().time_since_epoch()).count());
}

void Daemon::refresh() {
  reload_certificate(false);
}

void Daemon::reload_certificate(bool always) {
  if (!tls_) return;
  bool changed = always;
  const auto fault = always ? tls_->reload() : tls_->reload_if_changed(&changed);
  if (fault) {
    log_.error("tls.reload_failed", {{"why", *fault}});
    return;
  }
  if (changed) log_.info("tls.reloaded", {{"certificate", tls_->certificate_file()}});
  const auto end = std::chrono::duration<double>(tls_->not_after().time_since_epoch()).count();
  metrics_.set("tls_certificate_expiry_timestamp_seconds", end, {{"name", "http"}});
}

void Daemon::stop() {
  if (std::exchange(stopped_, true)) return;
  front_gate_.stop(farewell, stop_grace);
  // Whoever was still being asked is told that nobody waits any more.
  for (const OpenQuestion& open : confirmations_.all()) {
    if (const auto cancelled = confirmations_.cancel(open.id)) confirm_.withdraw(*cancelled);
  }
  const auto deadline = std::chrono::steady_clock::now() + record_grace;
  if (certificates_) certificates_->close(record_grace);
  if (audit_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    audit_->stop(std::max(left, least_grace));
  }
  // Now whoever still waits for the database comes back with nothing, and says so: before the link
  // goes down.
  if (certificates_) certificates_->close(record_grace);
  stream_.stop();
  admin_gate_.stop(farewell, stop_grace);
}

}  // namespace jidgate::program
