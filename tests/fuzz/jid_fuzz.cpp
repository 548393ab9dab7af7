// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes core/jid: an address that is taken is a fixed point and safe wherever it goes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/jid.hpp"
#include "core/text.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace jidgate;

void check_jid(std::string_view text) {
  const auto jid = Jid::parse(text);
  if (!jid) return;
  const std::string printed = jid->to_string();
  REQUIRE(is_plain_line(printed));
  REQUIRE(Jid::parse(printed) == jid);
  REQUIRE(jid->bare().is_bare());
  REQUIRE(Jid::parse(jid->bare().to_string()) == jid->bare());
  REQUIRE(jid->local().find_first_of("\"&'/:<>@ ") == std::string::npos);
  REQUIRE(!jid->domain().empty() && !jid->domain().ends_with('.'));
  REQUIRE(jid->domain().find_first_of("\"&'/<>@ \\%") == std::string::npos);
  for (const auto& part : {jid->local(), jid->domain(), jid->resource()}) {
    REQUIRE(part.size() <= 1023);
  }
  REQUIRE(prepare_domain(jid->domain()) == jid->domain());
  // What was in front of the slash says all about the account.
  REQUIRE(Jid::parse(text.substr(0, text.find('/'))) == jid->bare());
}

void check_ascii_domain(std::string_view text) {
  const auto ascii = to_ascii_domain(text);
  if (!ascii) return;
  REQUIRE(!ascii->empty() && ascii->size() <= 253);
  REQUIRE(ascii->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos);
  REQUIRE(to_ascii_domain(*ascii) == ascii);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  check_jid(text);
  check_ascii_domain(text);
  if (const auto domain = prepare_domain(text)) REQUIRE(prepare_domain(*domain) == domain);
  return 0;
}
