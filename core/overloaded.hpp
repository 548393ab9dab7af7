// SPDX-License-Identifier: GPL-3.0-or-later
// One callable out of several, for std::visit.
#pragma once

namespace jidgate {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace jidgate
