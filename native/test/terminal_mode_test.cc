// Modes of terminals, and settings of serial lines, on pseudo-terminals.

#include "net/terminal_mode.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>

#include "check.h"
#include "system.h"

namespace ropewalk {
namespace {

struct Terminal {
  UniqueFd master;
  UniqueFd slave;
};

Terminal openTerminal() {
  Terminal made;
  made.master.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  CHECK(made.master && grantpt(made.master.get()) == 0 && unlockpt(made.master.get()) == 0);
  made.slave.reset(open(ptsname(made.master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  CHECK(made.slave);
  return made;
}

termios modeOf(const UniqueFd& fd) {
  termios mode;
  CHECK(tcgetattr(fd.get(), &mode) == 0);
  return mode;
}

bool isRaw(const UniqueFd& fd) {
  return (modeOf(fd).c_lflag & (ICANON | ECHO | ISIG)) == 0;
}

void entersAndLeavesRawMode() {
  const Terminal terminal = openTerminal();
  const termios before = modeOf(terminal.slave);
  RawMode mode;
  CHECK(enterRawMode(terminal.slave.get(), mode).ok());
  CHECK(isRaw(terminal.slave));
  CHECK((modeOf(terminal.slave).c_oflag & OPOST) != 0);
  CHECK(tcsetattr(terminal.slave.get(), TCSANOW, &before) == 0);  // the shell, after a stop
  CHECK(resumeRawMode(mode).ok());
  CHECK(isRaw(terminal.slave));
  for (int i = 0; i < 2; i++) {
    leaveRawMode(mode);
    CHECK_EQUAL(modeOf(terminal.slave).c_lflag, before.c_lflag);
    CHECK_EQUAL(modeOf(terminal.slave).c_iflag, before.c_iflag);
  }
  CHECK(resumeRawMode(mode).ok());
  CHECK(!isRaw(terminal.slave));
}

void refusesTooMany() {
  const Terminal terminal = openTerminal();
  std::vector<RawMode> modes;
  Status status;
  while (status.ok()) {
    RawMode mode;
    status = enterRawMode(terminal.slave.get(), mode);
    if (status.ok()) modes.push_back(mode);
    CHECK(modes.size() < 100);
  }
  CHECK_EQUAL(status.error, EMFILE);
  while (!modes.empty()) {
    leaveRawMode(modes.back());
    modes.pop_back();
  }
  CHECK(!isRaw(terminal.slave));
}

void refusesOthers() {
  RawMode mode;
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  CHECK_EQUAL(enterRawMode(null.get(), mode).error, ENOTTY);
  CHECK_EQUAL(enterRawMode(1'000'000, mode).error, EBADF);
  leaveRawMode(mode);
  CHECK(!configureSerial(null.get(), {9600, 8, 1, Parity::kNone, FlowControl::kNone}).ok());
}

void ignoreTrap(int, siginfo_t*, void*) {}

// Like Node's handler of SIGSEGV: sets the default, so that the fault ends the process.
void giveUp(int signal, siginfo_t*, void*) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  (void)sigaction(signal, &action, nullptr);
  (void)raise(signal);
}

// Runs `child` in a process of its own. Returns the signal that ended it, 0 if none did.
template <typename Child>
int endOf(Child child) {
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    const rlimit noCore{0, 0};
    (void)setrlimit(RLIMIT_CORE, &noCore);
    child();
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void isRestoredByFatalSignals() {
  for (const int number : {SIGHUP, SIGQUIT, SIGABRT, SIGTERM, SIGUSR1}) {
    const Terminal terminal = openTerminal();
    CHECK_EQUAL(endOf([&] {
                  (void)signal(number, SIG_DFL);
                  RawMode mode;
                  if (!enterRawMode(terminal.slave.get(), mode).ok()) return;
                  (void)raise(number);
                }),
                number);
    CHECK(!isRaw(terminal.master));
  }
}

void installHandler(void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  (void)sigaction(SIGSEGV, &action, nullptr);
}

// The handler that was there decides whether SIGSEGV ends the process.
void callsTheHandlerBefore() {
  const Terminal terminal = openTerminal();
  CHECK_EQUAL(endOf([&] {
                installHandler(giveUp);
                RawMode mode;
                if (enterRawMode(terminal.slave.get(), mode).ok()) (void)raise(SIGSEGV);
              }),
              SIGSEGV);
  CHECK(!isRaw(terminal.master));
  CHECK_EQUAL(endOf([&] {
                installHandler(ignoreTrap);
                RawMode mode;
                if (enterRawMode(terminal.slave.get(), mode).ok()) (void)raise(SIGSEGV);
              }),
              0);
  CHECK(isRaw(terminal.master));
}

// Handlers are there only while a terminal is raw.
void removesItsHandlers() {
  const Terminal terminal = openTerminal();
  struct sigaction action;
  RawMode mode;
  (void)signal(SIGQUIT, SIG_DFL);
  (void)signal(SIGHUP, SIG_IGN);
  CHECK(enterRawMode(terminal.slave.get(), mode).ok());
  CHECK(sigaction(SIGQUIT, nullptr, &action) == 0 && action.sa_handler != SIG_DFL);
  CHECK(sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler == SIG_IGN);
  leaveRawMode(mode);
  CHECK(sigaction(SIGQUIT, nullptr, &action) == 0 && action.sa_handler == SIG_DFL);
  (void)signal(SIGHUP, SIG_DFL);
}

void configuresLines() {
  const Terminal terminal = openTerminal();
  const int fd = terminal.slave.get();
  CHECK(configureSerial(fd, {115200, 8, 2, Parity::kNone, FlowControl::kHardware}).ok());
  termios mode = modeOf(terminal.slave);
  CHECK_EQUAL(cfgetospeed(&mode), B115200);
  CHECK((mode.c_cflag & CSTOPB) != 0 && (mode.c_cflag & CRTSCTS) != 0);
  CHECK_EQUAL(mode.c_lflag, 0);
  CHECK_EQUAL(mode.c_oflag, 0);
  CHECK(configureSerial(fd, {9600, 8, 1, Parity::kNone, FlowControl::kSoftware}).ok());
  mode = modeOf(terminal.slave);
  CHECK_EQUAL(cfgetospeed(&mode), B9600);
  CHECK((mode.c_cflag & CSTOPB) == 0 && (mode.c_cflag & CRTSCTS) == 0);
  CHECK((mode.c_iflag & IXON) != 0 && (mode.c_iflag & IXOFF) != 0);
  CHECK_EQUAL(configureSerial(fd, {9600, 9, 1, Parity::kNone, FlowControl::kNone}).error, EINVAL);
  CHECK_EQUAL(configureSerial(fd, {0, 8, 1, Parity::kNone, FlowControl::kNone}).error, EINVAL);
}

// Pseudo-terminals have 8 data bits and no parity.
void namesRefusedSettings() {
  const Terminal terminal = openTerminal();
  const int fd = terminal.slave.get();
  CHECK(configureSerial(fd, {19200, 8, 2, Parity::kNone, FlowControl::kNone}).ok());
  const struct {
    SerialSettings settings;
    const char* call;
  } refusals[] = {
      {{9600, 7, 1, Parity::kNone, FlowControl::kNone}, "tcsetattr: data bits"},
      {{9600, 8, 1, Parity::kEven, FlowControl::kNone}, "tcsetattr: parity"},
      {{9600, 8, 1, Parity::kOdd, FlowControl::kHardware}, "tcsetattr: parity"},
  };
  for (const auto& refusal : refusals) {
    const Status status = configureSerial(fd, refusal.settings);
    CHECK_EQUAL(status.error, EINVAL);
    CHECK(std::strcmp(status.call, refusal.call) == 0);
    const termios mode = modeOf(terminal.slave);
    CHECK_EQUAL(cfgetospeed(&mode), B19200);
    CHECK((mode.c_cflag & CSTOPB) != 0 && (mode.c_cflag & CRTSCTS) == 0);
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
    STORY(entersAndLeavesRawMode), STORY(refusesTooMany), STORY(refusesOthers),
        STORY(isRestoredByFatalSignals), STORY(callsTheHandlerBefore), STORY(removesItsHandlers),
        STORY(configuresLines),
#if defined(__linux__)
        STORY(namesRefusedSettings),
#endif
  });
}
