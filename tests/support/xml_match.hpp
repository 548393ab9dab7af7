// SPDX-License-Identifier: GPL-3.0-or-later
// Compares XML as trees, for dialogue tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace jidgate::test {

// `want` may be written over several lines and with other quotes; attribute order and prefixes do
// not matter, everything else does. The value {any}, of an attribute or a text, fits every
// non-empty one. Both are read as children of a component's stream. A difference is named with its
// place:
// "/iq/@id: is 'list1', want 'list2'".
testing::AssertionResult matches(std::string_view got, std::string_view want);

// An attribute of the outermost element; empty when it has none of that name.
std::string attribute(std::string_view xml, std::string_view name);

}  // namespace jidgate::test
