// The reactor's state of a stream that is secured by TLS: see tls_streams.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "../net/write_queue.h"
#include "../tls/tls_session.h"

namespace ropewalk {

struct StreamTls {
  // kAwaitsContext: the host has been asked for the context of a server's session.
  enum class Phase : uint8_t { kHandshake, kAwaitsContext, kOpen, kFailed };

  explicit StreamTls(std::unique_ptr<TlsSession> session) : session(std::move(session)) {}

  size_t unsent() const { return wire == nullptr ? 0 : wire->size(); }
  // A server of TLS 1.3 sends session tickets once it has the last message of the handshake.
  bool awaitsTickets() const {
    return phase == Phase::kOpen && !heard && !session->isServer() &&
           std::string_view(session->version()) == "TLSv1.3";
  }
  // Queues bytes that the system has not taken.
  void keep(Bytes bytes) {
    if (bytes.empty()) return;
    if (wire == nullptr) wire = std::make_unique<WriteQueue>();
    wire->push(bytes);
  }

  const std::unique_ptr<TlsSession> session;
  // Bytes for the system: those written in clear before the handshake, then ciphertext. Exists only
  // while there are any.
  std::unique_ptr<WriteQueue> wire;
  uint32_t unsentReplies = 0;  // at most this much of `wire` was caused by the peer's input
  Phase phase = Phase::kHandshake;
  bool hostReads = true;   // the host has not paused the stream
  bool heard = false;      // input has arrived since the handshake was complete
  bool stepDue = false;    // the handshake continues without further input
  bool closeSent = false;  // close_notify is encrypted: nothing can be written any more
};

}  // namespace ropewalk
