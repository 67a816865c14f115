// Shared by tls_session_check_test and tls_session_fuzz.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "test/tls/rfc8448.h"

namespace ropewalk {

// Contexts for all runs: making keys would take most of the time.
class CheckedContexts {
 public:
  static constexpr int kKinds = 4;

  CheckedContexts() {
    for (int kind = 0; kind < kKinds; kind++) {
      TlsSettings server;
      server.identities = {leaf_.identity()};
      server.alpn = protocols({"h2", "imap"});
      server.ticketKeys = {Octets(48, 7)};
      server.maxVersion = kind % 2 == 0 ? openssl::kTls13Version : openssl::kTls12Version;
      server.selectsByName = kind >= 2;
      server.peer = kind == 3 ? TlsPeer::kRequested : TlsPeer::kIgnored;
      server.roots = trust({&root_});
      server.keyLog = true;
      servers_[kind] = makeContext(server);
    }
    TlsSettings client;
    client.server = false;
    client.peer = TlsPeer::kRequired;
    client.roots = trust({&root_});
    client.alpn = protocols({"imap"});
    client.sessionCacheSize = 1;
    client.ocsp = true;
    client.identities = {leaf_.identity()};
    client_ = makeContext(client);
  }

  const std::shared_ptr<TlsContext>& server(int kind) const { return servers_[kind % kKinds]; }
  const std::shared_ptr<TlsContext>& client() const { return client_; }

 private:
  const Certificate root_ = makeRoot();
  const Certificate leaf_ = makeCertificate({}, &root_);
  std::array<std::shared_ptr<TlsContext>, kKinds> servers_;
  std::shared_ptr<TlsContext> client_;
};

inline const CipherSuite* suiteOf(const TlsSession& session) {
  const std::string_view name = session.cipher();
  const uint16_t id = name == "TLS_AES_128_GCM_SHA256"         ? 0x1301
                      : name == "TLS_AES_256_GCM_SHA384"       ? 0x1302
                      : name == "TLS_CHACHA20_POLY1305_SHA256" ? 0x1303
                                                               : 0;
  return id == 0 ? nullptr : findCipherSuite(theOpenSsl(), id);
}

// One end, the plaintext that it was asked to encrypt, and the ciphertext on its way to the other.
struct CheckedEnd {
  End end;
  std::string written = {};
  Octets wire = {};
  bool wasComplete = false;  // the handshake, before the latest call
  uint64_t sealed = 0;       // records with the final keys
  std::unique_ptr<Sealer> sealer = {};

  // Moves the output of a call to the wire. A client's last message has earlier keys, and follows
  // none with the final ones; all of a server's that follow the client's last message have these.
  void collect() {
    const TlsSession& session = *end.session;
    const Octets output = std::exchange(end.output, {});
    wire.insert(wire.end(), output.begin(), output.end());
    const bool counts = wasComplete || (session.isServer() && session.handshakeComplete());
    wasComplete = session.handshakeComplete();
    for (size_t at = 0; counts && at + 5 <= output.size();) {
      sealed += output[at] == 23 ? 1 : 0;
      at += 5 + static_cast<size_t>(output[at + 3] << 8 | output[at + 4]);
    }
  }

  // Sends a record with the right keys and any content, as the program says.
  void seal(std::string_view keyLog, Bytes program) {
    constexpr size_t kHead = 3;
    const CipherSuite* suite = suiteOf(*end.session);
    if (!end.session->handshakeComplete() || suite == nullptr || program.size() < kHead) return;
    if (sealer == nullptr) sealer = sealerOf(keyLog, end.session->isServer(), *suite, sealed);
    if (sealer == nullptr) return;
    const uint8_t type = std::max<uint8_t>(program[0], 1);
    const Bytes content =
        program.subspan(kHead, std::min<size_t>(program[1], program.size() - kHead));
    const Octets record = sealer->seal(type, content, program[2]);
    wire.insert(wire.end(), record.begin(), record.end());
    if (type == 23) written.append(content.begin(), content.end());
    const bool isUpdate = content.size() == 5 && content[0] == 24 && content[3] == 1;
    if (type == 22 && isUpdate) sealer->update();
  }

