#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iterator>
#include <utility>
#include <vector>

#include "child.h"
#include "spawn.h"

namespace ropewalk {
namespace {

int waitForExit(int pid, int options, int& status) {
  int result = 0;
  do {
    result = waitpid(pid, &status, options);
  } while (result < 0 && errno == EINTR);
  return result;
}

// The end of the pipe without a report means that the program runs.
Status readReport(int report) {
  Status status;
  ssize_t count = 0;
  do {
    count = read(report, &status, sizeof status);
  } while (count < 0 && errno == EINTR);
  return count == sizeof status ? status : Status{};
}

}  // namespace

Status openPipe(UniqueFd& reader, UniqueFd& writer) {
  int ends[2];
#if defined(__APPLE__)
  if (pipe(ends) < 0) return Status::last("pipe");
  for (const int end : ends) (void)fcntl(end, F_SETFD, FD_CLOEXEC);
#else
  if (pipe2(ends, O_CLOEXEC) < 0) return Status::last("pipe2");
#endif
  reader.reset(ends[0]);
  writer.reset(ends[1]);
  return {};
}

Status openNullDevice(UniqueFd& fd) {
  fd.reset(open("/dev/null", O_RDWR | O_CLOEXEC));
  return fd ? Status{} : Status::last("open /dev/null");
}

Status spawn(const SpawnRequest& request, Spawned& spawned) {
  UniqueFd report;
  UniqueFd reportWriter;
  if (Status status = openPipe(report, reportWriter); !status.ok()) return status;
  std::vector<int> sources(request.descriptors.size());
  ChildPlan plan{&request, reportWriter.get(), sources.data()};
  StartedChild child;
  if (Status status = startChild(plan, child); !status.ok()) return status;
  reportWriter.reset();
  Status status = readReport(report.get());
  if (status.ok() && !child.exit) {
    status = watchExit(child.pid, child.exit);
    if (!status.ok()) (void)kill(child.pid, SIGKILL);
  }
  if (!status.ok()) {
    int ignored = 0;
    (void)waitForExit(child.pid, 0, ignored);
    return status;
  }
  spawned.pid = child.pid;
  spawned.exit = std::move(child.exit);
  return {};
}

Status reap(int pid, ExitStatus& status) {
  int value = 0;
  const int result = waitForExit(pid, WNOHANG, value);
  if (result < 0) return Status::last("waitpid");
  status.exited = result == pid;
  if (!status.exited) return {};
  if (WIFEXITED(value)) status.code = WEXITSTATUS(value);
  if (WIFSIGNALED(value)) status.signal = WTERMSIG(value);
  return {};
}

int resourceNumber(int index) {
  // In the order of RESOURCES in src/reactor/native/processes.ts.
  constexpr int kNumbers[] = {
#ifdef RLIMIT_AS
      RLIMIT_AS,
#else
      -1,
#endif
      RLIMIT_CORE,    RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE,
#ifdef RLIMIT_MEMLOCK
      RLIMIT_MEMLOCK,
#else
      -1,
#endif
      RLIMIT_NOFILE,
#ifdef RLIMIT_NPROC
      RLIMIT_NPROC,
#else
      -1,
#endif
      RLIMIT_STACK,
  };
  return index < 0 || index >= static_cast<int>(std::size(kNumbers)) ? -1 : kNumbers[index];
}

}  // namespace ropewalk
