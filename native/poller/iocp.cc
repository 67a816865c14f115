// Windows: readiness from \Device\Afd (afd.h), reported through an I/O completion port.
//
// Each socket has at most one request in flight. A request completes once: its events are reported,
// and the socket is idle until the next poll() or block() issues another, by when the caller has
// had the chance to read. A condition that still holds completes the new request at once, so events
// repeat, as Trigger::kLevel promises; there is no edge-triggered mode. A request for too few
// events is cancelled. One for too many stays in flight, and unwanted events are dropped from its
// result.
//
// The system writes into a request until its completion is taken from the port. The Watch lives
// until then, even if its socket has been removed and closed.
//
// Node's loop can't watch a completion port, so a thread blocks in block(). The mutex guards all
// state shared by the two threads and is never held while waiting.

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
// How long the destructor waits for requests into which the system may still write.
constexpr DWORD kDrainTimeoutMs = 5000;
// Longest delay before a request is retried that the system had no resources for.
constexpr DWORD kRetryMs = 100;
constexpr NTSTATUS kCancelled = static_cast<NTSTATUS>(0xC0000120);  // STATUS_CANCELLED
// Threads that the port lets run at once: the one in block() must not have to wait until the other
// sleeps.
constexpr DWORD kThreads = 16;

struct Watch {
  afd::Request request{};
  IO_STATUS_BLOCK outcome{};
  Socket socket = kNoSocket;
  SOCKET base = 0;
  size_t device = 0;
  uint64_t token = 0;
  Interest interest = Interest::kNone;
  ULONG requested = 0;   // events of the request in flight; 0: no request
  ULONG conditions = 0;  // to be reported
  bool cancelling = false;
  bool removed = false;  // kept only for the lists and the request
  bool inReady = false;  // in ready_; a stale entry if `conditions` is 0
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
  const bool reset = (watch.conditions & afd::kAbort) != 0;
  const bool failed = reset || (watch.conditions & afd::kConnectFail) != 0;
  const bool ended = failed || (watch.conditions & afd::kDisconnect) != 0;
  return {watch.token,
          ended || (watch.conditions & (afd::kReceive | afd::kAccept)) != 0,
          failed || (watch.conditions & afd::kSend) != 0,
          ended,
          reset,
          failed};
}

// The wanted events of a completed request, and the end of the socket. A request that failed for
// reasons of the system's own has no events: the next read or write finds out.
ULONG conditionsOf(const Watch& watch) {
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

  Status issue(Watch& watch);
  void issueIdle();
  void setIdle(Watch& watch);
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
  size_t readyCount_ = 0;  // entries of ready_ with events
  std::vector<Watch*> idle_;
  std::vector<Watch*> issuing_;
  afd::Devices devices_;
  size_t inFlight_ = 0;
  bool blocked_ = false;  // a thread is blocked in block()
  bool notified_ = false;
};

IocpPoller::~IocpPoller() {
  for (const auto& [socket, watch] : watched_) watch->removed = true;
  devices_.cancelAll();
  Completions entries;
  ULONG count = 0;
  while (inFlight_ > 0 && GetQueuedCompletionStatusEx(port_, entries.data(), entries.size(), &count,
                                                      kDrainTimeoutMs, FALSE)) {
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
    collect();  // a socket closed without notice may have had its number
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
  status = issue(*watch);
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
  if (watch.requested != 0) {
    if ((toAfd(interest) & ~watch.requested) != 0) cancel(watch);
    return {};
  }
  // The pending events belong to the previous interest.
  if (watch.conditions != 0) readyCount_ -= 1;
  watch.conditions = 0;
  setIdle(watch);
  if (blocked_) issueIdle();
  wakeBlocked();  // to retry if the system had no resources
  return {};
}

Status IocpPoller::remove(Socket socket) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(socket);
  if (found == watched_.end()) return {ENOENT, "iocp"};
  Watch& watch = *found->second;
  if (watch.requested != 0) cancel(watch);
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
    if (watch.conditions == 0) {
      release(watch);
      continue;
    }
    events[count++] = toReadyEvent(watch);
    watch.conditions = 0;
    readyCount_ -= 1;
    setIdle(watch);
  }
  if (blocked_) issueIdle();
  wakeBlocked();
  return {};
}

