// Tests the emulated kqueue against the manual page of kqueue(2): it must refuse and report the
// same as the real one.

#include <sys/event.h>

#include "check.h"
#include "sockets.h"

namespace ropewalk {
namespace {

constexpr timespec kAtOnce{0, 0};

struct kevent change(int fd, int16_t filter, int flags) {
  return {static_cast<uintptr_t>(fd), filter, static_cast<uint16_t>(flags), 0, 0, nullptr};
}

// The error of one change, 0 if there is none.
int apply(const UniqueFd& kq, struct kevent wanted) {
  wanted.flags |= EV_RECEIPT;
  struct kevent receipt {};
  CHECK_EQUAL(kevent(kq.get(), &wanted, 1, &receipt, 1, &kAtOnce), 1);
  CHECK((receipt.flags & EV_ERROR) != 0);
  return static_cast<int>(receipt.data);
}

std::vector<struct kevent> take(const UniqueFd& kq, size_t most = 8) {
  std::vector<struct kevent> events(most);
  const int count = kevent(kq.get(), nullptr, 0, events.data(), static_cast<int>(most), &kAtOnce);
  CHECK(count >= 0);
  events.resize(static_cast<size_t>(count));
  return events;
}

void reportsEachFilterByItself() {
  const UniqueFd kq(kqueue());
  const TwoEnds ends = openSocketPair();
  const int near = ends.near.get();
  CHECK_EQUAL(apply(kq, change(near, EVFILT_READ, EV_ADD | EV_CLEAR)), 0);
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_ADD | EV_CLEAR)), 0);
  std::vector<struct kevent> events = take(kq);
  CHECK(events.size() == 1 && events[0].filter == EVFILT_WRITE && events[0].data > 0);
  CHECK_EQUAL(write(ends.far.get(), "abc", 3), 3);
  events = take(kq);
  CHECK(events.size() == 1 && events[0].filter == EVFILT_READ && events[0].data == 3);
  CHECK(take(kq).empty());
}

void refusesWhatIsNotThere() {
  const UniqueFd kq(kqueue());
  const TwoEnds ends = openSocketPair();
  const int near = ends.near.get();
  CHECK_EQUAL(apply(kq, change(near, EVFILT_READ, EV_ADD)), 0);
  for (const int flag : {EV_ENABLE, EV_DISABLE, EV_DELETE}) {
    CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, flag)), ENOENT);
    CHECK_EQUAL(apply(kq, change(1 << 20, EVFILT_READ, flag)), EBADF);
  }
  CHECK_EQUAL(apply(kq, change(-1, EVFILT_READ, EV_ADD)), EBADF);
  CHECK_EQUAL(apply(kq, change(0, EVFILT_USER, 0)), ENOENT);
  struct kevent wrong = change(near, EVFILT_WRITE, EV_DELETE);
  CHECK_EQUAL(kevent(kq.get(), &wrong, 1, nullptr, 0, &kAtOnce), -1);
  CHECK_EQUAL(errno, ENOENT);
}

void answersWithoutTakingEvents() {
  const UniqueFd kq(kqueue());
  const TwoEnds ends = openSocketPair();
  const int near = ends.near.get();
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_ADD | EV_CLEAR)), 0);
  struct kevent both[] = {change(near, EVFILT_READ, EV_ADD | EV_RECEIPT),
                          change(near, -60, EV_ADD)};
  CHECK_EQUAL(kevent(kq.get(), both, 2, both, 2, &kAtOnce), 2);
  CHECK(both[0].data == 0 && both[1].data == EINVAL);
  CHECK_EQUAL(take(kq).size(), 1);
}

void reportsAgainWhenAddedAgain() {
  const UniqueFd kq(kqueue());
  const TwoEnds ends = openSocketPair();
  const struct kevent added = change(ends.near.get(), EVFILT_WRITE, EV_ADD | EV_CLEAR);
  for (int round = 0; round < 2; round++) {
    CHECK_EQUAL(apply(kq, added), 0);
    CHECK_EQUAL(take(kq).size(), 1);
    CHECK(take(kq).empty());
  }
}

void keepsDisabledKnotes() {
  const UniqueFd kq(kqueue());
  const TwoEnds ends = openSocketPair();
  const int near = ends.near.get();
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_ADD | EV_DISABLE)), 0);
  CHECK(take(kq).empty());
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_ENABLE)), 0);
  CHECK_EQUAL(take(kq).size(), 1);
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_DISABLE)), 0);
  CHECK(take(kq).empty());
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_DELETE)), 0);
}

