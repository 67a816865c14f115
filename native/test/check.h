// Checks of the native tests and fuzz targets. A test is a function called a story; a failed check
// prints its file and line and ends the process.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "system.h"

namespace ropewalk {

// Printed with a failed check: the running story, and its context (such as the poller).
inline const char* storyName = "";
inline const char* storyContext = "";

[[noreturn]] inline void failCheck(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: %s %s: %s\n", file, line, storyContext, storyName, what.c_str());
  std::fflush(stderr);
#ifdef FUZZING
  std::abort();  // makes libFuzzer keep the input
#else
  std::_Exit(1);
#endif
}

#define CHECK(condition)                                     \
  do {                                                       \
    if (!(condition)) {                                      \
      ::ropewalk::failCheck(__FILE__, __LINE__, #condition); \
    }                                                        \
  } while (false)

// For integers.
#define CHECK_EQUAL(actual, expected)                                                    \
  do {                                                                                   \
    const auto actualValue = static_cast<long long>(actual);                             \
    const auto expectedValue = static_cast<long long>(expected);                         \
    if (actualValue != expectedValue) {                                                  \
      ::ropewalk::failCheck(__FILE__, __LINE__,                                          \
                            #actual " is " + std::to_string(actualValue) + ", not " +    \
                                std::to_string(expectedValue) + " as " #expected " is"); \
    }                                                                                    \
  } while (false)

// The factor by which time limits are extended on slow machines, measured by .ci/run.
inline int patience() {
  static const int given = [] {
    const char* text = std::getenv("ROPEWALK_TEST_PATIENCE");
    return text == nullptr ? 1 : std::max(1, std::atoi(text));
  }();
  return given;
}

// Late enough for everything expected to have happened, even with sanitizers on a busy machine.
class Deadline {
 public:
  bool passed() const { return Clock::now() >= end_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point end_ = Clock::now() + std::chrono::seconds(20) * patience();
};

struct Story {
  const char* name;
  void (*tell)();
};

#define STORY(function) \
  {                     \
#function, function \
  }

// No story may leave a descriptor open.
inline int tell(std::initializer_list<Story> stories) {
  for (const Story& story : stories) {
    storyName = story.name;
    const size_t before = openDescriptors();
    story.tell();
    CHECK_EQUAL(openDescriptors(), before);
  }
  return 0;
}

}  // namespace ropewalk
