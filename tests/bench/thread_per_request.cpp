// SPDX-License-Identifier: GPL-3.0-or-later
// A baseline: the same questions, limits and records of jidgate, but cpp-httplib as it wants to be
// used, with a thread that blocks for each request that waits.
// Usage: bench_thread_per_request COMPONENT-PORT PAGE. Prints "port N".
#include <httplib.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "component/stream.hpp"
#include "component/xep0070_confirm.hpp"
#include "core/confirmations.hpp"
#include "core/endings.hpp"
#include "core/grants.hpp"
#include "core/limits.hpp"
#include "core/log_json.hpp"
#include "core/metrics.hpp"
#include "core/rules.hpp"
#include "http/credentials.hpp"

namespace jidgate::bench {
namespace {

constexpr Seconds timeout{110};
constexpr std::size_t most_waiting = 10000;
constexpr int backlog = 4096;

// cpp-httplib's own pool starts all its threads at once; ten thousand idle ones would hide what a
// waiting request costs.
class ThreadEach final : public httplib::TaskQueue {
 public:
  // Newer versions want to know whether there was room.
  using Taken = decltype(std::declval<httplib::TaskQueue&>().enqueue(nullptr));
  Taken enqueue(std::function<void()> task) override {
    std::thread([this, task = std::move(task)] {
      task();
      const std::scoped_lock lock(mutex_);
      if (--running_ == 0) none_.notify_all();
    }).detach();
    const std::scoped_lock lock(mutex_);
    ++running_;
    return Taken(true);
  }
  void shutdown() override {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  long running_ = 0;
};

class Server final : public httplib::Server {
 public:
  unsigned bind() {
    const int port = bind_to_any_port("127.0.0.1");
    // The library asks for a queue of 5, which drops connections here.
    if (port <= 0 || ::listen(svr_sock_, backlog) != 0) throw std::runtime_error("no port");
    return static_cast<unsigned>(port);
  }
};

Settings settings_for(unsigned component_port) {
  Settings settings;
  settings.xmpp.domain = "gate.verona.test";
  settings.xmpp.server_port = static_cast<std::uint16_t>(component_port);
  settings.xmpp.hosts = {"verona.test"};
  settings.confirm.per_account_rate = settings.confirm.per_address_rate = RateLimit{};
  Site site;
  site.name = "files";
  site.hosts = {"files.verona.test"};
  site.origin = "https://files.verona.test:9345";
  site.allow = {{Admission::Kind::domain, "verona.test"}};
  site.grant = Seconds{0};
  settings.sites = {site};
  return settings;
}

// One request's wait for its person.
class Waiting {
 public:
  void tell(Outcome outcome) {
    const std::scoped_lock lock(mutex_);
    outcome_ = outcome;
    told_.notify_one();
  }
  std::optional<Outcome> wait(SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    told_.wait_until(lock, deadline, [this] { return outcome_.has_value(); });
    return outcome_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::optional<Outcome> outcome_;
};

class Program {
 public:
  Program(unsigned component_port, std::string page)
      : page_(std::move(page)),
        rules_(std::make_shared<const Rules>(settings_for(component_port))),
        stream_({rules_->settings().xmpp}, Secret("s3cr3t-of-the-test"), log_, metrics_) {
    confirmations_.configure({most_waiting, 1});
    limits_.configure(rules_->settings().confirm);
    stream_.add(confirm_);
    stream_.start();
  }

  void answer(const httplib::Request& request, httplib::Response& response) {
    response.status = request.path.starts_with("/public/") ? 200 : ask(request);
    if (response.status == 200) response.set_content(page_, "text/html; charset=utf-8");
  }

 private:
  int ask(const httplib::Request& request) {
    const auto asker = Address::parse(request.remote_addr);
    const auto read = http::read_basic(request.get_header_value("Authorization"));
    const auto* credentials = std::get_if<http::Credentials>(&read);
    if (!asker || !credentials) return 401;
    const Site* site = rules_->site_for("files.verona.test");
    const auto ruling = rules_->decide(*site, rule_path(request.path), request.method, *asker);
    if (!rules_->admits(ruling, credentials->jid)) return 403;
    Question question{credentials->jid,
                      credentials->transaction_id,
                      request.method,
                      site->origin + request.target,
                      *asker,
                      rules_,
                      site,
                      {},
                      ruling.grant};
    const SteadyTime now = clock_.steady();
    if (grants_.look(grant_key(question), question.url, now) != Standing::unknown) return 401;
    if (limits_.check(credentials->jid.bare(), *asker, now)) return 429;
    const auto opened = confirmations_.open(std::move(question), now + timeout);
    const auto* id = std::get_if<std::string>(&opened);
    if (!id) return 503;
    const auto waiting = std::make_shared<Waiting>();
    confirmations_.attach(*id, [waiting](Outcome outcome) { waiting->tell(outcome); });
    confirm_.ask(*id);
    const auto outcome = waiting->wait(now + timeout);
    if (!outcome) confirmations_.expire(*id);
    if (outcome == Outcome::confirmed) return 200;
    return outcome == Outcome::denied ? 403 : 401;
  }

  const std::string page_;
  const std::shared_ptr<const Rules> rules_;
  const SystemClock clock_;
  JsonLog log_{STDERR_FILENO, LogLevel::info, clock_};
  Metrics metrics_;
  NullAudit audit_;
  Grants grants_;
  Limits limits_;
  const Endings endings_{clock_, grants_, limits_, audit_, log_, metrics_};
  Confirmations confirmations_{clock_, endings_};
  component::Stream stream_;
  component::ConfirmUnit confirm_{stream_, confirmations_, clock_, log_, metrics_};
};

int run(unsigned component_port, const char* page) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::ifstream file(page);
  Program program(component_port, {std::istreambuf_iterator<char>(file), {}});

  Server server;
  server.new_task_queue = [] { return new ThreadEach; };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(static_cast<std::size_t>(-1));
  server.set_pre_routing_handler([&](const auto& request, auto& response) {
    program.answer(request, response);
    return httplib::Server::HandlerResponse::Handled;
  });
  std::cout << "port " << server.bind() << std::endl;
  std::thread ender([&] {
    int number = 0;
    ::sigwait(&ends, &number);
    server.stop();
  });
  server.listen_after_bind();
  ender.join();
  return 0;
}

}  // namespace
}  // namespace jidgate::bench

int main(int argc, char** argv) {
  try {
    if (argc == 3) {
      return jidgate::bench::run(static_cast<unsigned>(std::stoul(argv[1])), argv[2]);
    }
    std::cerr << "bench_thread_per_request: COMPONENT-PORT PAGE\n";
    return 2;
  } catch (const std::exception& fault) {
    std::cerr << "bench_thread_per_request: " << fault.what() << '\n';
    return 1;
  }
}
