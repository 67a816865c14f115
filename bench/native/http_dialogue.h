// HTTP/1.1 requests of one kind, several in one message, and their answers: status 200, a
// Content-Length, and the expected content.
#ifndef BENCH_NATIVE_HTTP_DIALOGUE_H_
#define BENCH_NATIVE_HTTP_DIALOGUE_H_

#include <string>

#include "dialogue.h"
#include "http_head.h"

namespace bench {

struct HttpExchange {
  std::string request;  // head and content
  std::string content;  // of the answer; empty: any of `bytes`
  size_t bytes = 0;     // of the answer's content
  uint32_t pipelined = 1;
};

class HttpDialogue : public Dialogue {
 public:
  HttpDialogue(const HttpExchange& exchange, uint32_t connections);

  std::string_view Message(uint32_t, uint32_t) override { return message_; }
  bool Check(uint32_t connection, uint32_t sequence, std::string_view* bytes,
             Faults* faults) override;
  size_t Abandon(uint32_t connection) override;

 private:
  struct Answer {
    HeadReader head;
    size_t left = 0;        // of the content
    uint32_t answered = 0;  // of the pipelined requests
    bool in_content = false;
  };

  bool TakeHead(Answer& answer, std::string_view* bytes, Faults* faults) const;
  bool IsValid(std::string_view head) const;
  void TakeContent(Answer& answer, std::string_view* bytes, Faults* faults) const;

  std::string message_;
  std::string content_;
  size_t bytes_;
  uint32_t pipelined_;
  std::vector<Answer> answers_;
};

}  // namespace bench

#endif  // BENCH_NATIVE_HTTP_DIALOGUE_H_
