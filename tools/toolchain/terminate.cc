// What libc++abi calls when C++ code can't go on. Its own file of these prints the exception that nobody
// caught, with a demangler of 100 KB; the addon throws none, and whatever ends it ends the process.

#include <cstdlib>
#include <exception>
#include <new>

extern "C" {
std::terminate_handler __cxa_terminate_handler = std::abort;
std::terminate_handler __cxa_unexpected_handler = std::abort;
std::new_handler __cxa_new_handler = nullptr;
}
