// SPDX-License-Identifier: GPL-3.0-or-later
// Files that the configuration names: whether they are there, and secrets read from them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/crypto.hpp"

namespace jidgate::program {

// What is wrong with the file, as the end of a fault; nullopt: nothing.
std::optional<std::string> check_readable_file(const std::string& path);
std::optional<std::string> check_directory(const std::string& path);
// The same, and its mode may be 0640 at most: others must not read a secret.
std::optional<std::string> check_secret_file(const std::string& path);

// The first line of a secret file that was checked. Throws std::runtime_error when it is empty, too
// long or cannot be read.
Secret read_secret_file(const std::string& path);

// A file that is not there yet. Throws std::runtime_error; then there is none of it.
void write_new_file(const std::string& path, std::string_view content, unsigned mode);

}  // namespace jidgate::program
