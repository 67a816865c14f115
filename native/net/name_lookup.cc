#include "name_lookup.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "detached_thread.h"

namespace ropewalk {
namespace {

struct Task {
  uint32_t id;
  std::string name;
  AddressFamily family;
};

}  // namespace

// State shared by the threads and the owner. The mutex guards everything but `options`.
struct NameLookups::Shared {
  Shared(std::function<void()> wakeOwner, Options given)
      : options(std::move(given)), wake(std::move(wakeOwner)) {}

  const Options options;
  std::mutex mutex;
  std::condition_variable changed;
  std::function<void()> wake;
  std::deque<Task> queued;
  std::vector<Finished> finished;
  size_t threads = 0;
  size_t idle = 0;
  bool closed = false;

  // Takes the next task; false if the thread is to end.
  bool next(std::unique_lock<std::mutex>& lock, Task& task) {
    idle += 1;
    const bool called =
        changed.wait_for(lock, options.idle, [this] { return closed || !queued.empty(); });
    idle -= 1;
    if (!called || closed) return false;
    task = std::move(queued.front());
    queued.pop_front();
    return true;
  }

  // Called with the mutex held, as is the owner's close, so the owner is never woken after its end.
  void finish(uint32_t id, NameAnswer answer) {
    if (closed) return;
    finished.push_back({id, std::move(answer)});
    wake();
  }
};

NameLookups::NameLookups(std::function<void()> wake) : NameLookups(std::move(wake), Options()) {}

NameLookups::NameLookups(std::function<void()> wake, Options options)
    : shared_(std::make_shared<Shared>(std::move(wake), std::move(options))) {}

NameLookups::~NameLookups() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->closed = true;
    shared_->queued.clear();
    shared_->finished.clear();
    shared_->wake = nullptr;
  }
  shared_->changed.notify_all();
}

Status NameLookups::start(uint32_t id, std::string name, AddressFamily family) {
  const std::lock_guard lock(shared_->mutex);
  Shared& shared = *shared_;
  const bool wanted = shared.queued.size() >= shared.idle;
  if (wanted && shared.threads < shared.options.maxThreads) {
    const Status status = addThread();
    if (!status.ok() && shared.threads == 0) return status;
  }
  shared.queued.push_back({id, std::move(name), family});
  shared.changed.notify_one();
  return {};
}

std::vector<NameLookups::Finished> NameLookups::take() {
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->finished, {});
}

size_t NameLookups::threads() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->threads;
}

// Called with the mutex held.
Status NameLookups::addThread() {
  stayLoaded();
  auto* owned = new std::shared_ptr<Shared>(shared_);
  if (const int error = startDetached(run, owned); error != 0) {
    delete owned;
    return {error, "thread"};
  }
  shared_->threads += 1;
  return {};
}

void* NameLookups::run(void* owned) {
  const std::unique_ptr<std::shared_ptr<Shared>> holder(
      static_cast<std::shared_ptr<Shared>*>(owned));
  Shared& shared = **holder;
  std::unique_lock lock(shared.mutex);
  Task task;
  while (shared.next(lock, task)) {
    lock.unlock();
    NameAnswer answer = shared.options.lookUp(task.name, task.family);
    lock.lock();
    shared.finish(task.id, std::move(answer));
  }
  shared.threads -= 1;
  return nullptr;
}

}  // namespace ropewalk
