// SPDX-License-Identifier: GPL-3.0-or-later
// The one answer to one IQ request.
#pragma once

#include <gloox/tag.h>

#include <memory>
#include <string>

#include "component/unit.hpp"

namespace jidgate::component {

// Where answers go. Any thread; never fails: what cannot be sent any more is logged and dropped.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void deliver(std::unique_ptr<gloox::Tag> stanza) = 0;
};

// RFC 6120 section 8.2.3: "An entity that receives an IQ request of type "get" or "set" MUST reply
// with an IQ response of type "result" or "error"." So an answer cannot be forgotten (a Reply that
// dies unanswered sends internal-server-error), given twice (the second one is ignored), or sent
// from the wrong address (from and to are swapped here). Movable between threads.
class Reply {
 public:
  // `asker` asked `asked`; both as the server wrote them.
  Reply(std::shared_ptr<ReplySink> sink, std::string asker, std::string asked, std::string id);
  ~Reply();
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&& other) noexcept;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  void result(std::unique_ptr<gloox::Tag> payload = nullptr);
  // `request`, which may be null, is what of the request the error is about (RFC 6120 section
  // 8.3.1); some clients find by it what failed.
  void fail(const StanzaError& error, std::unique_ptr<gloox::Tag> request = nullptr);

 private:
  void send(std::string_view type, std::unique_ptr<gloox::Tag> child,
            std::unique_ptr<gloox::Tag> second = nullptr);

  std::shared_ptr<ReplySink> sink_;  // null: answered, or moved from
  std::string asker_, asked_, id_;
};

// <error/> as RFC 6120 section 8.3.2 has it, for whoever builds an error by hand.
std::unique_ptr<gloox::Tag> make_error(const StanzaError& error);

}  // namespace jidgate::component
