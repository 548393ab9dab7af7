#include <pqxx/pqxx>
#include "http/gate.hpp"
