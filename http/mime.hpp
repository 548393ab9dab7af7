// SPDX-License-Identifier: GPL-3.0-or-later
// Media types by file name.
#pragma once

#include <string_view>

namespace jidgate::http {

// "text/html; charset=utf-8" for "index.html"; "application/octet-stream" for what is unknown.
std::string_view media_type(std::string_view file_name);

}  // namespace jidgate::http
