// SPDX-License-Identifier: GPL-3.0-or-later
// A private PostgreSQL cluster for a test.
#include "tests/support/postgres.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <pqxx/pqxx>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace jidgate::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds patience{30};

// Debian keeps the programs off the path.
fs::path newest_programs() {
  fs::path newest;
  int highest = 0;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql")) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version <= highest) continue;
    highest = version;
    newest = entry.path() / "bin";
  }
  if (newest.empty()) throw std::runtime_error("no PostgreSQL under /usr/lib/postgresql");
  return newest;
}

// PostgreSQL refuses to run as root.
const passwd* unprivileged() {
  return ::geteuid() == 0 ? ::getpwnam("nobody") : nullptr;
}

[[noreturn]] void become(const std::vector<std::string>& command, const passwd* user, int output) {
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
                          ::setuid(user->pw_uid) != 0)) {
    ::_exit(126);
  }
  // A test that crashes takes its server with it.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (::chdir("/") != 0) ::_exit(126);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

// A child, and what it says.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command) {
    const passwd* user = unprivileged();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) become(command, user, ends[1]);
    ::close(ends[1]);
    if (pid_ < 0) throw std::runtime_error("no process");
    reader_ = std::thread([this, descriptor = ends[0]] { read(descriptor); });
  }
  ~Child() { reader_.join(); }

  pid_t pid() const { return pid_; }
  int wait() const {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }
  // Whether it said this before it ended.
  bool says(const std::string& text) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience,
                      [&] { return ended_ || log_.find(text) != std::string::npos; });
    return log_.find(text) != std::string::npos;
  }
  std::string log() {
    const std::scoped_lock lock(mutex_);
    return log_;
  }

 private:
  void read(int descriptor) {
    char buffer[4096];
    for (ssize_t count; (count = ::read(descriptor, buffer, sizeof buffer)) > 0;) {
      const std::scoped_lock lock(mutex_);
      log_.append(buffer, static_cast<std::size_t>(count));
      changed_.notify_all();
    }
    ::close(descriptor);
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  pid_t pid_ = -1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string log_;
  bool ended_ = false;
  std::thread reader_;
};

std::vector<pid_t> children_of(pid_t parent) {
  const std::string id = std::to_string(parent);
  std::ifstream list("/proc/" + id + "/task/" + id + "/children");
  std::vector<pid_t> children;
  for (pid_t child; list >> child;) children.push_back(child);
  return children;
}

}  // namespace

struct Postgres::State {
  fs::path programs = newest_programs();
  fs::path folder;
  std::unique_ptr<Child> server;
  int databases = 0;
};

Postgres::Postgres() : state_(std::make_unique<State>()) {
  std::string name = (fs::temp_directory_path() / "jidgate-postgres-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory");
  state_->folder = name;
  if (const passwd* user = unprivileged()) {
    if (::chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw std::runtime_error("no directory for the server");
    }
  }
  Child initdb({state_->programs / "initdb", "-D", state_->folder / "data", "-U", "postgres", "-A",
                "trust", "-N", "-E", "UTF8", "--locale=C"});
  if (initdb.wait() != 0) throw std::runtime_error(initdb.log());
  start();
}

Postgres::~Postgres() {
  if (state_->server) stop();
  std::error_code ignored;
  fs::remove_all(state_->folder, ignored);
}

void Postgres::start() {
  std::string log;
  // While backends of a killed server live, a new one refuses to start.
  for (const auto until = std::chrono::steady_clock::now() + patience;
       std::chrono::steady_clock::now() < until;) {
    state_->server = std::make_unique<Child>(std::vector<std::string>{
        state_->programs / "postgres", "-D", state_->folder / "data", "-F", "-c",
        "listen_addresses=", "-c", "unix_socket_directories=" + state_->folder.string(), "-c",
        "port=5432"});
    if (state_->server->says("ready to accept connections")) return;
    log = state_->server->log();
    ::kill(state_->server->pid(), SIGQUIT);
    state_->server->wait();
    state_->server.reset();
  }
  throw std::runtime_error(log);
}

void Postgres::stop(int signal) {
  ::kill(state_->server->pid(), signal);
  state_->server->wait();
  state_->server.reset();
}

void Postgres::freeze(bool frozen) {
  const pid_t postmaster = state_->server->pid();
  const int signal = frozen ? SIGSTOP : SIGCONT;
  ::kill(postmaster, signal);
  for (const pid_t child : children_of(postmaster)) ::kill(child, signal);
}

void Postgres::freeze_backend(int pid, bool frozen) {
  ::kill(pid, frozen ? SIGSTOP : SIGCONT);
}

std::string Postgres::create_database() {
  const std::string name = "test" + std::to_string(++state_->databases);
  pqxx::connection connection(url("postgres"));
  pqxx::nontransaction(connection).exec("CREATE DATABASE " + connection.quote_name(name));
  return name;
}

std::string Postgres::url(const std::string& database, const std::string& role) const {
  return "postgresql://" + role + "@/" + database + "?port=5432&host=" + state_->folder.string();
}

}  // namespace jidgate::test
