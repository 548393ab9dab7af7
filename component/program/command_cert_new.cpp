// SPDX-License-Identifier: GPL-3.0-or-later
// `jidgate cert new`: a key and a certificate for it, in files of their own. Registers nothing.
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <ostream>

#include "component/program/command.hpp"
#include "component/program/files.hpp"
#include "core/certificate_maker.hpp"
#include "core/clock.hpp"
#include "core/text.hpp"

namespace jidgate::program {
namespace {

namespace po = boost::program_options;

constexpr unsigned longest_validity = 3650;  // days
constexpr std::size_t passphrase_octets = 15;

}  // namespace

void describe_cert_new(po::options_description& flags) {
  auto add = flags.add_options();
  add("name", po::value<std::string>()->default_value("")->value_name("NAME"),
      "the certificate's common name instead of the JID");
  add("days", po::value<unsigned>()->default_value(365)->value_name("N"), "how long it is valid");
  add("key", po::value<std::string>()->default_value("rsa")->value_name("KIND"),
      "rsa (4096 bits) or ec (P-256)");
  add("out", po::value<std::string>()->default_value(".")->value_name("DIR"), "where to");
  add("pkcs12", "also both in one encrypted file, and its passphrase printed");
  add("jid", po::value<std::string>()->required()->value_name("JID"),
      "the account; with a resource the certificate is for that one only");
}

int run_cert_new(Invocation invocation) {
  std::ostream &out = invocation.surroundings.out, &err = invocation.surroundings.err;
  const auto text = [&](const char* flag) { return invocation.flags[flag].as<std::string>(); };
  const auto usage = [&](std::string_view what) {
    err << "jidgate cert new: " << what << "\n";
    return int{exit_usage};
  };
  const auto jid = Jid::parse(text("jid"));
  if (!jid || !jid->is_account()) return usage("that is no JID of an account");
  const auto days = invocation.flags["days"].as<unsigned>();
  if (days < 1 || days > longest_validity) return usage("--days is not between 1 and 3650");
  if (text("key") != "rsa" && text("key") != "ec") return usage("--key is neither rsa nor ec");
  if (!is_plain_line(text("name"))) return usage("--name is not one line of text");

  const std::string path = (std::filesystem::path(text("out")) / jid->bare().to_string()).string();
  const std::string key = path + ".key", certificate = path + ".crt", both = path + ".p12";
  const bool pkcs12 = invocation.flags.count("pkcs12") != 0;
  // Before the key is made: that may take seconds.
  for (const std::string& file : {key, certificate, both}) {
    if (std::filesystem::exists(file) && (pkcs12 || file != both)) {
      err << "jidgate cert new: " << file << " is there already\n";
      return exit_failed;
    }
  }
  const MadeCertificate made =
      make_certificate({*jid, text("name"), std::chrono::days(days),
                        text("key") == "ec" ? KeyKind::p_256 : KeyKind::rsa_4096},
                       SystemClock().wall());
  write_new_file(key, made.key_pem.reveal(), 0600);
  write_new_file(certificate, made.certificate_pem, 0644);
  out << key << "\n" << certificate << "\n";
  if (pkcs12) {
    const Secret passphrase(base64url_encode(random_octets(passphrase_octets)));
    write_new_file(both, to_pkcs12(made, passphrase, jid->to_string()), 0600);
    out << both << "\npassphrase: " << passphrase.reveal() << "\n";
  }
  return exit_done;
}

}  // namespace jidgate::program
