// Datagram sockets on Linux and the BSD family. Features of only some of these systems are detected
// by their macros.

// macOS: enables the RFC 3542 names in <netinet6/in6.h>.
#define __APPLE_USE_RFC_3542

#include "datagram.h"

#include <netinet/ip.h>
#include <netinet/udp.h>

#include <algorithm>

#include "direct_calls.h"
#include "posix_calls.h"
#include "socket_option.h"

namespace ropewalk {
namespace {

#if defined(__linux__)
constexpr int kReceiveManyFlags = kReceiveFlags | MSG_TRUNC;  // returns the full length
#else
constexpr int kReceiveManyFlags = kReceiveFlags;
#endif
// BSD: several sockets can bind one address only with SO_REUSEPORT.
#if defined(__linux__)
constexpr int kReuseAddress = SO_REUSEADDR;
#else
constexpr int kReuseAddress = SO_REUSEPORT;
#endif
#if defined(IP_PKTINFO)
#if defined(IP_RECVPKTINFO)
constexpr int kReceivePacketInfo = IP_RECVPKTINFO;
#else
constexpr int kReceivePacketInfo = IP_PKTINFO;
#endif
#else
constexpr int kReceivePacketInfo = kNoSuchOption;
#endif

// kUnset if an option is not requested, so that the system need not support it.
constexpr int ifAsked(int flag) {
  return flag == 1 ? 1 : kUnset;
}

// IPv4 datagrams received by a dual-stack socket follow the IPv4 options.
Status applyDatagramOptions(Socket socket, int family, const DatagramOptions& options) {
  const bool ip = family == AF_INET || family == AF_INET6;
  const bool ipv6 = family == AF_INET6;
  const int trafficClass = ifAsked(options.receiveTrafficClass);
  const int packetInfo = ifAsked(options.packetInfo);
  const IntOption calls[] = {
      {options.receiveBufferBytes, SOL_SOCKET, SO_RCVBUF, "setsockopt SO_RCVBUF"},
      {options.sendBufferBytes, SOL_SOCKET, SO_SNDBUF, "setsockopt SO_SNDBUF"},
      {ifAsked(options.broadcast), SOL_SOCKET, SO_BROADCAST, "setsockopt SO_BROADCAST"},
      {ipv6 ? packetInfo : kUnset, IPPROTO_IPV6, IPV6_RECVPKTINFO, "setsockopt IPV6_RECVPKTINFO"},
      {ip && !ipv6 ? packetInfo : kUnset, IPPROTO_IP, kReceivePacketInfo, "setsockopt IP_PKTINFO"},
      {ipv6 ? trafficClass : kUnset, IPPROTO_IPV6, IPV6_RECVTCLASS, "setsockopt IPV6_RECVTCLASS"},
      {ip ? trafficClass : kUnset, IPPROTO_IP, IP_RECVTOS, "setsockopt IP_RECVTOS"},
  };
  Status status = setIntOptions(socket, calls);
#if defined(UDP_GRO)
  // An adopted socket may have it on.
  if (status.ok() && ip) {
    const int joined = options.receiveOffload == 1 ? 1 : 0;
    (void)setIntOption(socket, IPPROTO_UDP, UDP_GRO, joined, "setsockopt UDP_GRO");
  }
#endif
#if defined(IP_MULTICAST_ALL)
  if (status.ok() && ip) {
    (void)setIntOption(socket, IPPROTO_IP, IP_MULTICAST_ALL, 0, "setsockopt IP_MULTICAST_ALL");
  }
#endif
#if defined(IPV6_MULTICAST_ALL)
  if (status.ok() && ipv6) {
    (void)setIntOption(socket, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0,
                       "setsockopt IPV6_MULTICAST_ALL");
  }
#endif
  return status;
}

// UNIX sockets may receive descriptors; sockets that request control data are never UNIX sockets.
[[maybe_unused]] ssize_t receiveOne(Socket socket, msghdr& message) {
  if (kOpensUnasked && message.msg_control == nullptr) {
    bool ignored = false;
    return receiveAndClose(socket, message, ignored);
  }
  ssize_t length;
  do {
    length = recvmsg(socket, &message, kReceiveManyFlags);
  } while (length < 0 && errno == EINTR);
  return length;
}

}  // namespace

Status openUdp(const SocketAddress& local, const DatagramOptions& options, Socket& socket) {
  UniqueFd fd;
  Status status = openSocket(local.family(), SOCK_DGRAM, fd);
  if (!status.ok()) return status;
  const IntOption before[] = {
      {local.isIpv6() ? options.ipv6Only : kUnset, IPPROTO_IPV6, IPV6_V6ONLY,
       "setsockopt IPV6_V6ONLY"},
      {ifAsked(options.reuseAddress), SOL_SOCKET, kReuseAddress, "setsockopt SO_REUSEADDR"},
      {ifAsked(options.reusePort), SOL_SOCKET, kReusePort, "setsockopt SO_REUSEPORT"},
  };
  status = setIntOptions(fd.get(), before);
  if (status.ok()) status = applyDatagramOptions(fd.get(), local.family(), options);
  if (!status.ok()) return status;
  if (bind(fd.get(), local.get(), local.size()) < 0) return Status::last("bind");
  socket = fd.release();
  return {};
}

Status openUnixDatagrams(const std::string& path, int mode, const DatagramOptions& options,
                         Socket& socket, std::unique_ptr<SocketFile>& file) {
  UniqueFd fd;
  Status status = openSocket(AF_UNIX, SOCK_DGRAM, fd);
  if (status.ok()) status = applyDatagramOptions(fd.get(), AF_UNIX, options);
  SocketAddress address;
  if (status.ok() && !path.empty()) status = SocketAddress::fromPath(path, "bind", address);
  if (status.ok() && !path.empty()) status = bindToPath(fd.get(), address, mode, file);
  if (status.ok()) socket = fd.release();
  return status;
}

Status connectDatagrams(Socket socket, const SocketAddress& peer) {
  return connect(socket, peer.get(), peer.size()) < 0 ? Status::last("connect") : Status{};
}

Status adoptDatagrams(int fd, bool takeOver, const DatagramOptions& options, Socket& socket) {
  Socket ours = kNoSocket;
  Status status = adoptSocket(fd, SocketRole::kDatagrams, takeOver, ours);
  if (!status.ok()) return status;
  status = applyDatagramOptions(ours, familyOf(ours), options);
  if (status.ok()) {
    socket = ours;
  } else if (!takeOver) {
    closeSocket(ours);
  }
  return status;
}

bool canSegment([[maybe_unused]] Socket socket) {
#if defined(UDP_SEGMENT)
  int size = 0;
  return getIntOption(socket, IPPROTO_UDP, UDP_SEGMENT, size, "getsockopt UDP_SEGMENT").ok();
#else
  return false;
#endif
}

Transfer ReceiveBatch::receive(Socket socket, size_t slotSize, size_t most, bool withControl) {
  prepare(slotSize);
  most = std::min(most, capacityFor(slotSize));
  for (size_t i = 0; i < most; i++) {
    msghdr& header = messages_[i].msg_hdr;
    header.msg_namelen = *addresses_[i].sizeToFill();
    header.msg_control = withControl ? controls_[i].data() : nullptr;
    header.msg_controllen = withControl ? kControlSize : 0;
  }
  int count;
#if defined(MSG_WAITFORONE) && !defined(AS_ON_MACOS)
  do {
    count =
        directReceiveMany(socket, messages_.data(), static_cast<unsigned>(most), kReceiveManyFlags);
  } while (count < 0 && errno == EINTR);
#else
  for (count = 0; static_cast<size_t>(count) < most; count++) {
    const ssize_t length = receiveOne(socket, messages_[count].msg_hdr);
    if (length < 0) {
      const Transfer end = toTransfer(-1);
      if (count == 0) return end;
      return {Transfer::Result::kDone, static_cast<size_t>(count), end.error};
    }
    messages_[count].msg_len = static_cast<unsigned>(length);
  }
#endif
  return toTransfer(count);
}

void SendBatch::addSource(Slot& slot, const DatagramSource& source) {
  if (source.address.isIpv6()) {
    in6_pktinfo info{};
    info.ipi6_addr = reinterpret_cast<const sockaddr_in6*>(source.address.get())->sin6_addr;
    info.ipi6_ifindex = source.interfaceIndex;
    addControl(slot, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
  } else {
    uint32_t words[4] = {};
    (void)source.address.words(words);
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(words[0]);
    info.ipi_ifindex = static_cast<int>(source.interfaceIndex);
    addControl(slot, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
  }
}

void SendBatch::fill(msghdr& header, Slot& slot) {
  const size_t sourceLength = slot.controlLength;
#if defined(UDP_SEGMENT)
  if (slot.segments > 1) {
    const uint16_t size = static_cast<uint16_t>(slot.segmentSize);
    addControl(slot, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
  }
#endif
  header = {};
  header.msg_name = slot.to.size() == 0 ? nullptr : slot.to.get();
  header.msg_namelen = slot.to.size();
  header.msg_iov = &vectors_[slot.firstVector];
  header.msg_iovlen = static_cast<decltype(header.msg_iovlen)>(slot.segments);
  header.msg_control = slot.controlLength == 0 ? nullptr : slot.control.data();
  header.msg_controllen = static_cast<decltype(header.msg_controllen)>(slot.controlLength);
  slot.controlLength = sourceLength;
}

Transfer SendBatch::send(Socket socket) {
  int count;
#if defined(MSG_WAITFORONE)
  std::array<mmsghdr, kMaxMessages> messages;
  for (size_t i = 0; i < messageCount_; i++) fill(messages[i].msg_hdr, slots_[i]);
  do {
    count =
        directSendMany(socket, messages.data(), static_cast<unsigned>(messageCount_), kSendFlags);
  } while (count < 0 && errno == EINTR);
#else
  for (count = 0; static_cast<size_t>(count) < messageCount_; count++) {
    msghdr header;
    fill(header, slots_[count]);
    ssize_t sent;
    do {
      sent = sendmsg(socket, &header, kSendFlags);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
      if (count == 0) return toTransfer(-1);
      break;
    }
  }
#endif
  return toTransfer(count);
}

}  // namespace ropewalk
