// SPDX-License-Identifier: GPL-3.0-or-later
// [certificates] and [posh.DOMAIN].
#include "component/program/files.hpp"
#include "component/program/section.hpp"
#include "component/program/sections.hpp"

namespace jidgate::program {
namespace {

CertificateSettings read_certificates(Section section) {
  constexpr Seconds longest{3650 * 86400};
  CertificateSettings certificates;
  certificates.max_per_account = static_cast<unsigned>(section.count("max-per-account", 1, 1000));
  certificates.require_xmpp_address = section.is_on("require-xmpp-address");
  certificates.require_ca = section.file("require-ca", check_readable_file);
  const auto unless_zero = [&](std::string_view key) {
    const Seconds time = section.duration(key, Seconds{0}, longest);
    return time == Seconds{0} ? std::nullopt : std::optional(time);
  };
  certificates.remove_expired_after = unless_zero("remove-expired-after");
  certificates.expiry_notice = unless_zero("expiry-notice");
  return certificates;
}

void check_posh(Section section) {
  for (const RawValue& path : section.list("certificate")) {
    if (const auto wrong = check_readable_file(path.text)) section.faults().add(path, *wrong);
  }
  if (section.list("certificate").empty()) {
    section.fault("certificate", "is missing, expected the path of a PEM file");
  }
  section.values(
      "services",
      [](std::string_view text) {
        return text == "client" || text == "server" ? std::optional(true) : std::nullopt;
      },
      "client or server");
  section.duration("expires", Seconds{60}, Seconds{365 * 86400});
  const bool direct = section.choice<bool>(
      "publish", {{"direct", true}, {"redirect", false}, {"reference", false}});
  const bool target =
      section
          .maybe(
              "target",
              [](std::string_view text) {
                return text.starts_with("https://") ? parse_origin(text) : std::nullopt;
              },
              "https://HOST[:PORT]")
          .has_value();
  if (!direct && !target) {
    section.fault("target", "is missing, expected https://HOST for redirect and reference");
  }
}

}  // namespace

void read_record_sections(const Reading& reading, Settings& settings) {
  settings.certificates =
      read_certificates(Section(reading.config, reading.file, "certificates", reading.faults));
  for (const auto& [name, values] : reading.config) {
    if (name.starts_with("posh.")) {
      check_posh(Section(reading.config, reading.file, name, reading.faults));
    }
  }
}

}  // namespace jidgate::program
