// An event loop of another library that lives in Node's loop: what it waits for, and what it does
// when that has happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ropewalk {

// The layout of a pollfd of poll(2), and of a GPollFD.
struct ForeignDescriptor {
  int fd;
  uint16_t events;
  uint16_t revents;
};

// All methods belong to the thread that hosts the loop.
class ForeignLoop {
 public:
  static constexpr int kNever = -1;

  virtual ~ForeignLoop() = default;

  // Called before each sleep. Returns milliseconds until dispatch() is due: 0 if it is due already,
  // kNever if only a descriptor can make it so. `descriptors` is not read if the result is 0.
  virtual int prepare(std::vector<ForeignDescriptor>& descriptors) = 0;

  // Asks the system what is ready, without waiting. Returns whether there is anything to dispatch,
  // and stores whether any descriptor was ready.
  virtual bool check(bool& descriptorReady) = 0;

  // Whether the loop cannot say what it waits for, so that it must sleep in place of Node's. Then
  // only sleep() is called.
  virtual bool sleepsItself() const { return false; }

  // Waits for its events and handles them, until Node's descriptor is readable or `timeoutMs` is
  // over. Returns after the events of one wake-up at the latest.
  virtual void sleep(int /*timeoutMs*/) {}

  // Calls the loop's callbacks, once, after check() has returned true. It may run a loop inside
  // itself.
  virtual void dispatch() = 0;
};

// Polls `descriptors` without waiting, and sets their revents; returns the number of those ready.
size_t pollForeign(std::vector<ForeignDescriptor>& descriptors, size_t count);

// Interests and readiness of JavaScript, as events of poll(2) and back.
constexpr int kForeignRead = 1;
constexpr int kForeignWrite = 2;
constexpr int kForeignFailed = 4;
constexpr int kForeignInvalid = 8;
uint16_t foreignEvents(int interest);
int foreignReadiness(uint16_t revents);

}  // namespace ropewalk
