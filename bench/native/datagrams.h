// Datagrams as client and server of this folder send and receive them: with large socket buffers
// and, where that is wanted, many in one call, which the kernel splits (UDP_SEGMENT) and joins
// (UDP_GRO; both in udp(7)).
#ifndef BENCH_NATIVE_DATAGRAMS_H_
#define BENCH_NATIVE_DATAGRAMS_H_

#include <netinet/in.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace bench {

// What all sides ask for their buffers: with the kernel's default a thousand peers overflow the
// server's.
constexpr int kDatagramBufferBytes = 4 * 1024 * 1024;

// The most that the kernel hands out at once, joined datagrams included.
constexpr size_t kMaxReceiveBytes = 64 * 1024;

// A non-blocking socket with these buffers, or -1 with errno set. The kernel may give less.
int OpenDatagramSocket();

// From now on the kernel may hand out datagrams of one peer joined, if it can.
void JoinReceives(int fd);

// One receive of datagrams from one peer, each but the last of them `each` bytes long. Returns the
// sum of their lengths, or -1 with errno set.
ssize_t ReceiveJoined(int fd, char* bytes, size_t capacity, sockaddr_in* peer, size_t* each);

// How many datagrams of `length` bytes one send can carry: 1 where the kernel cannot split.
uint32_t CopiesPerSend(int fd, size_t length);

// Sends the `length` bytes `copies` times, `per_send` in one call, to `peer` or with null to where
// the socket is connected. False with errno set when the kernel did not take them all.
bool SendCopies(int fd, const sockaddr_in* peer, const char* bytes, size_t length, uint32_t copies,
                uint32_t per_send);

}  // namespace bench

#endif  // BENCH_NATIVE_DATAGRAMS_H_
