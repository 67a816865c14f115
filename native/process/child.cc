#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#if defined(__SANITIZE_ADDRESS__)
#define ROPEWALK_IN_CHILD __attribute__((no_sanitize_address))
#elif defined(__clang__)
#define ROPEWALK_IN_CHILD __attribute__((no_sanitize("address", "thread")))
#else
#define ROPEWALK_IN_CHILD
#endif

namespace ropewalk {
namespace {

ROPEWALK_IN_CHILD bool isWanted(const SpawnRequest& request, int fd) {
  for (const ChildDescriptor& descriptor : request.descriptors) {
    if (descriptor.number == fd) return true;
  }
  return false;
}

// Duplicates a descriptor until the child wants none of its number. The other duplicates are
// replaced later. Numbers above those that are wanted might exceed the limit of the process.
ROPEWALK_IN_CHILD int moveAside(const SpawnRequest& request, int fd) {
  while (fd >= 0 && isWanted(request, fd)) fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return fd;
}

// Duplicates the descriptors to their numbers. Sources and the report are first moved away from
// these numbers, so that no duplicate replaces one that is still needed.
ROPEWALK_IN_CHILD Status placeDescriptors(const SpawnRequest& request, ChildPlan& plan) {
  const size_t count = request.descriptors.size();
  const int report = moveAside(request, plan.report);
  if (report < 0) return Status::last("fcntl F_DUPFD_CLOEXEC");
  plan.report = report;
  for (size_t i = 0; i < count; i++) {
    plan.sources[i] = moveAside(request, request.descriptors[i].source);
    if (plan.sources[i] < 0) return Status::last("fcntl F_DUPFD_CLOEXEC");
  }
  int next = 0;
  for (size_t i = 0; i < count; i++) {
    const int number = request.descriptors[i].number;
    if (dup2(plan.sources[i], number) < 0) return Status::last("dup2");
    if (number > next) closeOnExec(next, number - 1);
    next = number + 1;
  }
  closeOnExec(next, -1);
  return {};
}

ROPEWALK_IN_CHILD Status enterSession(const SpawnRequest& request) {
  if (request.newSession && setsid() < 0) return Status::last("setsid");
  if (request.terminal >= 0 && ioctl(request.terminal, TIOCSCTTY, 0) < 0) {
    return Status::last("ioctl TIOCSCTTY");
  }
  if (request.processGroup >= 0 && setpgid(0, request.processGroup) < 0) {
    return Status::last("setpgid");
  }
  return {};
}

ROPEWALK_IN_CHILD Status setLimits(const SpawnRequest& request) {
  for (const ResourceLimit& limit : request.limits) {
    rlimit both;
    both.rlim_cur = limit.value == kUnlimited ? RLIM_INFINITY : static_cast<rlim_t>(limit.value);
    both.rlim_max = both.rlim_cur;
    if (setrlimit(static_cast<decltype(RLIMIT_CORE)>(limit.resource), &both) < 0) {
      return Status::last("setrlimit");
    }
  }
  return {};
}

// Handlers of this process must not run in the child, and ignored signals (Node ignores SIGPIPE)
// would stay ignored in the program.
ROPEWALK_IN_CHILD void resetSignals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// As execvp(3) does, except that a file without a known format is not given to a shell.
ROPEWALK_IN_CHILD Status execute(const SpawnRequest& request) {
  Status status{ENOENT, "execve"};
  bool forbidden = false;
  for (const char* path : request.paths) {
    execve(path, request.arguments.data(), request.environment.data());
    status = Status::last("execve");
    forbidden = forbidden || status.error == EACCES;
    if (status.error != EACCES && status.error != ENOENT && status.error != ENOTDIR) break;
  }
  const bool missing = status.error == ENOENT || status.error == ENOTDIR;
  if (missing && forbidden) status.error = EACCES;
  return status;
}

ROPEWALK_IN_CHILD Status runSteps(const SpawnRequest& request, ChildPlan& plan) {
  Status status = enterSession(request);
  if (status.ok() && request.directory != nullptr && chdir(request.directory) < 0) {
    status = Status::last("chdir");
  }
  if (status.ok()) status = placeDescriptors(request, plan);
  if (status.ok()) status = setLimits(request);
  if (request.fileModeMask >= 0) umask(static_cast<mode_t>(request.fileModeMask));
  if (status.ok()) status = becomeUser(request);
  if (!status.ok()) return status;
  resetSignals();
  return execute(request);
}

}  // namespace

ROPEWALK_IN_CHILD int runChild(void* argument) {
  ChildPlan& plan = *static_cast<ChildPlan*>(argument);
  const Status status = runSteps(*plan.request, plan);
  ssize_t written = 0;
  do {
    written = write(plan.report, &status, sizeof status);
  } while (written < 0 && errno == EINTR);
  _exit(127);
}

}  // namespace ropewalk
