// Name look-ups under control of a test: a replacement for getaddrinfo that blocks until released,
// and an owner that waits to be woken.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "net/name_lookup.h"

namespace ropewalk {

// Look-ups of names that begin with "stuck" block in it.
class Gate {
 public:
  NameAnswer lookUp(const std::string& name) {
    std::unique_lock lock(mutex_);
    asked_.push_back(name);
    inside_ += 1;
    changed_.notify_all();
    if (name.starts_with("stuck")) changed_.wait(lock, [this] { return open_; });
    inside_ -= 1;
    changed_.notify_all();
    return {0, 0, {"addresses of " + name}};
  }

  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  void untilInside(size_t count) {
    std::unique_lock lock(mutex_);
    CHECK(changed_.wait_for(lock, kPatience, [&] { return inside_ == count; }));
  }

  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  static constexpr auto kPatience = std::chrono::seconds(20);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  size_t inside_ = 0;
  bool open_ = false;
};

// Represents the thread that uv_async wakes.
class Desk {
 public:
  void wake() {
    const std::lock_guard lock(mutex_);
    wakes_ += 1;
    changed_.notify_one();
  }

  // Waits for `count` answers and returns them in order of arrival.
  std::vector<NameLookups::Finished> take(NameLookups& lookups, size_t count) {
    std::vector<NameLookups::Finished> taken;
    const Deadline deadline;
    while (taken.size() < count) {
      CHECK(!deadline.passed());
      untilWoken();
      for (NameLookups::Finished& finished : lookups.take()) taken.push_back(std::move(finished));
    }
    CHECK_EQUAL(taken.size(), count);
    return taken;
  }

  int wakes() {
    const std::lock_guard lock(mutex_);
    return total_ + wakes_;
  }

 private:
  void untilWoken() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return wakes_ > 0; });
    total_ += std::exchange(wakes_, 0);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int wakes_ = 0;
  int total_ = 0;
};

// The gate is shared with threads that may outlive the test.
inline NameLookups::Options through(const std::shared_ptr<Gate>& gate, size_t maxThreads,
                                    std::chrono::milliseconds idle = std::chrono::seconds(10)) {
  return {maxThreads, idle,
          [gate](const std::string& name, AddressFamily) { return gate->lookUp(name); }};
}

}  // namespace ropewalk
