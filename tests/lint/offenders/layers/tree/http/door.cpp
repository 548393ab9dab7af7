#include <gloox/tag.h>
#include <httplib.h>
#include <left/pad.h>
#include "component/program/options.hpp"
