// Peers that use TLS to keep the reactor from serving others, or to fill its memory.

#include <deque>

#include "far_client.h"

namespace ropewalk {
namespace {

// The echo of `client` arrives within a few turns, whatever `others` do.
template <typename Others>
void staysServed(TlsServer& server, FarClient& client, size_t turns, Others others) {
  for (size_t i = 1; i <= 10; i++) {
    client.write("x");
    client.send();
    size_t taken = 0;
    server.turnUntil([&] {
      taken += 1;
      others();
      client.receive();
      return client.received().size() == i;
    });
    CHECK(taken <= turns);
  }
}

// Clients that send a hello and no more.
void servesOthersDuringAFlood(PollerKind kind) {
  TlsServer server(kind);
  server.echoes = true;
  FarClient client(Peer::connectedTo(server.port()));
  server.shakeHands(client);
  std::deque<FarClient> flood;
  staysServed(server, client, 50, [&] {
    for (int i = 0; i < 4 && flood.size() < 200; i++) {
      flood.emplace_back(Peer::connectedTo(server.port())).send();
    }
  });
  // All are answered in the end, and then nothing keeps the host awake.
  server.turnUntil([&] {
    while (flood.size() < 200) flood.emplace_back(Peer::connectedTo(server.port())).send();
    for (FarClient& one : flood) one.receive();
    return std::all_of(flood.begin(), flood.end(),
                       [](FarClient& one) { return one.established(); });
  });
  CHECK(server.sleeps());
}

// A turn takes a limited number of steps of handshakes.
void sharesATurnAmongHandshakes(PollerKind kind) {
  TlsServer server(kind);
  std::deque<FarClient> all;
  constexpr size_t kClients = 100;
  for (size_t i = 0; i < kClients; i++) all.emplace_back(Peer::connectedTo(server.port()));
  server.turnUntil([&] { return server.of(server.listener()).accepted.size() == kClients; });
  for (FarClient& one : all) one.send();
  size_t answered = 0;
  size_t turns = 0;
  server.turnUntil([&] {
    turns += 1;
    size_t now = 0;
    for (FarClient& one : all) {
      one.receive();
      now += one.socket().received().empty() ? 0 : 1;
    }
    CHECK(now <= answered + 32);
    answered = now;
    return answered == kClients;
  });
  CHECK(turns > kClients / 32);
}

// Half of a hello, then silence.
void waitsForTheRestOfAHello(PollerKind kind) {
  TlsServer server(kind);
  server.echoes = true;
  FarClient client(Peer::connectedTo(server.port()));
  server.shakeHands(client);
  std::deque<FarClient> halves;
  for (int i = 0; i < 50; i++) halves.emplace_back(Peer::connectedTo(server.port())).send(100);
  staysServed(server, client, 50, [] {});
  CHECK(server.sleeps());
}

void requestKeyUpdate(FarClient& client) {
  CHECK(SSL_key_update(client.tls(), SSL_KEY_UPDATE_REQUESTED) == 1);
  CHECK(SSL_do_handshake(client.tls()) == 1);
}

// Requests to update keys without any data.
void endsAFloodOfKeyUpdates(PollerKind kind) {
  TlsServer server(kind);
  FarClient flooder(Peer::connectedTo(server.port()));
  const Handle handle = server.shakeHands(flooder);
  for (int i = 0; i < 100; i++) requestKeyUpdate(flooder);
  flooder.send();
  server.turnUntil([&] {
    flooder.receive();
    return server.of(handle).lost == 1 && flooder.failed();
  });
  CHECK_EQUAL(server.of(handle).error, kTlsFailed);
}

// Requests to update keys, each of which has to be answered, by a peer that never reads. Those that
// arrive together get one answer, so they come one by one.
void doesNotQueueAnswersForever(PollerKind kind) {
  TlsServer server(kind, {}, smallBuffers());
  server.echoes = true;
  FarClient client(Peer::connectedTo(server.port()));
  server.shakeHands(client);
  FarClient flooder(Peer::connectedTo(server.port(), kSmallBuffer));
  const Handle handle = server.shakeHands(flooder);
  const size_t before = flooder.output().size();
  requestKeyUpdate(flooder);
  flooder.write("x");
  const size_t one = flooder.output().size() - before;
  for (int i = 0; i < 10'000; i++) {
    requestKeyUpdate(flooder);
    flooder.write("x");
  }
  staysServed(server, client, 100, [&] { flooder.send(one); });
  server.turnUntil([&] {
    flooder.send(one);
    return server.turn() == 0 && !server.reactor().pending();
  });
  CHECK(server.reactor().statistics().bytesReceived < 300'000);
  CHECK(server.reactor().queuedBytes(handle) < 256 * 1024);
  CHECK(server.sleeps());
  // It continues once the peer reads.
  flooder.write("end");
  server.turnUntil([&] {
    flooder.pump();
    return server.of(handle).data.size() == 10'001 + 3;
  });
}

void takesManyEmptyReads(PollerKind kind) {
  TlsServer server(kind);
  server.echoes = true;
  FarClient client(Peer::connectedTo(server.port()));
  server.shakeHands(client);
  Peer plain = Peer::connectedTo(server.port());
  const Handle handle = server.accept(server.listener());
  // Records without content are not allowed during the handshake.
  const uint8_t empty[] = {22, 3, 1, 0, 0};
  for (int i = 0; i < 100; i++) (void)send(plain.fd(), empty);
  staysServed(server, client, 50, [] {});
  server.turnUntil([&] { return server.of(handle).lost == 1; });
  CHECK_EQUAL(server.of(handle).error, kTlsFailed);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(servesOthersDuringAFlood),
      STORY(sharesATurnAmongHandshakes),
      STORY(waitsForTheRestOfAHello),
      STORY(endsAFloodOfKeyUpdates),
      STORY(doesNotQueueAnswersForever),
      STORY(takesManyEmptyReads),
  });
}
