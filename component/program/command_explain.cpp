// SPDX-License-Identifier: GPL-3.0-or-later
// `jidgate explain`: which site and rule decide about a request, and how.
#include <boost/program_options/value_semantic.hpp>
#include <ostream>

#include "component/program/command.hpp"
#include "core/rules.hpp"
#include "core/target.hpp"

namespace jidgate::program {
namespace {

namespace po = boost::program_options;

std::string_view word(Mode mode) {
  switch (mode) {
    case Mode::bypass:
      return "bypass";
    case Mode::challenge:
      return "challenge";
    case Mode::block:
      return "block";
    case Mode::redirect:
      return "redirect";
  }
  return "";
}

std::string written(const Admission& admission) {
  switch (admission.kind) {
    case Admission::Kind::account:
      return admission.value;
    case Admission::Kind::domain:
      return "*@" + admission.value;
    case Admission::Kind::group:
      return "group:" + admission.value;
  }
  return "";
}

void print_ruling(std::ostream& out, const Ruling& ruling) {
  out << "rule:    " << ruling.rule << "\nmode:    " << word(ruling.mode)
      << "\ntimeout: " << ruling.timeout.count() << "s"
      << (ruling.timeout_is_own ? " (its own)" : "") << "\ngrant:   " << ruling.grant.count()
      << "s\n";
  for (const auto& list : ruling.allow) {
    out << "allow:  ";
    for (const Admission& admission : list) out << ' ' << written(admission);
    out << "\n";
  }
}

int usage(std::ostream& err, std::string_view what) {
  err << "jidgate explain: " << what << "\n";
  return exit_usage;
}

}  // namespace

void describe_explain(po::options_description& flags) {
  auto add = flags.add_options();
  add("url", po::value<std::string>()->required()->value_name("URL"), "what is asked for");
  add("method", po::value<std::string>()->default_value("GET")->value_name("M"), "how");
  add("jid", po::value<std::string>()->value_name("JID"), "who would confirm it");
  add("from", po::value<std::string>()->default_value("127.0.0.1")->value_name("ADDRESS"),
      "the asker's address");
  add("policy", po::value<std::string>()->value_name("NAME"), "as /authz/.../p/NAME asks");
}

int run_explain(Invocation invocation) {
  std::ostream &out = invocation.surroundings.out, &err = invocation.surroundings.err;
  const auto text = [&](const char* flag) { return invocation.flags[flag].as<std::string>(); };
  const auto url = parse_url(text("url"));
  if (!url) return usage(err, "--url is no http or https URL");
  const auto from = Address::parse(text("from"));
  if (!from) return usage(err, "--from is no IP address");
  std::optional<Jid> jid;
  if (invocation.flags.count("jid") != 0 && !(jid = Jid::parse(text("jid")))) {
    return usage(err, "--jid is no JID");
  }

  const Rules rules(std::move(invocation.settings));
  const Policy* policy = nullptr;
  if (invocation.flags.count("policy") != 0 && (policy = rules.policy(text("policy"))) == nullptr) {
    return usage(err, "--policy: no such policy");
  }
  const Site* site = rules.site_for(url->host.host);
  if (site == nullptr) {
    out << "site:    none serves " << url->host.host << "\n";
    return exit_done;
  }
  const RulePath path = rule_path(url->path);
  const std::string method = text("method");
  const Ruling ruling = policy != nullptr ? rules.decide(*site, path, method, *from, *policy)
                                          : rules.decide(*site, path, method, *from);
  out << "site:    " << site->name << "\npath:    " << path.path
      << (path.ambiguous ? " (ambiguous: strictest reading, never bypass)" : "") << "\n";
  print_ruling(out, ruling);
  if (jid) {
    const bool admitted = rules.admits(ruling, *jid);
    out << "jid:     " << jid->to_string()
        << (admitted ? " may be asked\n" : " is refused without a question\n");
  }
  return exit_done;
}

}  // namespace jidgate::program
