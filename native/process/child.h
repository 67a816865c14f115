// The child between its creation and its program. It may share the memory of this process, whose
// other threads may hold any lock, so it makes only system calls: no allocation, no locks.
#pragma once

#include "spawn.h"

namespace ropewalk {

struct ChildPlan {
  const SpawnRequest* request;
  int report;    // the writing end of a pipe: receives the Status of a failure
  int* sources;  // room for one number per descriptor
};

// Executes the program, or reports the failure and ends the process. `plan` is a ChildPlan.
int runChild(void* plan);

// The following differ by system: child_linux.cc, child_bsd.cc.

struct StartedChild {
  int pid = -1;
  UniqueFd exit;  // as in Spawned, if the system makes it together with the process
};

// Runs runChild in a new process. All signals are blocked meanwhile.
Status startChild(ChildPlan& plan, StartedChild& child);

// Async-signal-safe. Closes the descriptors `from` to `to` (-1: all from `from` on) when the
// program is executed.
void closeOnExec(int from, int to);
// Async-signal-safe. Returns an empty Status or names the call that failed.
Status becomeUser(const SpawnRequest& request);

// Makes a descriptor that becomes readable when the process has exited.
Status watchExit(int pid, UniqueFd& exit);

}  // namespace ropewalk
