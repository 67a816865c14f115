// Datagram sockets on Windows: one datagram per call.
//
// A refused datagram (ICMP "port unreachable") makes a later call fail with WSAECONNRESET, even on
// an unconnected socket, where the destination is unknown. There it is turned off; on a
// connected socket it becomes ECONNREFUSED, as elsewhere.

#include "datagram.h"

#include <algorithm>

#include "socket_option.h"
#include "win_calls.h"

namespace ropewalk {
namespace {

// kUnset if an option is not requested, so that the system need not support it.
constexpr int ifAsked(int flag) {
  return flag == 1 ? 1 : kUnset;
}

// errno of the call that has just failed.
int lastDatagramError() {
  const int error = lastSocketError();
  return error == ECONNRESET ? ECONNREFUSED : error;
}

// The result of a batch in which `count` datagrams succeeded before one failed with `error`; 0 if
// none failed.
Transfer endOf(size_t count, int error) {
  if (isWouldBlock(error)) error = 0;
  if (count > 0) return {Transfer::Result::kDone, count, error};
  return {error == 0 ? Transfer::Result::kWouldBlock : Transfer::Result::kFailed, 0, error};
}

Status setRefusals(Socket socket, bool reported) {
  BOOL value = reported ? TRUE : FALSE;
  DWORD ignored = 0;
  const int failed = WSAIoctl(static_cast<SOCKET>(socket), SIO_UDP_CONNRESET, &value, sizeof value,
                              nullptr, 0, &ignored, nullptr, nullptr);
  return failed == 0 ? Status{} : lastStatus("WSAIoctl SIO_UDP_CONNRESET");
}

// IPv4 datagrams received by a dual-stack socket follow the IPv4 options, which an IPv6-only socket
// refuses.
Status applyDatagramOptions(Socket socket, int family, const DatagramOptions& options) {
  const bool ipv6 = family == AF_INET6;
  const int level = ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
  const int trafficClass = ifAsked(options.receiveTrafficClass);
  const int packetInfo = ifAsked(options.packetInfo);
  const IntOption calls[] = {
      {options.receiveBufferBytes, SOL_SOCKET, SO_RCVBUF, "setsockopt SO_RCVBUF"},
      {options.sendBufferBytes, SOL_SOCKET, SO_SNDBUF, "setsockopt SO_SNDBUF"},
      {ifAsked(options.broadcast), SOL_SOCKET, SO_BROADCAST, "setsockopt SO_BROADCAST"},
      {packetInfo, level, ipv6 ? IPV6_PKTINFO : IP_PKTINFO, "setsockopt IP_PKTINFO"},
      {trafficClass, level, ipv6 ? IPV6_RECVTCLASS : IP_RECVTOS, "setsockopt IP_RECVTOS"},
  };
  const Status status = setIntOptions(socket, calls);
  if (!status.ok() || !ipv6) return status;
  if (packetInfo == 1) (void)setIntOption(socket, IPPROTO_IP, IP_PKTINFO, 1, "setsockopt");
  if (trafficClass == 1) (void)setIntOption(socket, IPPROTO_IP, IP_RECVTOS, 1, "setsockopt");
  return {};
}

// WSARecvMsg is not exported by the library and has to be requested by GUID. Null, with the call's
// error set, if the system has none for this socket.
LPFN_WSARECVMSG receiveMessageOf(Socket socket) {
  GUID id = WSAID_WSARECVMSG;
  LPFN_WSARECVMSG call = nullptr;
  DWORD size = 0;
  const int failed = WSAIoctl(static_cast<SOCKET>(socket), SIO_GET_EXTENSION_FUNCTION_POINTER, &id,
                              sizeof id, &call, sizeof call, &size, nullptr, nullptr);
  return failed == 0 ? call : nullptr;
}

WSABUF bufferOf(const iovec& vector) {
  return {static_cast<ULONG>(vector.iov_len), static_cast<char*>(vector.iov_base)};
}

// Returns errno. The call fails for a truncated datagram and does not report its length.
int receiveOne(Socket socket, msghdr& header, LPFN_WSARECVMSG receiveMessage, unsigned& length) {
  WSABUF buffer = bufferOf(*header.msg_iov);
  DWORD count = 0;
  DWORD flags = 0;
  int failed;
  if (receiveMessage == nullptr) {
    auto* from = static_cast<sockaddr*>(header.msg_name);
    failed = WSARecvFrom(static_cast<SOCKET>(socket), &buffer, 1, &count, &flags, from,
                         &header.msg_namelen, nullptr, nullptr);
  } else {
    WSAMSG message{};
    message.name = static_cast<sockaddr*>(header.msg_name);
    message.namelen = header.msg_namelen;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    message.Control.buf = static_cast<char*>(header.msg_control);
    message.Control.len = static_cast<ULONG>(header.msg_controllen);
    failed = receiveMessage(static_cast<SOCKET>(socket), &message, &count, nullptr, nullptr);
    header.msg_namelen = message.namelen;
    header.msg_controllen = message.Control.len;
  }
  const int error = failed == 0 ? 0 : lastDatagramError();
  const bool cut = error == EMSGSIZE;
  header.msg_flags = cut ? MSG_TRUNC : 0;
  length = cut ? buffer.len : count;
  return cut ? 0 : error;
}

// Returns errno.
int sendOne(Socket socket, const msghdr& header) {
  WSABUF buffer = bufferOf(*header.msg_iov);
  DWORD sent = 0;
  auto* to = static_cast<sockaddr*>(header.msg_name);
  int failed;
  if (header.msg_control == nullptr) {
    failed = WSASendTo(static_cast<SOCKET>(socket), &buffer, 1, &sent, 0, to, header.msg_namelen,
                       nullptr, nullptr);
  } else {
    WSAMSG message{};
    message.name = to;
    message.namelen = header.msg_namelen;
    message.lpBuffers = &buffer;
    message.dwBufferCount = 1;
    message.Control.buf = static_cast<char*>(header.msg_control);
    message.Control.len = static_cast<ULONG>(header.msg_controllen);
    failed = WSASendMsg(static_cast<SOCKET>(socket), &message, 0, &sent, nullptr, nullptr);
  }
  if (failed == 0) return 0;
  const int error = lastDatagramError();
  return error == ENOTCONN ? EDESTADDRREQ : error;  // no address and no peer
}

}  // namespace

// There is no SO_REUSEPORT. Without SO_EXCLUSIVEADDRUSE any process can take the port by setting
// SO_REUSEADDR, whatever options the first one set.
Status openUdp(const SocketAddress& local, const DatagramOptions& options, Socket& socket) {
  UniqueFd fd;
  Status status = openSocket(local.family(), SOCK_DGRAM, fd);
  if (status.ok()) status = setRefusals(fd.get(), false);
  if (!status.ok()) return status;
  const bool shared = options.reuseAddress == 1;
  const IntOption before[] = {
      {local.isIpv6() ? options.ipv6Only : kUnset, IPPROTO_IPV6, IPV6_V6ONLY,
       "setsockopt IPV6_V6ONLY"},
      {shared ? 1 : kUnset, SOL_SOCKET, SO_REUSEADDR, "setsockopt SO_REUSEADDR"},
      {shared ? kUnset : 1, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, "setsockopt SO_EXCLUSIVEADDRUSE"},
      {ifAsked(options.reusePort), SOL_SOCKET, kNoSuchOption, "setsockopt SO_REUSEPORT"},
  };
  status = setIntOptions(fd.get(), before);
  if (status.ok()) status = applyDatagramOptions(fd.get(), local.family(), options);
  if (!status.ok()) return status;
  if (bind(fd.get(), local.get(), local.size()) != 0) return lastStatus("bind");
  socket = fd.release();
  return {};
}

// UNIX sockets of Windows are streams only.
Status openUnixDatagrams(const std::string&, int, const DatagramOptions&, Socket&,
                         std::unique_ptr<SocketFile>&) {
  return {ENOTSUP, "socket"};
}

Status connectDatagrams(Socket socket, const SocketAddress& peer) {
  if (connect(socket, peer.get(), peer.size()) != 0) return lastStatus("connect");
  return setRefusals(socket, true);
}

Status adoptDatagrams(int fd, bool takeOver, const DatagramOptions&, Socket& socket) {
  return adoptSocket(fd, SocketRole::kDatagrams, takeOver, socket);  // always refuses
}

bool canSegment(Socket) {
  return false;
}

Transfer ReceiveBatch::receive(Socket socket, size_t slotSize, size_t most, bool withControl) {
  prepare(slotSize);
  most = std::min(most, capacityFor(slotSize));
  const LPFN_WSARECVMSG receiveMessage = withControl ? receiveMessageOf(socket) : nullptr;
  if (withControl && receiveMessage == nullptr) return endOf(0, lastDatagramError());
  for (size_t i = 0; i < most; i++) {
    msghdr& header = messages_[i].msg_hdr;
    header.msg_namelen = *addresses_[i].sizeToFill();
    header.msg_control = withControl ? controls_[i].data() : nullptr;
    header.msg_controllen = withControl ? kControlSize : 0;
    const int error = receiveOne(socket, header, receiveMessage, messages_[i].msg_len);
    if (error != 0) return endOf(i, error);
  }
  return {Transfer::Result::kDone, most, 0};
}

// Options for an IPv4 address are IPv4 options, even on a dual-stack socket.
void SendBatch::addSource(Slot& slot, const DatagramSource& source) {
  uint32_t words[4] = {};
  if (source.address.words(words)) {
    in6_pktinfo info{};
    info.ipi6_addr = reinterpret_cast<const sockaddr_in6*>(source.address.get())->sin6_addr;
    info.ipi6_ifindex = source.interfaceIndex;
    addControl(slot, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
  } else {
    in_pktinfo info{};
    info.ipi_addr.s_addr = htonl(words[0]);
    info.ipi_ifindex = source.interfaceIndex;
    addControl(slot, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
  }
}

// canSegment() is false: a message is one datagram.
void SendBatch::fill(msghdr& header, Slot& slot) {
  header = {};
  header.msg_name = slot.to.size() == 0 ? nullptr : slot.to.get();
  header.msg_namelen = slot.to.size();
  header.msg_iov = &vectors_[slot.firstVector];
  header.msg_iovlen = 1;
  header.msg_control = slot.controlLength == 0 ? nullptr : slot.control.data();
  header.msg_controllen = slot.controlLength;
}

Transfer SendBatch::send(Socket socket) {
  for (size_t i = 0; i < messageCount_; i++) {
    msghdr header;
    fill(header, slots_[i]);
    const int error = sendOne(socket, header);
    if (error != 0) return endOf(i, error);
  }
  return {Transfer::Result::kDone, messageCount_, 0};
}

}  // namespace ropewalk
