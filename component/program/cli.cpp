// SPDX-License-Identifier: GPL-3.0-or-later
// Finds the command, reads its flags and the configuration, and runs it.
#include "component/program/cli.hpp"

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <ostream>

#include "component/program/command.hpp"
#include "component/program/contents.hpp"
#include "component/program/keys.hpp"

namespace jidgate::program {
namespace {

namespace po = boost::program_options;

int run_serve(Invocation invocation) {
  // Exit status 2, or systemd would try the same files again.
  if (const auto faults = content_faults(invocation.settings); !faults.empty()) {
    for (const std::string& fault : faults) invocation.surroundings.err << fault << "\n";
    return exit_usage;
  }
  return invocation.surroundings.serve(std::move(invocation.settings), invocation.source);
}

constexpr Command commands[] = {
    {"serve", "run the daemon", true, nullptr, run_serve},
    {"check", "validate the configuration, and try what it names", true, describe_check, run_check},
    {"migrate", "bring the database schema forward", true, nullptr, run_migrate},
    {"explain", "tell which rule decides about a request", true, describe_explain, run_explain},
    {"cert list", "list registered certificates", true, describe_cert_list, run_cert_list},
    {"cert show", "show one registered certificate", true, describe_cert_show, run_cert_show},
    {"cert add", "register a certificate", true, describe_cert_add, run_cert_add, "file"},
    {"cert disable", "refuse further logins", true, describe_cert_end, run_cert_disable},
    {"cert revoke", "refuse logins and end sessions", true, describe_cert_end, run_cert_revoke},
    {"cert new", "make a key and a certificate", false, describe_cert_new, run_cert_new, "jid"},
    {"version", "print the version", false, nullptr, run_version},
};

// The first arguments name the command; `words` becomes how many they are.
const Command* find_command(const std::vector<std::string>& arguments, std::size_t& words) {
  for (words = std::min<std::size_t>(2, arguments.size()); words > 0; --words) {
    std::string name = arguments[0] == "--version" ? "version" : arguments[0];
    if (words == 2) name += " " + arguments[1];
    for (const Command& command : commands) {
      if (command.name == name) return &command;
    }
  }
  return nullptr;
}

void print_overview(std::ostream& out) {
  out << "Usage: jidgate COMMAND [--config FILE] [OPTION...]\n\nCommands:\n";
  for (const Command& command : commands) {
    out << "  " << command.name << std::string(14 - command.name.size(), ' ') << command.summary
        << "\n";
  }
  out << "\n`jidgate COMMAND --help` lists the options. Exit status: 0 done, 1 failed, 2 usage or\n"
         "configuration.\n";
}

po::options_description configuration_flags() {
  po::options_description flags(
      "Configuration (also JIDGATE_SECTION_KEY in the environment, and the file)");
  for (const Key& key : keys()) {
    if (!may_be_flag(key)) continue;
    const std::string name = std::string(key.section) + "." + std::string(key.name);
    std::string help(key.help);
    if (!key.fallback.empty()) help += " [" + std::string(key.fallback) + "]";
    flags.add_options()(name.c_str(), po::value<std::vector<std::string>>(), help.c_str());
  }
  return flags;
}

// The sections that the operator names stand in the file only.
void print_file_keys(std::ostream& out) {
  out << "\nOnly in the configuration file:\n";
  for (const Key& key : keys()) {
    if (may_be_flag(key)) continue;
    out << "  [" << key.section << "] " << key.name;
    if (!key.fallback.empty()) out << " = " << key.fallback;
    out << "\n      " << key.help << "\n";
  }
}

int print_help(const Command& command, const po::options_description& own,
               const po::options_description& configuration, std::ostream& out) {
  out << "Usage: jidgate " << command.name << " [OPTION...]";
  if (command.operand != nullptr) out << " " << own.find(command.operand, false).format_parameter();
  out << "\n" << command.summary << "\n\n" << own;
  if (command.needs_settings) {
    out << "\n" << configuration;
    print_file_keys(out);
  }
  return exit_done;
}

int usage_fault(std::ostream& err, std::string_view command, std::string_view what) {
  err << "jidgate " << command << ": " << what << "\nTry `jidgate " << command << " --help`.\n";
  return exit_usage;
}

// Flags with a dot belong to the configuration, in the order that they were given.
void collect_configuration(const po::parsed_options& parsed, ConfigurationSource& source) {
  for (const po::option& option : parsed.options) {
    if (option.string_key.find('.') == std::string::npos) continue;
    for (const std::string& value : option.value) {
      source.flags.emplace_back(option.string_key, value);
    }
  }
}

int run(const Command& command, const std::vector<std::string>& arguments,
        Surroundings& surroundings) {
  ConfigurationSource source;
  source.environment = surroundings.environment;
  po::options_description own("Options");
  own.add_options()("help", "print this and end");
  if (command.needs_settings) {
    own.add_options()("config", po::value(&source.file)->value_name("FILE"),
                      ("configuration file [" + source.file + "]").c_str());
  }
  if (command.describe != nullptr) command.describe(own);
  po::options_description all, configuration = configuration_flags();
  all.add(own);
  if (command.needs_settings) all.add(configuration);

  po::variables_map flags;
  try {
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::positional_options_description operand;
    if (command.operand != nullptr) operand.add(command.operand, 1);
    const po::parsed_options parsed =
        po::command_line_parser(arguments).options(all).positional(operand).style(style).run();
    po::store(parsed, flags);
    if (flags.count("help") != 0) {
      return print_help(command, own, configuration, surroundings.out);
    }
    po::notify(flags);
    collect_configuration(parsed, source);
  } catch (const po::error& error) {
    return usage_fault(surroundings.err, command.name, error.what());
  }
  Settings settings;
  if (command.needs_settings) {
    auto loaded = source.load();
    if (const auto* faults = std::get_if<ConfigurationFaults>(&loaded)) {
      for (const std::string& fault : *faults) surroundings.err << fault << "\n";
      return exit_usage;
    }
    settings = std::get<Settings>(std::move(loaded));
  }
  return command.run({std::move(settings), source, flags, surroundings});
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments, Surroundings& surroundings) {
  if (arguments.empty()) {
    print_overview(surroundings.err);
    return exit_usage;
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "help") {
    print_overview(surroundings.out);
    return exit_done;
  }
  std::size_t words = 0;
  const Command* command = find_command(arguments, words);
  if (command == nullptr) {
    // "cert" alone, or with an unknown second word, is one too.
    surroundings.err << "jidgate: no such command: " << name
                     << (arguments.size() > 1 ? " " + arguments[1] : "") << "\n";
    print_overview(surroundings.err);
    return exit_usage;
  }
  try {
    return run(*command, {arguments.begin() + static_cast<std::ptrdiff_t>(words), arguments.end()},
               surroundings);
  } catch (const po::error& error) {
    return usage_fault(surroundings.err, command->name, error.what());
  } catch (const std::exception& error) {
    surroundings.err << "jidgate " << command->name << ": " << error.what() << "\n";
    return exit_failed;
  }
}

}  // namespace jidgate::program
