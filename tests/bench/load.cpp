// SPDX-License-Identifier: GPL-3.0-or-later
// The load. `bench_load waiting COUNT` and `bench_load speed` are the XMPP server too: they print
// "port N", read "HTTP-PORT PID" of the program under test once that has been started, and print
// figures, one a line. `bench_load round-trips HTTP-PORT JID COUNT` asks somebody who is online.
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/scripted_server.hpp"
#include "tests/bench/visitor.hpp"

namespace jidgate::bench {
namespace {

constexpr std::string_view private_page = "/missive.html";
constexpr std::string_view public_page = "/public/index.html";

// Of `waiting`.
constexpr std::chrono::seconds longest_run{120};
constexpr std::size_t arriving_at_once = 16;
constexpr std::size_t unrelated_requests = 3000;
constexpr std::size_t answers = 3000;
constexpr unsigned source_hosts = 5;

// Of `speed`.
constexpr std::size_t at_once = 50;
constexpr std::size_t warm_up = 500;
constexpr std::size_t confirms = 20000;
constexpr std::size_t one_by_one = 2000;

struct Target {
  unsigned port = 0;
  std::string process;
};

Target start(Loop& loop, const ScriptedServer& server) {
  std::cout << "port " << server.port() << std::endl;
  Target target;
  std::cin >> target.port >> target.process;
  loop.until([&] { return server.is_up(); }, "the component link");
  return target;
}

// A line of /proc/PID/status, as a number.
double status(const Target& target, const std::string& name) {
  std::ifstream lines("/proc/" + target.process + "/status");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1));
  }
  throw std::runtime_error("no " + name + " of process " + target.process);
}

// Processor time that it has used, of all its threads, in seconds.
double processor_time(const Target& target) {
  std::ifstream file("/proc/" + target.process + "/stat");
  std::string text;
  std::getline(file, text);
  // The fields after the name, which stands in brackets, begin with the third.
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int number = 3; number < 14; ++number) fields >> skipped;
  double user = 0, system = 0;
  if (!(fields >> user >> system)) throw std::runtime_error("no process " + target.process);
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double resident_mib(const Target& target) {
  return status(target, "VmRSS") / 1024;
}

// Person `number` asks for the `turn`-th time. The transaction id says who it is.
std::string credentials(std::size_t number, std::size_t turn) {
  const std::string person = std::to_string(number);
  return basic("user" + person + "@verona.test/bench", person + '-' + std::to_string(turn));
}

std::size_t person_of(const ScriptedServer::Question& question) {
  std::size_t number = 0;
  const char* const begin = question.transaction.data();
  std::from_chars(begin, begin + question.transaction.size(), number);
  return number;
}

// Everybody in `people` waits for an answer; each has an account of their own, as only one question
// may be open for an account.
class Crowd {
 public:
  Crowd(Loop& loop, ScriptedServer& server, const Target& target, std::size_t count)
      : loop_(loop), server_(server), questions_(count) {
    server_.on_question = [this](ScriptedServer::Question question) {
      auto& place = questions_.at(person_of(question));
      place = std::move(question);
      ++open_;
    };
    for (std::size_t number = 0; number < count; ++number) {
      people_.push_back(std::make_unique<Visitor>(
          loop_, target.port, 1 + static_cast<unsigned>(number) % source_hosts));
      people_.back()->get(private_page, credentials(number, 0));
      loop_.until([&] { return people_.size() - open_ < arriving_at_once; }, "questions");
    }
    loop_.until([&] { return open_ == count; }, "all questions");
  }

  // One is answered, and asks again: the crowd stays as large as it is.
  void answer_one(std::size_t number, std::size_t turn, Latencies& latencies) {
    Visitor& person = *people_.at(number);
    const Time begin = now();
    server_.confirm(questions_[number]);
    server_.flush();
    --open_;
    loop_.until([&] { return !person.is_waiting(); }, "an answer");
    latencies.add(begin, person.arrived());
    person.get(private_page, credentials(number, turn));
    loop_.until([&] { return open_ == people_.size(); }, "the next question");
  }

  void answer_all() {
    for (auto& person : people_) {
      person->on_answer = [&visitor = *person] { visitor.hang_up(); };
    }
    for (const auto& question : questions_) server_.confirm(question);
    server_.flush();
    std::size_t first = 0;
    loop_.until(
        [&] {
          while (first < people_.size() && !people_[first]->is_waiting()) ++first;
          return first == people_.size();
        },
        "all answers");
  }

 private:
  Loop& loop_;
  ScriptedServer& server_;
  std::vector<ScriptedServer::Question> questions_;
  std::vector<std::unique_ptr<Visitor>> people_;
  std::size_t open_ = 0;
};

// Somebody who reads the public page, again and again.
class Reader {
 public:
  Reader(Loop& loop, unsigned port) : loop_(loop), visitor_(loop, port) {
    visitor_.on_answer = [this] {
      latencies_.add(visitor_.asked(), visitor_.answered());
      if (latencies_.count() < most_) visitor_.get(public_page);
    };
  }

