// What \Device\Afd, the driver below Winsock, offers to those who ask it themselves: to be told
// once when a socket is ready. It is undocumented and has not changed since Windows Vista; Node's
// own uv_poll rests on it too. Wine has it since version 4.
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

// Input and output of the request alike, as the driver lays it out.
struct Request {
  LARGE_INTEGER timeout;
  ULONG count;
  ULONG exclusive;
  HANDLE socket;
  ULONG events;
  NTSTATUS status;
};

// The socket that the driver knows, below what other software has layered upon it.
Status baseOf(SOCKET socket, SOCKET& base);

// Asks once for `events` of `base`. `request` and `outcome` are the driver's until the completion
// comes, which it does whatever happens unless this fails.
Status poll(HANDLE device, SOCKET base, ULONG events, Request& request, IO_STATUS_BLOCK& outcome,
            void* context);

// Has the completion come at once; harmless when it has come already.
void cancel(HANDLE device, IO_STATUS_BLOCK* outcome);

// The device, opened as often as needed: one handle serves few sockets, for to cancel a request the
// system looks through all that are in flight on its handle.
class Devices {
 public:
  // The `context` of poll() comes back from `port`.
  explicit Devices(HANDLE port) : port_(port) {}
  ~Devices();
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;

  // Finds one with room for another socket.
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
