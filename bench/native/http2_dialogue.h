// HTTP/2 with prior knowledge: each message is so many GET requests, on streams of their own, and
// the answers to them: status 200 and the expected content. The first message is the preface and
// SETTINGS; it is answered by those of the server and the acknowledgement.
//
// The first request puts its fields into the server's table, later ones refer to them, as those of
// browsers do. Of an answer's head only the status is read, which has to be the first octet of the
// block. The connection's window is as large as possible, and not updated.
#ifndef BENCH_NATIVE_HTTP2_DIALOGUE_H_
#define BENCH_NATIVE_HTTP2_DIALOGUE_H_

#include <array>
#include <string>
#include <vector>

#include "dialogue.h"

namespace bench {

class Http2Dialogue : public Dialogue {
 public:
  // `content` is that of each answer, `streams` the number of requests in a message.
  Http2Dialogue(std::string content, uint32_t streams, uint32_t connections);

  bool greets() const override { return true; }
  std::string_view Message(uint32_t connection, uint32_t sequence) override;
  bool Check(uint32_t connection, uint32_t sequence, std::string_view* bytes,
             Faults* faults) override;
  size_t Abandon(uint32_t connection) override;

 private:
  static constexpr size_t kHeaderBytes = 9;

  // The answers to one message.
  struct Answer {
    std::array<char, kHeaderBytes> header;  // of the frame that arrives
    size_t header_bytes = 0;
    size_t left = 0;  // of its payload
    bool in_payload = false;
    bool has_status = false;         // the frame has none, or its status was read
    std::vector<uint32_t> received;  // content by stream; kEnded behind its end
    uint32_t ended = 0;              // streams
    bool settings = false;
    bool acknowledged = false;
  };

  bool TakeHeader(Answer& answer, std::string_view* bytes) const;
  void BeginFrame(Answer& answer, uint32_t sequence, Faults* faults) const;
  void TakePayload(Answer& answer, uint32_t sequence, std::string_view* bytes,
                   Faults* faults) const;
  void TakeContent(uint32_t* received, std::string_view bytes, Faults* faults) const;
  void EndFrame(Answer& answer, uint32_t sequence, Faults* faults) const;
  // Null if the frame's stream is not one of the message that waits for more.
  uint32_t* StreamOf(Answer& answer, uint32_t sequence) const;
  uint32_t FirstStream(uint32_t sequence) const;

  std::string content_;
  uint32_t streams_;
  std::string message_;
  std::vector<Answer> answers_;
};

}  // namespace bench

#endif  // BENCH_NATIVE_HTTP2_DIALOGUE_H_
