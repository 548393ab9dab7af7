// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the kept inputs through a fuzz target where libFuzzer is not: REPLAY DIRECTORY.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size);

int main(int count, char** arguments) {
  std::size_t inputs = 0;
  if (count == 2) {
    for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> octets{std::istreambuf_iterator<char>(file), {}};
      std::cout << entry.path().filename().string() << std::endl;  // to be read after an abort
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
      ++inputs;
    }
  }
  if (inputs == 0) {
    std::cerr << "no kept inputs\n";
    return 1;
  }
  return 0;
}
