// Looks up names with getaddrinfo(3), which blocks, on separate threads: libuv's four threads stay
// free for files.
//
// Threads are started on demand and end after some idle time. A call to getaddrinfo can't be
// interrupted: threads are detached, share ownership of all the state they use, and are never
// joined.
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
  int systemError = 0;  // errno if `error` is EAI_SYSTEM, which not every system has
  // As text, in the order in which to try them; IPv6 with its scope, if any.
  std::vector<std::string> addresses;
};

// Asks the system. Blocks, for many seconds if a name server does not answer.
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

  // `wake` is called on another thread when take() has answers. It must neither block nor call back
  // into this object.
  NameLookups(std::function<void()> wake, Options options);
  explicit NameLookups(std::function<void()> wake);
  // Drops queued look-ups and does not wait for those in progress. `wake` is not called afterwards.
  ~NameLookups();
  NameLookups(const NameLookups&) = delete;
  NameLookups& operator=(const NameLookups&) = delete;

  // Queues a look-up. `id` is chosen by the caller and returned with the answer. The caller limits
  // the length of the queue. Fails if no thread exists and none can be started.
  Status start(uint32_t id, std::string name, AddressFamily family);

  // The look-ups answered since the last call.
  std::vector<Finished> take();

  size_t threads() const;

 private:
  struct Shared;

  static void* run(void* shared);
  Status addThread();

  const std::shared_ptr<Shared> shared_;
};

}  // namespace ropewalk
