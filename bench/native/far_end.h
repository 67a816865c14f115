// The other end of proxied connections, in the load client itself: it accepts what a proxy connects
// and sends each whole message back, so that what the client checks has passed the proxy twice. It
// is polled by the client's own loop: the proxy alone uses its core, and nothing sleeps.
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
  // For messages of `bytes`.
  explicit FarEnd(size_t bytes);
  ~FarEnd();
  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;

  // Returns the port of 127.0.0.1 that it listens on, or 0 with errno set.
  uint16_t Listen();

  // Does what can be done without waiting.
  void Poll();

 private:
  void AcceptAll();
  void Receive(int fd);
  void Send(int fd);
  void Close(int fd);

  size_t bytes_;
  int epoll_;
  int listener_ = -1;
  std::unordered_map<int, std::string> gathered_;  // by descriptor: received and not yet sent
  std::vector<int> blocked_;                       // the kernel did not take the whole message yet
  std::vector<char> inbox_;
};

}  // namespace bench

#endif  // BENCH_NATIVE_FAR_END_H_
