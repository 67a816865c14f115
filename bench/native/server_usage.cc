#include "server_usage.h"

#include <dirent.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

enum class Side { kUser, kKernel };

int OpenCounter(pid_t thread, Side side) {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_HARDWARE;
  attr.size = sizeof attr;
  attr.config = PERF_COUNT_HW_INSTRUCTIONS;
  attr.inherit = 1;
  attr.exclude_hv = 1;
  attr.exclude_kernel = side == Side::kUser;
  attr.exclude_user = side == Side::kKernel;
  long fd = syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
  return static_cast<int>(fd);
}

std::vector<pid_t> ThreadsOf(pid_t pid) {
  std::vector<pid_t> threads;
  std::string path = "/proc/" + std::to_string(pid) + "/task";
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr) return threads;
  while (dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') threads.push_back(std::atoi(entry->d_name));
  }
  closedir(dir);
  return threads;
}

// The first field of schedstat: nanoseconds this thread has run (proc_pid_schedstat in the kernel's
// Documentation/scheduler/sched-stats.rst).
uint64_t ThreadCpuNs(pid_t pid, pid_t thread) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, thread);
  FILE* file = std::fopen(path, "r");
  if (file == nullptr) return 0;
  unsigned long long ns = 0;
  int fields = std::fscanf(file, "%llu", &ns);
  std::fclose(file);
  return fields == 1 ? ns : 0;
}

std::optional<uint64_t> Sum(const std::vector<int>& counters) {
  if (counters.empty()) return std::nullopt;
  uint64_t sum = 0;
  for (int fd : counters) {
    uint64_t value = 0;
    if (read(fd, &value, sizeof value) != sizeof value) return std::nullopt;
    sum += value;
  }
  return sum;
}

void CloseAll(std::vector<int>* fds) {
  for (int fd : *fds) close(fd);
  fds->clear();
}

}  // namespace

std::string ServerUsage::WhyNoInstructions() {
  int fd = OpenCounter(0, Side::kUser);
  if (fd < 0) return std::string("perf_event_open: ") + std::strerror(errno);
  close(fd);
  return "";
}

ServerUsage::~ServerUsage() {
  Detach();
}

void ServerUsage::Detach() {
  CloseAll(&user_);
  CloseAll(&kernel_);
  pid_ = 0;
}

void ServerUsage::Attach(pid_t pid) {
  Detach();
  pid_ = pid;
  for (pid_t thread : ThreadsOf(pid)) {
    int user = OpenCounter(thread, Side::kUser);
    if (user >= 0) user_.push_back(user);
    int kernel = OpenCounter(thread, Side::kKernel);
    if (kernel >= 0) kernel_.push_back(kernel);
  }
}

Usage ServerUsage::Read() const {
  Usage usage;
  for (pid_t thread : ThreadsOf(pid_)) usage.cpu_ns += ThreadCpuNs(pid_, thread);
  usage.user_instructions = Sum(user_);
  usage.kernel_instructions = Sum(kernel_);
  return usage;
}

}  // namespace bench
