// Windows: readiness from \Device\Afd (afd.h), told through an I/O completion port.
//
// For each socket one request at most is in flight. It is done once: what it tells of is reported,
// and the socket is idle until the next poll() or block() asks again, after whoever heard of it has
// read; a condition that is still there completes the new request at once. So an event repeats, as
// Trigger::kLevel promises; edges there are none. A request that asks for too little is cancelled,
// one that asks for too much goes on: what nobody wants is left out of its answer.
//
// The system writes into a request until its completion is taken from the port: the Watch lives as
// long, though its socket be removed and closed.
//
// The port is no descriptor that Node's loop could watch: a thread stands in block(). All that both
// threads touch is guarded by the mutex, which nobody holds while he waits.

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "afd.h"
#include "poller.h"

namespace ropewalk {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kCompletions = 128;
// What of the system may still be writing when a poller ends is waited for as long.
constexpr DWORD kPatienceMs = 5000;
// When the system had no room for a request, it is asked again so much later at most.
constexpr DWORD kRetryMs = 100;
constexpr NTSTATUS kCancelled = static_cast<NTSTATUS>(0xC0000120);  // STATUS_CANCELLED
// Threads that the port lets run at a time: the one in block() must not wait for the other to
// sleep.
constexpr DWORD kThreads = 16;

struct Watch {
  afd::Request request{};
  IO_STATUS_BLOCK outcome{};
  Socket socket = kNoSocket;
  SOCKET base = 0;
  size_t device = 0;
  uint64_t token = 0;
  Interest interest = Interest::kNone;
  ULONG asked = 0;  // what the request in flight asks for; 0: there is none
  ULONG told = 0;   // what is to be reported
  bool cancelling = false;
  bool removed = false;  // lives for the lists and the request only
  bool inReady = false;  // in ready_, for something or, if nothing is told, no more
  bool inIdle = false;
};

ULONG toAfd(Interest interest) {
  ULONG events = afd::kAbort | afd::kConnectFail | afd::kLocalClose;
  if (includes(interest, Interest::kRead))
    events |= afd::kReceive | afd::kAccept | afd::kDisconnect;
  if (includes(interest, Interest::kWrite)) events |= afd::kSend;
  return events;
}

ReadyEvent toReadyEvent(const Watch& watch) {
  const bool reset = (watch.told & afd::kAbort) != 0;
  const bool failed = reset || (watch.told & afd::kConnectFail) != 0;
  const bool ended = failed || (watch.told & afd::kDisconnect) != 0;
  return {watch.token,
          ended || (watch.told & (afd::kReceive | afd::kAccept)) != 0,
          failed || (watch.told & afd::kSend) != 0,
          ended,
          reset,
          failed};
}

// What the completed request says of what is wanted, and of the socket's end. One that failed for a
// reason of the system's own says nothing: the next read or write has to find out.
ULONG toldBy(const Watch& watch) {
  const NTSTATUS status = watch.outcome.Status;
  if (status == kCancelled) return 0;
  if (status < 0) return afd::kReceive | afd::kSend;
  return watch.request.count == 0 ? 0 : watch.request.events & toAfd(watch.interest);
}

class IocpPoller final : public Poller {
 public:
  explicit IocpPoller(HANDLE port) : port_(port), devices_(port) {}
  ~IocpPoller() override;

  Status add(Socket socket, Interest interest, Trigger, uint64_t token) override;
  Status modify(Socket socket, Interest interest, Trigger, uint64_t token) override;
  Status remove(Socket socket) override;
  void closing(Socket socket) override { (void)remove(socket); }
  Status poll(std::span<ReadyEvent> events, size_t& count) override;
  Socket pollable() const override { return kNoSocket; }
  Status block(int timeoutMs) override;
  void notify() override;
  const char* name() const override { return "iocp"; }

  Status openFirstDevice() {
    size_t first;
    if (Status status = devices_.take(first); !status.ok()) return status;
    devices_.giveBack(first);
    return {};
  }

 private:
  using Completions = std::array<OVERLAPPED_ENTRY, kCompletions>;

  Status ask(Watch& watch);
  void askIdle();
  void rest(Watch& watch);
  void cancel(Watch& watch);
  void forget(Watch& watch);
  void release(Watch& watch);
  void complete(std::span<const OVERLAPPED_ENTRY> entries);
  void complete(Watch& watch);
  void collect();
  void wakeBlocked();

