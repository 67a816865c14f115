#include "name_lookup.h"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace ropewalk {
namespace {

struct Task {
  uint32_t id;
  std::string name;
  AddressFamily family;
};

// A thread may come out of getaddrinfo long after the last environment that loaded this library has
// ended and Node has let go of it: its code must still be there. One more reference, never given
// back, keeps it.
void stayLoaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&lookUpName), &self) == 0) return;
  (void)dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

// Signals are for the threads that were there before.
int startDetached(void* (*run)(void*), void* argument) {
  pthread_attr_t attributes;
  if (const int error = pthread_attr_init(&attributes); error != 0) return error;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

NameAnswer lookUpName(const std::string& name, AddressFamily family) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // else each address comes once for each type
  hints.ai_family = family == AddressFamily::kIpv4   ? AF_INET
                    : family == AddressFamily::kIpv6 ? AF_INET6
                                                     : AF_UNSPEC;
  addrinfo* first = nullptr;
  NameAnswer answer;
  answer.error = getaddrinfo(name.c_str(), nullptr, &hints, &first);
  answer.systemError = answer.error == EAI_SYSTEM ? errno : 0;
  if (answer.error != 0) return answer;
  for (const addrinfo* found = first; found != nullptr; found = found->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      answer.addresses.emplace_back(text);
    }
  }
  freeaddrinfo(first);
  return answer;
}

// What the threads and the owner both hold. Everything but `options` is guarded by the mutex.
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

  // Gives the next task; false once the thread has nothing more to do.
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

  // Under the mutex, so that the owner, which closes under it too, is never woken after its end.
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

// With the mutex held. Not std::thread, which throws where there is none to be had.
Status NameLookups::addThread() {
  stayLoaded();
  auto* owned = new std::shared_ptr<Shared>(shared_);
  if (const int error = startDetached(run, owned); error != 0) {
    delete owned;
    return {error, "pthread_create"};
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
