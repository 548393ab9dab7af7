// SPDX-License-Identifier: GPL-3.0-or-later
// `jidgate cert add`, `cert disable` and `cert revoke`.
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <fstream>
#include <ostream>

#include "component/program/certificate_records.hpp"
#include "component/program/command.hpp"
#include "core/text.hpp"

namespace jidgate::program {
namespace {

namespace po = boost::program_options;

constexpr std::size_t longest_input = 65536;  // PEM with some text around it

std::string read_input(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(longest_input + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !(file.eof() || file)) throw std::runtime_error(path + ": cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > longest_input) throw std::runtime_error(path + ": is too long");
  return text;
}

int end(const Invocation& invocation, std::string_view command, CertificateStore::End how) {
  Records records(invocation.settings);
  const auto ended = records.registry.end(account_of(invocation).value(),
                                          invocation.flags["name"].as<std::string>(), how);
  if (const auto* why = std::get_if<CertificateRefusal>(&ended)) {
    return refused(invocation, command, why->text);
  }
  invocation.surroundings.out << hex_encode(std::get<std::string>(ended)) << "\n";
  return exit_done;
}

}  // namespace

void describe_cert_add(po::options_description& flags) {
  describe_account(flags, true);
  describe_name(flags);
  flags.add_options()("no-cert-management",
                      "sessions that log in with it may not manage certificates");
  flags.add_options()("file", po::value<std::string>()->required()->value_name("FILE"),
                      "the certificate, PEM or DER");
}

int run_cert_add(Invocation invocation) {
  const auto account = account_of(invocation).value();
  const auto input = read_input(invocation.flags["file"].as<std::string>());
  Records records(invocation.settings);
  const auto added = records.registry.add(account, invocation.flags["name"].as<std::string>(),
                                          input, invocation.flags.count("no-cert-management") == 0);
  if (const auto* why = std::get_if<CertificateRefusal>(&added)) {
    return refused(invocation, "cert add", why->text);
  }
  invocation.surroundings.out << hex_encode(std::get<Certificate>(added).fingerprint) << "\n";
  return exit_done;
}

void describe_cert_end(po::options_description& flags) {
  describe_account(flags, true);
  describe_name(flags);
}

int run_cert_disable(Invocation invocation) {
  return end(invocation, "cert disable", CertificateStore::End::disable);
}

int run_cert_revoke(Invocation invocation) {
  return end(invocation, "cert revoke", CertificateStore::End::revoke);
}

}  // namespace jidgate::program
