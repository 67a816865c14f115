// The lower bound of TLS: the sessions of native/tls over level-triggered epoll, one recv and one
// send per event, without JavaScript. Echoes the bytes it reads.
//
// Usage: raw_tls_server --certificate FILE --key FILE [--port N] [--mode echo|idle]
// Prints `PORT n`; serves on 127.0.0.1 until standard input ends.
#include <openssl/pem.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../../native/tls/tls_session.h"
#include "epoll_loop.h"
#include "loopback.h"

namespace bench {
namespace {

using ropewalk::Octets;
using ropewalk::TlsContext;
using ropewalk::TlsSession;
using Outcome = TlsSession::Outcome;

constexpr int kBacklog = 4096;
constexpr size_t kBufferBytes = 64 * 1024;

struct Connection {
  std::unique_ptr<TlsSession> session;
  Octets unsent;  // until the kernel accepts it, the connection is not read
};

class Server {
 public:
  // `listener` is a non-blocking listening socket.
  Server(std::shared_ptr<TlsContext> context, int listener)
      : context_(std::move(context)),
        loop_(listener),
        ciphertext_(kBufferBytes),
        plaintext_(kBufferBytes) {}

  void RunUntilInputEnds() { loop_.RunUntilInputEnds(*this); }
  void AcceptReady();
  void Serve(int fd, uint32_t events);

 private:
  bool Advance(int fd, Connection& connection, uint32_t events);
  bool Answer(Connection& connection);
  bool Send(int fd, Connection& connection);

  std::shared_ptr<TlsContext> context_;
  EpollLoop loop_;
  std::unordered_map<int, Connection> connections_;
  Octets ciphertext_;
  Octets plaintext_;
  Octets output_;
};

void Server::AcceptReady() {
  int fd = loop_.Accept();
  if (fd >= 0) connections_[fd].session = TlsSession::make(context_, {});
}

void Server::Serve(int fd, uint32_t events) {
  if (Advance(fd, connections_[fd], events)) return;
  connections_.erase(fd);
  close(fd);
}

// Returns whether the connection lives on.
bool Server::Advance(int fd, Connection& connection, uint32_t events) {
  output_.clear();
  if (events & EPOLLOUT) return Send(fd, connection);
  ssize_t length = recv(fd, ciphertext_.data(), ciphertext_.size(), 0);
  if (length < 0 && errno == EAGAIN) return true;
  if (length <= 0) return false;
  connection.session->feed({ciphertext_.data(), static_cast<size_t>(length)});
  return Answer(connection) && Send(fd, connection);
}

// Encrypts what has arrived into `output_`.
bool Server::Answer(Connection& connection) {
  for (;;) {
    size_t count = 0;
    Outcome outcome = connection.session->read(plaintext_, count, output_);
    if (count > 0) connection.session->write({plaintext_.data(), count}, output_);
    if (outcome != Outcome::kOk) return outcome == Outcome::kWantsInput;
  }
}

bool Server::Send(int fd, Connection& connection) {
  Octets& unsent = connection.unsent;
  bool waited = !unsent.empty();
  if (waited) output_.insert(output_.begin(), unsent.begin(), unsent.end());
  unsent.clear();
  if (output_.empty()) return true;
  ssize_t taken = send(fd, output_.data(), output_.size(), MSG_NOSIGNAL);
  if (taken < 0 && errno != EAGAIN) return false;
  unsent.assign(output_.begin() + (taken < 0 ? 0 : taken), output_.end());
  if (unsent.empty() == waited) loop_.WatchFor(fd, waited ? EPOLLIN : EPOLLOUT);
  return true;
}

// The DER of the first certificate or private key in a PEM file; empty if there is none.
Octets ReadPem(const char* path) {
  FILE* file = std::fopen(path, "r");
  if (file == nullptr) return {};
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  Octets der;
  if (PEM_read(file, &name, &header, &data, &size) == 1) der.assign(data, data + size);
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  std::fclose(file);
  return der;
}

bool ParseOptions(int argc, char** argv, uint16_t* port, ropewalk::TlsIdentity* identity) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    std::string_view value = argv[i + 1];
    if (name == "--port") {
      *port = static_cast<uint16_t>(std::atoi(argv[i + 1]));
    } else if (name == "--certificate") {
      identity->chain.push_back(ReadPem(argv[i + 1]));
    } else if (name == "--key") {
      identity->key = ReadPem(argv[i + 1]);
    } else if (name != "--mode" || (value != "echo" && value != "idle")) {
      return false;
    }
  }
  return argc % 2 == 1 && !identity->chain.empty() && !identity->key.empty();
}

// Null if there is none, which is reported.
std::shared_ptr<TlsContext> MakeContext(ropewalk::TlsIdentity identity) {
  const ropewalk::OpenSslSearch& search = ropewalk::findOpenSsl();
  if (search.found == nullptr) {
    std::fprintf(stderr, "%s\n", search.reason.c_str());
    return nullptr;
  }
  ropewalk::TlsSettings settings;
  settings.identities.push_back(std::move(identity));
  ropewalk::TlsFault fault;
  std::shared_ptr<TlsContext> context = TlsContext::make(*search.found, settings, fault);
  if (context == nullptr) std::fprintf(stderr, "%s: %s\n", fault.field, fault.reason.c_str());
  return context;
}

int Main(int argc, char** argv) {
  uint16_t port = 0;
  ropewalk::TlsIdentity identity;
  if (!ParseOptions(argc, argv, &port, &identity)) {
    std::fprintf(stderr, "usage: %s --certificate FILE --key FILE [--port N] [--mode echo|idle]\n",
                 argv[0]);
    return 2;
  }
  std::shared_ptr<TlsContext> context = MakeContext(std::move(identity));
  if (context == nullptr) return 1;
  int listener = ListenTcp(port, false, kBacklog);
  if (listener < 0) {
    std::perror("listen");
    return 1;
  }
  std::printf("PORT %u\n", PortOf(listener));
  std::fflush(stdout);
  Server(std::move(context), listener).RunUntilInputEnds();
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(argc, argv);
}
