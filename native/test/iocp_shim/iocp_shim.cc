// A completion port and \Device\Afd emulated with poll(2): each port has a thread that serves the
// requests of its devices.
//
// Threads are delayed at random before checking requests and after taking completions: the poller
// must work whichever thread comes first.

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "poller/afd.h"

namespace {

using ropewalk::afd::Request;

constexpr NTSTATUS kFailed = static_cast<NTSTATUS>(0xC0000000);  // | errno
constexpr NTSTATUS kCancelled = static_cast<NTSTATUS>(0xC0000120);
constexpr NTSTATUS kPending = 0x103;

thread_local int lastError = 0;
std::atomic<int> nextRefusal{0};
std::atomic<int> nextFailure{0};

// Yields to another thread one time in four; one time in 128, long enough for it to get far ahead.
void holdUp() {
  static std::atomic<uint32_t> seeds{1};
  thread_local uint32_t state = seeds.fetch_add(2'654'435'761u) | 1u;
  state = state * 1'664'525u + 1'013'904'223u;
  const uint32_t drawn = state >> 24;
  if (drawn % 128 == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  } else if (drawn % 4 == 0) {
    sched_yield();
  }
}

struct Object {
  virtual ~Object() = default;
};

struct Port;

struct Device final : Object {
  Port* port = nullptr;
};

struct Pending {
  Device* device;
  Request* request;
  IO_STATUS_BLOCK* outcome;
  void* context;
};

struct Port final : Object {
  Port() : wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), driver([this] { drive(); }) {}
  ~Port() override;

  void queue(const OVERLAPPED_ENTRY& entry);
  bool take(OVERLAPPED_ENTRY* entries, ULONG size, ULONG& count, DWORD timeoutMs);
  NTSTATUS ask(const Pending& asked);
  NTSTATUS cancel(Device* device, const IO_STATUS_BLOCK* outcome);

  void drive();
  void answer(const Pending& pending, NTSTATUS status, ULONG events);
  void look();
  void rouse() { (void)eventfd_write(wake, 1); }

  const int wake;
  // Port functions.
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<OVERLAPPED_ENTRY> entries;
  // Device functions.
  std::mutex devicesMutex;
  std::vector<Pending> pending;
  bool ending = false;
  std::thread driver;
};

Port& portOf(HANDLE handle) {
  return *static_cast<Port*>(static_cast<Object*>(handle));
}

Device* deviceOf(HANDLE handle) {
  return static_cast<Device*>(static_cast<Object*>(handle));
}

short toPoll(ULONG events) {
  using namespace ropewalk::afd;
  int wanted = 0;
  if ((events & (kReceive | kAccept)) != 0) wanted |= POLLIN;
  if ((events & kDisconnect) != 0) wanted |= POLLRDHUP;
  if ((events & kSend) != 0) wanted |= POLLOUT;
  return static_cast<short>(wanted);
}

bool isConnected(int fd) {
  sockaddr_storage address;
  socklen_t size = sizeof address;
  return getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
}

ULONG toAfd(const pollfd& polled) {
  using namespace ropewalk::afd;
  const int reported = polled.revents;
  if ((reported & POLLNVAL) != 0) return kLocalClose;
  ULONG events = 0;
  if ((reported & POLLIN) != 0) events |= kReceive | kAccept;
  if ((reported & (POLLRDHUP | POLLHUP)) != 0) events |= kDisconnect;
  if ((reported & POLLOUT) != 0) events |= kSend;
  if ((reported & POLLERR) != 0) events |= isConnected(polled.fd) ? kAbort : kAbort | kConnectFail;
  return events;
}

pollfd pollfdOf(const Request& request) {
  return {static_cast<int>(reinterpret_cast<uintptr_t>(request.socket)), toPoll(request.events), 0};
}

Port::~Port() {
  {
    const std::lock_guard lock(devicesMutex);
    ending = true;
  }
  rouse();
  driver.join();
  close(wake);
}

void Port::queue(const OVERLAPPED_ENTRY& entry) {
  {
    const std::lock_guard lock(mutex);
    entries.push_back(entry);
  }
  changed.notify_one();
}

bool Port::take(OVERLAPPED_ENTRY* taken, ULONG size, ULONG& count, DWORD timeoutMs) {
  count = 0;
  look();
  {
    std::unique_lock lock(mutex);
    const auto any = [this] { return !entries.empty(); };
    if (timeoutMs == INFINITE) {
      changed.wait(lock, any);
    } else if (timeoutMs > 0) {
      changed.wait_for(lock, std::chrono::milliseconds(timeoutMs), any);
    }
    for (; count < size && !entries.empty(); count++) {
      taken[count] = entries.front();
      entries.pop_front();
    }
  }
  holdUp();
  return count > 0;
}

NTSTATUS Port::ask(const Pending& asked) {
  if (const int error = nextRefusal.exchange(0); error != 0) return kFailed | error;
  pollfd polled = pollfdOf(*asked.request);
  (void)poll(&polled, 1, 0);
  if ((polled.revents & POLLNVAL) != 0) return kFailed | EBADF;
  const ULONG events = toAfd(polled) & asked.request->events;
  if (events != 0) {
    answer(asked, 0, events);
    return 0;
  }
  {
    const std::lock_guard lock(devicesMutex);
    pending.push_back(asked);
  }
  rouse();
  return kPending;
}

NTSTATUS Port::cancel(Device* device, const IO_STATUS_BLOCK* outcome) {
  size_t cancelled = 0;
  {
    const std::lock_guard lock(devicesMutex);
    cancelled = std::erase_if(pending, [&](const Pending& each) {
      const bool meant = each.device == device && (outcome == nullptr || each.outcome == outcome);
      if (meant) answer(each, kCancelled, 0);
      return meant;
    });
  }
  rouse();  // poll(2) would keep a closed socket open
  return cancelled == 0 ? (kFailed | ENOENT) : 0;
}

void Port::answer(const Pending& answered, NTSTATUS status, ULONG events) {
  if (const int error = nextFailure.exchange(0); error != 0) {
    events = 0;
    status = kFailed | error;
  }
  answered.request->count = events == 0 ? 0 : 1;
  answered.request->events = events;
  answered.outcome->Status = status;
  queue({0, static_cast<OVERLAPPED*>(answered.context), 0, 0});
}

void Port::drive() {
  for (;;) {
    std::vector<pollfd> polled{{wake, POLLIN, 0}};
    {
      const std::lock_guard lock(devicesMutex);
      if (ending) return;
      for (const Pending& each : pending) polled.push_back(pollfdOf(*each.request));
    }
    (void)poll(polled.data(), polled.size(), -1);
    eventfd_t ignored;
    (void)eventfd_read(wake, &ignored);
    look();
  }
}

// Completes the requests whose conditions hold. As in a kernel, this is atomic: a request is always
// either pending or completed.
void Port::look() {
  holdUp();
  const std::lock_guard lock(devicesMutex);
  std::vector<pollfd> polled;
  for (const Pending& each : pending) polled.push_back(pollfdOf(*each.request));
  if (polled.empty() || ::poll(polled.data(), polled.size(), 0) <= 0) return;
  size_t next = 0;
  const size_t completed = std::erase_if(pending, [&](const Pending& each) {
    const ULONG events =
        toAfd(polled[next++]) & (each.request->events | ropewalk::afd::kLocalClose);
    if (events != 0) answer(each, 0, events);
    return events != 0;
  });
  if (completed > 0) rouse();  // as in cancel(): these sockets may be closed next
}

NTSTATUS cancelIo(HANDLE handle, PIO_STATUS_BLOCK outcome, PIO_STATUS_BLOCK result) {
  Device* device = deviceOf(handle);
  return result->Status = device->port->cancel(device, outcome);
}

template <typename Function>
FARPROC asProc(Function* function) {
  return reinterpret_cast<FARPROC>(reinterpret_cast<void*>(function));
}

}  // namespace

