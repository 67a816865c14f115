// The resources that a server has used so far: CPU time of all threads of all its processes and, if
// the machine counts them, instructions in user and kernel mode. Read before and after a measured
// slice.
#ifndef BENCH_NATIVE_SERVER_USAGE_H_
#define BENCH_NATIVE_SERVER_USAGE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench {

struct Usage {
  uint64_t cpu_ns = 0;
  std::optional<uint64_t> user_instructions;
  std::optional<uint64_t> kernel_instructions;
};

// `pid` and all its descendants. Empty for a pid of 0.
std::vector<pid_t> FamilyOf(pid_t pid);

// Nanoseconds for which a thread ran, and for which it was ready to run but had no core.
struct ThreadTimes {
  pid_t thread = 0;
  uint64_t run_ns = 0;
  uint64_t wait_ns = 0;
};

// The sums over all threads of these processes.
std::vector<ThreadTimes> TimesOf(const std::vector<pid_t>& family);

class ServerUsage {
 public:
  // Empty if this process may count instructions on this machine, else the reason why not.
  static std::string WhyNoInstructions();

  ServerUsage() = default;
  ~ServerUsage();
  ServerUsage(const ServerUsage&) = delete;
  ServerUsage& operator=(const ServerUsage&) = delete;

  // Watches all threads of `pid` and of its present descendants, and threads that these will start.
  // A pid of 0 watches nothing.
  void Attach(pid_t pid);

  Usage Read() const;

 private:
  void Detach();

  std::vector<pid_t> family_;
  std::vector<int> user_;  // one perf descriptor per thread; empty where not supported
  std::vector<int> kernel_;
};

}  // namespace bench

#endif  // BENCH_NATIVE_SERVER_USAGE_H_
