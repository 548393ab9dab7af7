// SPDX-License-Identifier: GPL-3.0-or-later
// Files of a directory, to somebody who has been let in.
#pragma once

#include <string>

#include "core/clock.hpp"
#include "http/gate.hpp"
#include "http/reply.hpp"

namespace jidgate::http {

// Answers the request of `exchange` with a file under `root`: on a worker, it reads the disk.
// Nothing outside of `root` is ever opened, whatever symbolic links stand in it and whoever renames
// what meanwhile: the kernel resolves the path (openat2), and where it cannot nothing is served.
Reply serve_file(const std::string& root, const Exchange& exchange, WallTime now);

}  // namespace jidgate::http
