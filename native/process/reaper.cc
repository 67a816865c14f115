// Reaps abandoned children in one thread, which runs while there are any: the thread of JavaScript
// that started them may have ended.

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

#include "../net/detached_thread.h"
#include "spawn.h"

namespace ropewalk {
namespace {

class Reaper {
 public:
  void add(int pid, UniqueFd exit) {
    const std::lock_guard lock(mutex_);
    children_.push_back({pid, std::move(exit)});
    if (running_) {
      if (!woken_) (void)!write(wakeWriter_.get(), "", 1);
      woken_ = true;
    } else if (openPipe(wakeReader_, wakeWriter_).ok()) {
      stayLoaded();
      running_ = startDetached(run, this) == 0;
    }
    // Without a thread or a pipe, the child stays in the list until the next one is added.
  }

 private:
  struct Abandoned {
    int pid;
    UniqueFd exit;
  };

  static void* run(void* reaper) {
    auto& self = *static_cast<Reaper*>(reaper);
    std::vector<pollfd> polled;
    while (self.collect(polled)) {
      if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return self.giveUp();
      char wake;
      if (polled[0].revents != 0) (void)!read(polled[0].fd, &wake, 1);
    }
    return nullptr;
  }

  // The next child begins another thread.
  void* giveUp() {
    const std::lock_guard lock(mutex_);
    running_ = false;
    return nullptr;
  }

  // Reaps, and lists the descriptors of the others, which only this thread closes. False if none is
  // left: the thread ends.
  bool collect(std::vector<pollfd>& polled) {
    const std::lock_guard lock(mutex_);
    std::erase_if(children_, [](const Abandoned& child) {
      ExitStatus status;
      return !reap(child.pid, status).ok() || status.exited;
    });
    woken_ = false;
    polled.assign(1, {wakeReader_.get(), POLLIN, 0});
    for (const Abandoned& child : children_) polled.push_back({child.exit.get(), POLLIN, 0});
    running_ = !children_.empty();
    if (!running_) {
      wakeReader_.reset();
      wakeWriter_.reset();
    }
    return running_;
  }

  std::mutex mutex_;
  std::vector<Abandoned> children_;
  bool running_ = false;
  bool woken_ = false;  // since the last collect()
  UniqueFd wakeReader_;
  UniqueFd wakeWriter_;
};

}  // namespace

void reapLater(int pid, UniqueFd exit) {
  // The thread may outlive all static objects.
  static auto* const reaper = new Reaper;
  reaper->add(pid, std::move(exit));
}

}  // namespace ropewalk
