#include "afd.h"

#include <initializer_list>

namespace ropewalk::afd {
namespace {

constexpr ULONG kIoctlPoll = 0x00012024;  // IOCTL_AFD_POLL
constexpr size_t kSocketsPerDevice = 32;

// From ntdll.dll, for which only some SDKs have an import library.
struct Calls {
  decltype(&::NtCreateFile) createFile;
  decltype(&::NtDeviceIoControlFile) control;
  NTSTATUS(NTAPI* cancelIo)(HANDLE, PIO_STATUS_BLOCK, PIO_STATUS_BLOCK);
  decltype(&::RtlNtStatusToDosError) errorOf;
};

template <typename Function>
void find(HMODULE library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(reinterpret_cast<void*>(GetProcAddress(library, name)));
}

const Calls& calls() {
  static const Calls found = [] {
    const HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    Calls calls{};
    find(ntdll, "NtCreateFile", calls.createFile);
    find(ntdll, "NtDeviceIoControlFile", calls.control);
    find(ntdll, "NtCancelIoFileEx", calls.cancelIo);
    find(ntdll, "RtlNtStatusToDosError", calls.errorOf);
    return calls;
  }();
  return found;
}

Status toStatus(NTSTATUS status, const char* call) {
  return {errnoOf(calls().errorOf(status)), call};
}

Status open(HANDLE port, HANDLE& device) {
  const Calls& nt = calls();
  if (nt.createFile == nullptr || nt.control == nullptr || nt.cancelIo == nullptr ||
      nt.errorOf == nullptr) {
    return {ENOTSUP, "ntdll"};
  }
  wchar_t path[] = L"\\Device\\Afd\\Ropewalk";  // the name after Afd is arbitrary
  UNICODE_STRING name{sizeof path - sizeof *path, sizeof path, path};
  OBJECT_ATTRIBUTES attributes{};
  attributes.Length = sizeof attributes;
  attributes.ObjectName = &name;
  IO_STATUS_BLOCK outcome{};
  const NTSTATUS status =
      nt.createFile(&device, SYNCHRONIZE, &attributes, &outcome, nullptr, 0,
                    FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, nullptr, 0);
  if (status < 0) return toStatus(status, "NtCreateFile");
  if (CreateIoCompletionPort(device, port, 0, 0) != nullptr) return {};
  const Status failed{errnoOf(GetLastError()), "CreateIoCompletionPort"};
  CloseHandle(device);
  return failed;
}

}  // namespace

Status baseOf(SOCKET socket, SOCKET& base) {
  // The second code works where a layered provider blocks the first.
  DWORD size = 0;
  for (const DWORD code : {DWORD{SIO_BASE_HANDLE}, DWORD{SIO_BSP_HANDLE_POLL}}) {
    if (WSAIoctl(socket, code, nullptr, 0, &base, sizeof base, &size, nullptr, nullptr) == 0) {
      return {};
    }
    if (WSAGetLastError() == WSAENOTSOCK) return {EBADF, "WSAIoctl"};
  }
  base = socket;  // no layered provider to ask
  return {};
}

Status poll(HANDLE device, SOCKET base, ULONG events, Request& request, IO_STATUS_BLOCK& outcome,
            void* context) {
  request = {};
  request.timeout.QuadPart = INT64_MAX;
  request.count = 1;
  request.socket = reinterpret_cast<HANDLE>(base);
  request.events = events;
  outcome = {};
  const NTSTATUS status = calls().control(device, nullptr, nullptr, context, &outcome, kIoctlPoll,
                                          &request, sizeof request, &request, sizeof request);
  // STATUS_PENDING is not an error. A request that completes at once is still reported to the port.
  return status < 0 ? toStatus(status, "NtDeviceIoControlFile") : Status{};
}

void cancel(HANDLE device, IO_STATUS_BLOCK* outcome) {
  IO_STATUS_BLOCK ignored{};
  (void)calls().cancelIo(device, outcome, &ignored);
}

Devices::~Devices() {
  for (const Device& device : all_) CloseHandle(device.handle);
}

Status Devices::take(size_t& index) {
  if (roomy_.empty()) {
    HANDLE handle = nullptr;
    if (Status status = open(port_, handle); !status.ok()) return status;
    roomy_.push_back(all_.size());
    all_.push_back({handle, 0});
  }
  index = roomy_.back();
  all_[index].sockets += 1;
  if (all_[index].sockets == kSocketsPerDevice) roomy_.pop_back();
  return {};
}

void Devices::giveBack(size_t index) {
  if (all_[index].sockets == kSocketsPerDevice) roomy_.push_back(index);
  all_[index].sockets -= 1;
}

void Devices::cancelAll() {
  for (const Device& device : all_) cancel(device.handle, nullptr);
}

}  // namespace ropewalk::afd
