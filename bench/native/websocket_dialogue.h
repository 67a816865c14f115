// WebSocket (RFC 6455): the first message of a connection is the opening handshake, each further
// one a masked data frame, which comes back as one unmasked frame of the same kind.
#ifndef BENCH_NATIVE_WEBSOCKET_DIALOGUE_H_
#define BENCH_NATIVE_WEBSOCKET_DIALOGUE_H_

#include <string>

#include "dialogue.h"
#include "http_head.h"

namespace bench {

enum class FrameKind : uint8_t { kText = 0x81, kBinary = 0x82 };

// Whose message a connection receives: its own, or for all connections that of connection 0.
enum class Audience { kAuthor, kAll };

class WebSocketDialogue : public Dialogue {
 public:
  WebSocketDialogue(Payload payload, FrameKind kind, Audience audience, uint32_t connections);

  bool greets() const override { return true; }
  std::string_view Message(uint32_t connection, uint32_t sequence) override;
  bool Check(uint32_t connection, uint32_t sequence, std::string_view* bytes,
             Faults* faults) override;
  size_t Abandon(uint32_t connection) override;

 private:
  struct Answer {
    HeadReader head;
    size_t received = 0;  // of the frame
  };

  uint32_t AuthorOf(uint32_t connection) const;

  Payload payload_;
  Audience audience_;
  std::string header_;  // of an unmasked frame
  std::string frame_;   // the masked frame built last
  std::vector<Answer> answers_;
};

}  // namespace bench

#endif  // BENCH_NATIVE_WEBSOCKET_DIALOGUE_H_
