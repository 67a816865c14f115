#include "exit_thread.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "../net/detached_thread.h"
#include "spawn.h"

namespace ropewalk {
namespace {

struct Awaited {
  int pid;
  UniqueFd writer;  // closed at the exit
};

void* awaitExit(void* argument) {
  const std::unique_ptr<Awaited> awaited(static_cast<Awaited*>(argument));
  siginfo_t ignored;
  while (waitid(P_PID, static_cast<id_t>(awaited->pid), &ignored, WEXITED | WNOWAIT) < 0 &&
         errno == EINTR) {
  }
  return nullptr;
}

}  // namespace

Status watchExitInThread(int pid, UniqueFd& exit) {
  auto awaited = std::make_unique<Awaited>();
  awaited->pid = pid;
  if (Status status = openPipe(exit, awaited->writer); !status.ok()) return status;
  stayLoaded();
  if (const int error = startDetached(awaitExit, awaited.get()); error != 0) {
    return {error, "pthread_create"};
  }
  (void)awaited.release();
  return {};
}

}  // namespace ropewalk
