// Secured streams of the reactor.

#include <string>

#include "far_client.h"
#include "fuzz/write_queue_check.h"
#include "test/lingering.h"
#include "test/unix.h"

namespace ropewalk {
namespace {

void echoes(PollerKind kind) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServer server(kind);
    server.echoes = true;
    FarClient peer(Peer::connectedTo(server.port()), version);
    const Handle handle = server.shakeHands(peer);
    const std::vector<uint8_t> bytes = pattern(500'000);
    peer.write(bytes);
    server.turnUntil([&] {
      peer.pump();
      return peer.received().size() == bytes.size();
    });
    CHECK(peer.received() == bytes);
    CHECK(server.of(handle).data == bytes);
    CHECK(server.sleeps());
    CHECK_EQUAL(server.reactor().queuedBytes(handle), 0);
  }
}

// Both ends are streams of the reactor.
void isAClientToo(PollerKind kind) {
  TlsServer server(kind);
  Handle client = 0;
  CHECK(server.reactor().connect(loopback(server.port()), nullptr, {}, client).ok());
  server.turnUntil([&] {
    return server.of(client).connected == 1 && !server.of(server.listener()).accepted.empty();
  });
  secure(server, client, trustingClientContext());
  server.write(client, "hello");
  const Handle handle = server.of(server.listener()).accepted[0];
  server.turnUntil([&] { return server.of(handle).data.size() == 5; });
  server.write(handle, "answer");
  server.command(handle, kClose);
  server.turnUntil([&] { return server.of(client).lost == 1 && server.of(handle).lost == 1; });
  CHECK(textOf(server.of(client).data) == "answer");
  CHECK_EQUAL(server.of(client).error, 0);
  CHECK_EQUAL(server.of(handle).error, 0);
}

// Bytes written before are sent in clear, those written during the handshake after it.
void securesALiveConnection(PollerKind kind) {
  Server server(kind);
  Peer plain;
  const Handle handle = server.connect(plain);
  plain.sendAll("STARTTLS");
  server.turnUntil([&] { return server.of(handle).data.size() == 8; });
  server.write(handle, "go ahead");
  secure(server, handle, serverContext());
  server.write(handle, "secret");
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 14);
  server.turnUntil([&] { return plain.hasReceived(8); });
  CHECK(plain.text() == "go ahead");
  server.turnInVain();
  CHECK_EQUAL(plain.receive(), 0);
  CHECK_EQUAL(server.reactor().queuedBytes(handle), 6);

  FarClient peer(Peer(UniqueFd(dup(plain.fd()))));
  server.turnUntil([&] {
    peer.pump();
    return peer.text() == "secret";
  });
  CHECK_EQUAL(server.of(handle).tlsEstablished, 1);
}

