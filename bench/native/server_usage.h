// What a server process has used so far: CPU time of all its threads and, where the machine counts
// them, instructions in user and in kernel mode. Read before and after a measured slice.
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

class ServerUsage {
 public:
  // Empty when this process may count instructions on this machine, else the reason why not.
  static std::string WhyNoInstructions();

  ServerUsage() = default;
  ~ServerUsage();
  ServerUsage(const ServerUsage&) = delete;
  ServerUsage& operator=(const ServerUsage&) = delete;

  // Watches all threads of `pid`, and those which they will start. A pid of 0 watches nothing.
  void Attach(pid_t pid);

  Usage Read() const;

 private:
  void Detach();

  pid_t pid_ = 0;
  std::vector<int> user_;  // one perf descriptor per thread; empty where not supported
  std::vector<int> kernel_;
};

}  // namespace bench

#endif  // BENCH_NATIVE_SERVER_USAGE_H_
