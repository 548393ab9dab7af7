// SPDX-License-Identifier: GPL-3.0-or-later
// Files that the configuration names.
#include "component/program/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

void write_new_file(const std::string& path, std::string_view content, unsigned mode) {
  const auto fail = [&] { throw std::runtime_error(path + ": " + std::strerror(errno)); };
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) fail();
  bool good = true;
  while (good && !content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    good = written > 0;
    if (good) content.remove_prefix(static_cast<std::size_t>(written));
  }
  good = ::close(file) == 0 && good;
  if (good) return;
  ::unlink(path.c_str());
  fail();
}

}  // namespace jidgate::program
