// Looks names up by getaddrinfo(3), which blocks, on threads of our own: libuv's four, which files
// need too, are left alone.
//
// Threads are made as they are needed and end after some idle time. Nothing can stop a call of
// getaddrinfo: a thread that stands in one belongs to nobody, shares what it touches, and is never
// waited for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../status.h"

namespace ropewalk {

enum class AddressFamily { kAny, kIpv4, kIpv6 };

struct NameAnswer {
  int error = 0;        // EAI_..., 0 for success
  int systemError = 0;  // errno where that is EAI_SYSTEM, which not every system has
  // As text, in the order in which they should be tried; IPv6 with a scope where it has one.
  std::vector<std::string> addresses;
};

// Asks the system. Blocks, for many seconds where a name server does not answer.
NameAnswer lookUpName(const std::string& name, AddressFamily family);

class NameLookups {
 public:
  using LookUp = std::function<NameAnswer(const std::string& name, AddressFamily family)>;

  struct Options {
    size_t maxThreads = 8;
    std::chrono::milliseconds idle = std::chrono::seconds(10);
    LookUp lookUp = lookUpName;
  };

  struct Finished {
    uint32_t id;
    NameAnswer answer;
  };

  // `wake` is called on another thread when there is something to take. It must not block, nor call
  // back into this object.
  NameLookups(std::function<void()> wake, Options options);
  explicit NameLookups(std::function<void()> wake);
  // Forgets what is queued and does not wait for what is under way. `wake` is not called
  // afterwards.
  ~NameLookups();
  NameLookups(const NameLookups&) = delete;
  NameLookups& operator=(const NameLookups&) = delete;

  // Queues a look-up. `id` is the caller's, and comes back with the answer. How much may be queued
  // is up to the caller. Fails where the system has no thread for it and none is there already.
  Status start(uint32_t id, std::string name, AddressFamily family);

  // What has been answered since the last call.
  std::vector<Finished> take();

  size_t threads() const;

 private:
  struct Shared;

  static void* run(void* shared);
  Status addThread();

  const std::shared_ptr<Shared> shared_;
};

}  // namespace ropewalk
