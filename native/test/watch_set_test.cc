// The descriptors of a foreign loop behind one: changes, closed files, reused numbers.

#include "foreign/watch_set.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "check.h"
#include "foreign.h"
#include "foreign/closed_descriptors.h"

namespace ropewalk {
namespace {

ForeignDescriptor in(const UniqueFd& fd) {
  return {fd.get(), POLLIN, 0};
}

ForeignDescriptor out(const UniqueFd& fd) {
  return {fd.get(), POLLOUT, 0};
}

bool isReadable(const WatchSet& set) {
  pollfd one{set.descriptor(), POLLIN, 0};
  return poll(&one, 1, 0) == 1;
}

void watchesWhatIsWanted() {
  WatchSet set;
  CHECK(set.open().ok());
  Pipe first;
  Pipe second;
  CHECK(set.update(std::vector{in(first.read)}, true).ok());
  CHECK(!isReadable(set));
  second.fill();
  CHECK(!isReadable(set));
  CHECK(set.update(std::vector{in(second.read), in(first.read)}, false).ok());
  CHECK(isReadable(set));
  CHECK_EQUAL(set.size(), 2);
  CHECK(set.update(std::vector{in(first.read)}, false).ok());
  CHECK(!isReadable(set));
  first.fill();
  CHECK(isReadable(set));
  CHECK(set.update({}, false).ok());
  CHECK(!isReadable(set));
  CHECK_EQUAL(set.size(), 0);
}

void mergesInterestsOfOneDescriptor() {
  WatchSet set;
  CHECK(set.open().ok());
  Pipe pipe;
  const ForeignDescriptor hangUp{pipe.write.get(), 0, 0};
  CHECK(set.update(std::vector{out(pipe.write), hangUp}, false).ok());
  CHECK_EQUAL(set.size(), 1);
  CHECK(isReadable(set));
  CHECK(set.update(std::vector{hangUp}, false).ok());
  CHECK(!isReadable(set));
  pipe.read.reset();
  CHECK(isReadable(set));
}

void noticesReusedNumbers() {
  WatchSet set;
  CHECK(set.open().ok());
  for (int round = 0; round < 3; round++) {
    Pipe pipe;
    CHECK(set.update(std::vector{in(pipe.read)}, true).ok());
    CHECK(!set.incomplete());
    CHECK(!isReadable(set));
    pipe.fill();
    CHECK(isReadable(set));
  }
}

void rebuildsWithoutStaleFiles() {
  WatchSet set;
  CHECK(set.open().ok());
  const int descriptor = set.descriptor();
  Pipe stale;
  UniqueFd copy(fcntl(stale.read.get(), F_DUPFD_CLOEXEC, 100));
  CHECK(set.update(std::vector{in(stale.read)}, true).ok());
  const int number = stale.read.get();
  stale.read.reset();
  Pipe fresh;
  CHECK(dup2(fresh.read.get(), number) == number);
  UniqueFd reused(number);
  CHECK(set.update(std::vector{in(reused)}, true).ok());
  stale.fill();
  // epoll(7) still watches the closed file, which is open elsewhere.
  CHECK(set.rebuild().ok());
  CHECK_EQUAL(set.descriptor(), descriptor);
  CHECK(!isReadable(set));
  fresh.fill();
  CHECK(isReadable(set));
}

void reportsClosedAndAlwaysReadyDescriptors() {
  WatchSet set;
  CHECK(set.open().ok());
  Pipe pipe;
  const ForeignDescriptor closed{1 << 20, POLLIN, 0};
  CHECK(set.update(std::vector{in(pipe.read), closed}, true).ok());
  CHECK(!set.incomplete() && !set.alwaysReady());
  CHECK_EQUAL(set.closed().size(), 1);
  CHECK_EQUAL(set.closed().front(), closed.fd);
  pipe.fill();
  CHECK(isReadable(set));
  UniqueFd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK(set.update(std::vector{in(file)}, false).ok());
  CHECK(set.alwaysReady() && !set.incomplete() && set.closed().empty());
  for (const uint16_t events : {uint16_t{0}, uint16_t{POLLPRI}}) {
    std::vector<ForeignDescriptor> never{{file.get(), events, 0}};
    CHECK(set.update(never, false).ok());
    CHECK(!set.alwaysReady() && !set.incomplete());
    CHECK_EQUAL(pollForeign(never, 1), 0);
  }
  CHECK(set.update({}, false).ok());
  CHECK(!set.alwaysReady() && !set.incomplete());
}

void keepsTheOldSetIfNoOtherCanBeMade() {
  WatchSet set;
  CHECK(set.open().ok());
  Pipe pipe;
  CHECK(set.update(std::vector{in(pipe.read)}, true).ok());
  rlimit before{};
  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  CHECK_EQUAL(set.rebuild().error, EMFILE);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
  pipe.fill();
  CHECK(isReadable(set));
  CHECK(set.rebuild().ok());
  CHECK(isReadable(set));
}

void tellsOfClosedDescriptorsOnce() {
  ClosedDescriptors closed;
  CHECK(!closed.update({}));
  CHECK(closed.update(std::vector{7, 9}));
  CHECK(!closed.takeReport());
  closed.tell();
  CHECK(!closed.update(std::vector{9}));
  CHECK_EQUAL(closed.takeReport().value_or(-1), 9);
  CHECK(!closed.takeReport());
  CHECK(!closed.update({}));
  CHECK(closed.update(std::vector{9}));  // closed once more
}

void pollsClosedDescriptorsOnce() {
  Pipe pipe;
  ForeignPoll poll;
  std::vector<ForeignDescriptor> polled{{1 << 20, POLLIN, 0}, in(pipe.read)};
  CHECK_EQUAL(poll(polled, 2), 1);
  CHECK_EQUAL(foreignReadiness(polled[0].revents), kForeignInvalid);
  pipe.fill();
  CHECK_EQUAL(poll(polled, 2), 1);
  CHECK_EQUAL(polled[0].revents, 0);
  CHECK_EQUAL(foreignReadiness(polled[1].revents), kForeignRead);
  CHECK_EQUAL(poll(polled, 0), 0);
  CHECK_EQUAL(poll(polled, 2), 2);
}

void pollsAsThePollOfTheSystem() {
  Pipe pipe;
  std::vector<ForeignDescriptor> polled{in(pipe.read), out(pipe.write), {1 << 20, POLLIN, 0}};
  CHECK_EQUAL(pollForeign(polled, polled.size()), 2);
  CHECK_EQUAL(foreignReadiness(polled[0].revents), 0);
  CHECK_EQUAL(foreignReadiness(polled[1].revents), kForeignWrite);
  CHECK_EQUAL(foreignReadiness(polled[2].revents), kForeignInvalid);
  pipe.fill();
  CHECK_EQUAL(pollForeign(polled, 1), 1);
  CHECK_EQUAL(foreignReadiness(polled[0].revents), kForeignRead);
  pipe.drain();
  pipe.write.reset();
  CHECK_EQUAL(pollForeign(polled, 1), 1);
  CHECK_EQUAL(foreignReadiness(polled[0].revents), kForeignFailed);
  CHECK_EQUAL(foreignEvents(kForeignRead | kForeignWrite), POLLIN | POLLOUT);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({STORY(watchesWhatIsWanted), STORY(mergesInterestsOfOneDescriptor),
               STORY(noticesReusedNumbers), STORY(rebuildsWithoutStaleFiles),
               STORY(reportsClosedAndAlwaysReadyDescriptors),
               STORY(keepsTheOldSetIfNoOtherCanBeMade), STORY(tellsOfClosedDescriptorsOnce),
               STORY(pollsClosedDescriptorsOnce), STORY(pollsAsThePollOfTheSystem)});
}