// Pieces of a turn, of any size and kind, arrive in order, in few records.
void joinsTheWritesOfATurn(PollerKind kind) {
  TlsServer server(kind);
  FarClient peer(Peer::connectedTo(server.port()));
  const Handle handle = server.shakeHands(peer);
  std::deque<KeptMemory> kept;
  std::vector<uint8_t> expected;
  for (uint32_t i = 1; i <= 300; i++) {
    std::vector<uint8_t> bytes = pattern(i % 10 == 0 ? 20'000 : i, i);
    expected.insert(expected.end(), bytes.begin(), bytes.end());
    if (i % 5 == 0) {
      kept.emplace_back(std::move(bytes));
      server.reactor().write(handle, kept.back().bytes(), kept.back().keep());
    } else {
      server.write(handle, bytes);
    }
  }
  const uint64_t before = server.reactor().statistics().bytesSent;
  server.turnUntil([&] {
    peer.pump();
    return peer.received().size() == expected.size();
  });
  CHECK(peer.received() == expected);
  const uint64_t records = expected.size() / (16 * 1024) + 1;
  CHECK(server.reactor().statistics().bytesSent - before < expected.size() + 2 * records * 30);
  for (const KeptMemory& memory : kept) CHECK_EQUAL(memory.keepers(), 0);
}

void sendsToASlowReader(PollerKind kind) {
  TlsServer server(kind, {}, smallBuffers());
  FarClient peer(Peer::connectedTo(server.port(), kSmallBuffer));
  const Handle handle = server.shakeHands(peer);
  KeptMemory memory(pattern(2'000'000));
  server.reactor().write(handle, memory.bytes(), memory.keep());
  server.command(handle, kWatchDrain);
  for (int i = 0; i < 3; i++) server.turn();
  // Only a little is encrypted ahead.
  CHECK(server.reactor().queuedBytes(handle) > 1'500'000);
  CHECK(memory.keepers() > 0);
  CHECK(server.sleeps());
  CHECK_EQUAL(server.of(handle).drained, 0);
  server.turnUntil([&] {
    peer.pump();
    return peer.received().size() == memory.bytes().size();
  });
  CHECK(std::equal(peer.received().begin(), peer.received().end(), memory.bytes().begin()));
  server.turnUntil([&] { return server.of(handle).drained == 1; });
  CHECK_EQUAL(memory.keepers(), 0);
}

void refusesMemoryThatWasTakenAway(PollerKind kind) {
  TlsServer server(kind, {}, smallBuffers());
  FarClient peer(Peer::connectedTo(server.port(), kSmallBuffer));
  const Handle handle = server.shakeHands(peer);
  KeptMemory memory(pattern(2'000'000));
  server.reactor().write(handle, memory.bytes(), memory.keep());
  server.turn();
  memory.takeAway();
  server.turnUntil([&] {
    peer.pump();
    return server.of(handle).lost == 1;
  });
  CHECK_EQUAL(server.of(handle).error, EFAULT);
}

void closesAfterItsLastBytes(PollerKind kind) {
  for (const int32_t command : {kClose, kShutdown, kDiscard}) {
    TlsServer server(kind);
    FarClient peer(Peer::connectedTo(server.port()));
    const Handle handle = server.shakeHands(peer);
    server.write(handle, "goodbye");
    server.command(handle, command);
    server.turnUntil([&] {
      peer.pump();
      return peer.socket().ended();
    });
    CHECK(peer.text() == "goodbye");
    CHECK(peer.closed());
    CHECK_EQUAL(peer.socket().error(), 0);
    server.turnInVain();
    CHECK_EQUAL(server.of(handle).lost, command == kDiscard ? 0 : 1);
    CHECK_EQUAL(server.of(handle).error, 0);
    CHECK_EQUAL(server.reactor().size(), 1);
  }
}

void lingersWithUnreadInput(PollerKind kind) {
  TlsServer server(kind);
  FarClient peer(Peer::connectedTo(server.port()));
  const Handle handle = server.shakeHands(peer);
  server.command(handle, kPause);
  server.turn();
  peer.write("unread");
  peer.pump();
  server.write(handle, "goodbye");
  server.command(handle, kClose);
  server.turnUntil([&] {
    peer.pump();
    return peer.socket().ended();
  });
  CHECK_EQUAL(peer.socket().error(), 0);
  CHECK(peer.text() == "goodbye" && peer.closed());
  peer.socket().close();
  turnUntilLost(server, handle);
}

// The answer of the same turn is still sent.
void endsWithCloseNotify(PollerKind kind) {
  TlsServer server(kind);
  FarClient peer(Peer::connectedTo(server.port()));
  const Handle handle = server.shakeHands(peer);
  server.echoes = true;
  peer.write("last");
  SSL_shutdown(peer.tls());
  server.turnUntil([&] {
    peer.pump();
    return server.of(handle).lost == 1 && peer.socket().ended();
  });
  CHECK_EQUAL(server.of(handle).error, 0);
  CHECK_EQUAL(server.of(handle).call, kNoCall);
  CHECK(peer.text() == "last");
  CHECK(peer.closed());
  CHECK_EQUAL(server.reactor().size(), 1);
}

void noticesTruncation(PollerKind kind) {
  for (const bool early : {false, true}) {
    TlsServer server(kind);
    FarClient peer(Peer::connectedTo(server.port()));
    const Handle handle = early ? server.accept(server.listener()) : server.shakeHands(peer);
    if (early) peer.send(20);
    peer.socket().finishSending();
    server.turnUntil([&] { return server.of(handle).lost == 1; });
    CHECK_EQUAL(server.of(handle).error, kTlsTruncated);
    CHECK_EQUAL(server.of(handle).call, kTlsCall);
  }
}

void reportsAReset(PollerKind kind) {
  TlsServer server(kind);
  FarClient peer(Peer::connectedTo(server.port()));
  const Handle handle = server.shakeHands(peer);
  peer.socket().reset();
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK_EQUAL(server.of(handle).error, ECONNRESET);
}

// The peer gets the alert although it is still sending, and the host knows why.
void answersGarbageWithAnAlert(PollerKind kind) {
  TlsServer server(kind);
  Peer peer = Peer::connectedTo(server.port());
  const Handle handle = server.accept(server.listener());
  std::string reason;
  const auto secureAll = server.onEvent;
  server.onEvent = [&](const Host::Event& event) {
    if (event.kind == kLost) reason = server.reactor().tlsSession(handle)->failure()->reason;
  };
  peer.sendAll("GET / HTTP/1.1\r\nHost: example\r\n\r\n");
  peer.sendAll(pattern(30'000));
  server.turnUntil([&] { return server.of(handle).lost == 1 && peer.hasEnded(); });
  CHECK_EQUAL(server.of(handle).error, kTlsFailed);
  CHECK_EQUAL(server.of(handle).call, kTlsCall);
  CHECK(!reason.empty());
  CHECK_EQUAL(peer.error(), 0);
  peer.close();
  server.turnUntil([&] { return server.reactor().size() == 1; });
}

void failsOnABadRecord(PollerKind kind) {
  TlsServer server(kind);
  FarClient peer(Peer::connectedTo(server.port()));
  const Handle handle = server.shakeHands(peer);
  peer.write("first");
  peer.send();
  server.turnUntil([&] { return server.of(handle).data.size() == 5; });
  peer.write("second");
  peer.output().back() ^= 1;
  server.turnUntil([&] {
    peer.pump();
    return server.of(handle).lost == 1 && peer.failed();
  });
  CHECK_EQUAL(server.of(handle).error, kTlsFailed);
  CHECK(textOf(server.of(handle).data) == "first");
}

// A record longer than TLS allows ends the session as soon as its header has arrived.
void refusesAnOversizedRecord(PollerKind kind) {
  TlsServer server(kind);
  Peer peer = Peer::connectedTo(server.port());
  const Handle handle = server.accept(server.listener());
  const uint8_t header[] = {22, 3, 1, 0xff, 0xff};
  peer.sendAll(header);
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK_EQUAL(server.of(handle).error, kTlsFailed);
}

void takesAByteAtATime(PollerKind kind) {
  TlsServer server(kind);
  server.echoes = true;
  FarClient peer(Peer::connectedTo(server.port()));
  const Handle handle = server.accept(server.listener());
  server.turnUntil([&] {
    peer.receive();
    peer.send(1);
    return server.of(handle).tlsEstablished == 1;
  });
  peer.write("x");
  server.turnUntil([&] {
    peer.receive();
    peer.send(1);
    return peer.text() == "x";
  });
}

void establishesWhilePaused(PollerKind kind) {
  TlsServer server(kind);
  FarClient peer(Peer::connectedTo(server.port()));
  const Handle handle = server.accept(server.listener());
  server.command(handle, kPause);
  server.turnUntil([&] {
    peer.pump();
    return peer.established() && server.of(handle).tlsEstablished == 1;
  });
  server.turn();
  peer.write("unread");
  peer.send();
  server.turnInVain();
  CHECK(server.of(handle).data.empty());
  CHECK(server.sleeps());
  server.command(handle, kResume);
  server.turnUntil([&] { return textOf(server.of(handle).data) == "unread"; });
}

void asksForAContext(PollerKind kind) {
  for (const bool accepts : {true, false}) {
    TlsServer server(kind, {}, {}, true);
    server.echoes = true;
    FarClient peer(Peer::connectedTo(server.port()), TLS1_3_VERSION, "other.example");
    const Handle handle = server.accept(server.listener());
    peer.pump();
    server.turnUntil([&] { return server.of(handle).tlsHello == 1; });
    CHECK(server.reactor().tlsSession(handle)->serverName() == "other.example");
    CHECK(server.sleeps());
    CHECK_EQUAL(server.of(handle).tlsEstablished, 0);
    server.reactor().selectTlsContext(handle, accepts ? serverContext() : nullptr);
    if (accepts) {
      server.turnUntil([&] {
        peer.pump();
        return peer.established();
      });
      peer.write("x");
      server.turnUntil([&] {
        peer.pump();
        return peer.text() == "x";
      });
    } else {
      server.turnUntil([&] {
        peer.pump();
        return server.of(handle).lost == 1 && peer.failed();
      });
      CHECK_EQUAL(server.of(handle).error, kTlsFailed);
    }
    CHECK_EQUAL(server.of(handle).tlsHello, 1);
  }
}

// The host closes while it looks for the context; its answer is too late.
void closesWithoutAContext(PollerKind kind) {
  TlsServer server(kind, {}, {}, true);
  FarClient peer(Peer::connectedTo(server.port()));
  const Handle handle = server.accept(server.listener());
  peer.pump();
  server.turnUntil([&] { return server.of(handle).tlsHello == 1; });
  server.command(handle, kClose);
  turnUntilLost(server, handle);
  server.reactor().selectTlsContext(handle, serverContext());
  server.turnInVain();
  CHECK_EQUAL(server.reactor().size(), 1);
}

void closesDuringTheHandshake(PollerKind kind) {
  for (const bool written : {false, true}) {
    TlsServer server(kind);
    FarClient peer(Peer::connectedTo(server.port()));
    const Handle handle = server.accept(server.listener());
    if (written) server.write(handle, "answer");
    server.command(handle, kPause);
    server.command(handle, kClose);
    server.turnUntil([&] {
      peer.pump();
      return peer.socket().ended();
    });
    CHECK(peer.text() == (written ? "answer" : ""));
    CHECK_EQUAL(peer.closed(), written);
    peer.socket().close();
    server.turnUntil([&] { return server.of(handle).lost == 1; });
  }
}

void endsInAnyPhase(PollerKind kind) {
  for (const int32_t command : {kReset, kDiscard}) {
    for (int turns = 0; turns < 4; turns++) {
      TlsServer server(kind);
      FarClient peer(Peer::connectedTo(server.port()));
      const Handle handle = server.accept(server.listener());
      for (int i = 0; i < turns; i++) {
        peer.pump();
        server.turn();
      }
      server.write(handle, "dropped");
      server.command(handle, command);
      server.turnUntil([&] { return server.reactor().sizeInUse() == 1; });
      CHECK_EQUAL(server.of(handle).lost, 0);
    }
  }
}

void worksOverUnixSockets(PollerKind kind) {
  UnixServer server(kind);
  Peer plain;
  const Handle handle = server.connect(plain);
  secure(server, handle, serverContext());
  server.write(handle, "hello");
  FarClient peer(std::move(plain));
  server.turnUntil([&] {
    peer.pump();
    return peer.text() == "hello";
  });
  CHECK_EQUAL(server.reactor().sendDescriptor(handle, 0).error, EOPNOTSUPP);
  int fd = -1;
  CHECK_EQUAL(server.reactor().detach(handle, fd).error, EOPNOTSUPP);
}

void isSecuredOnceAndWhileOpen(PollerKind kind) {
  TlsServer server(kind);
  FarClient peer(Peer::connectedTo(server.port()));
  const Handle handle = server.shakeHands(peer);
  const auto again = [&] {
    return server.reactor().startTls(handle, TlsSession::make(serverContext(), {})).error;
  };
  CHECK_EQUAL(again(), ENOTCONN);
  server.command(handle, kReset);
  CHECK_EQUAL(again(), ENOTCONN);
  CHECK(server.reactor().tlsSession(handle) == nullptr);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(echoes),
      STORY(isAClientToo),
      STORY(securesALiveConnection),
      STORY(joinsTheWritesOfATurn),
      STORY(sendsToASlowReader),
      STORY(refusesMemoryThatWasTakenAway),
      STORY(closesAfterItsLastBytes),
      STORY(lingersWithUnreadInput),
      STORY(endsWithCloseNotify),
      STORY(noticesTruncation),
      STORY(reportsAReset),
      STORY(answersGarbageWithAnAlert),
      STORY(failsOnABadRecord),
      STORY(refusesAnOversizedRecord),
      STORY(takesAByteAtATime),
      STORY(establishesWhilePaused),
      STORY(asksForAContext),
      STORY(closesWithoutAContext),
      STORY(closesDuringTheHandshake),
      STORY(endsInAnyPhase),
      STORY(worksOverUnixSockets),
      STORY(isSecuredOnceAndWhileOpen),
  });
}
