// SPDX-License-Identifier: GPL-3.0-or-later
// Making gloox tags without losing anything: gloox leaves out, without a word, what it takes for
// bad.
#pragma once

#include <gloox/tag.h>

#include <memory>
#include <string>
#include <string_view>

namespace jidgate::component {

// All of these throw std::invalid_argument for text that may not stand in XML. Whatever came from
// outside was checked at the edge, so this is a fault of ours; but a question that went out without
// its url would be worse than none.
std::unique_ptr<gloox::Tag> make_tag(std::string_view name, std::string_view xmlns = {});
void set_attribute(gloox::Tag& tag, std::string_view name, std::string_view value);
// The child belongs to `parent`. Without `xmlns` it is in its parent's namespace.
gloox::Tag& add_child(gloox::Tag& parent, std::string_view name, std::string_view xmlns = {},
                      std::string_view text = {});

// The namespace that the element is in: gloox knows the one that is declared at the element itself,
// and most elements are in that of their parent.
std::string namespace_of(const gloox::Tag& tag);

// <iq/>, <message/> or <presence/> with its addresses; `type` may be empty.
std::unique_ptr<gloox::Tag> make_stanza(std::string_view kind, std::string_view from,
                                        std::string_view to, std::string_view type);

}  // namespace jidgate::component
