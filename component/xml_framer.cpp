// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts an XML stream into its children while the octets arrive.
#include "component/xml_framer.hpp"

#include <utility>

namespace jidgate::component {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

std::optional<XmlFrame> XmlFramer::next(std::string_view& octets) {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (auto frame = take(octets[i])) {
      octets.remove_prefix(i + 1);
      return frame;
    }
  }
  octets = {};
  return std::nullopt;
}

std::optional<XmlFrame> XmlFramer::take(char c) {
  const bool between = depth_ == 0 && state_ == State::text;
  if (!between || c == '<') {
    keep(c);
    if (!header_seen_ && octets_ > limits_.header) return broken("header-too-large");
    if (octets_ > limits_.skipped) return broken("endless-stanza");
    if (header_seen_ && octets_ > limits_.stanza) leave_out("too-large");
  }
  switch (state_) {
    case State::text:
      return in_text(c);
    case State::open:
      return after_open(c);
    case State::start:
    case State::start_slash:
      return in_start(c);
    case State::apos:
      if (c == '\'') state_ = State::start;
      return std::nullopt;
    case State::quot:
      if (c == '"') state_ = State::start;
      return std::nullopt;
    case State::end:
      if (c == '<') return broken("malformed");
      return c == '>' ? ended() : std::nullopt;
    case State::bang:
      return after_bang(c);
    case State::comment:
      within(c, "-->");
      return std::nullopt;
    case State::cdata:
      within(c, "]]>");
      return std::nullopt;
    case State::pi:
      within(c, "?>");
      return std::nullopt;
  }
  return broken("malformed");
}

std::optional<XmlFrame> XmlFramer::in_text(char c) {
  if (c == '<') {
    state_ = State::open;
  } else if (depth_ == 0 && !is_space(c)) {
    return broken("text-between-stanzas");
  }
  return std::nullopt;
}

std::optional<XmlFrame> XmlFramer::after_open(char c) {
  mark_.clear();
  switch (c) {
    case '/':
      if (!header_seen_) return broken("malformed");
      state_ = State::end;
      return std::nullopt;
    case '!':
    case '?':
      // RFC 6120 section 11.1 allows neither comments nor processing instructions. Inside of a
      // stanza they cost that stanza; between stanzas only the server can have written them. The
      // XML declaration stays with the header, for expat to judge.
      if (depth_ == 0 && (header_seen_ || c == '!')) return broken("restricted-xml");
      state_ = c == '!' ? State::bang : State::pi;
      return std::nullopt;
    case '<':
    case '>':
      return broken("malformed");
    default:
      state_ = State::start;
      if (is_space(c)) return broken("malformed");
      if (++elements_ > limits_.elements) leave_out("too-many-elements");
      return std::nullopt;
  }
}

std::optional<XmlFrame> XmlFramer::in_start(char c) {
  const bool after_slash = std::exchange(state_, State::start) == State::start_slash;
  switch (c) {
    case '\'':
      state_ = State::apos;
      return std::nullopt;
    case '"':
      state_ = State::quot;
      return std::nullopt;
    case '/':
      state_ = State::start_slash;
      return std::nullopt;
    case '<':
      return broken("malformed");
    case '>':
      return started(after_slash);
    default:
      return std::nullopt;
  }
}

std::optional<XmlFrame> XmlFramer::after_bang(char c) {
  constexpr std::string_view comment = "--", cdata = "[CDATA[";
  mark_.push_back(c);
  if (mark_ == comment) {
    state_ = State::comment;
    mark_.clear();
  } else if (mark_ == cdata) {
    state_ = State::cdata;
    mark_.clear();
  } else if (!comment.starts_with(mark_) && !cdata.starts_with(mark_)) {
    return broken("restricted-xml");  // a document type, or nothing known
  }
  return std::nullopt;
}

void XmlFramer::within(char c, std::string_view terminator) {
  mark_.push_back(c);
  if (mark_ == terminator) {
    state_ = State::text;
  } else if (mark_.size() == terminator.size()) {
    mark_.erase(0, 1);
  }
}

std::optional<XmlFrame> XmlFramer::started(bool empty) {
  state_ = State::text;
  if (!header_seen_) {
    if (empty) return broken("malformed");
    header_seen_ = true;
    XmlFrame header = finish();
    header.kind = XmlFrame::Kind::header;
    return header;
  }
  if (depth_ + 1 > limits_.depth) leave_out("too-deep");
  if (!empty) {
    ++depth_;
  } else if (depth_ == 0) {
    return finish();
  }
  return std::nullopt;
}

std::optional<XmlFrame> XmlFramer::ended() {
  state_ = State::text;
  if (depth_ == 0) return XmlFrame{XmlFrame::Kind::end, {}, {}};
  if (--depth_ == 0) return finish();
  return std::nullopt;
}

void XmlFramer::keep(char c) {
  ++octets_;
  const bool in_start_tag = depth_ == 0 && kept_.size() < limits_.start_tag;
  if (excess_.empty() || in_start_tag) kept_.push_back(c);
}

void XmlFramer::leave_out(std::string_view why) {
  if (!excess_.empty()) return;
  excess_ = why;
  if (depth_ == 0) return;
  if (kept_.size() > limits_.beginning) kept_.resize(limits_.beginning);
  kept_.shrink_to_fit();
}

XmlFrame XmlFramer::finish() {
  const auto kind = excess_.empty() ? XmlFrame::Kind::element : XmlFrame::Kind::excess;
  XmlFrame frame{kind, std::exchange(kept_, {}), std::exchange(excess_, {})};
  octets_ = elements_ = 0;
  return frame;
}

XmlFrame XmlFramer::broken(std::string_view why) {
  return {XmlFrame::Kind::broken, {}, why};
}

}  // namespace jidgate::component
