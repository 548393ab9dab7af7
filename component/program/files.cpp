// SPDX-License-Identifier: GPL-3.0-or-later
// Files that the configuration names.
#include "component/program/files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "core/text.hpp"

namespace jidgate::program {
namespace {

constexpr std::size_t longest_secret = 4096;

std::optional<std::string> stat_file(const std::string& path, struct stat& status) {
  if (::stat(path.c_str(), &status) != 0) {
    return "cannot be used (" + std::string(std::strerror(errno)) + "), expected a file";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_readable_file(const std::string& path) {
  struct stat status {};
  if (auto wrong = stat_file(path, status)) return wrong;
  if (!S_ISREG(status.st_mode)) return "is no regular file, expected one";
  return std::nullopt;
}

std::optional<std::string> check_directory(const std::string& path) {
  struct stat status {};
  if (auto wrong = stat_file(path, status)) return wrong;
  if (!S_ISDIR(status.st_mode)) return "is no directory, expected one";
  return std::nullopt;
}

std::optional<std::string> check_secret_file(const std::string& path) {
  if (auto wrong = check_readable_file(path)) return wrong;
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 037) != 0) {
    return "may be read by others or written by its group, expected mode 0640 or less";
  }
  return std::nullopt;
}

Secret read_secret_file(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  line.reserve(longest_secret);  // so that no copy is left behind by growing
  for (char c; line.size() < longest_secret && file.get(c) && c != '\n';) line += c;
  Secret secret{std::string(trim(line))};
  const bool fits = line.size() < longest_secret;
  std::fill(line.begin(), line.end(), '\0');
  if (secret.empty() || !fits) {
    throw std::runtime_error(path + ": cannot be read as a secret, expected one line of text");
  }
  return secret;
}

}  // namespace jidgate::program
