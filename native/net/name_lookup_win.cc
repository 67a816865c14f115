// Name look-ups, and threads for them, on Windows.

#include <process.h>

#include <cerrno>
#include <memory>

#include "detached_thread.h"
#include "name_lookup.h"
#include "win_calls.h"

namespace ropewalk {
namespace {

struct Start {
  void* (*run)(void*);
  void* argument;
};

unsigned __stdcall enter(void* given) {
  const std::unique_ptr<Start> start(static_cast<Start*>(given));
  start->run(start->argument);
  return 0;
}

// Invalid UTF-8 becomes a name that does not exist.
std::wstring toUtf16(const std::string& text) {
  const int length = static_cast<int>(text.size());
  const int size = MultiByteToWideChar(CP_UTF8, 0, text.data(), length, nullptr, 0);
  std::wstring wide(static_cast<size_t>(size), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), length, wide.data(), size);
  return wide;
}

}  // namespace

void stayLoaded() {
  HMODULE self = nullptr;
  const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
  (void)GetModuleHandleExW(flags, reinterpret_cast<LPCWSTR>(&lookUpName), &self);
}

int startDetached(void* (*run)(void*), void* argument) {
  auto start = std::make_unique<Start>(Start{run, argument});
  const uintptr_t thread = _beginthreadex(nullptr, 0, enter, start.get(), 0, nullptr);
  if (thread == 0) return errno;
  (void)start.release();
  CloseHandle(reinterpret_cast<HANDLE>(thread));
  return 0;
}

// In UTF-16, because the narrow form of the call uses the system's code page.
NameAnswer lookUpName(const std::string& name, AddressFamily family) {
  NameAnswer answer;
  if (!startWinsock().ok()) {
    answer.error = EAI_FAIL;
    return answer;
  }
  ADDRINFOW hints{};
  hints.ai_socktype = SOCK_STREAM;  // otherwise each address is listed once per type
  hints.ai_family = family == AddressFamily::kIpv4   ? AF_INET
                    : family == AddressFamily::kIpv6 ? AF_INET6
                                                     : AF_UNSPEC;
  ADDRINFOW* first = nullptr;
  answer.error = GetAddrInfoW(toUtf16(name).c_str(), nullptr, &hints, &first);
  if (answer.error != 0) return answer;
  for (const ADDRINFOW* found = first; found != nullptr; found = found->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(found->ai_addr, static_cast<socklen_t>(found->ai_addrlen), text, sizeof text,
                    nullptr, 0, NI_NUMERICHOST) == 0) {
      answer.addresses.emplace_back(text);
    }
  }
  FreeAddrInfoW(first);
  return answer;
}

}  // namespace ropewalk
