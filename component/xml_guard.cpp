// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the server's stream strictly and in bounds.
#include "component/xml_guard.hpp"

#include <utility>

namespace jidgate::component {

std::optional<XmlEvent> XmlGuard::next(std::string_view& octets) {
  using Kind = XmlEvent::Kind;
  if (over_) return std::nullopt;
  auto frame = framer_.next(octets);
  if (!frame) return std::nullopt;
  switch (frame->kind) {
    case XmlFrame::Kind::header: {
      auto parsed = reader_.header(frame->text);
      if (parsed.tag) return XmlEvent{Kind::header, std::move(parsed.tag), {}};
      over_ = true;
      return XmlEvent{Kind::broken, nullptr, parsed.why};
    }
    case XmlFrame::Kind::element: {
      auto parsed = reader_.element(frame->text);
      if (parsed.tag) return XmlEvent{Kind::stanza, std::move(parsed.tag), {}};
      return XmlEvent{Kind::dropped, reader_.beginning(frame->text), parsed.why};
    }
    case XmlFrame::Kind::excess:
      return XmlEvent{Kind::dropped, reader_.beginning(frame->text), frame->why};
    case XmlFrame::Kind::end:
      over_ = true;
      return XmlEvent{Kind::end, nullptr, {}};
    case XmlFrame::Kind::broken:
      break;
  }
  over_ = true;
  return XmlEvent{Kind::broken, nullptr, frame->why};
}

}  // namespace jidgate::component
