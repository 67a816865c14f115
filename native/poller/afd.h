// One-shot readiness notifications from \Device\Afd, the driver below Winsock. The interface is
// undocumented but has not changed since Windows Vista, and Node's own uv_poll relies on it. Wine
// has it since version 4.
#pragma once

#include "../net/system_sockets.h"
// After winsock2.h.
#include <winternl.h>

#include <cstdint>
#include <vector>

#include "../status.h"

namespace ropewalk::afd {

enum Event : ULONG {
  kReceive = 0x001,
  kSend = 0x004,
  kDisconnect = 0x008,  // the peer sends no more
  kAbort = 0x010,       // the connection was reset
  kLocalClose = 0x020,  // the handle was closed here
  kAccept = 0x080,
  kConnectFail = 0x100,
};

// The driver's layout, both for the input and for the output of a request.
struct Request {
  LARGE_INTEGER timeout;
  ULONG count;
  ULONG exclusive;
  HANDLE socket;
  ULONG events;
  NTSTATUS status;
};

// The driver's own socket, below any layered providers.
Status baseOf(SOCKET socket, SOCKET& base);

// Requests `events` of `base` once. `request` and `outcome` belong to the driver until the
// completion arrives, which it always does unless this call fails.
Status poll(HANDLE device, SOCKET base, ULONG events, Request& request, IO_STATUS_BLOCK& outcome,
            void* context);

// Makes the completion arrive at once; harmless if it has already arrived.
void cancel(HANDLE device, IO_STATUS_BLOCK* outcome);

// The device, opened as often as needed. Each handle serves few sockets, because cancelling a
// request makes the system search all requests in flight on its handle.
class Devices {
 public:
  // `port` returns the `context` that was given to poll().
  explicit Devices(HANDLE port) : port_(port) {}
  ~Devices();
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;

  // Finds a device with room for another socket.
  Status take(size_t& index);
  void giveBack(size_t index);
  HANDLE operator[](size_t index) const { return all_[index].handle; }
  void cancelAll();

 private:
  struct Device {
    HANDLE handle;
    size_t sockets;
  };

  const HANDLE port_;
  std::vector<Device> all_;
  std::vector<size_t> roomy_;
};

}  // namespace ropewalk::afd