  const HANDLE port_;
  std::mutex mutex_;
  std::unordered_map<Socket, Watch*> watched_;
  std::deque<Watch*> ready_;
  size_t readyCount_ = 0;  // of ready_, those with something told
  std::vector<Watch*> idle_;
  std::vector<Watch*> asking_;
  afd::Devices devices_;
  size_t inFlight_ = 0;
  bool blocked_ = false;  // a thread waits in block()
  bool notified_ = false;
};

IocpPoller::~IocpPoller() {
  for (const auto& [socket, watch] : watched_) watch->removed = true;
  devices_.cancelAll();
  Completions entries;
  ULONG count = 0;
  while (inFlight_ > 0 && GetQueuedCompletionStatusEx(port_, entries.data(), entries.size(), &count,
                                                      kPatienceMs, FALSE)) {
    complete(std::span(entries).first(count));
  }
  for (Watch* watch : ready_) {
    watch->inReady = false;
    release(*watch);
  }
  for (Watch* watch : idle_) {
    watch->inIdle = false;
    release(*watch);
  }
  CloseHandle(port_);
}

Status IocpPoller::add(Socket socket, Interest interest, Trigger, uint64_t token) {
  const std::lock_guard lock(mutex_);
  if (watched_.contains(socket)) {
    collect();  // one that was closed without a word may have its number
    wakeBlocked();
  }
  if (watched_.contains(socket)) return {EEXIST, "iocp"};
  SOCKET base = 0;
  size_t device = 0;
  Status status = afd::baseOf(static_cast<SOCKET>(socket), base);
  if (status.ok()) status = devices_.take(device);
  if (!status.ok()) return status;
  auto* watch = new Watch;
  watch->socket = socket;
  watch->base = base;
  watch->device = device;
  watch->token = token;
  watch->interest = interest;
  status = ask(*watch);
  if (status.ok()) {
    watched_.emplace(socket, watch);
  } else {
    watch->removed = true;
    release(*watch);
  }
  return status;
}

Status IocpPoller::modify(Socket socket, Interest interest, Trigger, uint64_t token) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(socket);
  if (found == watched_.end()) return {ENOENT, "iocp"};
  Watch& watch = *found->second;
  watch.token = token;
  watch.interest = interest;
  if (watch.asked != 0) {
    if ((toAfd(interest) & ~watch.asked) != 0) cancel(watch);
    return {};
  }
  // What has been told answers another question.
  if (watch.told != 0) readyCount_ -= 1;
  watch.told = 0;
  rest(watch);
  if (blocked_) askIdle();
  wakeBlocked();  // to try again, should the system have had no room
  return {};
}

Status IocpPoller::remove(Socket socket) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(socket);
  if (found == watched_.end()) return {ENOENT, "iocp"};
  Watch& watch = *found->second;
  if (watch.asked != 0) cancel(watch);
  forget(watch);
  return {};
}

Status IocpPoller::poll(std::span<ReadyEvent> events, size_t& count) {
  count = 0;
  const std::lock_guard lock(mutex_);
  collect();
  while (count < events.size() && !ready_.empty()) {
    Watch& watch = *ready_.front();
    ready_.pop_front();
    watch.inReady = false;
    if (watch.told == 0) {
      release(watch);
      continue;
    }
    events[count++] = toReadyEvent(watch);
    watch.told = 0;
    readyCount_ -= 1;
    rest(watch);
  }
  if (blocked_) askIdle();
  wakeBlocked();
  return {};
}

Status IocpPoller::block(int timeoutMs) {
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(std::max(timeoutMs, 0));
  Completions entries;
  std::unique_lock lock(mutex_);
  for (bool last = false;;) {
    askIdle();
    if (readyCount_ > 0 || notified_ || last) {
      notified_ = false;
      return {};
    }
    DWORD patience = INFINITE;
    if (timeoutMs >= 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
      patience = static_cast<DWORD>(std::max<decltype(left)>(left, 0));
      last = patience == 0;
    }
    if (!idle_.empty()) patience = std::min(patience, kRetryMs);
    blocked_ = true;
    lock.unlock();
    ULONG count = 0;
    const bool got = GetQueuedCompletionStatusEx(port_, entries.data(), entries.size(), &count,
                                                 patience, FALSE) != 0;
    const DWORD error = got ? 0 : GetLastError();
    lock.lock();
    blocked_ = false;
    if (got) {
      complete(std::span(entries).first(count));
    } else if (error != WAIT_TIMEOUT) {
      return {errnoOf(error), "GetQueuedCompletionStatusEx"};
    }
  }
}

