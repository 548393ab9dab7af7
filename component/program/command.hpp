// SPDX-License-Identifier: GPL-3.0-or-later
// What one command of the command line is.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "component/program/cli.hpp"

namespace jidgate::program {

struct Invocation {
  Settings settings;  // checked; empty for a command that needs none
  const ConfigurationSource& source;
  const boost::program_options::variables_map& flags;  // the command's own
  Surroundings& surroundings;
};

struct Command {
  std::string_view name;  // one word, or two: "cert list"
  std::string_view summary;
  bool needs_settings;
  void (*describe)(boost::program_options::options_description&);  // its own flags; may be null
  int (*run)(Invocation);
  const char* operand = nullptr;  // the flag whose value may stand without its name
};

void describe_check(boost::program_options::options_description& flags);
int run_check(Invocation invocation);
int run_migrate(Invocation invocation);
void describe_explain(boost::program_options::options_description& flags);
int run_explain(Invocation invocation);
int run_version(Invocation invocation);

void describe_cert_list(boost::program_options::options_description& flags);
int run_cert_list(Invocation invocation);
void describe_cert_show(boost::program_options::options_description& flags);
int run_cert_show(Invocation invocation);
void describe_cert_add(boost::program_options::options_description& flags);
int run_cert_add(Invocation invocation);
void describe_cert_end(boost::program_options::options_description& flags);
int run_cert_disable(Invocation invocation);
int run_cert_revoke(Invocation invocation);
void describe_cert_new(boost::program_options::options_description& flags);
int run_cert_new(Invocation invocation);

}  // namespace jidgate::program
