#include <pqxx/pqxx>
#include <poll.h>
#include "db/pool.hpp"
