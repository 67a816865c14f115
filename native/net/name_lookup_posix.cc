// Name look-ups, and threads for them, on Linux and the BSD family.

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>

#include "detached_thread.h"
#include "name_lookup.h"
#include "system_sockets.h"

namespace ropewalk {

void stayLoaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&lookUpName), &self) == 0) return;
  (void)dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

// Signals are left to the existing threads.
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

NameAnswer lookUpName(const std::string& name, AddressFamily family) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // otherwise each address is listed once per type
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

}  // namespace ropewalk
