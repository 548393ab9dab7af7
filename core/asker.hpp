// SPDX-License-Identifier: GPL-3.0-or-later
// The XMPP side as the web side sees it.
#pragma once

#include <string>

#include "core/confirmations.hpp"

namespace jidgate {

// All functions: any thread; never block.
class Asker {
 public:
  virtual ~Asker() = default;
  virtual bool is_up() const = 0;
  // Sends the open question of this id. When the link is lost meanwhile it ends as cancelled.
  virtual void ask(const std::string& id) = 0;
  // Tells the person, in the question's thread, that it is over: whoever asked has gone.
  virtual void withdraw(const OpenQuestion& question) = 0;
};

}  // namespace jidgate
