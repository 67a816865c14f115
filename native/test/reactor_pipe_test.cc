// Streams over pipes and terminals.

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>

#include "check.h"
#include "host.h"
#include "over_pollers.h"

namespace ropewalk {
namespace {

struct Ends {
  UniqueFd read;
  UniqueFd write;
};

Ends makePipe() {
  int fds[2];
  CHECK(pipe2(fds, O_CLOEXEC) == 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

struct Terminal {
  UniqueFd master;
  UniqueFd slave;
};

// In raw mode: bytes pass unchanged in both directions.
Terminal makeTerminal() {
  Terminal made;
  made.master.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  CHECK(made.master && grantpt(made.master.get()) == 0 && unlockpt(made.master.get()) == 0);
  made.slave.reset(open(ptsname(made.master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  CHECK(made.slave);
  termios mode;
  CHECK(tcgetattr(made.slave.get(), &mode) == 0);
  cfmakeraw(&mode);
  CHECK(tcsetattr(made.slave.get(), TCSANOW, &mode) == 0);
  return made;
}

void feed(const UniqueFd& fd, std::string_view text) {
  CHECK(write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

std::string take(const UniqueFd& fd, size_t most = 4096) {
  std::string text(most, '\0');
  const ssize_t count = read(fd.get(), text.data(), most);
  CHECK(count >= 0);
  text.resize(static_cast<size_t>(count));
  return text;
}

Handle adopt(Host& host, UniqueFd fd, PipeDirection direction) {
  Handle handle = 0;
  CHECK(host.reactor().adoptPipe(fd.get(), direction, true, handle).ok());
  (void)fd.release();
  host.begins(handle);
  return handle;
}

void readsToTheEnd(PollerKind kind) {
  Host host(kind);
  Ends pipe = makePipe();
  feed(pipe.write, "early ");
  const Handle handle = adopt(host, std::move(pipe.read), PipeDirection::kRead);
  feed(pipe.write, "bytes");
  host.turnUntil([&] { return textOf(host.of(handle).data) == "early bytes"; });
  feed(pipe.write, "!");
  pipe.write.reset();
  host.turnUntil([&] { return host.of(handle).lost == 1; });
  CHECK(textOf(host.of(handle).data) == "early bytes!");
  CHECK_EQUAL(host.of(handle).error, 0);
}

void writesAll(PollerKind kind) {
  Host host(kind);
  Ends pipe = makePipe();
  const Handle handle = adopt(host, std::move(pipe.write), PipeDirection::kWrite);
  host.write(handle, "hello");
  host.turn();
  CHECK(take(pipe.read) == "hello");
  const std::string large(200'000, 'x');
  host.write(handle, large);
  host.command(handle, kClose);
  host.turn();
  CHECK(host.reactor().queuedBytes(handle) > 0);
  std::string all;
  while (all.size() < large.size()) {
    all += take(pipe.read);
    host.turn();
  }
  CHECK(all == large);
  host.turnUntil([&] { return host.of(handle).lost == 1; });
  CHECK_EQUAL(host.of(handle).error, 0);
  CHECK(take(pipe.read).empty());
}

// Reading stops within a read, so the writer is blocked by the system's buffer.
void pausesReading(PollerKind kind) {
  Host host(kind);
  Ends pipe = makePipe();
  const Handle handle = adopt(host, std::move(pipe.read), PipeDirection::kRead);
  host.command(handle, kPause);
  host.turn();
  CHECK(setNonBlocking(pipe.write.get()));
  const std::string block(4096, 'x');
  size_t written = 0;
  while (write(pipe.write.get(), block.data(), block.size()) > 0) written += block.size();
  for (int i = 0; i < 3; i++) host.turn();
  CHECK(host.of(handle).data.empty());
  // The end behind a pause is not noticed before the bytes in front of it.
  pipe.write.reset();
  for (int i = 0; i < 3; i++) host.turn();
  CHECK_EQUAL(host.of(handle).lost, 0);
  host.command(handle, kResume);
  host.turnUntil([&] { return host.of(handle).lost == 1; });
  CHECK_EQUAL(host.of(handle).data.size(), written);
  CHECK_EQUAL(host.of(handle).error, 0);
}

void noticesThatItsReaderIsGone(PollerKind kind) {
  // kqueue watches a descriptor without interest for errors only, and this is none.
  const bool noticesWhenIdle = kind != PollerKind::kKqueue;
  for (const bool idle : {false, true}) {
    if (idle && !noticesWhenIdle) return;
    Host host(kind);
    Ends pipe = makePipe();
    const Handle handle = adopt(host, std::move(pipe.write), PipeDirection::kWrite);
    for (int i = 0; i < 2; i++) host.turn();
    if (!idle) host.write(handle, std::string(200'000, 'x'));
    host.turn();
    pipe.read.reset();
    host.turnUntil([&] { return host.of(handle).lost == 1; });
    CHECK_EQUAL(host.of(handle).error, EPIPE);
    CHECK_EQUAL(host.of(handle).call, kSendCall);
  }
  Host host(kind);
  Ends pipe = makePipe();
  pipe.read.reset();
  const Handle handle = adopt(host, std::move(pipe.write), PipeDirection::kWrite);
  host.turnUntil([&] { return host.of(handle).lost == 1; });
  CHECK_EQUAL(host.of(handle).error, EPIPE);
}

// A read that brings less than there is must be followed by another, edge or not.
void readsAllPacketsOfAPipe(PollerKind kind) {
#if defined(__linux__)
  Host host(kind);
  int fds[2];
  CHECK(pipe2(fds, O_CLOEXEC | O_DIRECT) == 0);
  Ends pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
  feed(pipe.write, "one ");
  feed(pipe.write, "two ");
  feed(pipe.write, "three");
  const Handle handle = adopt(host, std::move(pipe.read), PipeDirection::kRead);
  host.turnUntil([&] { return textOf(host.of(handle).data) == "one two three"; });
  CHECK_EQUAL(host.of(handle).reads.size(), 3);
#else
  (void)kind;
#endif
}

void servesBothSidesOfATerminal(PollerKind kind) {
  for (const bool ours : {false, true}) {
    Host host(kind);
    Terminal terminal = makeTerminal();
    UniqueFd& mine = ours ? terminal.master : terminal.slave;
    UniqueFd& others = ours ? terminal.slave : terminal.master;
    const Handle handle = adopt(host, std::move(mine), PipeDirection::kBoth);
    host.write(handle, "question");
    host.turn();
    CHECK(take(others) == "question");
    feed(others, "answer");
    host.turnUntil([&] { return textOf(host.of(handle).data) == "answer"; });
    // A paused terminal keeps the bytes in front of its end; EIO is an end.
    host.command(handle, kPause);
    host.turn();
    feed(others, ", last");
    if (ours) {  // a slave loses its input with its master
      others.reset();
      for (int i = 0; i < 3; i++) host.turn();
      CHECK_EQUAL(host.of(handle).lost, 0);
      host.command(handle, kResume);
      host.turnUntil([&] { return host.of(handle).lost == 1; });
      CHECK(textOf(host.of(handle).data) == "answer, last");
    } else {
      host.command(handle, kResume);
      host.turnUntil([&] { return textOf(host.of(handle).data) == "answer, last"; });
      others.reset();
      host.turnUntil([&] { return host.of(handle).lost == 1; });
    }
    CHECK_EQUAL(host.of(handle).error, 0);
  }
}

// Each line of a terminal that is not raw is a read of its own.
void readsAllLinesOfATerminal(PollerKind kind) {
  Host host(kind);
  Terminal terminal = makeTerminal();
  termios mode;
  CHECK(tcgetattr(terminal.slave.get(), &mode) == 0);
  mode.c_lflag |= ICANON;
  CHECK(tcsetattr(terminal.slave.get(), TCSANOW, &mode) == 0);
  feed(terminal.master, "one\ntwo\nthree\n");
  const Handle handle = adopt(host, std::move(terminal.slave), PipeDirection::kBoth);
  host.turnUntil([&] { return textOf(host.of(handle).data) == "one\ntwo\nthree\n"; });
  CHECK_EQUAL(host.of(handle).reads.size(), 3);
}

// Half-close of the input: the other direction continues.
void outlivesItsInput(PollerKind kind) {
  Host host(kind);
  Terminal terminal = makeTerminal();
  termios mode;
  CHECK(tcgetattr(terminal.slave.get(), &mode) == 0);
  mode.c_lflag |= ICANON;
  mode.c_cc[VEOF] = 4;
  CHECK(tcsetattr(terminal.slave.get(), TCSANOW, &mode) == 0);
  const Handle handle = adopt(host, std::move(terminal.slave), PipeDirection::kBoth);
  host.command(handle, kAllowHalfClose);
  host.turn();
  feed(terminal.master, "\x04");
  host.turnUntil([&] { return host.of(handle).readEnded == 1; });
  host.write(handle, "answer");
  host.turn();
  CHECK(take(terminal.master) == "answer");
  host.command(handle, kClose);
  host.turnUntil([&] { return host.of(handle).lost == 1; });
}

// An open file that others may use blocks again when the stream is gone.
void restoresBlocking(PollerKind kind) {
  for (const int32_t ending : {kClose, kReset, kDiscard}) {
    for (const bool takeOver : {false, true}) {
      for (const bool blocking : {false, true}) {
        Host host(kind);
        Terminal terminal = makeTerminal();
        const UniqueFd others(dup(terminal.master.get()));
        if (!blocking) CHECK(setNonBlocking(others.get()));
        Handle handle = 0;
        const int fd = terminal.master.get();
        CHECK(host.reactor().adoptPipe(fd, PipeDirection::kBoth, takeOver, handle).ok());
        if (takeOver) (void)terminal.master.release();
        CHECK(isNonBlocking(others.get()));
        host.command(handle, ending);
        for (int i = 0; i < 3; i++) host.turn();
        CHECK(host.reactor().socketOf(handle) == kNoSocket);
        CHECK_EQUAL(isNonBlocking(others.get()), !blocking);
      }
    }
  }
}

// Linux: a pipe or terminal that is not taken over is opened anew, so others never notice.
void leavesOthersBlocking(PollerKind kind) {
#if defined(__linux__)
  Host host(kind);
  const Ends pipe = makePipe();
  const Terminal terminal = makeTerminal();
  Handle reading = 0;
  Handle writing = 0;
  Handle both = 0;
  Reactor& reactor = host.reactor();
  CHECK(reactor.adoptPipe(pipe.read.get(), PipeDirection::kRead, false, reading).ok());
  CHECK(reactor.adoptPipe(pipe.write.get(), PipeDirection::kWrite, false, writing).ok());
  CHECK(reactor.adoptPipe(terminal.slave.get(), PipeDirection::kBoth, false, both).ok());
  for (const UniqueFd* fd : {&pipe.read, &pipe.write, &terminal.slave}) {
    CHECK(!isNonBlocking(fd->get()));
  }
  host.write(writing, "through the pipe");
  host.write(both, "through the terminal");
  host.turnUntil([&] { return textOf(host.of(reading).data) == "through the pipe"; });
  CHECK(take(terminal.master) == "through the terminal");
  for (const Handle handle : {reading, writing, both}) host.command(handle, kClose);
  host.turnUntil([&] { return host.of(both).lost == 1; });
#else
  (void)kind;
#endif
}

void detaches(PollerKind kind) {
  Host host(kind);
  Ends pipe = makePipe();
  const Handle handle = adopt(host, std::move(pipe.read), PipeDirection::kRead);
  int fd = kNoSocket;
  CHECK(host.reactor().detach(handle, fd).ok());
  const UniqueFd detached(fd);
  CHECK(!isNonBlocking(detached.get()));
  feed(pipe.write, "later");
  for (int i = 0; i < 2; i++) host.turn();
  CHECK(take(detached) == "later");
}

void refuses(PollerKind kind) {
  Host host(kind);
  Reactor& reactor = host.reactor();
  const Ends pipe = makePipe();
  int pair[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  const UniqueFd socket(pair[0]);
  const UniqueFd peer(pair[1]);
  const UniqueFd folder(open("/", O_RDONLY | O_CLOEXEC));
  for (const bool takeOver : {false, true}) {
    const auto refusal = [&](int fd, PipeDirection direction) {
      Handle handle = 0;
      const Status status = reactor.adoptPipe(fd, direction, takeOver, handle);
      CHECK_EQUAL(handle, 0);
      return status.error;
    };
    CHECK_EQUAL(refusal(pipe.read.get(), PipeDirection::kWrite), EBADF);
    CHECK_EQUAL(refusal(pipe.read.get(), PipeDirection::kBoth), EBADF);
    CHECK_EQUAL(refusal(pipe.write.get(), PipeDirection::kRead), EBADF);
    CHECK_EQUAL(refusal(socket.get(), PipeDirection::kBoth), EPROTOTYPE);
    CHECK_EQUAL(refusal(folder.get(), PipeDirection::kRead), EPERM);
    CHECK_EQUAL(refusal(1'000'000, PipeDirection::kRead), EBADF);
    CHECK_EQUAL(reactor.size(), 0);
    for (const UniqueFd* fd : {&pipe.read, &pipe.write, &socket}) CHECK(isOpen(fd->get()));
    CHECK(!isNonBlocking(pipe.read.get()) && !isNonBlocking(pipe.write.get()));
  }
}

// A reader that is opened after the last writer has left is not told of that: fifo(7).
void endsWithoutTheWritersOfAFifo(PollerKind kind) {
  char folder[] = "/tmp/ropewalk-fifo-XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  const std::string path = std::string(folder) + "/fifo";
  CHECK(mkfifo(path.c_str(), 0600) == 0);
  const UniqueFd reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  UniqueFd writer(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  CHECK(reader && writer);
  CHECK(unlink(path.c_str()) == 0 && rmdir(folder) == 0);
  writer.reset();
  Host host(kind);
  Handle handle = 0;
  CHECK(host.reactor().adoptPipe(reader.get(), PipeDirection::kRead, false, handle).ok());
  host.begins(handle);
  host.turnUntil([&] { return host.of(handle).lost == 1; });
  CHECK_EQUAL(host.of(handle).error, 0);
}

// Commands that make no sense for a pipe are survived.
void survivesSenselessCommands(PollerKind kind) {
  Host host(kind);
  Ends pipe = makePipe();
  const Handle handle = adopt(host, std::move(pipe.write), PipeDirection::kWrite);
  for (const int32_t command : {kPause, kResume, kShutdown, kAllowDescriptors, kWatchDrain}) {
    host.command(handle, command);
    host.turn();
  }
  CHECK_EQUAL(host.reactor().sendDescriptor(handle, pipe.read.get()).error, EOPNOTSUPP);
  CHECK_EQUAL(host.reactor().startTls(handle, nullptr).error, ENOTCONN);
  host.write(handle, "still works");
  host.turn();
  CHECK(take(pipe.read) == "still works");
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  (void)std::signal(SIGPIPE, SIG_IGN);
  return tellOverPollers({
      STORY(readsToTheEnd),
      STORY(writesAll),
      STORY(pausesReading),
      STORY(noticesThatItsReaderIsGone),
      STORY(readsAllPacketsOfAPipe),
      STORY(servesBothSidesOfATerminal),
      STORY(readsAllLinesOfATerminal),
      STORY(outlivesItsInput),
      STORY(restoresBlocking),
      STORY(leavesOthersBlocking),
      STORY(detaches),
      STORY(refuses),
      STORY(endsWithoutTheWritersOfAFifo),
      STORY(survivesSenselessCommands),
  });
}
