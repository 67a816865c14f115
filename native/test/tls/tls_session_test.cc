#include "tls/tls_session.h"

#include <cstring>

#include "openssl_client.h"

namespace ropewalk {
namespace {

struct Party {
  Certificate root = makeRoot();
  Certificate leaf = makeCertificate({}, &root);

  TlsSettings server() const {
    TlsSettings settings;
    settings.identities.push_back(leaf.identity());
    return settings;
  }
  TlsSettings client() const {
    TlsSettings settings;
    settings.server = false;
    settings.peer = TlsPeer::kRequired;
    settings.roots = trust({&root});
    return settings;
  }
};

const TlsSession::Options kHost{.hostname = "server.example"};

void connectsAndCloses(const TlsSettings& client, const TlsSettings& server, const char* version,
                       size_t piece) {
  Conversation talk(makeContext(client), makeContext(server), kHost);
  talk.client.send("too early");
  CHECK(talk.client.last == Outcome::kWantsInput);
  talk.exchange(piece);
  CHECK(talk.complete());
  CHECK(std::strcmp(talk.client.session->version(), version) == 0);
  CHECK(std::strcmp(talk.server.session->version(), version) == 0);
  CHECK(talk.server.session->serverName() == "server.example");
  CHECK(!talk.client.session->resumed());

  talk.client.send("hello");
  const std::string large(100'000, 'x');
  talk.server.send(large);
  talk.exchange(piece);
  CHECK(talk.server.received == "hello");
  CHECK(talk.client.received == large);

  talk.client.send("bye");
  talk.client.session->close(talk.client.output);
  talk.client.session->close(talk.client.output);
  talk.client.send("too late");
  CHECK(talk.client.last == Outcome::kClosed);
  talk.exchange(piece);
  CHECK(talk.server.received == "hellobye");
  CHECK(talk.server.last == Outcome::kClosed);
  talk.server.receive(bytesOf("anything"));
  CHECK(talk.server.last == Outcome::kClosed);
  // The other direction is still open.
  talk.server.send("answer");
  talk.server.session->close(talk.server.output);
  talk.exchange(piece);
  CHECK(talk.client.received == large + "answer");
  CHECK(talk.client.last == Outcome::kClosed);
}

void connects() {
  const Party party;
  for (const int version : {openssl::kTls12Version, openssl::kTls13Version}) {
    for (const size_t piece : {SIZE_MAX, size_t{1}, size_t{1000}}) {
      TlsSettings server = party.server();
      server.maxVersion = version;
      connectsAndCloses(party.client(), server,
                        version == openssl::kTls12Version ? "TLSv1.2" : "TLSv1.3", piece);
    }
  }
}

// Records are as large as possible.
void makesFewRecords() {
  const Party party;
  Conversation talk(makeContext(party.client()), makeContext(party.server()), kHost);
  talk.exchange();
  talk.client.send(std::string(32 * 1024, 'x'));
  CHECK_EQUAL(talk.client.output.size(), 2 * (5 + 16 * 1024 + 1 + 16));
}

void sharesNoVersion() {
  const Party party;
  TlsSettings client = party.client();
  client.minVersion = openssl::kTls13Version;
  TlsSettings server = party.server();
  server.maxVersion = openssl::kTls12Version;
  Conversation talk(makeContext(client), makeContext(server), kHost);
  talk.exchange();
  CHECK(talk.server.last == Outcome::kFailed);
  CHECK(talk.server.session->failure()->reason == "unsupported protocol");
  CHECK_EQUAL(talk.server.session->failure()->alertSent, 70);
  CHECK(talk.client.last == Outcome::kFailed);
  CHECK_EQUAL(talk.client.session->failure()->alertReceived, 70);
  CHECK(talk.client.session->failure()->reason == "tlsv1 alert protocol version");
}

void refusesGarbage() {
  const Party party;
  const auto context = makeContext(party.server());
  for (const std::string_view garbage :
       {"GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\xff\xff garbage",
        "\x80\x2e\x01\x03\x01 an old hello, from long before there were versions"}) {
    End server{TlsSession::make(context, {})};
    server.receive(bytesOf(garbage));
    CHECK(server.last == Outcome::kFailed);
    CHECK(!server.session->failure()->reason.empty());
    server.receive(bytesOf(garbage));
    CHECK(server.last == Outcome::kFailed);
    server.send("x");
    CHECK(server.last == Outcome::kFailed);
    server.output.clear();
    server.session->close(server.output);
    CHECK(server.output.empty());
  }
}

void refusesChangedRecords() {
  const Party party;
  Conversation talk(makeContext(party.client()), makeContext(party.server()), kHost);
  talk.exchange();
  talk.client.send("hello");
  talk.client.output.back() ^= 1;
  talk.exchange();
  CHECK(talk.server.last == Outcome::kFailed);
  CHECK(talk.server.received.empty());
  CHECK_EQUAL(talk.server.session->failure()->alertSent, 20);  // bad_record_mac
}

void negotiatesProtocols() {
  const Party party;
  TlsSettings server = party.server();
  server.alpn = protocols({"h2", "http/1.1"});
  const auto serverContext = makeContext(server);
  TlsSettings client = party.client();
  client.alpn = protocols({"http/1.1", "h2"});
  Conversation talk(makeContext(client), serverContext, kHost);
  talk.exchange();
  CHECK(talk.client.session->protocol() == "h2");
  CHECK(talk.server.session->protocol() == "h2");

  // The session's own protocols replace the context's.
  Conversation own(makeContext(client), serverContext,
                   {.hostname = "server.example", .alpn = protocols({"http/1.1"})});
  own.exchange();
  CHECK(own.server.session->protocol() == "http/1.1");

  Conversation none(makeContext(client), serverContext,
                    {.hostname = "server.example", .alpn = protocols({"h", "h2c"})});
  none.exchange();
  CHECK(none.server.last == Outcome::kFailed);
  CHECK_EQUAL(none.client.session->failure()->alertReceived, 120);

  Conversation without(makeContext(party.client()), serverContext, kHost);
  without.exchange();
  CHECK(without.complete());
  CHECK(without.server.session->protocol().empty());
}

void resumesSessions() {
  const Party party;
  for (const int version : {openssl::kTls12Version, openssl::kTls13Version}) {
    TlsSettings server = party.server();
    server.maxVersion = version;
    server.ticketKeys = {Octets(48, 1)};
    const auto first = makeContext(server);
    TlsSettings client = party.client();
    client.sessionCacheSize = 2;
    const auto clientContext = makeContext(client);
    const auto resumed = [&](const std::shared_ptr<TlsContext>& serverContext, const char* key) {
      Conversation talk(clientContext, serverContext,
                        {.hostname = "server.example", .sessionKey = key});
      talk.exchange();
      CHECK(talk.complete());
      CHECK_EQUAL(talk.client.session->resumed(), talk.server.session->resumed());
      CHECK_EQUAL(talk.client.session->peerChain().size(), 1);
      return talk.client.session->resumed();
    };
    CHECK(!resumed(first, "a"));
    for (int i = 0; i < 4; i++) CHECK(resumed(first, "a"));
    CHECK(!resumed(first, "b"));
    CHECK(!resumed(first, ""));
    CHECK(!resumed(first, "c"));  // the least recently used, "a", is forgotten
    CHECK(!resumed(first, "a"));
    // A second server with the same keys, as a worker has.
    const auto second = makeContext(server);
    CHECK(resumed(second, "a"));
    // After a rotation, the former key decrypts, and the ticket is renewed.
    server.ticketKeys = {Octets(48, 2), Octets(48, 1)};
    CHECK(resumed(makeContext(server), "a"));
    server.ticketKeys = {Octets(48, 2)};
    const auto last = makeContext(server);
    // OpenSSL's client does not report renewed tickets of TLS 1.2.
    CHECK_EQUAL(resumed(last, "a"), version == openssl::kTls13Version);
    CHECK(resumed(last, "a"));
    CHECK(!resumed(second, "a"));
    // Sessions of another kind of context are not resumed, even if it decrypts them.
    server.sessionIdContext = {1, 2, 3};
    const auto other = makeContext(server);
    CHECK(!resumed(other, "a"));

    server.tickets = false;
    const auto without = makeContext(server);
    CHECK(!resumed(without, "d"));
    CHECK(!resumed(without, "d"));
  }
}

void exportsKeys() {
  const Party party;
  Conversation talk(makeContext(party.client()), makeContext(party.server()), kHost);
  uint8_t one[32] = {};
  uint8_t other[32] = {};
  CHECK(!talk.client.session->exportKeyingMaterial(one, "label", nullptr));
  talk.exchange();
  CHECK(talk.client.session->exportKeyingMaterial(one, "label", nullptr));
  CHECK(talk.server.session->exportKeyingMaterial(other, "label", nullptr));
  CHECK(std::memcmp(one, other, sizeof one) == 0);
  const Bytes context = bytesOf("context");
  CHECK(talk.server.session->exportKeyingMaterial(other, "label", &context));
  CHECK(std::memcmp(one, other, sizeof one) != 0);
}

void staplesResponses() {
  const Party party;
  TlsSettings server = party.server();
  server.identities[0].ocspResponse = {1, 2, 3, 4};
  // Of two identities, the response is that of the one used.
  const Certificate rsa = makeCertificate({.rsa = true}, &party.root);
  server.identities.push_back(rsa.identity());
  TlsSettings client = party.client();
  client.ocsp = true;
  const auto context = makeContext(server);
  Conversation talk(makeContext(client), context, kHost);
  talk.exchange();
  CHECK(talk.complete());
  CHECK_EQUAL(talk.client.session->ocspResponse().size(), 4);
  CHECK(talk.client.session->peerChain()[0] == party.leaf.der());

  client.signatureAlgorithms = "rsa_pss_rsae_sha256";
  Conversation other(makeContext(client), context, kHost);
  other.exchange();
  CHECK(other.complete());
  CHECK(other.client.session->peerChain()[0] == rsa.der());
  CHECK(other.client.session->ocspResponse().empty());
}

void logsKeys() {
  const Party party;
  TlsSettings client = party.client();
  client.keyLog = true;
  const auto context = makeContext(client);
  Conversation talk(context, makeContext(party.server()), kHost);
  talk.exchange();
  const std::string log = context->takeKeyLog();
  CHECK(log.starts_with("SERVER_HANDSHAKE_TRAFFIC_SECRET ") ||
        log.starts_with("CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
  CHECK(log.find("\nEXPORTER_SECRET ") != std::string::npos);
  CHECK(log.back() == '\n');
  CHECK(context->takeKeyLog().empty());
}

// After a HelloRetryRequest, another name would get a context that was not selected for it.
void refusesAnotherName() {
  const Party party;
  TlsSettings settings = party.server();
  settings.groups = "P-256";
  const auto plain = makeContext(settings);
  settings.selectsByName = true;
  const auto first = makeContext(settings);
  for (const char* name : {"server.example", "other.example"}) {
    for (const auto& chosen : {first, plain}) {
      End server{TlsSession::make(first, {})};
      OpenSslClient client;
      SSL_set1_groups_list(client.tls(), "X25519:P-256");
      SSL_set_tlsext_host_name(client.tls(), "server.example");
      CHECK_EQUAL(client.advance(), SSL_ERROR_WANT_READ);
      client.pass(server);
      CHECK(server.last == Outcome::kWantsContext);
      server.session->selectContext(chosen);
      server.receive({});
      client.take(server);
      SSL_set_tlsext_host_name(client.tls(), name);
      CHECK_EQUAL(client.advance(), SSL_ERROR_WANT_READ);
      client.pass(server);
      if (std::string_view(name) == "server.example") {
        client.exchange(server);
        CHECK(server.session->handshakeComplete());
        CHECK(server.session->serverName() == name);
      } else {
        CHECK(server.last == Outcome::kFailed);
        CHECK_EQUAL(server.session->failure()->alertSent, 47);
      }
    }
  }
}

void waitsForItsContext() {
  const Party party;
  const Certificate other = makeCertificate({.names = "DNS:other.example"}, &party.root);
  TlsSettings server = party.server();
  const auto plain = makeContext(server);
  server.selectsByName = true;
  const auto first = makeContext(server);
  server.identities = {other.identity()};
  server.alpn = protocols({"p"});
  const auto second = makeContext(server);
  TlsSettings client = party.client();
  client.alpn = protocols({"p"});
  const auto clientContext = makeContext(client);
  for (const size_t piece : {SIZE_MAX, size_t{7}}) {
    Conversation talk(clientContext, first, {.hostname = "other.example"});
    talk.exchange(piece);
    CHECK(talk.server.last == Outcome::kWantsContext);
    CHECK(talk.server.session->serverName() == "other.example");
    CHECK(talk.server.output.empty());
    talk.server.receive({});
    CHECK(talk.server.last == Outcome::kWantsContext);
    talk.server.session->selectContext(second);
    talk.server.receive({});
    talk.exchange(piece);
    CHECK(talk.complete());
    CHECK(talk.client.session->protocol() == "p");
    CHECK(talk.client.session->peerChain()[0] == other.der());
    talk.server.session->selectContext(first);  // too late: without effect
    talk.client.send("hello");
    talk.exchange(piece);
    CHECK(talk.server.received == "hello");
  }
  for (const auto& chosen : {first, plain}) {
    Conversation same(clientContext, first, kHost);
    same.exchange();
    same.server.session->selectContext(chosen);
    same.server.receive({});
    same.exchange();
    CHECK(same.complete());
  }
  for (const auto& refusal : {std::shared_ptr<TlsContext>(), clientContext}) {
    Conversation refused(clientContext, first, kHost);
    refused.exchange();
    refused.server.session->selectContext(refusal);
    refused.server.receive({});
    refused.exchange();
    CHECK(refused.server.last == Outcome::kFailed);
    CHECK_EQUAL(refused.client.session->failure()->alertReceived, 112);
  }
  // Input is kept while it waits, up to a limit.
  Conversation flood(clientContext, first, kHost);
  flood.exchange();
  const std::string much(64 * 1024, 'x');
  for (int i = 0; i < 4; i++) flood.server.receive(bytesOf(much));
  CHECK(flood.server.last == Outcome::kFailed);
  // A client without a name.
  client.checkNames = false;
  Conversation nameless(makeContext(client), first, {});
  nameless.exchange();
  CHECK(nameless.server.last == Outcome::kWantsContext);
  CHECK(nameless.server.session->serverName().empty());
}

// A client that begins a key update, or sends half a message, must not break what is sent to it.
void sendsDuringTheirMessages() {
  const Party party;
  TlsSettings client = party.client();
  const auto clientContext = makeContext(client);
  const auto serverContext = makeContext(party.server());
  Conversation talk(clientContext, serverContext, kHost);
  // The client has everything but the last byte of the server's tickets.
  talk.client.last = talk.client.session->handshake(talk.client.output);
  Conversation::pass(talk.client, talk.server, SIZE_MAX);
  Conversation::pass(talk.server, talk.client, SIZE_MAX);
  Conversation::pass(talk.client, talk.server, SIZE_MAX);
  CHECK(talk.complete());
  const uint8_t last = talk.server.output.back();
  talk.server.output.pop_back();
  Conversation::pass(talk.server, talk.client, SIZE_MAX);
  talk.client.send("hello");
  const bool sent = talk.client.last == Outcome::kOk;
  talk.client.receive({&last, 1});
  if (!sent) talk.client.send("hello");
  talk.exchange();
  CHECK(talk.server.received == "hello");
}

// The peer's renegotiation of TLS 1.2 is refused, and data still arrives.
void keepsInputOfItsOwn() {
  const Party party;
  Conversation talk(makeContext(party.client()), makeContext(party.server()), kHost);
  talk.exchange();
  talk.client.send("one");
  talk.client.send("two");
  Octets sent = std::exchange(talk.client.output, {});
  TlsSession& server = *talk.server.session;
  server.feed(sent);
  uint8_t room[3];
  size_t count = 0;
  CHECK(server.read(room, count, talk.server.output) == Outcome::kOk);
  CHECK_EQUAL(count, 3);
  server.keepInput();
  server.keepInput();
  std::fill(sent.begin(), sent.end(), 0);
  CHECK(server.read(room, count, talk.server.output) == Outcome::kOk);
  CHECK(std::memcmp(room, "two", 3) == 0);
  // More input while some is left.
  talk.client.send("three");
  talk.client.send("four");
  const Octets all = std::exchange(talk.client.output, {});
  const Bytes more(all);
  server.feed(more.first(10));
  server.feed(more.subspan(10));
  talk.server.received.clear();
  talk.server.receive({});
  CHECK(talk.server.received == "threefour");
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(connects),
      STORY(makesFewRecords),
      STORY(sharesNoVersion),
      STORY(refusesGarbage),
      STORY(refusesChangedRecords),
      STORY(negotiatesProtocols),
      STORY(resumesSessions),
      STORY(exportsKeys),
      STORY(staplesResponses),
      STORY(logsKeys),
      STORY(refusesAnotherName),
      STORY(waitsForItsContext),
      STORY(sendsDuringTheirMessages),
      STORY(keepsInputOfItsOwn),
  });
}
