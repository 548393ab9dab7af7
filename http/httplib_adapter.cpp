// SPDX-License-Identifier: GPL-3.0-or-later
// The one file that knows cpp-httplib, from 0.11.4 (Debian 12) on, and what differs between its
// versions.
#include "http/httplib_adapter.hpp"

#include <httplib.h>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "http/http_date.hpp"

#ifdef __SANITIZE_THREAD__
// The library is not instrumented: ThreadSanitizer sees it compare with the tables that its first
// request has made, and not the guard that it makes them under. What it calls is left out; what it
// calls back, our code, is not.
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libcpp-httplib.so";
}
#endif

namespace jidgate::http {
namespace {

// The feature macros that pkg-config prints are part of the library's ABI. Without them Request has
// another size here than in the shared library, and nobody would be told.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
static_assert(std::string_view(CPPHTTPLIB_VERSION) != "0.11.4" || sizeof(void*) != 8 ||
                  offsetof(httplib::Request, redirect_count_) == 544,
              "build with the flags of `pkg-config --cflags cpp-httplib`");
#pragma GCC diagnostic pop

// A request of our own making in, the framed answer out. Later versions added functions to Stream
// (0.19.0 duration, 0.20.0 wait_readable and wait_writable instead of is_writable), so none of
// these can say `override`.
class FramingStream final : public httplib::Stream {
 public:
  explicit FramingStream(std::string_view request) : request_(request) {}

  // NOLINTBEGIN(modernize-use-override)
  bool is_readable() const { return true; }
  bool is_writable() const { return true; }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return true; }
  time_t duration() const { return 0; }
  ssize_t read(char* into, size_t room) {
    const std::size_t count = std::min(room, request_.size());
    request_.copy(into, count);
    request_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* octets, size_t count) {
    answer.append(octets, count);
    return static_cast<ssize_t>(count);
  }
  void get_remote_ip_and_port(std::string& address, int& port) const {
    address.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& address, int& port) const {
    address.clear();
    port = 0;
  }
  socket_t socket() const { return INVALID_SOCKET; }
  // NOLINTEND(modernize-use-override)

  std::string answer;

 private:
  std::string_view request_;
};

// Framing and the connection are this file's business, not a door's.
bool is_ours(std::string_view name) {
  for (const std::string_view own :
       {"Connection", "Keep-Alive", "Content-Length", "Transfer-Encoding", "Date"}) {
    if (ascii_iequals(name, own)) return true;
  }
  return false;
}

}  // namespace

// process_request() is protected, and is all of the library's server that is used: its listener,
// thread pool, header and body readers and client never run.
class ReplyFramer::Server final : public httplib::Server {
 public:
  Server() {
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      fill(response);
      return HandlerResponse::Handled;  // in every case: nothing behind this may run
    });
    // Runs last before the fields are written, so they are exactly these.
    set_post_routing_handler(
        [this](const httplib::Request&, httplib::Response& response) { set_fields(response); });
    keep_order(*this);
  }

  std::string frame(Reply& reply, const Framing& framing) {
    reply_ = &reply;
    framing_ = framing;
    length_ = reply.file ? reply.file.length() : reply.body.size();
    FramingStream stream(framing.is_head ? "HEAD / HTTP/1.1\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n");
    process(*this, stream, !framing.keep_alive);
    reply_ = nullptr;
    return std::move(stream.answer);
  }

 private:
  template <class Self>
  static void process(Self& self, httplib::Stream& stream, bool close) {
    bool closed = false;
    const std::function<void(httplib::Request&)> setup;
    const std::string none;
    if constexpr (requires { self.process_request(stream, close, closed, setup); }) {
      self.process_request(stream, close, closed, setup);
    } else {  // 0.18.0: with both addresses
      self.process_request(stream, none, 0, none, 0, close, closed, setup);
    }
  }

  // Challenges and cookies come in an order that means something. From 0.18.0 on the library keeps
  // none, but lets the fields be written for it; older ones have no such function.
  template <class Self>
  static void keep_order(Self& self) {
    if constexpr (requires { self.set_header_writer({}); }) {
      self.set_header_writer([&self](httplib::Stream& stream, const httplib::Headers&) {
        std::string lines;
        for (const auto& [name, value] : self.fields_) {
          lines.append(name).append(": ").append(value).append("\r\n");
        }
        lines += "\r\n";
        return stream.write(lines.data(), lines.size());
      });
    }
  }

  bool has_content() const { return may_have_content(reply_->status); }

  void fill(httplib::Response& response) {
    response.status = reply_->status;
    if (has_content() && !reply_->file) response.body = std::move(reply_->body);
  }

  void set_fields(httplib::Response& response) {
    fields_.clear();
    for (auto& [name, value] : reply_->headers) {
      if (!is_ours(name)) fields_.emplace_back(std::move(name), std::move(value));
    }
    fields_.emplace_back("Date", date());
    // RFC 9110 section 8.6: no Content-Length in a 204; in a 304 it would be the one of the 200,
    // which is not known here.
    if (has_content()) fields_.emplace_back("Content-Length", std::to_string(length_));
    if (framing_.keep_alive) {
      fields_.emplace_back("Connection", "keep-alive");
      fields_.emplace_back("Keep-Alive", "timeout=" + std::to_string(framing_.idle.count()));
    } else {
      fields_.emplace_back("Connection", "close");
    }
    response.headers.clear();
    for (const auto& [name, value] : fields_) response.headers.emplace(name, value);
  }

  const std::string& date() {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (now != date_of_) {
      date_ = format_http_date(now);
      date_of_ = now;
    }
    return date_;
  }

  Reply* reply_ = nullptr;
  Framing framing_;
  std::uint64_t length_ = 0;
  std::vector<std::pair<std::string, std::string>> fields_;
  HttpTime date_of_{};
  std::string date_;
};

ReplyFramer::ReplyFramer() : server_(std::make_unique<Server>()) {}
ReplyFramer::~ReplyFramer() = default;

std::string ReplyFramer::frame(Reply& reply, const Framing& framing) {
  return server_->frame(reply, framing);
}

bool may_have_content(int status) {
  return status >= 200 && status != 204 && status != 304;
}

bool is_sendable(const Reply& reply) {
  if (reply.status < 200 || reply.status > 599) return false;
  for (const auto& [name, value] : reply.headers) {
    if (name.empty()) return false;
    for (const char c : name) {
      const auto octet = static_cast<unsigned char>(c);
      if (octet <= 0x20 || octet >= 0x7f || c == ':') return false;
    }
    for (const char c : value) {
      const auto octet = static_cast<unsigned char>(c);
      if ((octet < 0x20 && c != '\t') || octet == 0x7f) return false;
    }
  }
  return true;
}

}  // namespace jidgate::http
