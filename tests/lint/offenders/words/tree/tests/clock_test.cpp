#include <thread>
// TODO: wait for something
TEST(Clock, DISABLED_Ticks) { std::this_thread::sleep_for(1s); }
// built in /home/romeo/jidgate