  // The invariants of a session.
  void check() const {
    const TlsSession& session = *end.session;
    CHECK_EQUAL(session.failure() != nullptr, end.last == Outcome::kFailed);
    if (session.failure() != nullptr) CHECK(!session.failure()->reason.empty());
    CHECK(!(session.handshakeComplete() && session.failure() != nullptr));
    uint8_t key[16];
    CHECK_EQUAL(session.exportKeyingMaterial(key, "label", nullptr), session.handshakeComplete());
    session.version();
    session.cipher();
    session.protocol();
    session.serverName();
    session.resumed();
    session.ocspResponse();
    session.peerChain();
  }
};

// Drives two sessions with a byte string as the program: writes, closes, feeds in pieces, changed
// bytes, bytes of neither, records of any content with the right keys, contexts selected at any
// time. Neither aborts or reports plaintext that
// the other has not written; a failed one stays failed and gives no more output. Returns the
// plaintext that arrived, in bytes.
inline size_t checkTlsSession(Bytes program) {
  static const CheckedContexts contexts;
  if (program.empty()) return 0;
  const int kind = program[0];
  std::string keyLog;
  const auto takeKeyLogs = [&] {
    for (int i = 0; i < CheckedContexts::kKinds; i++) keyLog += contexts.server(i)->takeKeyLog();
  };
  takeKeyLogs();
  keyLog.clear();
  const auto open = [](const std::shared_ptr<TlsContext>& context, TlsSession::Options options) {
    CheckedEnd made{{TlsSession::make(context, std::move(options))}};
    CHECK(made.end.session != nullptr);
    return made;
  };
  CheckedEnd ends[] = {
      open(contexts.client(), {.hostname = "server.example", .sessionKey = "key"}),
      open(contexts.server(kind), {}),
  };

  for (size_t i = 1; i + 1 < program.size(); i += 2) {
    CheckedEnd& from = ends[program[i] & 1];
    CheckedEnd& to = ends[1 - (program[i] & 1)];
    TlsSession& session = *from.end.session;
    const uint8_t amount = program[i + 1];
    const bool failed = session.failure() != nullptr;
    switch (program[i] >> 1 & 7) {
      case 0:
        from.end.last = session.handshake(from.end.output);
        break;
      case 1: {
        const std::string text(size_t{amount} * 97, static_cast<char>(amount));
        const Outcome outcome = session.write(bytesOf(text), from.end.output);
        if (outcome == Outcome::kOk) from.written += text;
        CHECK(outcome != Outcome::kWantsContext);
        if (outcome == Outcome::kFailed) from.end.last = outcome;
        break;
      }
      case 2:
        session.close(from.end.output);
        break;
      case 3:
        session.selectContext(amount == 0    ? nullptr
                              : amount < 128 ? contexts.server(amount)
                                             : contexts.client());
        break;
      case 4: {  // a part of the wire
        const size_t size = std::min(from.wire.size(), size_t{amount} * 8 + 1);
        const Octets piece(from.wire.begin(), from.wire.begin() + static_cast<ptrdiff_t>(size));
        from.wire.erase(from.wire.begin(), from.wire.begin() + static_cast<ptrdiff_t>(size));
        to.end.receive(piece);
        break;
      }
      case 5: {  // all of it
        const Octets all = std::exchange(from.wire, {});
        to.end.receive(all);
        break;
      }
      case 6:
        if (!from.wire.empty()) from.wire[amount % from.wire.size()] ^= 1 << (amount & 7);
        break;
      case 7: {  // the program itself: records, or bytes of nobody
        if ((amount & 1) != 0) {
          from.seal(keyLog, program.subspan(i + 2));
          break;
        }
        const size_t size = std::min(program.size() - i, size_t{amount});
        from.end.receive(program.subspan(i, size));
        break;
      }
    }
    if (failed) CHECK(from.end.output.empty());
    for (CheckedEnd& each : ends) {
      each.check();
      each.collect();
    }
    for (int end = 0; end < 2; end++) {
      CHECK(ends[1 - end].written.starts_with(ends[end].end.received));
    }
    takeKeyLogs();
  }
  return ends[0].end.received.size() + ends[1].end.received.size();
}

}  // namespace ropewalk
