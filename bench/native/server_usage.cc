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

// The entries of a folder whose names are numbers.
std::vector<pid_t> NumbersIn(const std::string& path) {
  std::vector<pid_t> numbers;
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr) return numbers;
  while (dirent* entry = readdir(dir)) {
    pid_t number = std::atoi(entry->d_name);
    if (number > 0) numbers.push_back(number);
  }
  closedir(dir);
  return numbers;
}

std::vector<pid_t> ThreadsOf(pid_t pid) {
  return NumbersIn("/proc/" + std::to_string(pid) + "/task");
}

// 0 if it has none, or has ended.
pid_t ParentOf(pid_t pid) {
  std::string path = "/proc/" + std::to_string(pid) + "/stat";
  FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) return 0;
  int parent = 0;
  // The name may contain anything, and ends with the last parenthesis; no server here has one in
  // its name.
  int fields = std::fscanf(file, "%*d (%*[^)]) %*c %d", &parent);
  std::fclose(file);
  return fields == 1 ? parent : 0;
}

// The first two fields of schedstat (the kernel's Documentation/scheduler/sched-stats.rst).
ThreadTimes TimesOfThread(pid_t pid, pid_t thread) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, thread);
  FILE* file = std::fopen(path, "r");
  if (file == nullptr) return {};
  unsigned long long run = 0;
  unsigned long long wait = 0;
  int fields = std::fscanf(file, "%llu %llu", &run, &wait);
  std::fclose(file);
  return fields == 2 ? ThreadTimes{thread, run, wait} : ThreadTimes{};
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

std::vector<pid_t> FamilyOf(pid_t pid) {
  if (pid <= 0) return {};
  std::vector<pid_t> family{pid};
  std::vector<pid_t> all = NumbersIn("/proc");
  for (size_t member = 0; member < family.size(); ++member) {
    for (pid_t other : all) {
      if (ParentOf(other) == family[member]) family.push_back(other);
    }
  }
  return family;
}

std::vector<ThreadTimes> TimesOf(const std::vector<pid_t>& family) {
  std::vector<ThreadTimes> times;
  for (pid_t member : family) {
    for (pid_t thread : ThreadsOf(member)) times.push_back(TimesOfThread(member, thread));
  }
  return times;
}

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
  family_.clear();
}

void ServerUsage::Attach(pid_t pid) {
  Detach();
  family_ = FamilyOf(pid);
  for (pid_t member : family_) {
    for (pid_t thread : ThreadsOf(member)) {
      int user = OpenCounter(thread, Side::kUser);
      if (user >= 0) user_.push_back(user);
      int kernel = OpenCounter(thread, Side::kKernel);
      if (kernel >= 0) kernel_.push_back(kernel);
    }
  }
}

Usage ServerUsage::Read() const {
  Usage usage;
  for (const ThreadTimes& times : TimesOf(family_)) usage.cpu_ns += times.run_ns;
  usage.user_instructions = Sum(user_);
  usage.kernel_instructions = Sum(kernel_);
  return usage;
}

}  // namespace bench
