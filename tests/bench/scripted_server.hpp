// SPDX-License-Identifier: GPL-3.0-or-later
// An XMPP server for load: takes one component (XEP-0114), tells which questions arrive, and
// answers them when it is told to.
#pragma once

#include <expat.h>

#include <functional>
#include <string>
#include <string_view>

#include "tests/bench/loop.hpp"

namespace jidgate::bench {

class ScriptedServer final : private Watched {
 public:
  struct Question {
    std::string id;           // of the stanza
    std::string from, to;     // the component, and the person
    std::string transaction;  // the id of <confirm/>
  };

  explicit ScriptedServer(Loop& loop);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  unsigned port() const { return port_; }
  // The component has answered a ping after its handshake.
  bool is_up() const { return up_; }
  // Called for each IQ that asks for a confirmation.
  std::function<void(Question)> on_question;
  // XEP-0070 section 4.6: an IQ result confirms. Sent with the next flush(), or after what has
  // arrived has been read.
  void confirm(const Question& question);
  void flush();

 private:
  void readable() override;
  void accept();
  void start_element(std::string_view name, const char** attributes);
  void end_element();

  Loop& loop_;
  int listener_ = -1, connection_ = -1;
  unsigned port_ = 0;
  std::string domain_;
  bool up_ = false;
  XML_Parser parser_;
  int depth_ = 0;
  bool is_request_ = false, is_question_ = false;
  Question stanza_;
  std::string output_;
};

}  // namespace jidgate::bench
