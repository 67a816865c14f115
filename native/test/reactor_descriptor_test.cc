// Descriptors that the application opened itself and the reactor only watches.

#include <cstdio>
#include <memory>

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"

namespace ropewalk {
namespace {

Handle watch(Host& host, int fd, Interest interest) {
  Handle handle = 0;
  CHECK(host.reactor().watch(fd, interest, handle).ok());
  CHECK(handle > 0);
  return handle;
}

// Runs one turn and returns its events for `handle`.
struct Reported {
  int readable;
  int writable;
};
Reported turn(Host& host, Handle handle) {
  const Happened& seen = host.of(handle);
  const Reported before{seen.readable, seen.writable};
  host.turn();
  return {seen.readable - before.readable, seen.writable - before.writable};
}
#define CHECK_REPORTED(events, isReadable, isWritable) \
  do {                                                 \
    const Reported reported = events;                  \
    CHECK_EQUAL(reported.readable, isReadable);        \
    CHECK_EQUAL(reported.writable, isWritable);        \
  } while (false)

// The event repeats every turn while the condition and the interest last.
void reportsReadiness(PollerKind kind) {
  Host host(kind);
  const TwoEnds ends = openSocketPair();
  const Handle handle = watch(host, ends.near.get(), Interest::kRead);
  CHECK_REPORTED(turn(host, handle), 0, 0);
  put(ends.far, "x");
  CHECK_REPORTED(turn(host, handle), 1, 0);
  CHECK_REPORTED(turn(host, handle), 1, 0);
  CHECK(host.reactor().setInterest(handle, Interest::kReadWrite).ok());
  CHECK_REPORTED(turn(host, handle), 1, 1);
  CHECK(host.reactor().setInterest(handle, Interest::kWrite).ok());
  CHECK_REPORTED(turn(host, handle), 0, 1);
  uint8_t byte;
  CHECK_EQUAL(receive(ends.near.get(), &byte, 1).count, 1);
  CHECK(host.reactor().setInterest(handle, Interest::kRead).ok());
  CHECK_REPORTED(turn(host, handle), 0, 0);
}

// Without an interest nothing is reported, not even a hang-up; an interest can be set at any time.
void canBeOfNoInterest(PollerKind kind) {
  for (const Interest first : {Interest::kNone, Interest::kRead}) {
    Host host(kind);
    TwoEnds ends = openSocketPair();
    const Handle handle = watch(host, ends.near.get(), first);
    CHECK(host.reactor().setInterest(handle, Interest::kNone).ok());
    ends.far.reset();
    CHECK_REPORTED(turn(host, handle), 0, 0);
    CHECK(host.sleeps());
    CHECK(host.reactor().setInterest(handle, Interest::kRead).ok());
    CHECK_REPORTED(turn(host, handle), 1, 0);
    host.reactor().close(handle);
    CHECK_REPORTED(turn(host, handle), 0, 0);
    // Nothing of it is left: another reactor may watch it.
    watch(host, ends.near.get(), Interest::kRead);
  }
}

// A hang-up is reported as the requested readiness: reading or writing then returns the cause.
void reportsHangUps(PollerKind kind) {
  Host host(kind);
  int fds[2];
  CHECK(openPipe(fds));
  const UniqueFd readEnd(fds[0]);
  UniqueFd writeEnd(fds[1]);
  const Handle handle = watch(host, readEnd.get(), Interest::kRead);
  CHECK_REPORTED(turn(host, handle), 0, 0);
  writeEnd.reset();
  CHECK_REPORTED(turn(host, handle), 1, 0);
}

// The descriptor remains its owner's.
void leavesItOpen(PollerKind kind) {
  Host host(kind);
  const TwoEnds ends = openSocketPair();
  const Handle handle = watch(host, ends.near.get(), Interest::kWrite);
  host.reactor().close(handle);
  CHECK_EQUAL(host.reactor().size(), 0);
  CHECK_REPORTED(turn(host, handle), 0, 0);
  CHECK(isOpen(ends.near.get()));
  CHECK(host.reactor().setInterest(handle, Interest::kRead).ok());  // stale by now
  host.reactor().close(handle);
}

void refusesWhatCannotBeWatched(PollerKind kind) {
  Host host(kind);
  const TwoEnds ends = openSocketPair();
  watch(host, ends.near.get(), Interest::kRead);
  Handle handle = -5;
  CHECK_EQUAL(host.reactor().watch(ends.near.get(), Interest::kRead, handle).error, EEXIST);
  CHECK_EQUAL(host.reactor().watch(-1, Interest::kRead, handle).error, EBADF);
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::tmpfile(), std::fclose);
  // On Windows a file's number is not a socket.
  const int expected = kind == PollerKind::kIocp ? EBADF : EPERM;
  CHECK_EQUAL(host.reactor().watch(fileno(file.get()), Interest::kRead, handle).error, expected);
  CHECK_EQUAL(handle, -5);
  CHECK_EQUAL(host.reactor().size(), 1);
}

// Closed by its owner without notice, it does no harm to other sockets.
void survivesBeingClosedBehindItsBack(PollerKind kind) {
  Host host(kind);
  TwoEnds ends = openSocketPair();
  const Handle handle = watch(host, ends.near.get(), Interest::kReadWrite);
  ends.near.reset();
  host.turn();
  (void)host.reactor().setInterest(handle, Interest::kRead);
  (void)host.reactor().setInterest(handle, Interest::kNone);
  host.turn();
  host.reactor().close(handle);
  const TwoEnds others = openSocketPair();
  const Handle other = watch(host, others.near.get(), Interest::kWrite);
  CHECK_REPORTED(turn(host, other), 0, 1);
}

// Stream commands and writes have no effect on a descriptor.
void ignoresStreamCommands(PollerKind kind) {
  Host host(kind);
  const TwoEnds ends = openSocketPair();
  const Handle handle = watch(host, ends.near.get(), Interest::kWrite);
  for (int32_t command = kReadBulk; command < 0; command++) host.command(handle, command);
  host.write(handle, "not sent");
  host.turn();
  CHECK_REPORTED(turn(host, handle), 0, 1);
  uint8_t byte;
  CHECK(receive(ends.far.get(), &byte, 1).result == Transfer::Result::kWouldBlock);
  CHECK_EQUAL(host.reactor().queuedBytes(handle), 0);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(reportsReadiness),
      STORY(canBeOfNoInterest),
      STORY(reportsHangUps),
      STORY(leavesItOpen),
      STORY(refusesWhatCannotBeWatched),
      STORY(survivesBeingClosedBehindItsBack),
      STORY(ignoresStreamCommands),
  });
}
