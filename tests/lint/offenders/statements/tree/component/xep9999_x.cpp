#include "component/stream.hpp"
#include "db/pqxx_adapter.hpp"
void unit(Stream& stream) { stream.exec("no business of this lint"); }
