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
  std::string_view name;
  std::string_view summary;
  bool needs_settings;
  void (*describe)(boost::program_options::options_description&);  // its own flags; may be null
  int (*run)(Invocation);
};

void describe_check(boost::program_options::options_description& flags);
int run_check(Invocation invocation);
int run_migrate(Invocation invocation);
void describe_explain(boost::program_options::options_description& flags);
int run_explain(Invocation invocation);
int run_version(Invocation invocation);

}  // namespace jidgate::program
