// kqueue(2) for the native tests on Linux: the part that poller/kqueue.cc uses, over epoll. Names,
// values and layout are those of macOS. kqueue_shim.cc lists similarities to and differences from
// the manual page.
#pragma once

#include <stdint.h>
#include <time.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_USER (-10)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_EOF 0x8000
#define EV_ERROR 0x4000
#define EV_OOBAND 0x2000

#define NOTE_TRIGGER 0x01000000
#define NOTE_LOWAT 0x00000001

struct kevent {
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  intptr_t data;
  void* udata;
};

#define EV_SET(event, a, b, c, d, e, f) (*(event) = {(a), (b), (c), (d), (e), (f)})

// A kqueue must be closed by the close() that this library's linker options substitute for the
// system's.
int kqueue();
int kevent(int kq, const struct kevent* changelist, int nchanges, struct kevent* eventlist,
           int nevents, const struct timespec* timeout);
