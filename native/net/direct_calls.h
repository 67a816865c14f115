// recv(2), send(2), read(2) and similar calls without cancellation points. In a multithreaded
// process such as Node, glibc marks the thread cancellable before such a call and unmarks it
// afterwards. These two atomic operations cost as much as all other user-space work for a small
// message.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include <cstddef>

#include "injected_faults.h"

namespace ropewalk {

inline ssize_t directReceive(int fd, void* memory, size_t size, int flags) {
  if (injectedToFail(InjectedCall::kReceive)) return -1;
#if defined(SYS_recvfrom) && !defined(__SANITIZE_ADDRESS__)
  return syscall(SYS_recvfrom, fd, memory, size, flags, nullptr, nullptr);
#else
  return recv(fd, memory, size, flags);
#endif
}

inline ssize_t directSend(int fd, const void* memory, size_t size, int flags) {
  if (injectedToFail(InjectedCall::kSend)) return -1;
#if defined(SYS_sendto) && !defined(__SANITIZE_ADDRESS__)
  return syscall(SYS_sendto, fd, memory, size, flags, nullptr, 0);
#else
  return ::send(fd, memory, size, flags);
#endif
}

inline ssize_t directReceiveMessage(int fd, msghdr* message, int flags) {
  if (injectedToFail(InjectedCall::kReceive)) return -1;
#if defined(SYS_recvmsg) && !defined(__SANITIZE_ADDRESS__)
  return syscall(SYS_recvmsg, fd, message, flags);
#else
  return recvmsg(fd, message, flags);
#endif
}

// musl before 1.2.4 sends at most 1 KiB of control data, which kMaxDescriptors descriptors exceed.
// Its msghdr has padding that the system reads, so `message` must be zero-initialized.
inline ssize_t directSendMessage(int fd, const msghdr* message, int flags) {
  if (injectedToFail(InjectedCall::kSend)) return -1;
#if defined(SYS_sendmsg) && !defined(__SANITIZE_ADDRESS__)
  return syscall(SYS_sendmsg, fd, message, flags);
#else
  return sendmsg(fd, message, flags);
#endif
}

inline ssize_t directRead(int fd, void* memory, size_t size) {
  if (injectedToFail(InjectedCall::kReceive)) return -1;
#if defined(SYS_read) && !defined(__SANITIZE_ADDRESS__)
  return syscall(SYS_read, fd, memory, size);
#else
  return read(fd, memory, size);
#endif
}

inline ssize_t directWrite(int fd, const iovec* parts, int count) {
  if (injectedToFail(InjectedCall::kSend)) return -1;
#if defined(SYS_writev) && !defined(__SANITIZE_ADDRESS__)
  return syscall(SYS_writev, fd, parts, count);
#else
  return writev(fd, parts, count);
#endif
}

#if defined(MSG_WAITFORONE)  // implies recvmmsg(2) and sendmmsg(2)

inline int directReceiveMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  if (injectedToFail(InjectedCall::kReceiveMany)) return -1;
#if defined(SYS_recvmmsg) && !defined(__SANITIZE_ADDRESS__)
  return static_cast<int>(syscall(SYS_recvmmsg, fd, messages, count, flags, nullptr));
#else
  return recvmmsg(fd, messages, count, flags, nullptr);
#endif
}

inline int directSendMany(int fd, mmsghdr* messages, unsigned count, int flags) {
  if (injectedToFail(InjectedCall::kSendMany)) return -1;
#if defined(SYS_sendmmsg) && !defined(__SANITIZE_ADDRESS__)
  return static_cast<int>(syscall(SYS_sendmmsg, fd, messages, count, flags));
#else
  return sendmmsg(fd, messages, count, flags);
#endif
}

#endif

}  // namespace ropewalk
