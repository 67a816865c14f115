// The destination of proxied connections, inside the load client: it accepts the proxy's
// connections and sends each whole message back, so the bytes that the client checks have passed
// the proxy twice. Behind an HTTP proxy, and an HTTP client, it answers each request with the same
// response instead. The client's own loop polls it: the proxy has its core to itself, and nothing
// sleeps.
#ifndef BENCH_NATIVE_FAR_END_H_
#define BENCH_NATIVE_FAR_END_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace bench {

class FarEnd {
 public:
  // `bytes` is the length of a message.
  explicit FarEnd(size_t bytes);
  // `answer` is the response to each request, which has no content.
  explicit FarEnd(std::string answer);
  ~FarEnd();
  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;

  // Listens on a port of 127.0.0.1 and returns it, or 0 with errno set.
  uint16_t Listen();

  // Does all pending work that does not block.
  void Poll();

  // The number of whole answers that were sent.
  uint64_t answered() const { return answered_; }

 private:
  struct Gathered {
    std::string bytes;          // received
    size_t sent = 0;            // of what is sent back
    bool is_answering = false;  // the whole message has arrived
  };

  void AcceptAll();
  void Receive(int fd);
  void Send(int fd);
  bool IsWhole(const std::string& bytes) const;
  void Close(int fd);

  size_t bytes_;
  std::string answer_;  // empty: the message
  uint64_t answered_ = 0;
  int epoll_;
  int listener_ = -1;
  std::unordered_map<int, Gathered> gathered_;  // by descriptor
  std::vector<int> blocked_;                    // the kernel has not yet accepted the whole message
  std::vector<char> inbox_;
};

}  // namespace bench

#endif  // BENCH_NATIVE_FAR_END_H_
