// The parts of starting a child on macOS and the BSD family.

#include <fcntl.h>
#include <sys/event.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "child.h"

namespace ropewalk {

void closeOnExec(int from, int to) {
  const int last = to >= 0 ? to : getdtablesize() - 1;
  for (int fd = from; fd <= last; fd++) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

Status becomeUser(const SpawnRequest& request) {
  if (request.user < 0 && request.group < 0) return {};
  const int count = static_cast<int>(request.groups.size());
  if (setgroups(count, reinterpret_cast<const gid_t*>(request.groups.data())) < 0 &&
      request.groupsGiven) {
    return Status::last("setgroups");
  }
  if (request.group >= 0 && setgid(static_cast<gid_t>(request.group)) < 0) {
    return Status::last("setgid");
  }
  if (request.user >= 0 && setuid(static_cast<uid_t>(request.user)) < 0) {
    return Status::last("setuid");
  }
  return {};
}

Status startChild(ChildPlan& plan, StartedChild& child) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) runChild(&plan);
  const Status status = pid < 0 ? Status::last("fork") : Status{};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  child.pid = pid;
  return status;
}

// A kqueue is itself readable while it has an event.
Status watchExit(int pid, UniqueFd& exit) {
  exit.reset(kqueue());
  if (!exit) return Status::last("kqueue");
  (void)fcntl(exit.get(), F_SETFD, FD_CLOEXEC);
  struct kevent change;
  EV_SET(&change, pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, nullptr);
  if (kevent(exit.get(), &change, 1, nullptr, 0, nullptr) == 0) return {};
  if (errno != ESRCH) return Status::last("kevent");
  // It has exited already. A pipe without a writer is readable.
  UniqueFd writer;
  return openPipe(exit, writer);
}

}  // namespace ropewalk
