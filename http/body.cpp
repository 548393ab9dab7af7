// SPDX-License-Identifier: GPL-3.0-or-later
// Content-Length and chunked bodies, octet by octet where it matters.
#include "http/body.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "http/octets.hpp"

namespace jidgate::http {
namespace {

constexpr int incomplete = 0;
constexpr int complete = 200;
constexpr int bad_request = 400;
constexpr int content_too_large = 413;

constexpr std::uint64_t largest_size = 0xffffffff;
constexpr unsigned most_trailers = 32;
constexpr unsigned longest_size_line = 256;
// Leading zeros, extensions and trailers are thrown away; without a bound 64 KiB of content in
// one-octet chunks could make us read 16 MiB.
constexpr unsigned most_overhead = 8192;

}  // namespace

BodyReader::BodyReader(const Head& head, std::uint64_t limit)
    : chunked_(head.chunked), remaining_(head.content_length.value_or(0)), room_(limit) {
  if (chunked_) {
    state_ = State::size;
  } else if (remaining_ > 0) {
    state_ = State::content;
  }
}

int BodyReader::feed(std::string& input, std::string& body) {
  std::size_t at = 0;
  int status = state_ == State::complete ? complete : incomplete;
  if (state_ == State::failed) status = bad_request;
  while (status == incomplete && at < input.size()) {
    if (state_ != State::content) {
      status = step(input[at++]);
      continue;
    }
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size() - at));
    if (count > room_) {
      status = content_too_large;
      break;
    }
    body.append(input, at, count);
    at += count;
    room_ -= count;
    remaining_ -= count;
    if (remaining_ == 0) {
      state_ = chunked_ ? State::content_end : State::complete;
      if (!chunked_) status = complete;
    }
  }
  input.erase(0, at);
  if (status >= bad_request) state_ = State::failed;
  return status;
}

int BodyReader::chunk_begins() {
  line_ = 0;
  has_digit_ = false;
  if (remaining_ == 0) {
    state_ = State::trailer_start;
    return incomplete;
  }
  if (remaining_ > room_) return content_too_large;
  state_ = State::content;
  return incomplete;
}

// Counts an octet of the size line that does not tell the size.
bool BodyReader::may_go_on_wasting() {
  return ++line_ <= longest_size_line && ++overhead_ <= most_overhead;
}

int BodyReader::size_digit(char c) {
  const int value = hex_value(c);
  if (value >= 0) {
    // RFC 9112 section 7.1: chunk-size = 1*HEXDIG, so zeros may lead.
    if (std::exchange(has_digit_, true) && remaining_ == 0 && !may_go_on_wasting()) {
      return bad_request;
    }
    if (remaining_ > largest_size >> 4) return bad_request;
    remaining_ = (remaining_ << 4) | static_cast<unsigned>(value);
    return incomplete;
  }
  if (!has_digit_) return bad_request;
  if (c == '\r') {
    state_ = State::size_end;
  } else if (c == ';') {
    state_ = State::extension;
  } else if (c == ' ' || c == '\t') {
    state_ = State::size_padding;  // may stand before an extension, and nowhere else
  } else {
    return bad_request;
  }
  return incomplete;
}

int BodyReader::step(char c) {
  const auto expect = [&](char wanted, State then) {
    if (c != wanted) return bad_request;
    state_ = then;
    return incomplete;
  };
  switch (state_) {
    case State::size:
      return size_digit(c);
    case State::size_padding:
    case State::extension:
      if (!may_go_on_wasting()) return bad_request;
      if (state_ == State::size_padding) {
        if (c == ';') state_ = State::extension;
        return c == ';' || c == ' ' || c == '\t' ? incomplete : bad_request;
      }
      if (c == '\r') return expect('\r', State::size_end);
      return is_value_octet(c) ? incomplete : bad_request;
    case State::size_end:
      return c == '\n' ? chunk_begins() : bad_request;
    case State::content_end:
      return expect('\r', State::content_end_lf);
    case State::content_end_lf:
      return expect('\n', State::size);
    case State::trailer_start:
      if (c == '\r') return expect('\r', State::last_end);
      if (++trailers_ > most_trailers || c == ':') return bad_request;
      state_ = State::trailer_name;
      [[fallthrough]];
    case State::trailer_name:
      if (++overhead_ > most_overhead) return bad_request;
      if (c == ':') {
        state_ = State::trailer_value;
        return incomplete;
      }
      return is_token_octet(c) ? incomplete : bad_request;
    case State::trailer_value:
      if (++overhead_ > most_overhead) return bad_request;
      if (c == '\r') return expect('\r', State::trailer_end);
      return is_value_octet(c) ? incomplete : bad_request;
    case State::trailer_end:
      return expect('\n', State::trailer_start);
    case State::last_end:
      return c == '\n' ? (state_ = State::complete, complete) : bad_request;
    case State::content:
    case State::complete:
    case State::failed:
      break;
  }
  return bad_request;
}

}  // namespace jidgate::http
