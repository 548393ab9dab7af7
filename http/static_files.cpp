// SPDX-License-Identifier: GPL-3.0-or-later
// From a path to an open file, and from the file to an answer.
#include "http/static_files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <variant>

#include "core/target.hpp"
#include "core/text.hpp"
#include "http/conditional.hpp"
#include "http/mime.hpp"
#include "http/problem.hpp"

namespace jidgate::http {
namespace {

// The path of a file or directory, relative to the root: decoded once, "" for the root, with its
// trailing '/' where it has one. nullopt for whatever is not served: empty, hidden and dot
// segments, and octets that another reader of the path could take for something else.
std::optional<std::string> relative_path(std::string_view raw) {
  const auto decoded = percent_decode(raw);
  if (!decoded || !is_utf8(*decoded) || !decoded->starts_with('/')) return std::nullopt;
  const auto is_odd = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
  };
  if (std::any_of(decoded->begin(), decoded->end(), is_odd)) return std::nullopt;
  // An encoded slash is no separator in a URL, but would be one in a file name.
  if (std::count(raw.begin(), raw.end(), '/') != std::count(decoded->begin(), decoded->end(), '/'))
    return std::nullopt;
  auto path = decoded->substr(1);
  for (std::size_t at = 0; at < path.size();) {
    if (path[at] == '/' || path[at] == '.') return std::nullopt;
    const auto slash = path.find('/', at);
    if (slash == std::string::npos) break;
    at = slash + 1;
  }
  return path;
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// Opens what lies beneath `directory`; errno tells why when there is no such thing.
Descriptor open_beneath(const Descriptor& directory, const std::string& path) {
  open_how how{};
  // O_NONBLOCK, or opening a FIFO would wait for its writer.
  how.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // openat2(2): EAGAIN when a rename elsewhere raced with a "..", "userspace may retry".
  constexpr int tries = 4;
  long descriptor = -1;
  for (int i = 0; i < tries; ++i) {
    descriptor = ::syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how);
    if (descriptor >= 0 || errno != EAGAIN) break;
  }
  return Descriptor(static_cast<int>(descriptor));
}

struct OpenFile {
  Descriptor file;
  struct stat status {};
};

// The open file, or the status to answer.
std::variant<OpenFile, int> open_file(const Descriptor& directory, const std::string& path) {
  OpenFile opened{open_beneath(directory, path)};
  if (opened.file.get() < 0) {
    switch (errno) {
      case EMFILE:
      case ENFILE:
      case ENOMEM:
      case EAGAIN:
        return 503;
      case ENOSYS:
      case EINVAL:
      case EPERM:
      case EIO:
        return 500;
      default:  // not there, not readable, or outside of the root: all the same to the client
        return 404;
    }
  }
  if (::fstat(opened.file.get(), &opened.status) != 0) return 500;
  return opened;
}

std::string hex_number(std::uint64_t number) {
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4)
    if (!digits.empty() || number >> shift != 0 || shift == 0)
      digits += "0123456789abcdef"[number >> shift & 15];
  return digits;
}

// What tells this content from any other of the file: its size and the nanosecond it was written.
Validators validators_of(const struct stat& status, HttpTime now) {
  const auto seconds = static_cast<std::uint64_t>(status.st_mtim.tv_sec),
             nanoseconds = static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
  const HttpTime modified{std::chrono::seconds(status.st_mtim.tv_sec)};
  return {'"' + hex_number(seconds) + '.' + hex_number(nanoseconds) + '-' +
              hex_number(static_cast<std::uint64_t>(status.st_size)) + '"',
          // RFC 9110 section 8.8.2.1: Last-Modified is never "later than the server's time of
          // message origination".
          std::min(modified, now)};
}

Reply refusal(int status, const Exchange& exchange) {
  if (status != 503) return problem(status, exchange);
  return problem(503, "unavailable", exchange, {Seconds(1), {}});
}

Reply file_reply(OpenFile opened, std::string_view name, const Exchange& exchange, HttpTime now) {
  const auto validators = validators_of(opened.status, now);
  const auto size = static_cast<std::uint64_t>(opened.status.st_size);
  const auto precondition = check_preconditions(exchange.head, validators, now);
  if (precondition == Precondition::failed) return problem(412, exchange);

  Reply reply;
  // Confirmed for one person: no cache in between may keep it, and her own has to ask again.
  reply.header("Cache-Control", "private, no-cache")
      .header("ETag", validators.etag)
      .header("Last-Modified", format_http_date(validators.modified));
  if (precondition == Precondition::not_modified) {
    reply.status = 304;
    return reply;
  }
  const auto range = select_range(exchange.head, validators, size, now);
  if (std::holds_alternative<Unsatisfiable>(range)) {
    auto refused = problem(416, exchange);
    refused.header("Content-Range", "bytes */" + std::to_string(size));
    return refused;
  }
  reply.header("Accept-Ranges", "bytes")
      .header("X-Content-Type-Options", "nosniff")
      .header("Content-Type", std::string(media_type(name)));
  ContentPart part{0, size};
  if (const auto* wanted = std::get_if<ContentPart>(&range)) {
    part = *wanted;
    reply.status = 206;
    reply.header("Content-Range", "bytes " + std::to_string(part.first) + "-" +
                                      std::to_string(part.first + part.length - 1) + "/" +
                                      std::to_string(size));
  }
  reply.file = FileBody(opened.file.release(), part.first, part.length);
  return reply;
}

}  // namespace

Reply serve_file(const std::string& root, const Exchange& exchange, WallTime now) {
  const auto& head = exchange.head;
  if (head.method != "GET" && head.method != "HEAD") {
    // RFC 9110 section 9.3.7: OPTIONS asks what may be asked.
    auto allowed = head.method == "OPTIONS" ? Reply{} : problem(405, exchange);
    if (head.method == "OPTIONS") allowed.status = 204;
    allowed.header("Allow", "GET, HEAD, OPTIONS");
    return allowed;
  }
  const auto target = parse_target(head.target, head.method);
  const auto path = target ? relative_path(target->path) : std::nullopt;
  if (!path) return problem(404, exchange);

  const Descriptor directory(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return refusal(errno == EMFILE || errno == ENFILE ? 503 : 500, exchange);
  const bool wants_directory = path->empty() || path->ends_with('/');
  const auto name = wants_directory ? *path + "index.html" : *path;
  auto found = open_file(directory, name);
  if (const auto* status = std::get_if<int>(&found)) return refusal(*status, exchange);
  auto& opened = std::get<OpenFile>(found);
  if (S_ISDIR(opened.status.st_mode) && !wants_directory) {
    // The path is known to begin with one '/' and to hold no empty segment, so that no browser can
    // take it for another host.
    Reply moved;
    moved.status = 301;
    auto location = std::string(target->path) + '/';
    if (target->has_query) location.append("?").append(target->query);
    moved.header("Location", std::move(location)).header("Cache-Control", "private, no-cache");
    return moved;
  }
  if (!S_ISREG(opened.status.st_mode)) return problem(404, exchange);
  return file_reply(std::move(opened), name, exchange,
                    std::chrono::floor<std::chrono::seconds>(now));
}

}  // namespace jidgate::http
