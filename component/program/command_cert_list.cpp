// SPDX-License-Identifier: GPL-3.0-or-later
// `jidgate cert list` and `cert show`: what is registered.
#include <unistd.h>

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>

#include "component/program/certificate_records.hpp"
#include "component/program/command.hpp"
#include "core/date_text.hpp"
#include "core/text.hpp"

namespace jidgate::program {
namespace {

namespace po = boost::program_options;

constexpr std::size_t progress_step = 10000;

// A person at a terminal sees the lines themselves.
bool wants_progress() {
  return ::isatty(STDERR_FILENO) != 0 && ::isatty(STDOUT_FILENO) == 0;
}

// The columns of the view `certificates`.
nlohmann::ordered_json to_json(const CertificateRecord& record) {
  nlohmann::ordered_json json = {
      {"account", record.account},
      {"name", record.name},
      {"sha256", hex_encode(record.fingerprint)},
      {"subject", record.subject},
      {"xmpp_addresses", record.xmpp_addresses},
      {"key", record.key},
      {"not_before", date_text(record.not_before)},
      {"not_after", date_text(record.not_after)},
      {"can_manage", record.can_manage},
      {"state", to_string(record.state)},
      {"added_at", date_text(record.added_at)},
      {"ended_at", nullptr},
  };
  if (record.ended_at) json["ended_at"] = date_text(*record.ended_at);
  return json;
}

void print_line(std::ostream& out, const CertificateRecord& record) {
  out << record.account << "\t" << record.name << "\t" << to_string(record.state) << "\t"
      << date_text(record.not_after) << "\t" << hex_encode(record.fingerprint) << "\n";
}

void print_block(std::ostream& out, const CertificateRecord& record) {
  out << "account:        " << record.account << "\nname:           " << record.name
      << "\nstate:          " << to_string(record.state)
      << "\nsha256:         " << hex_encode(record.fingerprint)
      << "\nsubject:        " << record.subject << "\nkey:            " << record.key
      << "\nxmpp addresses:";
  for (const std::string& address : record.xmpp_addresses) out << " " << address;
  out << "\nnot before:     " << date_text(record.not_before)
      << "\nnot after:      " << date_text(record.not_after)
      << "\nmay manage:     " << (record.can_manage ? "yes" : "no")
      << "\nadded at:       " << date_text(record.added_at) << "\n";
  if (record.ended_at) out << "ended at:       " << date_text(*record.ended_at) << "\n";
}

void describe_json(po::options_description& flags) {
  flags.add_options()("json", "print JSON");
}

int away(const Invocation& invocation, std::string_view command) {
  return refused(invocation, command, "the database cannot be asked just now");
}

}  // namespace

void describe_cert_list(po::options_description& flags) {
  describe_account(flags, false);
  describe_json(flags);
}

int run_cert_list(Invocation invocation) {
  std::ostream &out = invocation.surroundings.out, &err = invocation.surroundings.err;
  const bool json = invocation.flags.count("json") != 0, progress = wants_progress();
  Records records(invocation.settings);
  CertificateStore::Selection selection;
  selection.account = account_of(invocation);
  selection.with_der = false;
  std::size_t count = 0;
  if (json) out << "[";
  const auto fault = records.store.list(selection, [&](const CertificateRecord& record) {
    if (json) {
      out << (count == 0 ? "\n" : ",\n") << to_json(record).dump();
    } else {
      print_line(out, record);
    }
    if (++count % progress_step == 0 && progress) err << count << " listed\n" << std::flush;
  });
  if (json) out << (count == 0 ? "]\n" : "\n]\n");
  if (fault) return away(invocation, "cert list");
  return exit_done;
}

void describe_cert_show(po::options_description& flags) {
  describe_account(flags, true);
  describe_name(flags);
  describe_json(flags);
}

int run_cert_show(Invocation invocation) {
  std::ostream& out = invocation.surroundings.out;
  const bool json = invocation.flags.count("json") != 0;
  const auto name = invocation.flags["name"].as<std::string>();
  Records records(invocation.settings);
  CertificateStore::Selection selection;
  selection.account = account_of(invocation);
  // A name that was revoked may have been given again: all of them, the one in use first.
  std::vector<CertificateRecord> found;
  const auto fault = records.store.list(selection, [&](CertificateRecord record) {
    if (record.name == name) found.push_back(std::move(record));
  });
  if (fault) return away(invocation, "cert show");
  if (found.empty()) return refused(invocation, "cert show", "no certificate has this name");
  auto list = nlohmann::ordered_json::array();
  for (const CertificateRecord& record : found) {
    const std::string pem = pem_encode(record.der);
    if (json) {
      list.push_back(to_json(record));
      list.back()["pem"] = pem;
    } else {
      print_block(out, record);
      out << pem;
    }
  }
  if (json) out << list.dump(2) << "\n";
  return exit_done;
}

}  // namespace jidgate::program
