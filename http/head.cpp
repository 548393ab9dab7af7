// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the head of a request from left to right. What is found at one octet never depends on the
// octets behind it, so a head gets the same answer however it was cut into packets.
#include "http/head.hpp"

#include <utility>

#include "core/target.hpp"
#include "core/text.hpp"
#include "http/octets.hpp"

namespace jidgate::http {
namespace {

constexpr int incomplete = 0;
constexpr int bad_request = 400;
constexpr int uri_too_long = 414;
constexpr int expectation_failed = 417;
constexpr int fields_too_large = 431;
constexpr int not_implemented = 501;
constexpr int version_not_supported = 505;

constexpr std::size_t most_length_digits = 18;  // fits an unsigned 64-bit number with room to add

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `use` with each member of a comma-separated list; empty members do not count
// (RFC 9110 section 5.6.1.2). False when a call returned false.
template <class Use>
bool for_each_member(std::string_view list, Use use) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view member = trim_blanks(list.substr(0, comma));
    if (!member.empty() && !use(member)) return false;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return true;
}

// uri-host [ ":" port ] of RFC 9110 section 7.2, without judging what the host is.
bool is_host_value(std::string_view value) {
  std::string_view port;
  if (value.starts_with('[')) {
    const std::size_t end = value.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    for (const char c : value.substr(1, end - 1)) {
      if (hex_value(c) < 0 && c != ':' && c != '.') return false;
    }
    port = value.substr(end + 1);
    if (!port.empty() && port.front() != ':') return false;
  } else {
    const std::size_t colon = value.find(':');
    const std::string_view host = value.substr(0, colon);
    if (colon != std::string_view::npos) port = value.substr(colon);
    if (host.empty() && !port.empty()) return false;
    for (std::size_t i = 0; i < host.size(); ++i) {
      const char c = host[i];
      if (c == '%') {
        if (i + 2 >= host.size() || hex_value(host[i + 1]) < 0 || hex_value(host[i + 2]) < 0)
          return false;
      } else if (!is_letter(c) && !is_digit(c) &&
                 std::string_view("-._~!$&'()*+,;=").find(c) == std::string_view::npos) {
        return false;
      }
    }
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  unsigned number = 0;
  for (const char c : port) {
    if (!is_digit(c)) return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
    if (number > 65535) return false;
  }
  return true;
}

class Parser {
 public:
  Parser(std::string_view input, Head& head, const HeadLimits& limits)
      : input_(input.substr(0, limits.head)), head_(head), limits_(limits) {}

  HeadResult run() {
    int status = request_line();
    while (status == go_on) status = field_line();
    if (status == complete) status = judge();
    // Nothing behind the limit is looked at, so an end that lies there does not count.
    if (status == incomplete && input_.size() >= limits_.head) status = fields_too_large;
    return {status, status == complete ? position_ : 0};
  }

 private:
  static constexpr int complete = 200;
  static constexpr int go_on = -1;

  bool at_end() const { return position_ == input_.size(); }
  char next() const { return input_[position_]; }

  // CR LF at the position, or the reason why not. A bare CR or LF is never a line's end.
  int line_end() {
    if (at_end()) return incomplete;
    if (next() != '\r') return bad_request;
    if (position_ + 1 == input_.size()) return incomplete;
    if (input_[position_ + 1] != '\n') return bad_request;
    position_ += 2;
    return go_on;
  }

  std::string_view token() {
    const std::size_t start = position_;
    while (!at_end() && is_token_octet(next())) ++position_;
    return input_.substr(start, position_ - start);
  }

  int request_line() {
    // RFC 9112 section 2.2: "SHOULD ignore at least one empty line (CRLF) received prior to the
    // request-line".
    for (int skipped = 0; skipped < 2 && !at_end() && next() == '\r'; ++skipped) {
      if (const int status = line_end(); status != go_on) return status;
    }
    const std::string_view method = token();
    // Section 3: "A server that receives a method longer than any that it implements SHOULD respond
    // with a 501".
    if (method.size() > limits_.method) return not_implemented;
    if (at_end()) return incomplete;
    if (method.empty() || next() != ' ') return bad_request;
    ++position_;
    head_.method = method;
    if (const int status = target(); status != go_on) return status;
    if (const int status = version(); status != go_on) return status;
    return line_end();
  }

  int target() {
    const std::size_t start = position_;
    for (; !at_end() && next() != ' '; ++position_) {
      const auto octet = static_cast<unsigned char>(next());
      if (octet < 0x20 || octet == 0x7f || octet == '#') return bad_request;
      if (position_ - start == limits_.target) return uri_too_long;
    }
    if (at_end()) return incomplete;
    head_.target = input_.substr(start, position_ - start);
    ++position_;
    const auto read = parse_target(head_.target, head_.method);
    if (!read) return bad_request;
    // No tunnels here. RFC 9110 section 9.3.6 leaves CONNECT to proxies.
    if (read->form == RequestTarget::Form::authority) return not_implemented;
    is_origin_form_ = read->form == RequestTarget::Form::origin;
    return go_on;
  }

  int version() {
    constexpr std::string_view pattern = "HTTP/d.d";
    char digits[2] = {};
    int found = 0;
    for (const char expected : pattern) {
      if (at_end()) return incomplete;
      if (expected == 'd') {
        if (!is_digit(next())) return bad_request;
        digits[found++] = next();
      } else if (next() != expected) {
        return bad_request;
      }
      ++position_;
    }
    if (digits[0] != '1' || digits[1] > '1') return version_not_supported;
    head_.minor_version = digits[1] - '0';
    return go_on;
  }

  int field_line() {
    if (at_end()) return incomplete;
    if (next() == '\r') {
      const int status = line_end();
      return status == go_on ? complete : status;
    }
    if (head_.fields.size() == limits_.fields) return fields_too_large;
    // A line that begins with white space (obs-fold) has an empty name; RFC 9112 section 5.1: "A
    // server MUST reject, with a response status code of 400 (Bad Request), any received request
    // message that contains whitespace between a header field name and colon."
    const std::string_view name = token();
    if (at_end()) return incomplete;
    if (name.empty() || next() != ':') return bad_request;
    const std::size_t start = ++position_;
    while (!at_end() && is_value_octet(next())) ++position_;
    const std::string_view value = trim_blanks(input_.substr(start, position_ - start));
    if (const int status = line_end(); status != go_on) return status;
    head_.fields.push_back({std::string(name), std::string(value)});
    return field(name, value);
  }

  // The fields that say where the message ends and whom it is for.
  int field(std::string_view name, std::string_view value) {
    if (ascii_iequals(name, "host")) return host(value);
    if (ascii_iequals(name, "content-length")) return content_length(value);
    if (ascii_iequals(name, "transfer-encoding")) return transfer_encoding(value);
    if (ascii_iequals(name, "connection")) return connection(value);
    if (ascii_iequals(name, "expect")) return expect(value);
    return go_on;
  }

  // RFC 9112 section 3.2: 400 for "any HTTP/1.1 request message that lacks a Host header field and
  // to any request message that contains more than one Host header field line or a Host header
  // field with an invalid field value."
  int host(std::string_view value) {
    if (std::exchange(has_host_, true) || !is_host_value(value)) return bad_request;
    is_host_empty_ = value.empty();
    return go_on;
  }

  int content_length(std::string_view value) {
    if (head_.content_length || value.empty() || value.size() > most_length_digits) {
      return bad_request;
    }
    std::uint64_t length = 0;
    for (const char c : value) {
      if (!is_digit(c)) return bad_request;
      length = length * 10 + static_cast<unsigned>(c - '0');
    }
    head_.content_length = length;
    return go_on;
  }

  int transfer_encoding(std::string_view value) {
    if (std::exchange(has_transfer_encoding_, true) || head_.minor_version == 0) return bad_request;
    if (ascii_iequals(value, "chunked")) {
      head_.chunked = true;
      return go_on;
    }
    // RFC 9112 section 6.3: chunked that is not the final coding leaves the length unknown, "the
    // server MUST respond with the 400"; section 6.1: an unknown coding is 501.
    bool is_empty = true;
    bool was_chunked = false;
    const bool known = for_each_member(value, [&](std::string_view coding) {
      is_empty = false;
      if (was_chunked) return false;
      for (const char c : coding.substr(0, coding.find(';'))) {
        if (!is_token_octet(c) && c != ' ' && c != '\t') return false;
      }
      was_chunked = ascii_iequals(coding, "chunked");
      return true;
    });
    return !known || is_empty ? bad_request : not_implemented;
  }

  int connection(std::string_view value) {
    const bool well_formed = for_each_member(value, [&](std::string_view option) {
      for (const char c : option) {
        if (!is_token_octet(c)) return false;
      }
      closes_ = closes_ || ascii_iequals(option, "close");
      keeps_alive_ = keeps_alive_ || ascii_iequals(option, "keep-alive");
      return true;
    });
    return well_formed ? go_on : bad_request;
  }

  int expect(std::string_view value) {
    // RFC 9110 section 10.1.1: "A server that receives a 100-continue expectation in an HTTP/1.0
    // request MUST ignore that expectation."
    if (head_.minor_version == 0) return go_on;
    if (!ascii_iequals(value, "100-continue")) return expectation_failed;
    head_.expects_continue = true;
    return go_on;
  }

  // What can only be said when all fields are known.
  int judge() {
    if (head_.minor_version == 1 && !has_host_) return bad_request;
    // RFC 9110 section 4.2.1: a recipient that processes an "http" URI with an empty host "MUST
    // reject it as invalid". Absolute-form brings its own host, and "*" needs none.
    if (has_host_ && is_host_empty_ && is_origin_form_) return bad_request;
    // RFC 9112 section 6.1: "A server MAY reject a request that contains both Content-Length and
    // Transfer-Encoding": this is how requests are smuggled.
    if (head_.chunked && head_.content_length) return bad_request;
    head_.keep_alive = !closes_ && (head_.minor_version == 1 || keeps_alive_);
    return complete;
  }

  std::string_view input_;
  Head& head_;
  const HeadLimits& limits_;
  std::size_t position_ = 0;
  bool is_origin_form_ = false;
  bool has_host_ = false, is_host_empty_ = false;
  bool has_transfer_encoding_ = false;
  bool closes_ = false, keeps_alive_ = false;
};

}  // namespace

std::size_t Head::count(std::string_view name) const {
  std::size_t found = 0;
  for (const Field& field : fields) found += ascii_iequals(field.name, name) ? 1 : 0;
  return found;
}

std::optional<std::string_view> Head::only(std::string_view name) const {
  std::optional<std::string_view> value;
  for (const Field& field : fields) {
    if (!ascii_iequals(field.name, name)) continue;
    if (value) return std::nullopt;
    value = field.value;
  }
  return value;
}

HeadResult parse_head(std::string_view input, Head& head, const HeadLimits& limits) {
  head = Head();
  return Parser(input, head, limits).run();
}

bool may_decide_head(std::string_view input, std::size_t seen) {
  // A CR says nothing before the octet behind it is known.
  for (std::size_t at = seen == 0 ? 0 : seen - 1; at < input.size(); ++at) {
    const auto octet = static_cast<unsigned char>(input[at]);
    const bool is_control = (octet < 0x20 && octet != '\t') || octet == 0x7f;
    if (is_control && (octet != '\r' || at + 1 < input.size())) return true;
  }
  return false;
}

}  // namespace jidgate::http
