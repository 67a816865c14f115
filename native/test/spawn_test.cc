// Child processes: their descriptors, their end, failures, terminals. They run the shell.

#include "process/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <deque>
#include <utility>

#include "check.h"
#include "process/terminal.h"
#include "script.h"
#ifdef __linux__
#include "process/exit_thread.h"
#endif

namespace ropewalk {
namespace {

void runsAProgram() {
  Script script("echo $0 $PATH; exit 3");
  CHECK(script.start().ok());
  CHECK(script.output() == "sh /usr/bin:/bin\n");
  const ExitStatus status = script.ended();
  CHECK_EQUAL(status.code, 3);
  CHECK_EQUAL(status.signal, 0);
}

void reportsASignal() {
  Script script("kill -TERM $$");
  CHECK(script.start().ok());
  const ExitStatus status = script.ended();
  CHECK_EQUAL(status.code, -1);
  CHECK_EQUAL(status.signal, SIGTERM);
}

void reapsOnlyAfterTheExit() {
  Script script("sleep 1000");
  CHECK(script.start().ok());
  ExitStatus status;
  CHECK(reap(script.child.pid, status).ok());
  CHECK(!status.exited);
  CHECK_EQUAL(kill(script.child.pid, SIGKILL), 0);
  CHECK_EQUAL(script.ended().signal, SIGKILL);
  CHECK_EQUAL(reap(script.child.pid, status).error, ECHILD);
}

void checkRefused(const char* path, const char* directory, int error, const char* call) {
  Script script("true");
  script.request.paths = {path};
  script.request.directory = directory;
  const Status status = script.start();
  CHECK_EQUAL(status.error, error);
  CHECK(std::strcmp(status.call, call) == 0);
  CHECK(script.output().empty());
}

void namesTheFailedCall() {
  checkRefused("/nonexistent", nullptr, ENOENT, "execve");
  checkRefused("/etc/passwd", nullptr, EACCES, "execve");
  checkRefused("/bin/sh", "/nonexistent", ENOENT, "chdir");
}

void triesPathsInOrder() {
  Script script("echo found");
  script.request.paths = {"/nonexistent/sh", "/etc/passwd", "/bin/sh"};
  CHECK(script.start().ok());
  CHECK(script.output() == "found\n");
  CHECK_EQUAL(script.ended().code, 0);
  Script missing("true");
  missing.request.paths = {"/etc/passwd", "/nonexistent/sh"};
  CHECK_EQUAL(missing.start().error, EACCES);
}

void leaksNoDescriptor() {
  constexpr int kInherited = 30;
  CHECK_EQUAL(dup2(0, kInherited), kInherited);  // without close-on-exec
  Script script(
      "fd=3; while [ $fd -lt 40 ]; do [ -e /dev/fd/$fd ] && echo $fd; fd=$((fd+1)); done");
  CHECK(script.start().ok());
  CHECK(script.output().empty());
  (void)script.ended();
  CHECK_EQUAL(close(kInherited), 0);
}

// The sources are among the numbers that are replaced.
void swapsDescriptors() {
  Script script("echo to4 >&4; echo to7 >&7");
  UniqueFd reader4;
  UniqueFd reader7;
  UniqueFd writer4;
  UniqueFd writer7;
  CHECK(openPipe(reader4, writer4).ok());
  CHECK(openPipe(reader7, writer7).ok());
  const int low = 3;
  const int high = writer7.get() + writer4.get() + 10;
  const int a = fcntl(writer4.get(), F_DUPFD_CLOEXEC, high);
  const int b = fcntl(writer7.get(), F_DUPFD_CLOEXEC, high);
  script.request.descriptors = {
      {0, script.null()}, {1, script.writer()}, {2, script.null()}, {low + 1, a}, {low + 4, b}};
  CHECK(script.start().ok());
  (void)close(a);
  (void)close(b);
  writer4.reset();
  writer7.reset();
  CHECK(Script::readAll(reader4.get()) == "to4\n");
  CHECK(Script::readAll(reader7.get()) == "to7\n");
  CHECK_EQUAL(script.ended().code, 0);
}

void resetsSignals() {
  void (*before)(int) = signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigset_t previous;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &previous);
  Script script("kill -PIPE $$");
  CHECK(script.start().ok());
  CHECK_EQUAL(script.ended().signal, SIGPIPE);
  Script terminated("kill -TERM $$");
  CHECK(terminated.start().ok());
  CHECK_EQUAL(terminated.ended().signal, SIGTERM);
  sigprocmask(SIG_SETMASK, &previous, nullptr);
  (void)signal(SIGPIPE, before);
}

void appliesSettings() {
  Script script("pwd; umask; ulimit -n");
  script.request.directory = "/";
  script.request.fileModeMask = 027;
  script.request.limits = {{resourceNumber(6), 64}};
  CHECK(script.start().ok());
  CHECK(script.output() == "/\n0027\n64\n");
  CHECK_EQUAL(script.ended().code, 0);
}

void changesUser() {
  if (getuid() != 0) return;
  Script script("id -u; id -g; id -G");
  script.request.user = 65534;
  script.request.group = 65533;
  script.request.groups = {65532};
  script.request.groupsGiven = true;
  CHECK(script.start().ok());
  CHECK(script.output() == "65534\n65533\n65533 65532\n");
  CHECK_EQUAL(script.ended().code, 0);
  CHECK_EQUAL(getuid(), 0);
}

void leadsASession() {
  Script script("test \"$(ps -o sid= -p $$ | tr -d ' ')\" = $$ && exit 5");
  script.request.newSession = true;
  CHECK(script.start().ok());
  CHECK_EQUAL(script.ended().code, 5);
}

void hasATerminal() {
  UniqueFd ours;
  UniqueFd theirs;
  CHECK(openTerminal({100, 30, 0, 0}, false, ours, theirs).ok());
  Script script("stty size < /dev/tty");
  script.request.newSession = true;
  script.request.terminal = theirs.get();
  script.request.descriptors = {{0, theirs.get()}, {1, theirs.get()}, {2, theirs.get()}};
  CHECK(script.start().ok());
  theirs.reset();
  CHECK(Script::readAll(ours.get()) == "30 100\r\n");
  CHECK_EQUAL(script.ended().code, 0);
  CHECK(setTerminalSize(ours.get(), {90, 20, 1, 2}).ok());
  TerminalSize size{};
  CHECK(terminalSizeOf(ours.get(), size).ok());
  CHECK_EQUAL(size.columns, 90);
  CHECK_EQUAL(size.rows, 20);
}

#ifdef __linux__
void noticesTheExitInAThread() {
  Script script("read line; exit 4");
  UniqueFd reader;
  UniqueFd writer;
  CHECK(openPipe(reader, writer).ok());
  script.request.descriptors[0].source = reader.get();
  CHECK(script.start().ok());
  CHECK(watchExitInThread(script.child.pid, script.child.exit).ok());
  pollfd polled{script.child.exit.get(), POLLIN, 0};
  CHECK_EQUAL(poll(&polled, 1, 0), 0);
  writer.reset();
  CHECK_EQUAL(script.ended().code, 4);
}
#endif

// Sees children that have not been reaped, without reaping them.
bool isChild(int pid) {
  siginfo_t ignored;
  return waitid(P_PID, static_cast<id_t>(pid), &ignored, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void awaitReaped(int pid) {
  const Deadline deadline;
  while (isChild(pid)) CHECK(!deadline.passed());
}

void abandonChildren() {
  Script ended("exit 0");
  CHECK(ended.start().ok());
  Script::awaitReadable(ended.child.exit.get());
  CHECK(isChild(ended.child.pid));
  reapLater(ended.child.pid, std::move(ended.child.exit));
  awaitReaped(ended.child.pid);

  UniqueFd input;
  UniqueFd writer;
  CHECK(openPipe(input, writer).ok());
  std::deque<Script> running;
  for (int i = 0; i < 10; i++) {
    Script& script = running.emplace_back("read line; exit 0");
    script.request.descriptors[0].source = input.get();
  }
  for (Script& script : running) {
    CHECK(script.start().ok());
    reapLater(script.child.pid, std::move(script.child.exit));
  }
  Script other("exit 0");
  CHECK(other.start().ok());
  reapLater(other.child.pid, std::move(other.child.exit));
  awaitReaped(other.child.pid);
  for (const Script& script : running) CHECK(isChild(script.child.pid));
  writer.reset();
  for (const Script& script : running) awaitReaped(script.child.pid);
}

void reapsAbandonedChildren() {
  const size_t before = openDescriptors();
  abandonChildren();
  const Deadline deadline;
  while (openDescriptors() > before) CHECK(!deadline.passed());
}

// The source has a number that is replaced, and no higher number is allowed.
void placesTheHighestDescriptor() {
  rlimit before;
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 64;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &few), 0);
  Script script("echo to 9 >&9; [ -e /dev/fd/63 ] && exit 6");
  UniqueFd reader;
  UniqueFd writer;
  CHECK(openPipe(reader, writer).ok());
  const int nine = fcntl(script.null(), F_DUPFD_CLOEXEC, 9);
  const int last = fcntl(writer.get(), F_DUPFD_CLOEXEC, 63);
  script.request.descriptors.push_back({9, last});
  script.request.descriptors.push_back({63, nine});
  CHECK(script.start().ok());
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
  (void)close(nine);
  (void)close(last);
  writer.reset();
  CHECK(Script::readAll(reader.get()) == "to 9\n");
  CHECK_EQUAL(script.ended().code, 6);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(runsAProgram),
      STORY(reportsASignal),
      STORY(reapsOnlyAfterTheExit),
      STORY(namesTheFailedCall),
      STORY(triesPathsInOrder),
      STORY(leaksNoDescriptor),
      STORY(swapsDescriptors),
      STORY(resetsSignals),
      STORY(appliesSettings),
      STORY(changesUser),
      STORY(leadsASession),
      STORY(hasATerminal),
      STORY(reapsAbandonedChildren),
      STORY(placesTheHighestDescriptor),
#ifdef __linux__
      STORY(noticesTheExitInAThread),
#endif
  });
}
