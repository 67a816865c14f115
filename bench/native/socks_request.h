// The client's side of SOCKS 5 (RFC 1928): has a proxy connect to a port of 127.0.0.1.
#ifndef BENCH_NATIVE_SOCKS_REQUEST_H_
#define BENCH_NATIVE_SOCKS_REQUEST_H_

#include <cstddef>
#include <cstdint>

namespace bench {

constexpr size_t kSocksGreetingBytes = 3;
constexpr size_t kSocksRequestBytes = 10;
constexpr uint8_t kSocksMethodAnswer[] = {5, 0};
constexpr uint8_t kSocksReply[] = {5, 0, 0, 1, 0, 0, 0, 0, 0, 0};

// Exchanges all messages on `fd`, a connected stream to the proxy, and waits up to five seconds for
// each answer. Returns whether the proxy has connected.
bool RequestSocks(int fd, uint16_t port);

}  // namespace bench

#endif  // BENCH_NATIVE_SOCKS_REQUEST_H_
