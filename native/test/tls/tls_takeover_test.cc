// Sessions whose records are this library's, against sessions that leave all to OpenSSL.

#include <algorithm>
#include <cstring>

#include "openssl_client.h"
#include "refusals.h"

namespace ropewalk {
namespace {

struct Party {
  Certificate root = makeRoot();
  Certificate leaf = makeCertificate({}, &root);
  Certificate ofClient = makeCertificate({.subject = "client", .names = nullptr}, &root);

  TlsSettings server(bool own) const {
    TlsSettings settings;
    settings.identities = {leaf.identity()};
    settings.identities[0].ocspResponse = {1, 2, 3};
    settings.alpn = protocols({"h2", "imap"});
    settings.ticketKeys = {Octets(48, 7)};
    settings.roots = trust({&root});
    settings.keyLog = true;
    settings.ownRecords = own;
    return settings;
  }
  TlsSettings client(bool own) const {
    TlsSettings settings;
    settings.server = false;
    settings.roots = trust({&root});
    settings.ocsp = true;
    settings.alpn = protocols({"imap"});
    settings.sessionCacheSize = 4;
    settings.ownRecords = own;
    return settings;
  }
};

const Party& party() {
  static const Party made;
  return made;
}

TlsSession::Options host(const char* key = "") {
  return {.hostname = "server.example", .sessionKey = key};
}

// All that a session answers, as text.
std::string factsOf(const TlsSession& session) {
  std::string facts = std::string(session.version()) + ' ' + session.cipher() + ' ' +
                      session.protocol() + ' ' + session.serverName() + ' ' +
                      (session.resumed() ? "resumed" : "full");
  for (const Octets& der : session.peerChain()) facts += ' ' + std::to_string(der.size());
  facts += ' ' + std::to_string(session.ocspResponse().size());
  return facts;
}

std::string keysOf(const TlsSession& session) {
  const Octets text(300, 9);
  const Bytes contexts[] = {Bytes(), Bytes(text)};
  const std::string longest(249, 'l');
  std::string keys;
  for (const std::string_view label : {std::string_view("EXPORTER-Channel-Binding"),
                                       std::string_view("l"), std::string_view(longest)}) {
    for (const size_t size : {1, 32, 100, 8160}) {
      std::vector<uint8_t> key(size);
      CHECK(session.exportKeyingMaterial(key, label, nullptr));
      keys.append(key.begin(), key.end());
      for (const Bytes& context : contexts) {
        CHECK(session.exportKeyingMaterial(key, label, &context));
        keys.append(key.begin(), key.end());
      }
    }
  }
  uint8_t key[1];
  CHECK(!session.exportKeyingMaterial(key, std::string(250, 'l'), nullptr));
  return keys;
}

void talkBothWays(Conversation& talk, size_t piece) {
  std::string toServer;
  std::string toClient;
  for (const size_t size : {1, 100, 16'384, 40'000}) {
    const std::string text(size, static_cast<char>('a' + size % 26));
    talk.client.send(text);
    CHECK(talk.client.last == Outcome::kOk);
    toServer += text;
    talk.server.send(text);
    CHECK(talk.server.last == Outcome::kOk);
    toClient += text;
    talk.exchange(piece);
  }
  CHECK(talk.server.received == toServer);
  CHECK(talk.client.received == toClient);
}

// Every suite, with each kind of session at either end, twice: the second time resumed.
void agreesWithOpenSsl() {
  for (const char* suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                            "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256"}) {
    std::string facts[2];
    for (const int kinds : {0, 1, 2, 3}) {
      TlsSettings client = party().client((kinds & 1) != 0);
      client.cipherSuites = suite;
      client.identities = {party().ofClient.identity()};
      TlsSettings server = party().server((kinds & 2) != 0);
      server.cipherSuites = suite;
      server.peer = TlsPeer::kRequired;
      const auto clientContext = makeContext(client);
      const auto serverContext = makeContext(server);
      for (const size_t piece : {SIZE_MAX, size_t{1}, size_t{1000}}) {
        Conversation talk(clientContext, serverContext, host("key"));
        talk.exchange(piece);
        CHECK(talk.complete());
        const TlsSession& near = *talk.client.session;
        const TlsSession& far = *talk.server.session;
        CHECK(keysOf(near) == keysOf(far));
        const bool resumed = piece != SIZE_MAX;
        CHECK_EQUAL(near.resumed(), resumed);
        const std::string now = factsOf(near) + factsOf(far);
        if (facts[resumed].empty()) facts[resumed] = now;
        CHECK(now == facts[resumed]);
        talkBothWays(talk, piece);
        CHECK(factsOf(near) + factsOf(far) == now);
        talk.client.session->close(talk.client.output);
        talk.exchange(piece);
        CHECK(talk.server.last == Outcome::kClosed);
        talk.server.send("last words");
        talk.server.session->close(talk.server.output);
        talk.exchange(piece);
        CHECK(talk.client.received.ends_with("last words"));
        CHECK(talk.client.last == Outcome::kClosed);
      }
    }
  }
}

// A server that asks for another hello, and has made its last flight in pieces.
void takesOverAfterARetry() {
  TlsSettings client = party().client(true);
  client.groups = "X25519:P-256";
  TlsSettings server = party().server(true);
  server.groups = "P-256";
  for (const size_t piece : {SIZE_MAX, size_t{1}}) {
    Conversation talk(makeContext(client), makeContext(server), host("key"));
    talk.exchange(piece);
    CHECK(talk.complete());
    talkBothWays(talk, piece);
  }
}

// Data directly behind the last message of the handshake, in the same input.
void readsDataBehindTheHandshake() {
  for (const bool own : {false, true}) {
    Conversation talk(makeContext(party().client(own)), makeContext(party().server(true)), host());
    talk.client.last = talk.client.session->handshake(talk.client.output);
    Conversation::pass(talk.client, talk.server, SIZE_MAX);
    Conversation::pass(talk.server, talk.client, SIZE_MAX);
    CHECK(talk.client.session->handshakeComplete());
    talk.client.send("at once");
    talk.client.session->close(talk.client.output);
    Conversation::pass(talk.client, talk.server, SIZE_MAX);
    CHECK(talk.server.received == "at once");
    CHECK(talk.server.last == Outcome::kClosed);
    talk.server.send("answer");
    Conversation::pass(talk.server, talk.client, SIZE_MAX);
    CHECK(talk.client.received == "answer");
  }
}

void updatesKeysWithOpenSsl() {
  for (const bool ownClient : {false, true}) {
    TlsSettings client = party().client(ownClient);
    client.recordsPerKey = 2;
    TlsSettings server = party().server(true);
    server.recordsPerKey = 3;
    Conversation talk(makeContext(client), makeContext(server), host());
    talk.exchange();
    talkBothWays(talk, SIZE_MAX);
    // Each third record is a key update of 5 bytes.
    talk.server.output.clear();
    talk.server.send(std::string(16'384 * 30, 'x'));
    CHECK_EQUAL(talk.server.output.size(), 30 * (16'384 + 22) + 10 * (5 + 22));
    talk.client.received.clear();
    talk.exchange();
    CHECK_EQUAL(talk.client.received.size(), 16'384 * 30);
  }
}

// A client that asks for key updates, by OpenSSL itself.
void answersKeyUpdates() {
  End server{TlsSession::make(makeContext(party().server(true)), {})};
  OpenSslClient client;
  client.exchange(server);
  CHECK(server.session->handshakeComplete());
  std::string sent;
  for (int i = 0; i < 200; i++) {
    CHECK(SSL_key_update(client.tls(), i % 3 == 0 ? SSL_KEY_UPDATE_NOT_REQUESTED
                                                  : SSL_KEY_UPDATE_REQUESTED) == 1);
    client.send("ping");
    server.send("pong");
    sent += "pong";
    client.exchange(server);
    CHECK(server.received.ends_with("ping"));
  }
  CHECK_EQUAL(server.received.size(), 200 * 4);
  CHECK(client.received() == sent);
}

// A client that has no memory for large records (RFC 6066 section 4).
void respectsLimitsOfRecords() {
  for (const uint8_t limit : {TLSEXT_max_fragment_length_512, TLSEXT_max_fragment_length_4096}) {
    End server{TlsSession::make(makeContext(party().server(true)), {})};
    OpenSslClient client;
    SSL_set_tlsext_max_fragment_length(client.tls(), limit);
    client.exchange(server);
    CHECK(server.session->handshakeComplete());
    const std::string text(20'000, 'x');
    server.send(text);
    client.send(text);
    client.exchange(server);
    CHECK(client.received() == text);
    CHECK(server.received == text);
  }
}

// Seals like the peer of a server, or like the server.
std::unique_ptr<Sealer> sealerFor(const std::shared_ptr<TlsContext>& server, bool toServer) {
  auto made =
      sealerOf(server->takeKeyLog(), !toServer, *findCipherSuite(theOpenSsl(), rfc8448::kSuite));
  CHECK(made != nullptr);
  return made;
}

// The same faulty records fail both kinds of session with the same alert and reason.
void failsLikeOpenSsl() {
  for (const Refusal& refusal : refusals()) {
    const std::string_view name = refusal.name;
    // OpenSSL has other limits, or none; it refuses a version by itself.
    if (name.starts_with("flood of") || name == "changed version" ||
        name == "padding above the limit") {
      continue;
    }
    storyContext = refusal.name;
    TlsFailure failures[2];
    for (const bool own : {false, true}) {
      TlsSettings settings = party().server(own);
      settings.cipherSuites = "TLS_AES_128_GCM_SHA256";
      settings.tickets = false;
      const auto context = makeContext(settings);
      TlsSettings client = party().client(own);
      Conversation talk(makeContext(client), context, host());
      talk.exchange();
      CHECK(talk.complete());
      const auto by = sealerFor(context, refusal.server);
      End& end = refusal.server ? talk.server : talk.client;
      if (!refusal.server) {  // the server's tickets came before
        for (int i = 0; i < 2; i++) (void)by->seal(kData, {});
      }
      end.receive(refusal.make(*by));
      CHECK(end.last == Outcome::kFailed);
      failures[own] = *end.session->failure();
    }
    CHECK_EQUAL(failures[1].alertSent, failures[0].alertSent);
    CHECK(failures[1].reason == failures[0].reason);
  }
  storyContext = "";
}

// The server refuses the client after the client's handshake is complete.
void learnsOfRefusedCertificates() {
  std::string reasons[2];
  for (const bool own : {false, true}) {
    TlsSettings server = party().server(own);
    server.peer = TlsPeer::kRequired;
    Conversation talk(makeContext(party().client(own)), makeContext(server), host("key"));
    talk.exchange();
    CHECK(talk.client.last == Outcome::kFailed);
    CHECK_EQUAL(talk.client.session->failure()->alertReceived, 116);
    CHECK_EQUAL(talk.client.session->failure()->alertSent, -1);
    reasons[own] = talk.client.session->failure()->reason;
  }
  CHECK(reasons[0] == reasons[1]);
}

// Of more than one record. Those too large for a hello are not kept.
void acceptsLargeTickets() {
  const auto clientContext = makeContext(party().client(true));
  TlsSettings settings = party().server(true);
  settings.cipherSuites = "TLS_AES_128_GCM_SHA256";
  settings.tickets = false;
  const auto serverContext = makeContext(settings);
  for (const size_t size : {65'535, 20'000}) {
    Conversation talk(clientContext, serverContext, host("key"));
    CHECK(talk.client.session->handshake(talk.client.output) == Outcome::kWantsInput);
    CHECK(talk.client.output.size() < 2000);
    talk.exchange();
    const auto by = sealerFor(serverContext, false);
    const size_t body = 8 + 2 + 2 + size + 2;
    Octets message = {4, static_cast<uint8_t>(body >> 16), static_cast<uint8_t>(body >> 8),
                      static_cast<uint8_t>(body)};
    message.insert(message.end(), {0, 0, 1, 0, 0, 0, 0, 1, 1, 7});
    message.insert(message.end(), {static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)});
    message.insert(message.end(), size + 2, 0);
    for (Bytes left(message); !left.empty();) {
      const Bytes part = left.first(std::min(left.size(), RecordCipher::kMaxPlaintext));
      talk.client.receive(by->seal(kHandshake, part));
      left = left.subspan(part.size());
    }
    talk.client.receive(by->seal(kData, fifty()));
    CHECK_EQUAL(talk.client.received.size(), 50);
  }
  Conversation next(clientContext, serverContext, host("key"));
  CHECK(next.client.session->handshake(next.client.output) == Outcome::kWantsInput);
  CHECK(next.client.output.size() > 20'000);
}

// Tickets that follow the first data are ignored; the session continues.
void ignoresLateTickets() {
  const auto clientContext = makeContext(party().client(true));
  TlsSettings settings = party().server(true);
  settings.cipherSuites = "TLS_AES_128_GCM_SHA256";
  settings.tickets = false;
  const auto serverContext = makeContext(settings);
  for (const bool late : {true, false}) {
    Conversation talk(clientContext, serverContext, host("key"));
    talk.client.last = talk.client.session->handshake(talk.client.output);
    Conversation::pass(talk.client, talk.server, SIZE_MAX);
    Conversation::pass(talk.server, talk.client, SIZE_MAX);
    Conversation::pass(talk.client, talk.server, SIZE_MAX);
    CHECK(talk.complete());
    const auto by = sealerFor(serverContext, false);
    if (late) talk.client.receive(by->seal(kData, fifty()));
    talk.client.receive(by->seal(kHandshake, kTicket));
    talk.client.receive(by->seal(kData, fifty()));
    CHECK_EQUAL(talk.client.received.size(), late ? 100 : 50);
    CHECK(talk.client.last == Outcome::kWantsInput);
    talk.client.send("hello");
    Conversation::pass(talk.client, talk.server, SIZE_MAX);
    CHECK(talk.server.received == "hello");
  }
}

// OpenSSL's object refuses what has the form of a ticket: only the session is lost.
void survivesTicketsThatOpenSslRefuses() {
  const auto clientContext = makeContext(party().client(true));
  TlsSettings settings = party().server(true);
  settings.cipherSuites = "TLS_AES_128_GCM_SHA256";
  const auto serverContext = makeContext(settings);
  Conversation talk(clientContext, serverContext, host("key"));
  talk.client.last = talk.client.session->handshake(talk.client.output);
  Conversation::pass(talk.client, talk.server, SIZE_MAX);
  Conversation::pass(talk.server, talk.client, SIZE_MAX);
  Conversation::pass(talk.client, talk.server, SIZE_MAX);
  const auto by = sealerFor(serverContext, false);
  // An extension of early data with a wrong size.
  const Octets ticket = {4, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 2, 1, 9, 0, 1, 7, 0, 5, 0, 42, 0, 1, 1};
  talk.client.receive(by->seal(kHandshake, ticket));
  CHECK(talk.client.last == Outcome::kWantsInput);
  CHECK(talk.client.output.empty());
  talk.client.receive(by->seal(kData, fifty()));
  CHECK_EQUAL(talk.client.received.size(), 50);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(agreesWithOpenSsl),
      STORY(takesOverAfterARetry),
      STORY(readsDataBehindTheHandshake),
      STORY(updatesKeysWithOpenSsl),
      STORY(answersKeyUpdates),
      STORY(respectsLimitsOfRecords),
      STORY(failsLikeOpenSsl),
      STORY(learnsOfRefusedCertificates),
      STORY(acceptsLargeTickets),
      STORY(ignoresLateTickets),
      STORY(survivesTicketsThatOpenSslRefuses),
  });
}
