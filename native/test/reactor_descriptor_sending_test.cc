// Descriptors sent over UNIX streams of the reactor.

#include <algorithm>

#include "check.h"
#include "host.h"
#include "over_pollers.h"
#include "unix.h"

namespace ropewalk {
namespace {

// A copy, made at once, is sent with the first byte written afterwards, not with any before.
void goWithTheNextByte(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  Pipe pipe = openPipe();
  server.write(handle, "before");
  CHECK(server.reactor().sendDescriptor(handle, pipe.writing.get()).ok());
  pipe.writing.reset();
  server.write(handle, "after");
  CHECK(server.reactor().sendDescriptor(handle, pipe.reading.get()).ok());
  CHECK(server.reactor().sendDescriptor(handle, pipe.reading.get()).ok());
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 11);
  server.turn();
  for (const char byte : std::string("beforeafter")) {
    const Received received = receiveFrom(peer, 1);
    CHECK(received.text == std::string(1, byte));
    CHECK_EQUAL(received.descriptors.size(), byte == 'a' ? 1 : 0);
  }
  CHECK(hasHungUp(pipe));
  // The other two wait for a byte.
  CHECK(receiveFrom(peer).text.empty());
  server.write(handle, "!");
  server.turn();
  const Received last = receiveFrom(peer);
  CHECK(last.text == "!" && last.descriptors.size() == 2);
}

// Descriptors that need several messages need a byte for each.
void goInSeveralMessages(PollerKind kind) {
  if (!allowDescriptors(2000)) return std::puts("skipped: too few descriptors"), void();
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const Pipe pipe = openPipe();
  for (int i = 0; i < 300; i++) {
    CHECK(server.reactor().sendDescriptor(handle, pipe.writing.get()).ok());
  }
  const size_t before = openDescriptors();
  server.write(handle, "1");
  server.turn();
  Received received = receiveFrom(peer);
  CHECK(received.text == "1");
  CHECK_EQUAL(received.descriptors.size(), kMaxDescriptors);
  received.descriptors.clear();
  CHECK_EQUAL(openDescriptors(), before - kMaxDescriptors);
  CHECK(receiveFrom(peer).text.empty());
  server.write(handle, "2345");
  server.turn();
  received = receiveFrom(peer);
  CHECK(received.text == "2345");
  CHECK_EQUAL(received.descriptors.size(), 300 - kMaxDescriptors);
  CHECK_EQUAL(openDescriptors(), before - kMaxDescriptors);

  for (int i = 0; i < 300; i++) {
    CHECK(server.reactor().sendDescriptor(handle, pipe.writing.get()).ok());
  }
  server.write(handle, "67");
  server.turn();
  CHECK_EQUAL(receiveFrom(peer, 1).descriptors.size(), kMaxDescriptors);
  CHECK_EQUAL(receiveFrom(peer, 1).descriptors.size(), 300 - kMaxDescriptors);
}

// After bytes that the system did not take at once.
void keepTheirPlaceInTheQueue(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const Pipe pipe = openPipe();
  const std::vector<uint8_t> bytes = pattern(600'000);
  const auto write = [&](size_t from, size_t count) {
    const size_t half = count / 2;
    for (const Bytes part :
         {Bytes(bytes).subspan(from, half), Bytes(bytes).subspan(from + half, count - half)}) {
      server.write(handle, part);
      server.reactor().flush();
    }
  };
  const size_t places[] = {300'000, 300'001, 450'000};
  size_t written = 0;
  for (const size_t place : places) {
    write(written, place - written);
    written = place;
    CHECK(server.reactor().sendDescriptor(handle, pipe.reading.get()).ok());
  }
  write(written, bytes.size() - written);
  CHECK(server.reactor().queuedBytes(handle) > 0);

  std::string text;
  std::vector<size_t> came;
  server.turnUntil([&] {
    for (;;) {
      // Byte by byte where one may arrive: a read does not tell which of its bytes carried it.
      const bool near = std::any_of(std::begin(places), std::end(places), [&](size_t place) {
        return text.size() + 10 > place && text.size() < place + 10;
      });
      const size_t next = *std::find_if(std::begin(places), std::end(places), [&](size_t place) {
        return place >= text.size() + 10 || place == places[2];
      });
      const size_t most = near ? 1 : next > text.size() ? next - text.size() - 9 : 65'536;
      const Received received = receiveFrom(peer, most);
      if (received.text.empty()) break;
      for (size_t i = 0; i < received.descriptors.size(); i++) came.push_back(text.size());
      text += received.text;
    }
    return text.size() == bytes.size();
  });
  CHECK(text == textOf(bytes));
  CHECK(came == std::vector<size_t>(std::begin(places), std::end(places)));
}

// A descriptor that the system has no room for waits until the peer has read, as bytes do. macOS
// returns another error for it than for bytes.
void waitUntilThePeerReads(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const Pipe pipe = openPipe();
  size_t sent = 0;
  const auto sendOne = [&] {
    CHECK(server.reactor().sendDescriptor(handle, pipe.writing.get()).ok());
    server.write(handle, "x");
    server.reactor().flush();
    sent += 1;
  };
  while (server.reactor().queuedBytes(handle) == 0) {
    CHECK(sent < 10'000);
    sendOne();
  }
  sendOne();
  CHECK(server.sleeps());
  CHECK_EQUAL(server.of(handle).lost, 0);
  size_t received = 0;
  server.turnUntil([&] {
    for (Received part = receiveFrom(peer); !part.text.empty(); part = receiveFrom(peer)) {
      CHECK_EQUAL(part.text.size(), 1);
      CHECK_EQUAL(part.descriptors.size(), 1);
      received += 1;
    }
    return received == sent;
  });
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
}

// Unsent descriptors are closed with the stream, however it ends.
void areClosedWithTheStream(PollerKind kind) {
  for (const int32_t command : {kClose, kReset, kDiscard}) {
    UnixServer server(kind);
    Peer peer;
    const Handle handle = server.connect(peer);
    Pipe pipe = openPipe();
    CHECK(server.reactor().sendDescriptor(handle, pipe.writing.get()).ok());
    pipe.writing.reset();
    server.command(handle, command);
    server.turn();
    CHECK(hasHungUp(pipe));
  }
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  Pipe pipe = openPipe();
  CHECK(server.reactor().sendDescriptor(handle, pipe.writing.get()).ok());
  pipe.writing.reset();
  peer.close();
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK(hasHungUp(pipe));
}

void tellWhyTheyCannotGo(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const Pipe pipe = openPipe();
  for (const int fd : {-1, 1 << 30, INT32_MAX, INT32_MIN}) {
    CHECK_EQUAL(server.reactor().sendDescriptor(handle, fd).error, EBADF);
  }
  CHECK_EQUAL(server.reactor().sendDescriptor(server.listener(), pipe.reading.get()).error,
              EOPNOTSUPP);
  Handle other = 0;
  CHECK(server.reactor().watch(pipe.reading.get(), Interest::kRead, other).ok());
  CHECK_EQUAL(server.reactor().sendDescriptor(other, pipe.reading.get()).error, EOPNOTSUPP);
  server.reactor().close(other);

  Server tcp(kind);
  Peer far;
  const Handle stream = tcp.connect(far);
  CHECK_EQUAL(tcp.reactor().sendDescriptor(stream, pipe.reading.get()).error, EOPNOTSUPP);

  // Like a write to a stream that has ended, or is not connected yet.
  Handle connecting = 0;
  CHECK(server.reactor().connectUnix(unixAddress(server.path()), kUnset, connecting).ok());
  server.reactor().close(handle);
  for (const Handle nobody : {handle, connecting, 0, -1}) {
    CHECK(server.reactor().sendDescriptor(nobody, pipe.reading.get()).ok());
  }
  server.turnUntil([&] { return server.of(connecting).connected == 1; });
  const Handle accepted = server.of(server.listener()).accepted.back();
  server.write(connecting, "x");
  server.turnUntil([&] { return server.of(accepted).data.size() == 1; });
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(goWithTheNextByte),
      STORY(goInSeveralMessages),
      STORY(keepTheirPlaceInTheQueue),
      STORY(waitUntilThePeerReads),
      STORY(areClosedWithTheStream),
      STORY(tellWhyTheyCannotGo),
  });
}
