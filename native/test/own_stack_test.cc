// The bounds of a thread's own stack, also with the fake stacks of AddressSanitizer.

#include "foreign/own_stack.h"

#include <csignal>
#include <thread>
#include <vector>

#include "check.h"

// Variables then live on fake stacks if the test is built with AddressSanitizer.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "detect_stack_use_after_return=1";
}

namespace ropewalk {
namespace {

// With a variable whose address is taken, which is what moves a frame to a fake stack.
bool onOwnStack() {
  volatile char bytes[64];
  volatile char* first = bytes;
  *first = 1;
  return OwnStack::ofThread().current();
}

void isThatOfEachThread() {
  CHECK(onOwnStack());
  bool inside = false;
  std::thread([&inside] { inside = onOwnStack(); }).join();
  CHECK(inside);
}

volatile std::sig_atomic_t handled = 0;

void handle(int) {
  handled = onOwnStack() ? 1 : 2;
}

void isNotThatOfASignalHandlerWithAnother() {
  (void)onOwnStack();  // its first use asks the system
  std::vector<char> memory(1 << 20);
  stack_t other{};
  stack_t before{};
  other.ss_sp = memory.data();
  other.ss_size = memory.size();
  CHECK(sigaltstack(&other, &before) == 0);
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_ONSTACK;
  CHECK(sigaction(SIGUSR1, &action, nullptr) == 0);
  CHECK(raise(SIGUSR1) == 0);
#if defined(__linux__) || defined(__APPLE__)
  CHECK_EQUAL(handled, 2);
#else
  CHECK_EQUAL(handled, 1);  // the system does not tell
#endif
  CHECK(sigaltstack(&before, nullptr) == 0);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({STORY(isThatOfEachThread), STORY(isNotThatOfASignalHandlerWithAnother)});
}
