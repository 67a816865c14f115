// TLS on the client's streams, by the system's OpenSSL. Certificates are not verified: the client
// measures servers, and its own time does not count.
#ifndef BENCH_NATIVE_TLS_WIRE_H_
#define BENCH_NATIVE_TLS_WIRE_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace bench {

// kFull: each connection makes a whole handshake. kResumed: each resumes the session of an earlier
// one, by its ticket.
enum class Security { kNone, kFull, kResumed };

// "", "full" or "resumed".
Security SecurityNamed(const std::string& name);

// The settings of all connections of a load.
class TlsClient {
 public:
  explicit TlsClient(Security security);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool resumes() const;

 private:
  friend class Wire;
  struct State;
  std::unique_ptr<State> state_;
};

// A non-blocking stream, in clear or secured. Owns its descriptor.
class Wire {
 public:
  Wire() = default;
  ~Wire() { Close(); }
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&& other) noexcept;

  // `client` may be null, for a stream in clear. Secured, the handshake takes place in Send().
  void Open(int fd, TlsClient* client);
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  bool secured() const { return tls_ != nullptr; }

  // Completes the handshake of a new stream, spinning. Returns whether it succeeded.
  bool ShakeHands(uint64_t deadline_ns);
  // Whether the connection resumed an earlier one.
  bool Resumed() const;

  // As send(2) and recv(2): -1 with EAGAIN in errno if nothing can be done yet. After EAGAIN,
  // Send() is called again with the same bytes.
  ssize_t Send(const char* bytes, size_t length);
  ssize_t Receive(char* bytes, size_t length);

  // Sends close_notify if secured.
  void Close();

 private:
  ssize_t Outcome(int result);

  int fd_ = -1;
  ssl_st* tls_ = nullptr;
};

}  // namespace bench

#endif  // BENCH_NATIVE_TLS_WIRE_H_
