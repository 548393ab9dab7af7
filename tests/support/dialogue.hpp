// SPDX-License-Identifier: GPL-3.0-or-later
// A stream on a scripted server: the fixture of dialogue tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "component/stream.hpp"
#include "tests/support/recording_log.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/xml_match.hpp"

namespace jidgate::test {

// The test adds its units to stream(), calls connects(), and talks through `server`. An error in
// the log fails the test, unless it was declared.
class Dialogue : public testing::Test {
 protected:
  Dialogue() { settings.xmpp = server.settings(); }

  // Made of `settings` when it is first asked for.
  component::Stream& stream() {
    if (!stream_) {
      stream_ = std::make_unique<component::Stream>(
          settings, Secret(std::string(ScriptedServer::secret)), log, metrics);
    }
    return *stream_;
  }

  void connects() {
    stream().start();
    server.accepts();
    log.wait("link.up");
  }

  // The one answer to an IQ of romeo's with this payload.
  std::string asks(std::string_view type, std::string_view to, std::string_view payload) {
    server.sends("<iq type='" + std::string(type) +
                 "' id='1' from='romeo@verona.test/orchard' to='" + std::string(to) + "'>" +
                 std::string(payload) + "</iq>");
    std::string answer = server.receives();
    server.receives_nothing();
    return answer;
  }

  // What is asked and the error it must be answered with, from the address that was asked.
  struct Refused {
    const char *type, *to, *payload, *error, *condition;
  };
  void refuses(std::initializer_list<Refused> cases) {
    for (const auto& [type, to, payload, error, condition] : cases) {
      EXPECT_TRUE(matches(asks(type, to, payload),
                          "<iq type='error' id='1' to='romeo@verona.test/orchard' from='" +
                              std::string(to) + "'><error type='" + error + "'><" + condition +
                              " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"));
    }
  }

  void declares(std::string event) { declared_.insert(std::move(event)); }

  void TearDown() override {
    server.stops_listening();
    server.cuts();
    if (stream_) stream_->stop();
    for (const LogEntry& entry : log.entries()) {
      if (entry.level != LogLevel::error || declared_.contains(entry.event)) continue;
      ADD_FAILURE() << "undeclared error in the log: " << entry.event
                    << (entry.fields.empty() ? "" : ' ' + entry.fields.begin()->second);
    }
  }

  ScriptedServer server;
  RecordingLog log;
  Metrics metrics;
  component::StreamSettings settings;

 private:
  std::set<std::string> declared_;
  std::unique_ptr<component::Stream> stream_;
};

}  // namespace jidgate::test
