// Datagram sockets of a reactor under test, and plain sockets to exchange datagrams with them.
#pragma once

#include <string>
#include <vector>

#include "host.h"

namespace ropewalk {

// Writes records as JavaScript does.
class DatagramHost : public Host {
 public:
  using Host::Host;

  Handle open(const DatagramSettings& settings = {}, bool ipv6 = false) {
    return openAt(loopback(0, ipv6), settings);
  }
  Handle openAt(const SocketAddress& local, const DatagramSettings& settings = {}) {
    Handle handle = 0;
    CHECK(reactor().openUdp(local, settings, handle).ok());
    return handle;
  }
  // A UNIX socket; an empty path leaves it unnamed.
  Handle openUnix(const std::string& path, const DatagramSettings& settings = {}) {
    Handle handle = 0;
    CHECK(reactor().openUnixDatagrams(path, 0600, settings, handle).ok());
    return handle;
  }

  void sendTo(Handle handle, const SocketAddress& to, Bytes payload,
              const DatagramSource* source = nullptr) {
    std::vector<uint32_t> header(source == nullptr ? 7 : 12,
                                 0xabababab);  // unused fields hold junk
    uint32_t words[4] = {};
    const bool ipv6 = to.words(words);
    header[0] = ipv6 ? DatagramRecord::kIpv6 : DatagramRecord::kIpv4;
    header[1] = to.port();
    header[2] = to.scope();
    for (size_t i = 0; i < (ipv6 ? 4 : 1); i++) header[3 + i] = words[i];
    if (source != nullptr) {
      uint32_t from[4] = {};
      const bool fromIpv6 = source->address.words(from);
      header[0] |= (DatagramRecord::kHasSource | (fromIpv6 ? DatagramRecord::kSourceIsIpv6 : 0))
                   << 8;
      header[7] = source->interfaceIndex;
      for (size_t i = 0; i < 4; i++) header[8 + i] = from[i];
    }
    writeRecord(handle, header, {}, payload);
  }
  void sendTo(Handle handle, const SocketAddress& to, std::string_view text) {
    sendTo(handle, to, bytesOf(text));
  }
  void sendTo(Handle handle, const std::string& path, std::string_view text) {
    std::vector<uint32_t> header(7);
    header[0] = DatagramRecord::kUnix;
    header[1] = static_cast<uint32_t>(path.size());
    writeRecord(handle, header, bytesOf(path), bytesOf(text));
  }
  void sendToPeer(Handle handle, Bytes payload) {
    writeRecord(handle, std::vector<uint32_t>(7), {}, payload);
  }
  void sendToPeer(Handle handle, std::string_view text) { sendToPeer(handle, bytesOf(text)); }

  const std::vector<DatagramSeen>& got(Handle handle) { return of(handle).datagrams; }

 private:
  void writeRecord(Handle handle, const std::vector<uint32_t>& header, Bytes path, Bytes payload) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(header.data());
    std::vector<uint8_t> record(bytes, bytes + header.size() * 4);
    record.insert(record.end(), path.begin(), path.end());
    record.insert(record.end(), payload.begin(), payload.end());
    write(handle, record);
  }
};

// Whether `socket` has received a datagram; does not wait.
inline bool takeDatagram(Socket socket, std::vector<uint8_t>& datagram, SocketAddress& from) {
  char memory[kMaxDatagram];
  const ssize_t count = recvfrom(socket, memory, sizeof memory, 0, from.get(), from.sizeToFill());
  if (count < 0) return false;
  datagram.assign(memory, memory + count);
  return true;
}

// A plain UDP socket.
class DatagramPeer {
 public:
  explicit DatagramPeer(bool ipv6 = false, const DatagramOptions& options = {}) {
    Socket socket = kNoSocket;
    CHECK(openUdp(loopback(0, ipv6), options, socket).ok());
    fd_ = UniqueFd(socket);
  }

  int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }
  SocketAddress address() const {
    SocketAddress local;
    CHECK(localAddressOf(fd(), local).ok());
    return local;
  }
  void sendTo(const SocketAddress& to, Bytes bytes) {
    CHECK_EQUAL(trySendTo(to, bytes), bytes.size());
  }
  void sendTo(const SocketAddress& to, std::string_view text) { sendTo(to, bytesOf(text)); }
  // Like sendto(2).
  ssize_t trySendTo(const SocketAddress& to, Bytes bytes) {
    const auto* memory = reinterpret_cast<const char*>(bytes.data());
    return sendto(fd(), memory, bytes.size(), 0, to.get(), to.size());
  }

  // Receives everything available; returns all datagrams so far.
  const std::vector<std::vector<uint8_t>>& receive() {
    for (;;) {
      SocketAddress from;
      std::vector<uint8_t> datagram;
      if (!takeDatagram(fd(), datagram, from)) return received_;
      received_.push_back(std::move(datagram));
    }
  }

 private:
  UniqueFd fd_;
  std::vector<std::vector<uint8_t>> received_;
};

inline SocketAddress addressOf(Host& host, Handle handle) {
  SocketAddress local;
  CHECK(localAddressOf(host.reactor().socketOf(handle), local).ok());
  return local;
}

}  // namespace ropewalk
