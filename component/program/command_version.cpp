// SPDX-License-Identifier: GPL-3.0-or-later
// `jidgate version`
#include <ostream>

#include "component/program/command.hpp"

namespace jidgate::program {

int run_version(Invocation invocation) {
  invocation.surroundings.out << "jidgate " << JIDGATE_VERSION << "\n";
  return exit_done;
}

}  // namespace jidgate::program
