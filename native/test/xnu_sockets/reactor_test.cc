// The reactor over UNIX sockets like those of macOS (xnu_sockets/xnu_sockets.h): cases not covered
// by the stories for all systems.

#include "test/check.h"
#include "test/datagrams.h"
#include "test/host.h"
#include "test/over_pollers.h"
#include "test/unix.h"
#include "xnu_sockets.h"

namespace ropewalk {
namespace {

// A local peer can't exhaust the descriptors of a process that does not want any.
void keepsNoneThatNobodyWants(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const Pipe pipe = openPipe();
  const std::vector<int> crowd(kMaxDescriptors, pipe.reading.get());
  const size_t before = openDescriptors();
  for (size_t round = 1; round <= 10; round++) {
    sendWith(peer, "x", crowd);
    server.turnUntil([&] { return server.of(handle).data.size() == round; });
    CHECK_EQUAL(openDescriptors(), before);
  }
}

void losesNoBytesWithDescriptors(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  Pipe pipe = openPipe();
  peer.sendAll("a");
  sendWith(peer, "b", std::vector<int>(10, pipe.writing.get()));
  peer.sendAll("c");
  pipe.writing.reset();
  {
    const FewDescriptors few(4);
    server.turnUntil([&] { return textOf(server.of(handle).data) == "abc"; });
  }
  CHECK(hasHungUp(pipe));
  CHECK_EQUAL(server.of(handle).lost, 0);
}

// A message of descriptors alone is not the end of input.
void goesOnAfterControlDataAlone(PollerKind kind) {
  for (const bool allowed : {true, false}) {
    UnixServer server(kind);
    Peer peer;
    const Handle handle = server.connect(peer);
    if (allowed) server.command(handle, kAllowDescriptors);
    server.turn();
    Pipe pipe = openPipe();
    xnu::controlComesAlone = true;
    sendWith(peer, "bytes", {pipe.writing.get()});
    pipe.writing.reset();
    server.turnUntil([&] { return textOf(server.of(handle).data) == "bytes"; });
    xnu::controlComesAlone = false;
    CHECK_EQUAL(server.of(handle).lost, 0);
    CHECK_EQUAL(server.of(handle).descriptors.size(), allowed ? 1 : 0);
    server.of(handle).descriptors.clear();
    CHECK(hasHungUp(pipe));
    peer.close();
    server.turnUntil([&] { return server.of(handle).lost == 1; });
  }
}

// A message with more descriptors than fit into the send buffer is never accepted: fewer are sent
// per message.
void sendsAsManyAtOnceAsFindRoom(PollerKind kind) {
  if (!allowDescriptors(300)) return std::puts("skipped: too few descriptors"), void();
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  const Pipe pipe = openPipe();
  for (int i = 0; i < 100; i++) {
    CHECK(server.reactor().sendDescriptor(handle, pipe.writing.get()).ok());
  }
  xnu::mostControl = CMSG_SPACE(30 * sizeof(int));
  server.write(handle, "abcdef");
  server.reactor().flush();
  std::string text;
  size_t came = 0;
  server.turnUntil([&] {
    const Received received = receiveFrom(peer);
    CHECK(received.descriptors.size() <= 30);
    text += received.text;
    came += received.descriptors.size();
    return text.size() == 6;
  });
  xnu::mostControl = 8192;
  CHECK(text == "abcdef");
  CHECK_EQUAL(came, 100);
}

// Descriptors in input that is discarded by closing are closed too.
void closesWhatIsThrownAway(PollerKind kind) {
  UnixServer server(kind);
  Peer peer;
  const Handle handle = server.connect(peer);
  server.command(handle, kPause);
  server.turn();
  Pipe pipe = openPipe();
  sendWith(peer, "bytes", {pipe.writing.get()});
  pipe.writing.reset();
  server.command(handle, kClose);
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK(hasHungUp(pipe));
}

void keepsNoneThatCameWithDatagrams(PollerKind kind) {
  const Folder folder;
  DatagramHost host(kind);
  const Handle server = host.openUnix(folder / "server");
  const UniqueFd peer(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress address = unixAddress(folder / "server");
  CHECK(connect(peer.get(), address.get(), address.size()) == 0);
  Pipe pipe = openPipe();
  const Bytes part = bytesOf("datagram");
  const std::vector<int> descriptors(10, pipe.writing.get());
  const auto sendOne = [&] {
    CHECK(sendUnix(peer.get(), std::span(&part, 1), descriptors).result == Transfer::Result::kDone);
  };
  sendOne();
  host.turnUntil([&] { return host.got(server).size() == 1; });
  sendOne();
  {
    const FewDescriptors few(4);
    host.turnUntil([&] { return host.got(server).size() == 2; });
  }
  pipe.writing.reset();
  CHECK(hasHungUp(pipe));
  CHECK(textOf(host.got(server)[1].data) == "datagram");
  CHECK(host.of(server).sendFailures.empty());
  CHECK(host.reactor().unlinkUnix(server));
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(keepsNoneThatNobodyWants),
      STORY(losesNoBytesWithDescriptors),
      STORY(goesOnAfterControlDataAlone),
      STORY(sendsAsManyAtOnceAsFindRoom),
      STORY(closesWhatIsThrownAway),
      STORY(keepsNoneThatCameWithDatagrams),
  });
}
