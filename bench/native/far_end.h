// The destination of proxied connections, inside the load client: it accepts the proxy's
// connections and sends each whole message back, so the bytes that the client checks have passed
// the proxy twice. The client's own loop polls it: the proxy has its core to itself, and nothing
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
  ~FarEnd();
  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;

  // Listens on a port of 127.0.0.1 and returns it, or 0 with errno set.
  uint16_t Listen();

  // Does all pending work that does not block.
  void Poll();

 private:
  struct Gathered {
    std::string bytes;  // received
    size_t sent = 0;    // of them, of a whole message
  };

  void AcceptAll();
  void Receive(int fd);
  void Send(int fd);
  void Close(int fd);

  size_t bytes_;
  int epoll_;
  int listener_ = -1;
  std::unordered_map<int, Gathered> gathered_;  // by descriptor
  std::vector<int> blocked_;                    // the kernel has not yet accepted the whole message
  std::vector<char> inbox_;
};

}  // namespace bench

#endif  // BENCH_NATIVE_FAR_END_H_
