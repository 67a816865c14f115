#include "datagrams.h"

#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>

namespace bench {
namespace {

constexpr size_t kMaxPayloadBytes = 65507;
constexpr size_t kMaxSegments = 64;  // UDP_MAX_SEGMENTS before Linux 6.9, larger since

}  // namespace

int OpenDatagramSocket() {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kDatagramBufferBytes, sizeof kDatagramBufferBytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kDatagramBufferBytes, sizeof kDatagramBufferBytes);
  return fd;
}

void JoinReceives(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
}

ssize_t ReceiveJoined(int fd, char* bytes, size_t capacity, sockaddr_in* peer, size_t* each) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec piece{bytes, capacity};
  msghdr message{};
  message.msg_name = peer;
  message.msg_namelen = sizeof *peer;
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t length = recvmsg(fd, &message, 0);
  if (length < 0) return length;
  *each = static_cast<size_t>(length);
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head != nullptr && head->cmsg_level == IPPROTO_UDP && head->cmsg_type == UDP_GRO) {
    int segment = 0;
    std::memcpy(&segment, CMSG_DATA(head), sizeof segment);
    *each = static_cast<size_t>(segment);
  }
  return length;
}

uint32_t CopiesPerSend(int fd, size_t length) {
  int segment = 0;
  socklen_t size = sizeof segment;
  if (getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &size) < 0) return 1;
  return static_cast<uint32_t>(std::clamp<size_t>(kMaxPayloadBytes / length, 1, kMaxSegments));
}

bool SendCopies(int fd, const sockaddr_in* peer, const char* bytes, size_t length, uint32_t copies,
                uint32_t per_send) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))];
  iovec pieces[kMaxSegments];
  std::fill_n(pieces, std::min<uint32_t>(copies, per_send),
              iovec{const_cast<char*>(bytes), length});
  msghdr message{};
  message.msg_name = const_cast<sockaddr_in*>(peer);
  message.msg_namelen = peer == nullptr ? 0 : sizeof *peer;
  message.msg_iov = pieces;
  if (per_send > 1) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = IPPROTO_UDP;
    head->cmsg_type = UDP_SEGMENT;
    head->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    auto segment = static_cast<uint16_t>(length);
    std::memcpy(CMSG_DATA(head), &segment, sizeof segment);
  }
  for (uint32_t left = copies; left > 0; left -= static_cast<uint32_t>(message.msg_iovlen)) {
    message.msg_iovlen = std::min(left, per_send);
    if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0) return false;
  }
  return true;
}

}  // namespace bench
