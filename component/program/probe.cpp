// SPDX-License-Identifier: GPL-3.0-or-later
// Tries what the configuration leads to.
#include "component/program/probe.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "component/program/files.hpp"
#include "component/stream.hpp"
#include "core/metrics.hpp"

namespace jidgate::program {
namespace {

constexpr std::chrono::seconds patience{8};

// Waits for the first news of the link: that it is up, or the first warning about it.
class FirstNews final : public component::Unit, public Log {
 public:
  void link_up() override { tell(std::nullopt); }
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    if (level > LogLevel::warning || event == "link.unprotected") return;
    std::string text(event);
    for (const LogField& field : fields) {
      text.append(" ").append(field.name).append("=").append(field.value);
    }
    tell(std::move(text));
  }
  std::optional<std::string> wait() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return known_; })) {
      return "no answer within " + std::to_string(patience.count()) + " s";
    }
    return fault_;
  }

 private:
  void tell(std::optional<std::string> fault) {
    {
      const std::scoped_lock lock(mutex_);
      if (known_) return;
      known_ = true;
      fault_ = std::move(fault);
    }
    changed_.notify_one();
  }

  std::mutex mutex_;  // a condition variable needs the plain one
  std::condition_variable changed_;
  bool known_ = false;
  std::optional<std::string> fault_;
};

}  // namespace

std::optional<std::string> component_link_fault(const XmppSettings& xmpp) {
  FirstNews news;
  Metrics metrics;
  component::StreamSettings settings;
  settings.xmpp = xmpp;
  component::Stream stream(settings, read_secret_file(xmpp.secret_file), news, metrics);
  stream.add(news);
  stream.start();
  auto fault = news.wait();
  stream.stop();
  return fault;
}

bool is_listening(const Listen& where) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(where.port);
  if (::getaddrinfo(where.host.c_str(), port.c_str(), &hints, &found) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  const int descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const bool connected = ::connect(descriptor, found->ai_addr, found->ai_addrlen) == 0;
  ::close(descriptor);
  return connected;
}

}  // namespace jidgate::program
