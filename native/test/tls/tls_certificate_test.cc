// Faults of certificates, and of the settings of contexts.

#include <openssl/x509_vfy.h>

#include <cstring>

#include "conversation.h"

namespace ropewalk {
namespace {

const Certificate& root() {
  static const Certificate made = makeRoot();
  return made;
}

TlsSettings serverOf(const Certificate& leaf, const Certificate* intermediate = nullptr) {
  TlsSettings settings;
  settings.identities.push_back(leaf.identity(intermediate));
  return settings;
}

TlsSettings clientSettings() {
  TlsSettings settings;
  settings.server = false;
  settings.peer = TlsPeer::kRequired;
  settings.roots = trust({&root()});
  return settings;
}

// The failure of a client that connects; nothing if it succeeds.
TlsFailure failureWith(const TlsSettings& client, const TlsSettings& server,
                       const char* host = "server.example") {
  Conversation talk(makeContext(client), makeContext(server), {.hostname = host});
  talk.exchange();
  if (talk.client.last != Outcome::kFailed) {
    CHECK(talk.complete());
    return {};
  }
  CHECK(talk.server.last == Outcome::kFailed);
  CHECK(talk.server.session->failure()->alertReceived == talk.client.session->failure()->alertSent);
  return *talk.client.session->failure();
}

TlsFailure failureOf(const Certificate& leaf, const char* host = "server.example") {
  return failureWith(clientSettings(), serverOf(leaf), host);
}

void verifiesDates() {
  const Certificate expired =
      makeCertificate({.fromSeconds = -7200, .untilSeconds = -3600}, &root());
  TlsFailure failure = failureOf(expired);
  CHECK_EQUAL(failure.verifyError, X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK(failure.reason == "certificate verify failed");
  CHECK_EQUAL(failure.alertSent, 45);
  CHECK_EQUAL(failure.depth, 0);
  CHECK(failure.certificate == expired.der());
  const Certificate early = makeCertificate({.fromSeconds = 3600}, &root());
  CHECK_EQUAL(failureOf(early).verifyError, X509_V_ERR_CERT_NOT_YET_VALID);
}

void verifiesNames() {
  const Certificate leaf = makeCertificate(
      {.subject = "subject.example",
       .names = "DNS:server.example,DNS:*.wild.example,DNS:f*.part.example,IP:127.0.0.1,IP:::1"},
      &root());
  for (const char* host :
       {"server.example", "SERVER.example", "a.wild.example", "127.0.0.1", "::1"}) {
    CHECK_EQUAL(failureOf(leaf, host).verifyError, 0);
  }
  for (const char* host : {"other.example", "wild.example", "a.b.wild.example", "foo.part.example",
                           "subject.example"}) {
    CHECK_EQUAL(failureOf(leaf, host).verifyError, X509_V_ERR_HOSTNAME_MISMATCH);
  }
  CHECK_EQUAL(failureOf(leaf, "127.0.0.2").verifyError, X509_V_ERR_IP_ADDRESS_MISMATCH);
  const Certificate nameless =
      makeCertificate({.subject = "server.example", .names = nullptr}, &root());
  CHECK_EQUAL(failureOf(nameless).verifyError, X509_V_ERR_HOSTNAME_MISMATCH);

  TlsSettings client = clientSettings();
  CHECK(TlsSession::make(makeContext(client), {}) == nullptr);
  client.checkNames = false;
  CHECK_EQUAL(failureWith(client, serverOf(leaf), "other.example").verifyError, 0);
  CHECK_EQUAL(failureWith(client, serverOf(leaf), "127.0.0.2").verifyError, 0);
  CHECK_EQUAL(failureWith(client, serverOf(leaf), "").verifyError, 0);
}

void verifiesChains() {
  const Certificate otherRoot = makeRoot("other root");
  CHECK_EQUAL(failureOf(makeCertificate({}, &otherRoot)).verifyError,
              X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  CHECK_EQUAL(failureOf(makeCertificate({})).verifyError, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  const Certificate intermediate =
      makeCertificate({.subject = "intermediate", .isAuthority = true}, &root());
  const Certificate leaf = makeCertificate({}, &intermediate);
  CHECK_EQUAL(failureWith(clientSettings(), serverOf(leaf, &intermediate)).verifyError, 0);
  CHECK_EQUAL(failureWith(clientSettings(), serverOf(leaf)).verifyError,
              X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  // The fault is in the chain.
  const Certificate old = makeCertificate(
      {.subject = "old", .isAuthority = true, .fromSeconds = -7200, .untilSeconds = -3600},
      &root());
  const TlsFailure failure =
      failureWith(clientSettings(), serverOf(makeCertificate({}, &old), &old));
  CHECK_EQUAL(failure.verifyError, X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK_EQUAL(failure.depth, 1);
  CHECK(failure.certificate == old.der());
  TlsSettings trusting = clientSettings();
  trusting.roots = nullptr;
  CHECK_EQUAL(failureWith(trusting, serverOf(leaf, &intermediate)).verifyError,
              X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
}

void verifiesUse() {
  CHECK_EQUAL(failureOf(makeCertificate({.usage = "clientAuth"}, &root())).verifyError,
              X509_V_ERR_INVALID_PURPOSE);
  CHECK_EQUAL(failureOf(makeCertificate({.usage = "serverAuth"}, &root())).verifyError, 0);
  TlsSettings client = clientSettings();
  client.ciphers = "DEFAULT:@SECLEVEL=2";
  TlsSettings server;
  server.ciphers = "DEFAULT:@SECLEVEL=0";
  server.identities = {makeCertificate({.rsa = true, .bits = 1024}, &root()).identity()};
  CHECK_EQUAL(failureWith(client, server).verifyError, X509_V_ERR_EE_KEY_TOO_SMALL);
}

void verifiesRevocation() {
  const Certificate good = makeCertificate({}, &root());
  const Certificate bad = makeCertificate({}, &root());
  const Octets crls[] = {makeCrl(root(), &bad)};
  TlsSettings client = clientSettings();
  client.roots = trust({&root()}, crls);
  CHECK_EQUAL(failureWith(client, serverOf(good)).verifyError, 0);
  CHECK_EQUAL(failureWith(client, serverOf(bad)).verifyError, X509_V_ERR_CERT_REVOKED);
  TlsFault fault;
  const Octets faulty[] = {{1, 2, 3}};
  CHECK(TlsRoots::make(theOpenSsl(), {}, faulty, fault) == nullptr);
  CHECK(std::strcmp(fault.field, "crls") == 0);
}

void verifiesPins() {
  const Certificate leaf = makeCertificate({}, &root());
  const Certificate other = makeCertificate({});
  TlsSettings client = clientSettings();
  for (const Certificate* pinned : {&leaf, &root()}) {
    client.pins = {other.pin(), pinned->pin()};
    CHECK_EQUAL(failureWith(client, serverOf(leaf)).verifyError, 0);
  }
  client.pins = {other.pin()};
  const TlsFailure failure = failureWith(client, serverOf(leaf));
  CHECK_EQUAL(failure.verifyError, X509_V_ERR_APPLICATION_VERIFICATION);
  CHECK(failure.certificate == leaf.der());
  // Without trust in any root, the pin is all that counts, besides the name.
  client.trustAny = true;
  CHECK_EQUAL(failureWith(client, serverOf(other)).verifyError, 0);
  CHECK_EQUAL(failureWith(client, serverOf(other), "other.example").verifyError,
              X509_V_ERR_HOSTNAME_MISMATCH);
  CHECK_EQUAL(failureWith(client, serverOf(other), "127.0.0.1").verifyError,
              X509_V_ERR_IP_ADDRESS_MISMATCH);
  CHECK_EQUAL(failureWith(client, serverOf(leaf)).verifyError, X509_V_ERR_APPLICATION_VERIFICATION);
  client.pins = {};
  CHECK_EQUAL(failureWith(client, serverOf(leaf)).verifyError, 0);
}

void verifiesClients() {
  const Certificate leaf = makeCertificate({}, &root());
  const Certificate person = makeCertificate({.subject = "person", .usage = "clientAuth"}, &root());
  const Certificate stranger = makeCertificate({.subject = "stranger"});
  for (const int version : {openssl::kTls12Version, openssl::kTls13Version}) {
    TlsSettings server = serverOf(leaf);
    server.maxVersion = version;
    server.peer = TlsPeer::kRequested;
    server.roots = trust({&root()});
    server.clientRoots = {root().der()};
    const auto requesting = makeContext(server);
    server.peer = TlsPeer::kRequired;
    const auto requiring = makeContext(server);
    server.trustAny = true;
    const auto trusting = makeContext(server);
    TlsSettings client = clientSettings();
    const auto nobody = makeContext(client);
    client.identities = {person.identity()};
    client.sessionCacheSize = 1;
    const auto known = makeContext(client);
    client.identities = {stranger.identity()};
    const auto unknown = makeContext(client);

    const auto outcome = [&](const auto& clientContext, const auto& serverContext) {
      Conversation talk(clientContext, serverContext,
                        {.hostname = "server.example", .sessionKey = "key"});
      talk.exchange();
      return talk.server.last == Outcome::kFailed
                 ? talk.server.session->failure()->alertSent
                 : -static_cast<int>(talk.server.session->peerChain().size());
    };
    CHECK_EQUAL(outcome(nobody, requesting), 0);
    CHECK_EQUAL(outcome(known, requesting), -1);
    CHECK_EQUAL(outcome(known, requesting), -1);  // resumed
    CHECK_EQUAL(outcome(unknown, requesting), 48);
    CHECK_EQUAL(outcome(nobody, requiring), version == openssl::kTls13Version ? 116 : 40);
    CHECK_EQUAL(outcome(known, requiring), -1);
    CHECK_EQUAL(outcome(unknown, trusting), -1);
  }
}

void readsPfx() {
  const Certificate intermediate =
      makeCertificate({.subject = "intermediate", .isAuthority = true}, &root());
  const Certificate leaf = makeCertificate({}, &intermediate);
  TlsSettings server;
  TlsIdentity identity;
  identity.pfx = makePfx(leaf, intermediate, "secret");
  identity.passphrase = "secret";
  server.identities = {identity};
  CHECK_EQUAL(failureWith(clientSettings(), server).verifyError, 0);
  server.identities[0].passphrase = "wrong";
  CHECK(std::strcmp(faultOf(server).field, "pfx") == 0);
  server.identities[0].pfx = {1, 2, 3};
  CHECK(std::strcmp(faultOf(server).field, "pfx") == 0);
}

void refusesFaultySettings() {
  const Certificate leaf = makeCertificate({}, &root());
  const auto field = [&](auto change) {
    TlsSettings settings = serverOf(leaf);
    change(settings);
    return std::string(faultOf(settings).field);
  };
  CHECK(field([](TlsSettings& to) { to.ciphers = "none of these"; }) == "ciphers");
  CHECK(field([](TlsSettings& to) { to.cipherSuites = "TLS_NONE"; }) == "cipherSuites");
  CHECK(field([](TlsSettings& to) { to.groups = "none"; }) == "groups");
  CHECK(field([](TlsSettings& to) { to.signatureAlgorithms = "none"; }) == "signatureAlgorithms");
  CHECK(field([](TlsSettings& to) { to.ticketKeys = {Octets(3)}; }) == "ticketKeys");
  CHECK(field([](TlsSettings& to) { to.sessionIdContext = Octets(33); }) == "sessionIdContext");
  CHECK(field([](TlsSettings& to) { to.pins = {Octets(31)}; }) == "pins");
  CHECK(field([](TlsSettings& to) { to.clientRoots = {Octets(3)}; }) == "roots");
  CHECK(field([](TlsSettings& to) { to.minVersion = 1; }) == "minVersion");
  CHECK(field([](TlsSettings& to) { to.maxVersion = 1; }) == "maxVersion");
  CHECK(field([](TlsSettings& to) { to.identities[0].key = {}; }) == "key");
  CHECK(field([](TlsSettings& to) { to.identities[0].chain = {}; }) == "certificate");
  CHECK(field([](TlsSettings& to) { to.identities[0].chain.push_back({1}); }) == "certificate");
  CHECK(field([](TlsSettings& to) { to.identities[0].chain[0] = {1}; }) == "certificate");
  const Octets otherKey = makeCertificate({}).keyDer();
  CHECK(field([&](TlsSettings& to) { to.identities[0].key = otherKey; }) == "identity");
  TlsFault fault;
  const Octets faulty[] = {{1, 2, 3}};
  CHECK(TlsRoots::make(theOpenSsl(), faulty, {}, fault) == nullptr);
  CHECK(std::strcmp(fault.field, "roots") == 0);
}

void sendsItsRootsNames() {
  // A client without a matching certificate receives the names of the trusted roots.
  TlsSettings server = serverOf(makeCertificate({}, &root()));
  server.peer = TlsPeer::kRequested;
  server.roots = trust({&root()});
  Conversation without(makeContext(clientSettings()), makeContext(server),
                       {.hostname = "server.example"});
  without.exchange();
  CHECK(without.complete());
  server.clientRoots = {root().der()};
  server.maxVersion = openssl::kTls12Version;  // not encrypted there
  Conversation talk(makeContext(clientSettings()), makeContext(server),
                    {.hostname = "server.example"});
  talk.client.session->handshake(talk.client.output);
  Conversation::pass(talk.client, talk.server, SIZE_MAX);
  const Octets& flight = talk.server.output;
  unsigned char* name = nullptr;
  const int size = i2d_X509_NAME(X509_get_subject_name(root().x509.get()), &name);
  // Once as the issuer of its certificate, once as a trusted root.
  size_t times = 0;
  for (auto at = flight.begin();; at++, times++) {
    at = std::search(at, flight.end(), name, name + size);
    if (at == flight.end()) break;
  }
  OPENSSL_free(name);
  CHECK_EQUAL(times, 2);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(verifiesDates),
      STORY(verifiesNames),
      STORY(verifiesChains),
      STORY(verifiesUse),
      STORY(verifiesRevocation),
      STORY(verifiesPins),
      STORY(verifiesClients),
      STORY(readsPfx),
      STORY(refusesFaultySettings),
      STORY(sendsItsRootsNames),
  });
}
