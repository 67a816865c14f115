// Waits for the exit of a process in a thread: for kernels without pidfd (before Linux 5.2).
#pragma once

#include "../status.h"
#include "../unique_fd.h"

namespace ropewalk {

// The thread ends with the process, which it does not reap. `exit` becomes readable then.
Status watchExitInThread(int pid, UniqueFd& exit);

}  // namespace ropewalk
