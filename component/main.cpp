// SPDX-License-Identifier: GPL-3.0-or-later
// The program. Everything is made and joined in program/.
#include <iostream>

#include "component/program/cli.hpp"
#include "component/program/serve.hpp"

int main(int argc, char** argv) {
  using namespace jidgate::program;
  Surroundings surroundings{std::cout, std::cerr, process_environment(), serve};
  return run_command_line({argv + 1, argv + argc}, surroundings);
}
