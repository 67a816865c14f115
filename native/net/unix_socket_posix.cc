#include "unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "direct_calls.h"
#include "posix_calls.h"
#include "socket_option.h"

namespace ropewalk {
namespace {

constexpr mode_t kPermissions = 07777;

// BSD can send descriptors without a byte, and a read that returns only them is not the end of
// input. The poller, level-triggered there, reports anything after them.
constexpr Transfer kNothingYet{Transfer::Result::kWouldBlock, 0, 0};

// Room for control data other than descriptors: credentials, security labels.
constexpr size_t kOtherControl = 1024;

// On Linux the file gets the socket's own mode minus the umask, so permissions are never too wide.
// Bits removed by the umask are restored later, by name.
Status bindWithMode(Socket socket, const SocketAddress& address, [[maybe_unused]] int mode) {
#if defined(__linux__)
  if (mode != kUnset && fchmod(socket, static_cast<mode_t>(mode)) < 0) {
    return Status::last("fchmod");
  }
#endif
  if (bind(socket, address.get(), address.size()) < 0) return Status::last("bind");
  return {};
}

// The control data received with a message.
struct Came {
  Ancillary ancillary;
  bool any = false;
  bool cut = false;  // there were more, which the system has closed
};

// Like recvmsg(2) for `message`, with room for all control data.
ssize_t receiveMessage(Socket socket, msghdr& message, Came& came) {
  alignas(cmsghdr) uint8_t control[CMSG_SPACE(kMaxDescriptors * sizeof(int)) + kOtherControl];
#if defined(MSG_CMSG_CLOEXEC)
  constexpr int kFlags = kReceiveFlags | MSG_CMSG_CLOEXEC;
#else
  constexpr int kFlags = kReceiveFlags;
#endif
  ssize_t count;
  do {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    count = directReceiveMessage(socket, &message, kFlags);
  } while (count < 0 && errno == EINTR);
  message.msg_control = nullptr;
  if (count < 0) return count;
  const size_t size = std::min<size_t>(message.msg_controllen, sizeof control);
  came.ancillary = readAncillary(std::span(control).first(size));
  for (const int fd : came.ancillary.unwanted) closeSocket(fd);
  came.any = size > 0;
  came.cut = (message.msg_flags & MSG_CTRUNC) != 0;
  return count;
}

// XNU fails a read if the process can't have its descriptors. They are lost then, but no bytes are.
bool areDescriptorsLost(int error) {
  return error == EMSGSIZE || error == EMFILE;
}

Status describe(const std::string& path, int mode, SocketFile& file) {
  struct stat properties;
  // It existed a moment ago. lstat(2) may not set errno: see poll.cc.
  if (lstat(path.c_str(), &properties) < 0) return {ENOENT, "lstat"};
  file = {path, static_cast<uint64_t>(properties.st_dev), properties.st_ino};
  if (mode == kUnset || (properties.st_mode & kPermissions) == static_cast<mode_t>(mode)) return {};
  if (chmod(path.c_str(), static_cast<mode_t>(mode)) < 0) return Status::last("chmod");
  return {};
}

}  // namespace

Status bindToPath(Socket socket, const SocketAddress& address, int mode,
                  std::unique_ptr<SocketFile>& file) {
  const std::string path = address.path();
  const bool abstract = path.empty() || path[0] == '\0';
  Status status = bindWithMode(socket, address, abstract ? kUnset : mode);
  if (!status.ok() || abstract) return status;
  auto made = std::make_unique<SocketFile>();
  status = describe(path, mode, *made);
  if (status.ok()) {
    file = std::move(made);
  } else {
    removeSocketFile(*made);
  }
  return status;
}

Status listenOnUnix(const SocketAddress& address, const UnixListenOptions& options, Socket& socket,
                    std::unique_ptr<SocketFile>& file) {
  UniqueFd fd;
  Status status = openSocket(AF_UNIX, SOCK_STREAM, fd);
  if (status.ok()) status = setSendBuffer(fd.get(), options.sendBufferBytes);
  if (status.ok()) status = bindToPath(fd.get(), address, options.mode, file);
  if (!status.ok()) return status;
  if (listen(fd.get(), options.backlog) < 0) {
    status = Status::last("listen");
    if (file != nullptr) removeSocketFile(*file);
    return status;
  }
  socket = fd.release();
  return {};
}

bool removeSocketFile(const SocketFile& file) {
  struct stat properties;
  return lstat(file.path.c_str(), &properties) == 0 &&
         static_cast<uint64_t>(properties.st_dev) == file.device &&
         properties.st_ino == file.inode && unlink(file.path.c_str()) == 0;
}

Status connectToUnix(const SocketAddress& address, int sendBufferBytes, Socket& socket) {
  UniqueFd fd;
  Status status = openSocket(AF_UNIX, SOCK_STREAM, fd);
  if (status.ok()) status = setSendBuffer(fd.get(), sendBufferBytes);
  if (!status.ok()) return status;
  if (connect(fd.get(), address.get(), address.size()) < 0) return Status::last("connect");
  socket = fd.release();
  return {};
}

Status setSendBuffer(Socket socket, int bytes) {
  if (bytes == kUnset) return {};
  return setIntOption(socket, SOL_SOCKET, SO_SNDBUF, bytes, "setsockopt SO_SNDBUF");
}

ssize_t receiveAndClose(Socket socket, msghdr& message, bool& stoppedShort) {
  ssize_t count;
  if constexpr (kOpensUnasked) {
    Came came;
    count = receiveMessage(socket, message, came);
    for (const int fd : came.ancillary.descriptors) closeSocket(fd);
    stoppedShort = came.any;
    if (count < 0 && areDescriptorsLost(errno)) errno = EAGAIN;
  } else {
    do {
      count = directReceiveMessage(socket, &message, kReceiveFlags);
    } while (count < 0 && errno == EINTR);
    stoppedShort = (message.msg_flags & MSG_CTRUNC) != 0;
  }
  return count;
}

Transfer receiveUnixBytes(Socket socket, uint8_t* memory, size_t size, bool& stoppedShort) {
  iovec vector{memory, size};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  const ssize_t count = receiveAndClose(socket, message, stoppedShort);
  if (kOpensUnasked && count == 0 && stoppedShort) return kNothingYet;
  return toTransfer(count);
}

Transfer receiveUnix(Socket socket, uint8_t* memory, size_t size, Passed& passed) {
  iovec vector{memory, size};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  Came came;
  const ssize_t count = receiveMessage(socket, message, came);
  if (count < 0 && areDescriptorsLost(errno)) return {Transfer::Result::kFailed, 0, EMFILE};
  if (count < 0) return toTransfer(count);

  passed.descriptors.reserve(came.ancillary.descriptors.size());
  for (const int fd : came.ancillary.descriptors) {
#if !defined(MSG_CMSG_CLOEXEC)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
    passed.descriptors.emplace_back(fd);
  }
  // A read ends after the bytes that carried control data.
  passed.stoppedShort = came.any;
  if (came.cut || passed.descriptors.size() > kMostReceived) {
    passed.descriptors.clear();
    return {Transfer::Result::kFailed, 0, EMFILE};
  }
  if (count == 0 && came.ancillary.rights) return kNothingYet;
  return toTransfer(count);
}

Transfer sendUnix(Socket socket, std::span<const Bytes> parts, std::span<const int> descriptors) {
  alignas(cmsghdr) uint8_t control[CMSG_SPACE(kMaxDescriptors * sizeof(int))] = {};
  iovec vectors[kMaxParts];
  const size_t used = std::min(parts.size(), kMaxParts);
  for (size_t i = 0; i < used; i++) {
    vectors[i] = {const_cast<uint8_t*>(parts[i].data()), parts[i].size()};
  }
  const size_t size = std::min(descriptors.size(), kMaxDescriptors) * sizeof(int);
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = used;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(header), descriptors.data(), size);
  ssize_t count;
  do {
    count = directSendMessage(socket, &message, kSendFlags);
  } while (count < 0 && errno == EINTR);
  Transfer transfer = toSent(count);
  // Linux: too many descriptors are in flight. As with memory, no event reports when there is room.
  if (transfer.error == ETOOMANYREFS) transfer.error = ENOBUFS;
  return transfer;
}

Status credentialsOf(Socket socket, Credentials& credentials) {
#if defined(SO_PEERCRED)
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
    return Status::last("getsockopt SO_PEERCRED");
  }
  credentials = {peer.pid, peer.uid, peer.gid};
#else
  credentials = {};
  if (getpeereid(socket, &credentials.user, &credentials.group) < 0) {
    return Status::last("getpeereid");
  }
#if defined(LOCAL_PEERPID)
  socklen_t size = sizeof credentials.process;
  (void)getsockopt(socket, SOL_LOCAL, LOCAL_PEERPID, &credentials.process, &size);
#endif
#endif
  return {};
}

}  // namespace ropewalk
