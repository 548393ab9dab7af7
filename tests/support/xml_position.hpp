// SPDX-License-Identifier: GPL-3.0-or-later
// Where in its input expat stands. Version 2.9.0 deprecates the functions that older ones have.
#pragma once

#include <expat.h>

#include <cstdint>

namespace jidgate::test {

// The first octet of the present event.
inline std::int64_t xml_event_begin(XML_Parser parser) {
#if XML_MAJOR_VERSION > 2 || (XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION >= 9)
  return XML_GetCurrentByteIndex64(parser);
#else
  return XML_GetCurrentByteIndex(parser);
#endif
}

// The octet that follows it.
inline std::int64_t xml_event_end(XML_Parser parser) {
#if XML_MAJOR_VERSION > 2 || (XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION >= 9)
  return xml_event_begin(parser) + static_cast<std::int64_t>(XML_GetCurrentByteCount64(parser));
#else
  return xml_event_begin(parser) + XML_GetCurrentByteCount(parser);
#endif
}

}  // namespace jidgate::test
