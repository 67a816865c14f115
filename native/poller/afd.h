// What \Device\Afd, the driver below Winsock, offers to those who ask it themselves: to be told
// once when a socket is ready. It is undocumented and has not changed since Windows Vista; Node's
// own uv_poll rests on it too. Wine has it since version 4.
#pragma once

#include "../net/system_sockets.h"
// After winsock2.h.
#include <winternl.h>

#include <cstdint>

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

// Opens the device, with `context` of poll() coming back from `port`.
Status open(HANDLE port, HANDLE& device);

// The socket that the driver knows, below what other software has layered upon it.
Status baseOf(SOCKET socket, SOCKET& base);

// Asks once for `events` of `base`. `request` and `outcome` are the driver's until the completion
// comes, which it does whatever happens unless this fails.
Status poll(HANDLE device, SOCKET base, ULONG events, Request& request, IO_STATUS_BLOCK& outcome,
            void* context);

// Has the completion come at once; harmless when it has come already. A null `outcome` cancels all
// of the device.
void cancel(HANDLE device, IO_STATUS_BLOCK* outcome);

}  // namespace ropewalk::afd