void IocpPoller::notify() {
  const std::lock_guard lock(mutex_);
  notified_ = true;
  wakeBlocked();
}

Status IocpPoller::ask(Watch& watch) {
  const ULONG events = toAfd(watch.interest);
  const Status status =
      afd::poll(devices_[watch.device], watch.base, events, watch.request, watch.outcome, &watch);
  if (!status.ok()) return status;
  watch.asked = events;
  inFlight_ += 1;
  return {};
}

void IocpPoller::askIdle() {
  asking_.swap(idle_);
  for (Watch* watch : asking_) {
    watch->inIdle = false;
    if (watch->removed) {
      release(*watch);
      continue;
    }
    const Status status = ask(*watch);
    if (status.error == EBADF) {
      forget(*watch);  // it was closed without a word
    } else if (!status.ok()) {
      rest(*watch);
    }
  }
  asking_.clear();
}

void IocpPoller::rest(Watch& watch) {
  if (watch.inIdle) return;
  watch.inIdle = true;
  idle_.push_back(&watch);
}

void IocpPoller::cancel(Watch& watch) {
  if (watch.cancelling) return;
  watch.cancelling = true;
  afd::cancel(devices_[watch.device], &watch.outcome);
}

void IocpPoller::forget(Watch& watch) {
  watched_.erase(watch.socket);
  watch.removed = true;
  if (watch.told != 0) readyCount_ -= 1;
  watch.told = 0;
  release(watch);
}

// Frees what is removed once nobody has it any more.
void IocpPoller::release(Watch& watch) {
  if (!watch.removed || watch.asked != 0 || watch.inReady || watch.inIdle) return;
  devices_.giveBack(watch.device);
  delete &watch;
}

// What has no request just wakes.
void IocpPoller::complete(std::span<const OVERLAPPED_ENTRY> entries) {
  for (const OVERLAPPED_ENTRY& entry : entries) {
    if (entry.lpOverlapped != nullptr) complete(*reinterpret_cast<Watch*>(entry.lpOverlapped));
  }
}

void IocpPoller::complete(Watch& watch) {
  inFlight_ -= 1;
  watch.asked = 0;
  watch.cancelling = false;
  if (watch.removed) {
    release(watch);
    return;
  }
  const ULONG told = toldBy(watch);
  if ((told & afd::kLocalClose) != 0) {
    forget(watch);  // it was closed without a word
    return;
  }
  watch.told = told;
  if (watch.told == 0) {
    rest(watch);
    return;
  }
  readyCount_ += 1;
  if (watch.inReady) return;
  watch.inReady = true;
  ready_.push_back(&watch);
}

// Asks for what is idle, and takes what the port has until it has nothing.
void IocpPoller::collect() {
  Completions entries;
  for (;;) {
    askIdle();
    ULONG count = 0;
    if (!GetQueuedCompletionStatusEx(port_, entries.data(), entries.size(), &count, 0, FALSE))
      return;
    complete(std::span(entries).first(count));
  }
}

// The port has nothing left for the thread in block(), for which there may be something all the
// same: a notification that was taken from it, what a poll() had no room for, or to ask again.
void IocpPoller::wakeBlocked() {
  if (!blocked_ || (!notified_ && readyCount_ == 0 && idle_.empty())) return;
  PostQueuedCompletionStatus(port_, 0, 0, nullptr);
}

}  // namespace

std::unique_ptr<Poller> makeIocpPoller(Status& status) {
  const HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, kThreads);
  if (port == nullptr) {
    return status = {errnoOf(GetLastError()), "CreateIoCompletionPort"}, nullptr;
  }
  auto poller = std::make_unique<IocpPoller>(port);
  status = poller->openFirstDevice();
  if (!status.ok()) return nullptr;
  return poller;
}

}  // namespace ropewalk
