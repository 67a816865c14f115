// Sends and receives datagrams for the clients and servers of this folder: with large socket
// buffers and, optionally, many datagrams per call, which the kernel splits (UDP_SEGMENT) and joins
// (UDP_GRO; both in udp(7)).
#ifndef BENCH_NATIVE_DATAGRAMS_H_
#define BENCH_NATIVE_DATAGRAMS_H_

#include <netinet/in.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace bench {

// The buffer size that all sides request: with the kernel's default, a thousand peers overflow the
// server's buffer.
constexpr int kDatagramBufferBytes = 4 * 1024 * 1024;

// The maximum that the kernel delivers in one receive, joined datagrams included.
constexpr size_t kMaxReceiveBytes = 64 * 1024;

// A non-blocking socket with these buffers, or -1 with errno set. The kernel may grant less.
int OpenDatagramSocket();

// Allows the kernel to join datagrams of one peer from now on, if it can.
void JoinReceives(int fd);

// Receives datagrams of one peer; each is `each` bytes long, the last may be shorter. Returns the
// sum of their lengths, or -1 with errno set.
ssize_t ReceiveJoined(int fd, char* bytes, size_t capacity, sockaddr_in* peer, size_t* each);

// The number of datagrams of `length` bytes that one send can carry: 1 if the kernel cannot split.
uint32_t CopiesPerSend(int fd, size_t length);

// Sends the `length` bytes `copies` times, `per_send` in one call, to `peer`, or to the connected
// peer if that is null. False with errno set if the kernel did not accept all of them.
bool SendCopies(int fd, const sockaddr_in* peer, const char* bytes, size_t length, uint32_t copies,
                uint32_t per_send);

}  // namespace bench

#endif  // BENCH_NATIVE_DATAGRAMS_H_