// Even if a duplicate keeps the socket open.
void forgetsWhatIsClosed() {
  const UniqueFd kq(kqueue());
  TwoEnds ends = openSocketPair();
  const int near = ends.near.get();
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_ADD)), 0);
  const UniqueFd duplicate(dup(near));
  ends.near.reset();
  CHECK(take(kq).empty());
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_DELETE)), EBADF);
  CHECK_EQUAL(dup2(duplicate.get(), near), near);
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_ENABLE)), ENOENT);
  ends.near.reset(near);
}

// XNU does not accept EV_OOBAND from callers: urgent data is no event, and an edge reports only the
// bytes before it.
void reportsNoUrgentData() {
  const UniqueFd kq(kqueue());
  const UniqueFd listener = listenOnLoopback();
  const Peer peer = Peer::connectedTo(portOf(listener.get()));
  const UniqueFd socket = acceptAt(listener);
  struct kevent added =
      change(socket.get(), EVFILT_READ, EV_ADD | EV_CLEAR | EV_OOBAND | EV_RECEIPT);
  CHECK_EQUAL(kevent(kq.get(), &added, 1, &added, 1, &kAtOnce), 1);
  CHECK(added.data == 0 && (added.flags & EV_OOBAND) == 0);
  CHECK_EQUAL(::send(peer.fd(), "ab", 2, MSG_OOB), 2);
  struct kevent event {};
  const timespec longEnough{20, 0};
  CHECK_EQUAL(kevent(kq.get(), nullptr, 0, &event, 1, &longEnough), 1);
  CHECK((event.flags & EV_OOBAND) == 0);
  CHECK_EQUAL(event.data, 1);
}

void marksTheEnd() {
  const UniqueFd kq(kqueue());
  TwoEnds ends = openSocketPair();
  const int near = ends.near.get();
  CHECK_EQUAL(apply(kq, change(near, EVFILT_READ, EV_ADD)), 0);
  CHECK_EQUAL(write(ends.far.get(), "x", 1), 1);
  CHECK_EQUAL(shutdown(ends.far.get(), SHUT_WR), 0);
  std::vector<struct kevent> events = take(kq);
  CHECK(events.size() == 1 && (events[0].flags & EV_EOF) != 0);
  CHECK(events[0].data == 1 && events[0].fflags == 0);
  CHECK_EQUAL(apply(kq, change(near, EVFILT_READ, EV_DELETE)), 0);
  CHECK_EQUAL(apply(kq, change(near, EVFILT_WRITE, EV_ADD)), 0);
  events = take(kq);
  CHECK(events.size() == 1 && (events[0].flags & EV_EOF) == 0);
  ends.far.reset();
  events = take(kq);
  CHECK(events.size() == 1 && (events[0].flags & EV_EOF) != 0);
}

void isTriggeredByTheUser() {
  const UniqueFd kq(kqueue());
  CHECK_EQUAL(apply(kq, change(0, EVFILT_USER, EV_ADD | EV_CLEAR)), 0);
  CHECK(take(kq).empty());
  struct kevent trigger {
    0, EVFILT_USER, 0, NOTE_TRIGGER, 0, nullptr
  };
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(kevent(kq.get(), &trigger, 1, nullptr, 0, &kAtOnce), 0);
  }
  const std::vector<struct kevent> events = take(kq);
  CHECK(events.size() == 1 && events[0].filter == EVFILT_USER);
  CHECK(take(kq).empty());
}

void waitsAsLongAsItIsTold() {
  const UniqueFd kq(kqueue());
  struct kevent event;
  const timespec briefly{0, 5'000'000};
  CHECK_EQUAL(kevent(kq.get(), nullptr, 0, &event, 1, &briefly), 0);
  const TwoEnds ends = openSocketPair();
  CHECK_EQUAL(apply(kq, change(ends.near.get(), EVFILT_WRITE, EV_ADD)), 0);
  CHECK_EQUAL(kevent(kq.get(), nullptr, 0, &event, 1, nullptr), 1);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(reportsEachFilterByItself),
      STORY(refusesWhatIsNotThere),
      STORY(answersWithoutTakingEvents),
      STORY(reportsAgainWhenAddedAgain),
      STORY(keepsDisabledKnotes),
      STORY(forgetsWhatIsClosed),
      STORY(reportsNoUrgentData),
      STORY(marksTheEnd),
      STORY(isTriggeredByTheUser),
      STORY(waitsAsLongAsItIsTold),
  });
}