Status IocpPoller::block(int timeoutMs) {
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(std::max(timeoutMs, 0));
  Completions entries;
  std::unique_lock lock(mutex_);
  for (bool last = false;;) {
    issueIdle();
    if (readyCount_ > 0 || notified_ || last) {
      notified_ = false;
      return {};
    }
    DWORD waitMs = INFINITE;
    if (timeoutMs >= 0) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
      waitMs = static_cast<DWORD>(std::max<decltype(left)>(left, 0));
      last = waitMs == 0;
    }
    if (!idle_.empty()) waitMs = std::min(waitMs, kRetryMs);
    blocked_ = true;
    lock.unlock();
    ULONG count = 0;
    const bool got = GetQueuedCompletionStatusEx(port_, entries.data(), entries.size(), &count,
                                                 waitMs, FALSE) != 0;
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

Status IocpPoller::issue(Watch& watch) {
  const ULONG events = toAfd(watch.interest);
  const Status status =
      afd::poll(devices_[watch.device], watch.base, events, watch.request, watch.outcome, &watch);
  if (!status.ok()) return status;
  watch.requested = events;
  inFlight_ += 1;
  return {};
}

void IocpPoller::issueIdle() {
  issuing_.swap(idle_);
  for (Watch* watch : issuing_) {
    watch->inIdle = false;
    if (watch->removed) {
      release(*watch);
      continue;
    }
    const Status status = issue(*watch);
    if (status.error == EBADF) {
      forget(*watch);  // it was closed without notice
    } else if (!status.ok()) {
      setIdle(*watch);
    }
  }
  issuing_.clear();
}

void IocpPoller::setIdle(Watch& watch) {
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
  if (watch.conditions != 0) readyCount_ -= 1;
  watch.conditions = 0;
  release(watch);
}

// Frees a removed Watch once nothing refers to it.
void IocpPoller::release(Watch& watch) {
  if (!watch.removed || watch.requested != 0 || watch.inReady || watch.inIdle) return;
  devices_.giveBack(watch.device);
  delete &watch;
}

// An entry without a request is only a wake-up.
void IocpPoller::complete(std::span<const OVERLAPPED_ENTRY> entries) {
  for (const OVERLAPPED_ENTRY& entry : entries) {
    if (entry.lpOverlapped != nullptr) complete(*reinterpret_cast<Watch*>(entry.lpOverlapped));
  }
}

void IocpPoller::complete(Watch& watch) {
  inFlight_ -= 1;
  watch.requested = 0;
  watch.cancelling = false;
  if (watch.removed) {
    release(watch);
    return;
  }
  const ULONG conditions = conditionsOf(watch);
  if ((conditions & afd::kLocalClose) != 0) {
    forget(watch);  // it was closed without notice
    return;
  }
  watch.conditions = conditions;
  if (watch.conditions == 0) {
    setIdle(watch);
    return;
  }
  readyCount_ += 1;
  if (watch.inReady) return;
  watch.inReady = true;
  ready_.push_back(&watch);
}

// Issues requests for idle sockets and drains the port.
void IocpPoller::collect() {
  Completions entries;
  for (;;) {
    issueIdle();
    ULONG count = 0;
    if (!GetQueuedCompletionStatusEx(port_, entries.data(), entries.size(), &count, 0, FALSE))
      return;
    complete(std::span(entries).first(count));
  }
}

// The port is empty, yet the thread in block() may have work: a notification that this thread took
// from the port, events that did not fit into a poll(), or requests to retry.
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