// Opens a port, or associates a device with one.
HANDLE CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR, DWORD) {
  if (file == INVALID_HANDLE_VALUE) return static_cast<Object*>(new Port);
  deviceOf(file)->port = &portOf(port);
  return port;
}

BOOL GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY* entries, ULONG size, ULONG* count,
                                 DWORD timeoutMs, BOOL) {
  if (portOf(port).take(entries, size, *count, timeoutMs)) return 1;
  lastError = WAIT_TIMEOUT;
  return FALSE;
}

BOOL PostQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED* overlapped) {
  portOf(port).queue({key, overlapped, 0, bytes});
  return 1;
}

BOOL CloseHandle(HANDLE handle) {
  delete static_cast<Object*>(handle);
  return 1;
}

DWORD GetLastError() {
  return static_cast<DWORD>(lastError);
}

HMODULE GetModuleHandleW(const wchar_t*) {
  return nullptr;
}

FARPROC GetProcAddress(HMODULE, const char* name) {
  if (strcmp(name, "NtCreateFile") == 0) return asProc(&NtCreateFile);
  if (strcmp(name, "NtDeviceIoControlFile") == 0) return asProc(&NtDeviceIoControlFile);
  if (strcmp(name, "NtCancelIoFileEx") == 0) return asProc(&cancelIo);
  if (strcmp(name, "RtlNtStatusToDosError") == 0) return asProc(&RtlNtStatusToDosError);
  return nullptr;
}

NTSTATUS NtCreateFile(HANDLE* file, ULONG, OBJECT_ATTRIBUTES*, IO_STATUS_BLOCK*, LARGE_INTEGER*,
                      ULONG, ULONG, ULONG, ULONG, void*, ULONG) {
  *file = static_cast<Object*>(new Device);
  return 0;
}

NTSTATUS NtDeviceIoControlFile(HANDLE file, HANDLE, void*, void* context, IO_STATUS_BLOCK* outcome,
                               ULONG, void* input, ULONG, void*, ULONG) {
  Device* device = deviceOf(file);
  return device->port->ask({device, static_cast<Request*>(input), outcome, context});
}

ULONG RtlNtStatusToDosError(NTSTATUS status) {
  return static_cast<ULONG>(status & ~kFailed);
}

// A descriptor that poll(2) can't wait for is not a socket.
int WSAIoctl(SOCKET socket, DWORD, void*, DWORD, void* output, DWORD, DWORD*, void*, void*) {
  struct stat status;
  const bool isOpen = fstat(static_cast<int>(socket), &status) == 0;
  lastError = WSAENOTSOCK;
  if (!isOpen || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) return -1;
  *static_cast<SOCKET*>(output) = socket;
  return 0;
}

int WSAGetLastError() {
  return lastError;
}

void refuseNextRequest(int error) {
  nextRefusal = error;
}

void failNextAnswer(int error) {
  nextFailure = error;
}
