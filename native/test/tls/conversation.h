// Two sessions in memory.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "certificates.h"
#include "test/sockets.h"
#include "tls/tls_session.h"

namespace ropewalk {

using Outcome = TlsSession::Outcome;

inline const OpenSsl& theOpenSsl() {
  const OpenSslSearch& search = findOpenSsl();
  if (search.found == nullptr) failCheck(__FILE__, __LINE__, search.reason);
  return *search.found;
}

inline std::shared_ptr<TlsContext> makeContext(const TlsSettings& settings) {
  TlsFault fault;
  std::shared_ptr<TlsContext> made = TlsContext::make(theOpenSsl(), settings, fault);
  if (made == nullptr) failCheck(__FILE__, __LINE__, fault.field + (": " + fault.reason));
  return made;
}

inline TlsFault faultOf(const TlsSettings& settings) {
  TlsFault fault;
  CHECK(TlsContext::make(theOpenSsl(), settings, fault) == nullptr);
  return fault;
}

inline std::shared_ptr<TlsRoots> trust(std::initializer_list<const Certificate*> roots,
                                       std::span<const Octets> crls = {}) {
  std::vector<Octets> ders;
  for (const Certificate* root : roots) ders.push_back(root->der());
  TlsFault fault;
  auto made = TlsRoots::make(theOpenSsl(), ders, crls, fault);
  CHECK(made != nullptr);
  return made;
}

// "h2", "http/1.1" as in the extension.
inline Octets protocols(std::initializer_list<std::string_view> names) {
  Octets list;
  for (const std::string_view name : names) {
    list.push_back(static_cast<uint8_t>(name.size()));
    list.insert(list.end(), name.begin(), name.end());
  }
  return list;
}

// One end: its session and everything that it has received and not sent yet.
struct End {
  std::unique_ptr<TlsSession> session;
  Octets output = {};
  std::string received = {};
  Outcome last = Outcome::kWantsInput;

  void receive(Bytes ciphertext) {
    session->feed(ciphertext);
    uint8_t room[1000];
    do {
      size_t count = 0;
      last = session->read(room, count, output);
      received.append(reinterpret_cast<const char*>(room), count);
    } while (last == Outcome::kOk);
    session->keepInput();
  }
  void send(std::string_view text) { last = session->write(bytesOf(text), output); }
};

struct Conversation {
  End client;
  End server;

  Conversation(const std::shared_ptr<TlsContext>& clientContext,
               const std::shared_ptr<TlsContext>& serverContext, TlsSession::Options options = {})
      : client{TlsSession::make(clientContext, std::move(options))},
        server{TlsSession::make(serverContext, {})} {
    CHECK(client.session != nullptr && server.session != nullptr);
  }

  // Exchanges everything, in pieces of at most `piece` bytes.
  void exchange(size_t piece = SIZE_MAX) {
    if (!client.session->handshakeComplete()) {
      client.last = client.session->handshake(client.output);
    }
    while (!client.output.empty() || !server.output.empty()) {
      pass(client, server, piece);
      pass(server, client, piece);
    }
  }

  static void pass(End& from, End& to, size_t piece) {
    const Octets sent = std::exchange(from.output, {});
    for (size_t at = 0; at < sent.size();) {
      const size_t size = std::min(piece, sent.size() - at);
      const Octets copy(sent.begin() + static_cast<ptrdiff_t>(at),
                        sent.begin() + static_cast<ptrdiff_t>(at + size));
      to.receive(copy);
      at += size;
    }
  }

  bool complete() const {
    return client.session->handshakeComplete() && server.session->handshakeComplete();
  }
};

}  // namespace ropewalk