  void start() {
    most_ = static_cast<std::size_t>(-1);
    visitor_.get(public_page);
  }
  void stop() {
    most_ = 0;
    loop_.until([&] { return !visitor_.is_waiting(); }, "the reader's last page");
  }
  void read(std::size_t count) {
    most_ = count;
    visitor_.get(public_page);
    loop_.until([&] { return latencies_.count() >= count; }, "the reader's pages");
  }
  void tell(const std::string& name) { latencies_.tell(name); }

 private:
  Loop& loop_;
  std::size_t most_ = 0;
  Latencies latencies_;
  Visitor visitor_;
};

void waiting(std::size_t count) {
  Loop loop(longest_run);
  ScriptedServer server(loop);
  const Target target = start(loop, server);
  const double idle_memory = resident_mib(target);
  const double idle_threads = status(target, "Threads");

  Reader meanwhile(loop, target.port);
  meanwhile.start();
  Crowd crowd(loop, server, target, count);
  meanwhile.stop();
  tell("idle", idle_memory);
  tell("memory", resident_mib(target) - idle_memory);
  tell("threads", status(target, "Threads") - idle_threads);
  meanwhile.tell("arriving");

  Reader reader(loop, target.port);
  reader.read(unrelated_requests);
  reader.tell("unrelated");

  Latencies latencies;
  for (std::size_t turn = 1; turn <= answers; ++turn) {
    // 7919 is prime, so it visits everybody, in no order that memory could follow.
    crowd.answer_one(turn * 7919 % count, turn, latencies);
  }
  latencies.tell("answer");

  const Time begin = now();
  crowd.answer_all();
  tell("all-answered", std::chrono::duration<double>(now() - begin).count());
}

void one_after_the_other(Loop& loop, unsigned port, std::size_t count, const std::string& jid) {
  const std::string mark = random_id();  // a code is used once
  Visitor visitor(loop, port);
  Latencies latencies;
  for (std::size_t number = 0; number < count; ++number) {
    visitor.get(private_page, basic(jid, mark + std::to_string(number)));
    loop.until([&] { return !visitor.is_waiting(); }, "an answer");
    latencies.add(visitor.asked(), visitor.answered());
  }
  latencies.tell("sequential");
}

void each_on_its_own(Loop& loop, unsigned port, std::size_t count, const std::string& jid) {
  const std::string mark = random_id();
  Latencies latencies;
  for (std::size_t number = 0; number < count; ++number) {
    const Time begin = now();
    Visitor visitor(loop, port);
    visitor.get(private_page, basic(jid, mark + std::to_string(number)));
    loop.until([&] { return !visitor.is_waiting(); }, "an answer");
    latencies.add(begin, visitor.answered());
  }
  latencies.tell("new-connection");
}

void speed() {
  Loop loop(longest_run);
  ScriptedServer server(loop);
  const Target target = start(loop, server);
  server.on_question = [&](const ScriptedServer::Question& question) { server.confirm(question); };

  std::vector<std::unique_ptr<Visitor>> people;
  Latencies latencies;
  std::size_t asked = 0, answered = 0;
  Time begin{};
  double used = 0;
  const auto ask = [&](std::size_t number) {
    if (asked < warm_up + confirms) {
      people[number]->get(private_page, credentials(number, ++asked));
    }
  };
  for (std::size_t number = 0; number < at_once; ++number) {
    people.push_back(std::make_unique<Visitor>(loop, target.port));
    people.back()->on_answer = [&, number] {
      if (++answered == warm_up) {
        begin = now();
        used = processor_time(target);
      }
      if (answered > warm_up) latencies.add(people[number]->asked(), people[number]->answered());
      ask(number);
    };
  }
  for (std::size_t number = 0; number < at_once; ++number) ask(number);
  loop.until([&] { return answered == warm_up + confirms; }, "confirmations");
  tell("confirms", confirms / std::chrono::duration<double>(now() - begin).count());
  tell("processor", (processor_time(target) - used) / confirms * 1e6);
  latencies.tell("concurrent");
  people.clear();

  tell("asked", warm_up + confirms + 2 * one_by_one);
  one_after_the_other(loop, target.port, one_by_one, "romeo@verona.test/bench");
  each_on_its_own(loop, target.port, one_by_one, "romeo@verona.test/bench");
}

void round_trips(unsigned port, const std::string& jid, std::size_t count) {
  Loop loop(longest_run);
  one_after_the_other(loop, port, count, jid);
  each_on_its_own(loop, port, count, jid);
}

std::size_t number(const std::string& text) {
  return std::stoul(text);
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2 && arguments[0] == "waiting") {
    waiting(number(arguments[1]));
  } else if (arguments.size() == 1 && arguments[0] == "speed") {
    speed();
  } else if (arguments.size() == 4 && arguments[0] == "round-trips") {
    round_trips(static_cast<unsigned>(number(arguments[1])), arguments[2], number(arguments[3]));
  } else {
    std::cerr << "bench_load: waiting COUNT | speed | round-trips PORT JID COUNT\n";
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace jidgate::bench

int main(int argc, char** argv) {
  try {
    return jidgate::bench::run({argv + 1, argv + argc});
  } catch (const std::exception& fault) {
    std::cerr << "bench_load: " << fault.what() << '\n';
    return 1;
  }
}
