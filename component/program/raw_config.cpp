// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the text of the configuration. The grammar of the file is Boost.Program_options'.
#include "component/program/raw_config.hpp"

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <fstream>
#include <sstream>

#include "component/program/keys.hpp"
#include "component/program/values.hpp"
#include "core/text.hpp"

namespace jidgate::program {
namespace {

namespace po = boost::program_options;

constexpr std::size_t longest_file = 1 << 20;

std::string environment_name(const Key& key) {
  std::string name = "JIDGATE_" + std::string(key.section) + "_" + std::string(key.name);
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return name;
}

std::string keys_of(std::string_view section) {
  std::string names;
  for (const Key& key : keys()) {
    if (key.section != section) continue;
    if (!names.empty()) names += ", ";
    names += key.name;
  }
  return names;
}

// Boost stops at the first line that it cannot read and forgets where a value stood. Given the file
// line by line it tells of each.
std::vector<po::option> parse_line(const std::string& line) {
  std::istringstream stream(line);
  return po::parse_config_file(stream, po::options_description(), true).options;
}

class FileReader {
 public:
  FileReader(const std::string& path, Faults& faults) : path_(path), faults_(faults) {}

  void read(const std::string& line) {
    ++number_;
    const std::string_view text = trim(std::string_view(line).substr(0, line.find('#')));
    if (text.empty()) return;
    if (!is_utf8(line) || line.find('\0') != std::string::npos) {
      faults_.add(path_, "this line is no text, expected UTF-8", number_);
      return;
    }
    if (text.starts_with('[') && text.ends_with(']')) return open_section(text);
    read_value(line);
  }
  RawConfig take() { return std::move(config_); }

 private:
  void open_section(std::string_view text) {
    section_ = trim(text.substr(1, text.size() - 2));
    known_ = section_kind(section_).has_value();
    if (known_) {
      config_[section_];
    } else {
      faults_.add(path_ + ":" + section_,
                  "no such section, expected xmpp, database, http, confirm, certificates, log, "
                  "site.NAME, rule.SITE.N, policy.NAME, group.NAME or posh.DOMAIN",
                  number_);
    }
  }

  void read_value(const std::string& line) {
    std::vector<po::option> options;
    try {
      options = parse_line(line);
    } catch (const po::error&) {
      faults_.add(path_, "this line cannot be read, expected [section] or key = value", number_);
      return;
    }
    if (section_.empty()) {
      faults_.add(path_, "a value before the first section, expected [section]", number_);
      return;
    }
    if (!known_) return;
    for (const po::option& option : options) {
      store(option.string_key, option.value.empty() ? "" : option.value.front());
    }
  }

  void store(const std::string& name, std::string value) {
    const std::string place = path_ + ":" + section_ + "." + name;
    const std::string_view kind = *section_kind(section_);
    const Key* key = find_key(kind, name);
    if (key == nullptr) {
      faults_.add(place, "no such key, expected one of " + keys_of(kind), number_);
      return;
    }
    config_[section_][name].push_back({std::move(value), place, number_});
  }

  const std::string path_;
  Faults& faults_;
  RawConfig config_;
  std::string section_;
  bool known_ = false;
  unsigned number_ = 0;
};

}  // namespace

void Faults::add(std::string_view place, std::string_view text, unsigned line) {
  std::string& fault = lines_.emplace_back(place);
  fault.append(": ").append(text);
  if (line != 0) fault += " (line " + std::to_string(line) + ")";
}

RawConfig read_file(const std::string& path, Faults& faults) {
  std::ifstream file(path);
  if (!file) {
    faults.add(path, "cannot be opened, expected the configuration file");
    return {};
  }
  FileReader reader(path, faults);
  std::size_t read = 0;
  for (std::string line; std::getline(file, line);) {
    read += line.size() + 1;
    if (read > longest_file) {
      faults.add(path, "is too long, expected at most 1 MiB");
      break;
    }
    reader.read(line);
  }
  if (file.bad() || (file.fail() && !file.eof())) {
    faults.add(path, "cannot be read, expected the configuration file");
  }
  return reader.take();
}

RawConfig read_environment(const std::map<std::string, std::string>& variables, Faults& faults) {
  RawConfig config;
  std::map<std::string, const Key*> known;
  std::vector<std::string> prefixes;
  for (const Key& key : keys()) {
    if (!is_fixed(key.section)) continue;
    const std::string name = environment_name(key);
    known.emplace(name, &key);
    prefixes.push_back(name.substr(0, name.size() - key.name.size()));
  }
  for (const auto& [name, value] : variables) {
    const std::string place = "environment:" + name;
    const auto found = known.find(name);
    if (found == known.end()) {
      if (std::any_of(prefixes.begin(), prefixes.end(),
                      [&name = name](const auto& prefix) { return name.starts_with(prefix); })) {
        faults.add(place, "no such key, expected JIDGATE_SECTION_KEY of a key that exists");
      }
      continue;
    }
    if (!is_utf8(value)) {
      faults.add(place, "is no text, expected UTF-8");
      continue;
    }
    const Key& key = *found->second;
    config[std::string(key.section)][std::string(key.name)].push_back({value, place});
  }
  return config;
}

RawConfig read_flags(const std::vector<std::pair<std::string, std::string>>& flags) {
  RawConfig config;
  for (const auto& [name, value] : flags) {
    const std::size_t dot = name.find('.');
    config[name.substr(0, dot)][name.substr(dot + 1)].push_back({value, "command line:--" + name});
  }
  return config;
}

void override_with(RawConfig& base, RawConfig stronger) {
  for (auto& [section, values] : stronger) {
    RawSection& weaker = base[section];
    if (section == "database" && (values.contains("url") || values.contains("url-file"))) {
      // Two ways to give one thing: `JIDGATE_DATABASE_URL=… jidgate migrate` must win over a file
      // that names url-file.
      weaker.erase("url");
      weaker.erase("url-file");
    }
    for (auto& [name, list] : values) weaker[name] = std::move(list);
  }
}

}  // namespace jidgate::program
