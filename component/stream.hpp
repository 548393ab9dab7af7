// SPDX-License-Identifier: GPL-3.0-or-later
// The component link (XEP-0114): one thread that owns gloox, the XML guard in front of it and every
// unit behind it; reconnects; and the one function that sends.
#pragma once

#include <gloox/tag.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "component/unit.hpp"
#include "core/clock.hpp"
#include "core/crypto.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/settings.hpp"

namespace jidgate::component {

struct StreamSettings {
  XmppSettings xmpp;
  std::chrono::milliseconds handshake{10000};
  // XEP-0199: asked after `ping_after` of silence; no answer within `ping_wait` loses the link.
  std::chrono::milliseconds ping_after{10000}, ping_wait{4000};
  std::chrono::milliseconds backoff_first{100}, backoff_longest{1500};
  // After <conflict/> replaced us: another instance runs, so this one keeps away.
  std::chrono::milliseconds backoff_replaced{60000};
};

class Stream {
 public:
  Stream(StreamSettings settings, Secret secret, Log& log, Metrics& metrics);
  ~Stream();  // as stop()

  // Before start(): units in the order that they are asked. Not owned.
  void add(Unit& unit);
  void start();
  // Closes the stream properly after what was posted before has been sent. Main thread.
  void stop();

  // Any thread. Runs `work` on the XMPP thread, link up or not.
  void post(std::function<void()> work);
  // Any thread: the handshake is done and the link has not been lost since.
  bool is_up() const;
  const std::string& domain() const;
  // Any thread: the server reads so slowly that large answers had better wait.
  bool is_congested() const;

  // The one way out. XMPP thread. Refuses (false, logged) a stanza without `to`, without a `from`
  // in our domain, or with text that is not XML-clean UTF-8, and everything while the link is down.
  bool send(std::unique_ptr<gloox::Tag> stanza);
  const std::vector<Unit*>& units() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate::component
