#include <stringprep.h>
#include <sys/socket.h>
