// The parts of starting a child that are Linux's own.

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "child.h"
#include "exit_thread.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace ropewalk {
namespace {

constexpr unsigned kCloseOnExecFlag = 4;  // CLOSE_RANGE_CLOEXEC
constexpr size_t kStackSize = 128 * 1024;
constexpr rlim_t kMostDescriptors = 1'048'576;  // what Linux allows unless fs.nr_open is raised

void markCloseOnExec(int fd) {
  if (fd >= 0) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

// A number in decimal; -1 for other names.
int parseNumber(const char* text) {
  int number = 0;
  if (*text == '\0') return -1;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return -1;
    number = number * 10 + (*text - '0');
  }
  return number;
}

// For kernels before 5.11. Reads the folder with the system call, because opendir(3) allocates.
// Returns false without a usable /proc.
bool closeListed(int from, int to) {
  const int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  struct Entry {  // linux_dirent64 of getdents64(2)
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    unsigned char type;
    char name[];
  };
  alignas(Entry) char entries[4096];
  long size = 0;
  while ((size = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const Entry*>(entries + at);
      const int fd = parseNumber(entry->name);
      if (fd >= from && (to < 0 || fd <= to)) markCloseOnExec(fd);
      at += entry->length;
    }
  }
  close(folder);
  return size == 0;
}

// The limit of the process may be a thousand times as many, which would take minutes.
void closeEach(int from, int to) {
  rlimit limit = {0, kMostDescriptors};
  (void)getrlimit(RLIMIT_NOFILE, &limit);
  const auto most = static_cast<int>(std::min(limit.rlim_max, kMostDescriptors));
  const int last = to >= 0 ? to : most - 1;
  for (int fd = from; fd <= last; fd++) markCloseOnExec(fd);
}

// glibc's functions change all threads of a process, whose list is the parent's here, and wait for
// their answers. 32-bit systems have other calls for numbers above 65535.
#ifdef SYS_setresuid32
constexpr long kSetGroups = SYS_setgroups32;
constexpr long kSetGroup = SYS_setresgid32;
constexpr long kSetUser = SYS_setresuid32;
#else
constexpr long kSetGroups = SYS_setgroups;
constexpr long kSetGroup = SYS_setresgid;
constexpr long kSetUser = SYS_setresuid;
#endif

}  // namespace

void closeOnExec(int from, int to) {
  const auto first = static_cast<unsigned>(from);
  if (syscall(SYS_close_range, first, static_cast<unsigned>(to), kCloseOnExecFlag) == 0) return;
  if (!closeListed(from, to)) closeEach(from, to);
}

Status becomeUser(const SpawnRequest& request) {
  if (request.user < 0 && request.group < 0) return {};
  const auto group = static_cast<uint32_t>(request.group);  // -1 leaves an id unchanged
  const auto user = static_cast<uint32_t>(request.user);
  if (syscall(kSetGroups, request.groups.size(), request.groups.data()) < 0 &&
      request.groupsGiven) {
    return Status::last("setgroups");
  }
  if (syscall(kSetGroup, group, group, group) < 0) return Status::last("setresgid");
  if (syscall(kSetUser, user, user, user) < 0) return Status::last("setresuid");
  return {};
}

// The child shares this process's memory until it executes its program: copying the page tables of
// a large process takes milliseconds. A child that changes its user does not: the new user could
// read the memory of this process through it, and the kernel would mark that as not dumpable.
Status startChild(ChildPlan& plan, StartedChild& child) {
  void* stack = mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return Status::last("mmap");
  const SpawnRequest& request = *plan.request;
  const bool changesUser = request.user >= 0 || request.group >= 0;
  const int sharing = changesUser ? 0 : CLONE_VM;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  const auto create = [&](int pidfdFlag) {
    return clone(runChild, static_cast<char*>(stack) + kStackSize,
                 sharing | CLONE_VFORK | pidfdFlag | SIGCHLD, &plan, &pidfd);
  };
  int pid = create(CLONE_PIDFD);
  // Kernels before 5.2 ignore the flag; filters of system calls and other kernels may refuse it.
  if (pid < 0 && (errno == EINVAL || errno == EPERM || errno == ENOSYS)) pid = create(0);
  const Status status = pid < 0 ? Status::last("clone") : Status{};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  munmap(stack, kStackSize);
  child.pid = pid;
  child.exit.reset(pidfd);
  return status;
}

Status watchExit(int pid, UniqueFd& exit) {
  return watchExitInThread(pid, exit);
}

}  // namespace ropewalk
