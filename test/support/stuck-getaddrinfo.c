// Preloaded into a test's child process: names that end with ".stuck" keep getaddrinfo from
// returning until the FIFO that STUCK_FIFO names has a writer. Each adds a byte to the file
// STUCK_COUNT first. All other names go to the system's.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*GetAddrInfo)(const char*, const char*, const struct addrinfo*, struct addrinfo**);

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints,
                struct addrinfo** found) {
  const char* ending = name == NULL ? NULL : strrchr(name, '.');
  if (ending == NULL || strcmp(ending, ".stuck") != 0) {
    return ((GetAddrInfo)dlsym(RTLD_NEXT, "getaddrinfo"))(name, service, hints, found);
  }
  int count = open(getenv("STUCK_COUNT"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (count < 0 || write(count, ".", 1) != 1) abort();
  close(count);
  int fifo = open(getenv("STUCK_FIFO"), O_RDONLY);
  if (fifo >= 0) close(fifo);
  return EAI_AGAIN;
}
