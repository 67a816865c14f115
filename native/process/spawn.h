// Starts child processes. Implemented in spawn_posix.cc; Windows refuses (process_win.cc), where
// Node's child_process serves.
#pragma once

#include <cstdint>
#include <vector>

#include "../status.h"
#include "../unique_fd.h"

namespace ropewalk {

// A descriptor of the child: a duplicate of `source`, a descriptor of this process.
struct ChildDescriptor {
  int number;
  int source;
};

struct ResourceLimit {
  int resource;  // a RLIMIT_ number
  uint64_t value;
};
constexpr uint64_t kUnlimited = UINT64_MAX;

// The strings are the caller's and are read within the call only.
struct SpawnRequest {
  std::vector<const char*> paths;            // of the program; the first that can be executed is
  std::vector<char*> arguments;              // ends with a null pointer, like the next
  std::vector<char*> environment;            // "NAME=value"
  const char* directory = nullptr;           // null: the current one
  std::vector<ChildDescriptor> descriptors;  // ascending numbers; all others are closed
  int terminal = -1;                         // becomes the controlling one of a new session
  bool newSession = false;
  int processGroup = kUnchanged;  // 0: a new one
  int fileModeMask = kUnchanged;
  int64_t user = kUnchanged;
  int64_t group = kUnchanged;
  // Supplementary groups, set if `user` or `group` is. Without `groupsGiven`, a refusal is ignored.
  std::vector<uint32_t> groups;
  bool groupsGiven = false;
  std::vector<ResourceLimit> limits;

  static constexpr int kUnchanged = -1;
};

struct Spawned {
  int pid = -1;
  UniqueFd exit;  // becomes readable when the process has exited
};

// Returns when the child has executed the program, or could not: `status.call` then names the call
// that failed, in this process or in the child. Signals are at their defaults and unblocked in the
// child.
Status spawn(const SpawnRequest& request, Spawned& spawned);

// RLIMIT_ numbers by the index that JavaScript uses; -1 if this system has no such limit.
int resourceNumber(int index);

struct ExitStatus {
  bool exited = false;
  int code = -1;   // -1 after a signal
  int signal = 0;  // 0 after an exit
};

// Reaps a child of `spawn` if it has exited; never another child. ECHILD: it was reaped elsewhere.
Status reap(int pid, ExitStatus& status);

// Reaps a child that nobody waits for, when it exits. Implemented in reaper.cc. `exit`: as in
// Spawned.
void reapLater(int pid, UniqueFd exit);

// A pipe, close-on-exec at both ends.
Status openPipe(UniqueFd& reader, UniqueFd& writer);
Status openNullDevice(UniqueFd& fd);

}  // namespace ropewalk
