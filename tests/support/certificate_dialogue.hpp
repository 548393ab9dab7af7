// SPDX-License-Identifier: GPL-3.0-or-later
// The units around certificates behind a real stream on a scripted server, records in memory.
#pragma once

#include <gmock/gmock.h>

#include <future>
#include <string>
#include <vector>

#include "component/host_module.hpp"
#include "component/session_ender.hpp"
#include "component/session_guard.hpp"
#include "component/xep0030_disco.hpp"
#include "component/xep0257_certificates.hpp"
#include "component/xep0355_delegation.hpp"
#include "core/crypto.hpp"
#include "core/text.hpp"
#include "tests/support/certificate_clock.hpp"
#include "tests/support/certificate_memory_store.hpp"
#include "tests/support/certificate_sample.hpp"
#include "tests/support/dialogue.hpp"

namespace jidgate::test {

class CertificateDialogue : public Dialogue {
 protected:
  static constexpr std::string_view host = "verona.test", us = "gate.verona.test",
                                    romeo = "romeo@verona.test",
                                    orchard = "romeo@verona.test/orchard";

  void SetUp() override {
    registry.configure({CertificateSettings{}, nullptr});
    registry.on_revoked([this](const Jid&, const std::string&) { ender.wake(); });
    for (component::Unit* unit :
         std::initializer_list<component::Unit*>{&disco, &module, &delegation, &unit_, &ender}) {
      stream().add(*unit);
    }
    connects();
  }
  void TearDown() override {
    Dialogue::TearDown();
    strands.stop();
  }

  static std::string certificate(std::string_view account = romeo) {
    return sample_certificate(account);
  }
  static std::string append(std::string_view name, std::string_view der,
                            std::string_view more = "") {
    return "<append xmlns='urn:xmpp:saslcert:1'><name>" + std::string(name) + "</name>" +
           std::string(more) + "<x509cert>" + base64_encode(der) + "</x509cert></append>";
  }
  static std::string by_name(std::string_view element, std::string_view name) {
    return "<" + std::string(element) + " xmlns='urn:xmpp:saslcert:1'><name>" + std::string(name) +
           "</name></" + std::string(element) + ">";
  }
  static std::string items(std::string_view content = "") {
    return "<items xmlns='urn:xmpp:saslcert:1'>" + std::string(content) + "</items>";
  }

  void sends(std::string_view type, std::string_view from, std::string_view payload,
             std::string_view id = "1") {
    server.sends("<iq type='" + std::string(type) + "' id='" + std::string(id) + "' from='" +
                 std::string(from) + "' to='gate.verona.test'>" + std::string(payload) + "</iq>");
  }
  static std::string result(std::string_view payload = "", std::string_view to = orchard,
                            std::string_view id = "1") {
    return "<iq type='result' id='" + std::string(id) + "' from='gate.verona.test' to='" +
           std::string(to) + "'>" + std::string(payload) + "</iq>";
  }
  // With a text, whichever it is.
  static std::string error_tag(std::string_view type, std::string_view condition,
                               bool with_text = true) {
    constexpr std::string_view ns = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
    return "<error type='" + std::string(type) + "'><" + std::string(condition) + ' ' +
           std::string(ns) + "/>" +
           (with_text ? "<text " + std::string(ns) + " xml:lang='en'>{any}</text>" : "") +
           "</error>";
  }
  static std::string error(std::string_view type, std::string_view condition, bool with_text = true,
                           std::string_view to = orchard) {
    return "<iq type='error' id='1' from='gate.verona.test' to='" + std::string(to) + "'>" +
           error_tag(type, condition, with_text) + "</iq>";
  }

  // The next stanza is a request to the host's module about this account; gives its id.
  std::string is_asked(std::string_view element, std::string_view account = romeo,
                       std::string_view fingerprint = {}) {
    const std::string got = server.receives();
    const std::string type = element == "end" ? "set" : "get";
    EXPECT_TRUE(matches(
        got, "<iq type='" + type + "' id='{any}' from='gate.verona.test' to='verona.test'><" +
                 std::string(element) + " xmlns='urn:xmpp:jidgate:host:0' account='" +
                 std::string(account) + "'" +
                 (fingerprint.empty() ? "" : " sha256='" + hex_encode(fingerprint) + "'") +
                 "/></iq>"));
    return attribute(got, "id");
  }
  void module_answers(const std::string& id, std::string_view payload,
                      std::string_view from = host) {
    server.sends("<iq type='result' id='" + id + "' from='" + std::string(from) +
                 "' to='gate.verona.test'>" + std::string(payload) + "</iq>");
  }
  void module_fails(const std::string& id, std::string_view condition,
                    std::string_view from = host) {
    server.sends("<iq type='error' id='" + id + "' from='" + std::string(from) +
                 "' to='gate.verona.test'><error type='cancel'><" + std::string(condition) +
                 " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
  }
  static std::string session(std::string_view resource, std::string_view fingerprint = {}) {
    return "<session resource='" + std::string(resource) + "'" +
           (fingerprint.empty() ? "" : " sha256='" + hex_encode(fingerprint) + "'") + "/>";
  }
  static std::string sessions(std::string_view content) {
    return "<sessions xmlns='urn:xmpp:jidgate:host:0'>" + std::string(content) + "</sessions>";
  }
  // The host has no module: it is asked once, and not again within this test.
  void has_no_module() {
    sends("get", orchard, items());
    module_fails(is_asked("sessions"), "service-unavailable");
    EXPECT_TRUE(matches(server.receives(), result(items())));
  }
  // Runs on the XMPP thread and waits for it.
  void there(const std::function<void()>& work) {
    std::promise<void> done;
    stream().post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  void ticks(Seconds after) {
    clock.advance(after);
    there([&] {
      module.tick();
      delegation.tick();
      ender.tick();
    });
  }
  // Registered behind everybody's back; gives the fingerprint.
  std::string registered(std::string_view name, bool can_manage = true) {
    const std::string der = certificate();
    EXPECT_TRUE(std::holds_alternative<Certificate>(
        registry.add(Jid::parse(romeo).value(), name, der, can_manage)));
    return sha256(der);
  }
  std::vector<std::string> names(CertificateState state = CertificateState::active) const {
    std::vector<std::string> found;
    for (const CertificateRecord& record : store.records()) {
      if (record.state == state) found.push_back(record.name);
    }
    return found;
  }

  ManualSteadyClock clock;
  MemoryCertificateStore store;
  CertificateRegistry registry{store, clock, log, metrics};
  Strands strands{"certificates", 2, 1000};
  component::HostModule module{stream(), clock, log};
  component::SessionGuard guard{module, registry, strands};
  component::SessionEnder ender{{"verona.test"}, stream(), module, store, strands, clock, log};
  component::Certificates unit_{{"verona.test"}, registry, guard, module, strands, stream(), log};
  component::Disco disco{stream().units()};
  component::Delegation delegation{{"verona.test"}, stream().units(), module, log};
};

}  // namespace jidgate::test
