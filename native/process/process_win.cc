// Windows: processes are started through Node's child_process.

#include "spawn.h"
#include "terminal.h"

namespace ropewalk {

Status spawn(const SpawnRequest&, Spawned&) {
  return {ENOTSUP, "spawn"};
}

int resourceNumber(int) {
  return -1;
}

Status reap(int, ExitStatus&) {
  return {ENOTSUP, "waitpid"};
}

void reapLater(int, UniqueFd) {}

Status openPipe(UniqueFd&, UniqueFd&) {
  return {ENOTSUP, "pipe"};
}

Status openNullDevice(UniqueFd&) {
  return {ENOTSUP, "open"};
}

Status openTerminal(const TerminalSize&, bool, UniqueFd&, UniqueFd&) {
  return {ENOTSUP, "posix_openpt"};
}

Status setTerminalSize(int, const TerminalSize&) {
  return {ENOTSUP, "ioctl"};
}

Status terminalSizeOf(int, TerminalSize&) {
  return {ENOTSUP, "ioctl"};
}

Status giveTerminal(int, int64_t) {
  return {ENOTSUP, "fchown"};
}

}  // namespace ropewalk
