// What the native tests and fuzz targets check with. A test is a function that tells one story; a
// failed check names its file and line and ends the process.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "system.h"

namespace ropewalk {

// What a failed check names besides its place: the story being told, and what it is told about.
inline const char* storyName = "";
inline const char* storyContext = "";

[[noreturn]] inline void failCheck(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: %s %s: %s\n", file, line, storyContext, storyName, what.c_str());
  std::fflush(stderr);
#ifdef FUZZING
  std::abort();  // libFuzzer keeps the input
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

// Limits are so many times as long, for slow machines: .ci/run measures how slow this one is.
inline int patience() {
  static const int given = [] {
    const char* text = std::getenv("ROPEWALK_TEST_PATIENCE");
    return text == nullptr ? 1 : std::max(1, std::atoi(text));
  }();
  return given;
}

// Passes long after anything that is going to happen has happened, sanitizers and busy machines
// included.
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

// Each story must leave no descriptor behind.
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
