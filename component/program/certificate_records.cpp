// SPDX-License-Identifier: GPL-3.0-or-later
// The records of certificates for a command.
#include "component/program/certificate_records.hpp"

#include <boost/program_options/errors.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <ostream>
#include <stdexcept>

#include "component/program/values.hpp"

namespace jidgate::program {
namespace {

namespace po = boost::program_options;

std::string url_of(const DatabaseSettings& database) {
  if (database.url.empty()) throw std::runtime_error("database.url is empty: no database");
  return database.url;
}

}  // namespace

Records::Records(const Settings& settings)
    : pool(url_of(settings.database), 1, metrics),
      store(pool),
      registry(store, clock, log, metrics) {
  registry.configure(load_policy(settings.certificates));
}

CertificatePolicy load_policy(const CertificateSettings& settings) {
  CertificatePolicy policy{settings, nullptr};
  if (settings.require_ca.empty()) return policy;
  auto loaded = CertificateAuthorities::load(settings.require_ca);
  if (const auto* fault = std::get_if<std::string>(&loaded)) {
    throw std::runtime_error("certificates.require-ca: " + *fault);
  }
  policy.authorities = std::get<0>(std::move(loaded));
  return policy;
}

void describe_account(po::options_description& flags, bool required) {
  auto* value = po::value<std::string>()->value_name("JID");
  if (required) value->required();
  flags.add_options()("account", value, "the account");
}

void describe_name(po::options_description& flags) {
  flags.add_options()("name", po::value<std::string>()->required()->value_name("NAME"),
                      "the certificate's name");
}

std::optional<Jid> account_of(const Invocation& invocation) {
  if (invocation.flags.count("account") == 0) return std::nullopt;
  const auto text = invocation.flags["account"].as<std::string>();
  auto account = parse_account(text);
  if (!account) throw po::error("--account is not the bare JID of an account: " + text);
  return account;
}

int refused(const Invocation& invocation, std::string_view command, std::string_view why) {
  invocation.surroundings.err << "jidgate " << command << ": " << why << "\n";
  return exit_failed;
}

}  // namespace jidgate::program
