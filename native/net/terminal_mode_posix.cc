// Modes of terminals on Linux and the BSD family.

#include "terminal_mode.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>

#include "socket.h"

namespace ropewalk {
namespace {

constexpr int kMaxRaw = 8;

// Signals whose default is to end the process, and that an ordinary program may receive.
constexpr int kFatal[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE,
                          SIGSEGV, SIGTERM, SIGALRM, SIGSYS, SIGXCPU, SIGUSR1, SIGUSR2};
constexpr size_t kFatalCount = sizeof kFatal / sizeof kFatal[0];

// Global, because a signal handler has no other state. A slot is filled before `used` is set and
// emptied after it is cleared, so that a handler finds only whole slots.
struct Slot {
  std::atomic<bool> used{false};
  UniqueFd fd;
  termios before;
  termios raw;
};
Slot slots[kMaxRaw];
std::mutex mutex;  // of the threads of Node; handlers don't take it
int rawTerminals = 0;
struct sigaction previous[kFatalCount];
bool replaced[kFatalCount];

size_t indexOf(int signal) {
  size_t index = 0;
  while (index + 1 < kFatalCount && kFatal[index] != signal) index += 1;
  return index;
}

// tcsetattr(3) is async-signal-safe.
void restoreAll() {
  const int error = errno;
  for (const Slot& slot : slots) {
    if (slot.used.load(std::memory_order_acquire)) {
      (void)tcsetattr(slot.fd.get(), TCSANOW, &slot.before);
    }
  }
  errno = error;
}

bool isDefault(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

// A handler that was there before decides: Node's for SIGSEGV, which catches traps of WebAssembly,
// sets the default if it can't help, and returns.
void onFatal(int signal, siginfo_t* info, void* context) {
  const size_t index = indexOf(signal);
  if (isDefault(previous[index])) {
    restoreAll();
    (void)sigaction(signal, &previous[index], nullptr);
    (void)raise(signal);
    return;
  }
  previous[index].sa_sigaction(signal, info, context);
  struct sigaction now;
  if (sigaction(signal, nullptr, &now) == 0 && isDefault(now)) restoreAll();
}

// Handlers that take no part in the end of the process are left alone: those of JavaScript, and
// Node's for SIGINT and SIGTERM, which restores the mode of the standard descriptors.
bool mayReplace(int signal, const struct sigaction& action) {
  if (isDefault(action)) return true;
  return signal == SIGSEGV && (action.sa_flags & SA_SIGINFO) != 0;
}

void installHandlers() {
  struct sigaction ours = {};
  ours.sa_sigaction = onFatal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&ours.sa_mask);
  for (size_t i = 0; i < kFatalCount; i++) {
    replaced[i] = sigaction(kFatal[i], nullptr, &previous[i]) == 0 &&
                  mayReplace(kFatal[i], previous[i]) && sigaction(kFatal[i], &ours, nullptr) == 0;
  }
}

// A handler that was installed since stays.
void removeHandlers() {
  for (size_t i = 0; i < kFatalCount; i++) {
    struct sigaction now;
    if (!replaced[i] || sigaction(kFatal[i], nullptr, &now) < 0) continue;
    const bool ours = (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == onFatal;
    if (ours) (void)sigaction(kFatal[i], &previous[i], nullptr);
  }
}

Slot* find(const RawMode& mode) {
  if (mode.slot < 0 || mode.slot >= kMaxRaw || !slots[mode.slot].used) return nullptr;
  return &slots[mode.slot];
}

// libuv's UV_TTY_MODE_RAW, so that both reactors have the same.
termios rawFrom(const termios& before) {
  termios raw = before;
  raw.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  raw.c_oflag |= ONLCR;
  raw.c_cflag |= CS8;
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN | ISIG);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  return raw;
}

}  // namespace

Status enterRawMode(int fd, RawMode& mode) {
  const std::lock_guard lock(mutex);
  int free = 0;
  while (free < kMaxRaw && slots[free].used) free += 1;
  if (free == kMaxRaw) return {EMFILE, "tcsetattr"};
  Slot& slot = slots[free];
  if (tcgetattr(fd, &slot.before) < 0) return Status::last("tcgetattr");
  slot.raw = rawFrom(slot.before);
  Status status = duplicate(fd, slot.fd);
  if (!status.ok()) return status;
  slot.used.store(true, std::memory_order_release);
  if (rawTerminals++ == 0) installHandlers();
  mode.slot = free;
  if (tcsetattr(fd, TCSANOW, &slot.raw) == 0) return {};
  status = Status::last("tcsetattr");
  slot.used = false;
  slot.fd.reset();
  mode.slot = -1;
  if (--rawTerminals == 0) removeHandlers();
  return status;
}

Status resumeRawMode(const RawMode& mode) {
  const std::lock_guard lock(mutex);
  const Slot* slot = find(mode);
  if (slot == nullptr) return {};
  return tcsetattr(slot->fd.get(), TCSANOW, &slot->raw) < 0 ? Status::last("tcsetattr") : Status{};
}

void leaveRawMode(const RawMode& mode) {
  const std::lock_guard lock(mutex);
  Slot* slot = find(mode);
  if (slot == nullptr) return;
  (void)tcsetattr(slot->fd.get(), TCSANOW, &slot->before);
  slot->used.store(false, std::memory_order_release);
  slot->fd.reset();
  if (--rawTerminals == 0) removeHandlers();
}

}  // namespace ropewalk
