// SPDX-License-Identifier: GPL-3.0-or-later
// A configuration on disk for a test: a directory of its own, gone afterwards.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "component/program/options.hpp"

namespace jidgate::test {

class Configuration {
 public:
  Configuration() {
    std::string name = (std::filesystem::temp_directory_path() / "jidgate-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    put("component.secret", "secret\n", 0640);
    std::filesystem::create_directory(folder_ / "www");
  }
  ~Configuration() { std::filesystem::remove_all(folder_); }
  Configuration(const Configuration&) = delete;
  Configuration& operator=(const Configuration&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string put(const std::string& name, const std::string& text, mode_t mode = 0640) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    ::chmod(path(name).c_str(), mode);
    return path(name);
  }

  // The smallest [xmpp] that is right; more keys of it may follow.
  std::string xmpp() const {
    return "[xmpp]\ndomain = gate.verona.test\nhost = verona.test\nsecret-file = " +
           path("component.secret") + "\n";
  }
  // Sites and all else in `text`, as a source to load.
  program::ConfigurationSource source(const std::string& text) const {
    program::ConfigurationSource source;
    source.file = put("jidgate.conf", text);
    return source;
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace jidgate::test
