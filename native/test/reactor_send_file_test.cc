// Files sent by streams of the reactor.

#include <fcntl.h>
#include <signal.h>

#include <cstdlib>

#include "check.h"
#include "fuzz/corpus.h"
#include "fuzz/send_file_check.h"
#include "host.h"
#include "over_pollers.h"
#include "sockets.h"
#include "temporary_file.h"

namespace ropewalk {
namespace {

std::vector<uint8_t> part(const std::vector<uint8_t>& all, size_t from, size_t count) {
  const auto begin = all.begin() + static_cast<ptrdiff_t>(from);
  return {begin, begin + static_cast<ptrdiff_t>(count)};
}

void append(std::vector<uint8_t>& all, Bytes more) {
  all.insert(all.end(), more.begin(), more.end());
}

// Between other writes of the same and of later turns, in order; the descriptor may be closed at
// once.
void sendsPartsInOrder(PollerKind kind) {
  const std::vector<uint8_t> content = pattern(300'000);
  TemporaryFile file(content);
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.write(handle, "before");
  CHECK(server.reactor().sendFile(handle, file.fd(), 1'000, 200'000));
  server.write(handle, "between");
  CHECK(server.reactor().sendFile(handle, file.fd(), 0, 10));
  CHECK(server.reactor().sendFile(handle, file.fd(), 299'999, 1));
  CHECK(server.reactor().sendFile(handle, file.fd(), 5, 0));
  file.close();
  server.write(handle, "behind");
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 200'030);
  server.turn();
  server.write(handle, "later");
  std::vector<uint8_t> expected;
  append(expected, bytesOf("before"));
  append(expected, part(content, 1'000, 200'000));
  append(expected, bytesOf("between"));
  append(expected, part(content, 0, 10));
  append(expected, part(content, 299'999, 1));
  append(expected, bytesOf("behindlater"));
  server.turnUntil([&] { return peer.hasReceived(expected.size()); });
  CHECK(peer.received() == expected);
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
  CHECK_EQUAL(server.reactor().statistics().bytesSent, expected.size());
}

// Larger than the system's buffers: the rest is sent as the peer reads, then the stream closes.
void sendsToSlowReaders(PollerKind kind) {
  const std::vector<uint8_t> content = pattern(6'000'000);
  TemporaryFile file(content);
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK(server.reactor().sendFile(handle, file.fd(), 0, content.size()));
  server.command(handle, kWatchDrain);
  server.turn();
  CHECK(server.reactor().queuedBytes(handle) > 0);
  CHECK_EQUAL(server.of(handle).drained, 0);
  server.turnUntil([&] { return peer.hasReceived(content.size()); });
  server.turnUntil([&] { return server.of(handle).drained == 1; });
  CHECK(server.reactor().sendFile(handle, file.fd(), 0, content.size()));
  server.command(handle, kClose);
  server.turnUntil([&] { return peer.hasEnded(); });
  CHECK_EQUAL(peer.received().size(), 2 * content.size());
}

// The bytes behind it would be mistaken for the rest of the file.
void resetsIfTheFileBecomesShorter(PollerKind kind) {
  const std::vector<uint8_t> content = pattern(6'000'000);
  for (const size_t rest : {size_t{0}, size_t{1'000}, size_t{5'999'999}}) {
    TemporaryFile file(content);
    Server server(kind);
    Peer peer;
    const Handle handle = server.connect(peer);
    CHECK(server.reactor().sendFile(handle, file.fd(), 0, content.size()));
    server.write(handle, "next");
    file.truncate(rest);
    server.turnUntil([&] { return peer.hasEnded(); });
    server.turnUntil([&] { return server.of(handle).lost == 1; });
    CHECK_EQUAL(peer.error(), ECONNRESET);
    CHECK(peer.received().size() <= rest);
    CHECK_EQUAL(server.of(handle).error, ENODATA);
    CHECK_EQUAL(server.of(handle).call, kSendFileCall);
  }
}

// sendfile(2) refuses them; read(2) does not.
void sendsFilesThatAreNotMapped(PollerKind kind) {
  UniqueFd fd(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  if (!fd) return;
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK(server.reactor().sendFile(handle, fd.get(), 0, 5));
  server.turnUntil([&] { return peer.hasReceived(5); });
  CHECK(peer.text() == "Name:");
}

// Another holder of the socket makes it blocking while parts are unsent.
void doesNotBlockOnSharedSockets(PollerKind kind) {
  constexpr size_t kSize = 16'000'000;  // more than systems buffer
  TemporaryFile file({});
  file.truncate(kSize);
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK(server.reactor().sendFile(handle, file.fd(), 0, kSize));
  const Socket socket = server.reactor().share(handle);
  CHECK(!server.reactor().sendFile(handle, file.fd(), 0, 1));
  CHECK_EQUAL(fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK), 0);
  for (int i = 0; i < 50; i++) server.turn();
  CHECK(server.reactor().queuedBytes(handle) > 0);
  server.turnUntil([&] { return peer.hasReceived(kSize); });
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
}

// Its descriptors are closed: every story checks that none is left.
void dropsUnsentPartsWithTheStream(PollerKind kind) {
  constexpr size_t kSize = 64'000'000;  // more than systems buffer
  TemporaryFile file({});
  file.truncate(kSize);
  Server server(kind);
  for (const int32_t command : {kReset, kDiscard}) {
    Peer peer;
    const Handle handle = server.connect(peer);
    CHECK(server.reactor().sendFile(handle, file.fd(), 0, kSize));
    server.turn();
    server.command(handle, command);
    server.turn();
    server.turnUntil([&] { return peer.hasEnded(); });
    CHECK(peer.received().size() < kSize);
  }
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK(server.reactor().sendFile(handle, file.fd(), 0, kSize));
  server.turn();
  peer.reset();
  server.turnUntil([&] { return server.of(handle).lost == 1; });
}

void refusesWhatItCannotSend(PollerKind kind) {
  TemporaryFile file(pattern(10));
  Server server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  CHECK(!server.reactor().sendFile(handle, -1, 0, 10));
  CHECK(!server.reactor().sendFile(handle + 1, file.fd(), 0, 10));
  CHECK(!server.reactor().sendFile(server.listener(), file.fd(), 0, 10));
  server.write(handle, "nothing else");
  server.turnUntil([&] { return peer.hasReceived(12); });
  CHECK(peer.text() == "nothing else");
}

// Random programs, and those that a fuzzer found.
void sendsWhatItIsTold(PollerKind kind) {
  std::srand(20261130);
  for (int round = 0; round < 12; round++) {
    std::vector<uint8_t> program(96);
    for (uint8_t& op : program) op = static_cast<uint8_t>(std::rand() >> 4);
    checkSendFile(program, kind);
  }
  replayCorpus("send_file", [kind](Bytes program) { checkSendFile(program.subspan(1), kind); });
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  signal(SIGPIPE, SIG_IGN);
  return tellOverPollers({
      STORY(sendsPartsInOrder),
      STORY(sendsToSlowReaders),
      STORY(resetsIfTheFileBecomesShorter),
      STORY(sendsFilesThatAreNotMapped),
      STORY(doesNotBlockOnSharedSockets),
      STORY(dropsUnsentPartsWithTheStream),
      STORY(refusesWhatItCannotSend),
      STORY(sendsWhatItIsTold),
  });
}
