// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that manages certificates in the running daemon.
#include "component/program/certificate_service.hpp"

#include "component/program/certificate_records.hpp"

namespace jidgate::program {
namespace {

constexpr std::size_t most_waiting = 1000;  // requests for one thread

}  // namespace

CertificateService::CertificateService(const Settings& settings, db::Pool& pool,
                                       component::Stream& stream, const Clock& clock, Log& log,
                                       Metrics& metrics)
    : store_(pool, &log),
      registry_(store_, clock, log, metrics),
      strands_("db", settings.database.connections, most_waiting),
      host_(stream, clock, log),
      guard_(host_, registry_, strands_),
      certificates_(settings.xmpp.hosts, registry_, guard_, host_, strands_, stream, log),
      delegation_(settings.xmpp.hosts, stream.units(), host_, log),
      commands_({registry_, store_, guard_, strands_, log}, settings.xmpp),
      command_unit_(stream, commands_.commands(), clock, metrics),
      care_(stream, store_, strands_, clock, log, metrics),
      ender_(settings.xmpp.hosts, stream, host_, store_, strands_, clock, log),
      listener_(
          settings.database.url, [this] { ender_.wake(); }, log, metrics) {
  configure(settings.certificates);
  registry_.on_added([this](const Jid&, const std::string&) { care_.wake(); });
  // Faster than the listener, and while it does not listen.
  registry_.on_revoked([this](const Jid&, const std::string&) { ender_.wake(); });
}

CertificateService::~CertificateService() {
  // What is still being done needs all the others.
  listener_.stop();
  strands_.stop();
}

std::vector<component::Unit*> CertificateService::units() {
  return {&host_, &certificates_, &delegation_, &command_unit_, &care_, &ender_};
}

void CertificateService::close(std::chrono::milliseconds patience) {
  listener_.stop();
  strands_.close(patience);
}

void CertificateService::configure(const CertificateSettings& settings) {
  registry_.configure(load_policy(settings));
  care_.configure(settings);
}

}  // namespace jidgate::program
