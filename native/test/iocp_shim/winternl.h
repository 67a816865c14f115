// The Windows calls of poller/iocp.cc and poller/afd.cc, for other systems: iocp_shim.cc implements
// them with poll(2) and a thread. The name is that of the header that afd.h includes.
//
// Same as on Windows: a request completes once, at the port of its device, at once if the condition
// already holds; the system writes into a request from its own thread until the completion is
// queued; cancelling makes the completion arrive; a refused request has none. Different: errors are
// errno values, and a request is notified that its socket was closed only if it is checked after
// that.
#pragma once

#include <cstdint>

using BOOL = int;
using DWORD = uint32_t;
using ULONG = uint32_t;
using NTSTATUS = int32_t;
using ULONG_PTR = uintptr_t;
using SOCKET = uintptr_t;
using HANDLE = void*;
using HMODULE = void*;
using FARPROC = void (*)();

#define NTAPI
constexpr BOOL FALSE = 0;
constexpr DWORD INFINITE = 0xffffffff;
constexpr DWORD WAIT_TIMEOUT = 258;
inline const HANDLE INVALID_HANDLE_VALUE = reinterpret_cast<HANDLE>(~uintptr_t{0});

struct LARGE_INTEGER {
  int64_t QuadPart;
};

struct IO_STATUS_BLOCK {
  NTSTATUS Status;
  ULONG_PTR Information;
};
using PIO_STATUS_BLOCK = IO_STATUS_BLOCK*;

struct UNICODE_STRING {
  uint16_t Length;
  uint16_t MaximumLength;
  wchar_t* Buffer;
};

struct OBJECT_ATTRIBUTES {
  ULONG Length;
  HANDLE RootDirectory;
  UNICODE_STRING* ObjectName;
  ULONG Attributes;
  void* SecurityDescriptor;
  void* SecurityQualityOfService;
};

struct OVERLAPPED;
struct OVERLAPPED_ENTRY {
  ULONG_PTR lpCompletionKey;
  OVERLAPPED* lpOverlapped;
  ULONG_PTR Internal;
  DWORD dwNumberOfBytesTransferred;
};

HANDLE CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads);
BOOL GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY* entries, ULONG size, ULONG* count,
                                 DWORD timeoutMs, BOOL alertable);
BOOL PostQueuedCompletionStatus(HANDLE port, DWORD bytes, ULONG_PTR key, OVERLAPPED* overlapped);
BOOL CloseHandle(HANDLE handle);
DWORD GetLastError();

HMODULE GetModuleHandleW(const wchar_t* name);
FARPROC GetProcAddress(HMODULE library, const char* name);

constexpr ULONG SYNCHRONIZE = 0x00100000;
constexpr ULONG FILE_SHARE_READ = 1;
constexpr ULONG FILE_SHARE_WRITE = 2;
constexpr ULONG FILE_OPEN = 1;
NTSTATUS NtCreateFile(HANDLE* file, ULONG access, OBJECT_ATTRIBUTES* attributes,
                      IO_STATUS_BLOCK* outcome, LARGE_INTEGER* allocation, ULONG fileAttributes,
                      ULONG share, ULONG disposition, ULONG options, void* extended, ULONG size);
NTSTATUS NtDeviceIoControlFile(HANDLE file, HANDLE event, void* routine, void* context,
                               IO_STATUS_BLOCK* outcome, ULONG code, void* input, ULONG inputSize,
                               void* output, ULONG outputSize);
ULONG RtlNtStatusToDosError(NTSTATUS status);

constexpr DWORD SIO_BASE_HANDLE = 0x48000022;
constexpr DWORD SIO_BSP_HANDLE_POLL = 0x4800001d;
constexpr int WSAENOTSOCK = 10038;
int WSAIoctl(SOCKET socket, DWORD code, void* input, DWORD inputSize, void* output,
             DWORD outputSize, DWORD* size, void* overlapped, void* routine);
int WSAGetLastError();

namespace ropewalk {

inline int errnoOf(unsigned long error) {
  return static_cast<int>(error);
}

}  // namespace ropewalk

// For tests: refuses the next request with `error`, or completes the next one with it.
void refuseNextRequest(int error);
void failNextAnswer(int error);
