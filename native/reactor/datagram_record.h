// A datagram to send, as written by the host into the outgoing slab: 32-bit integers, then the path
// of a UNIX destination, then the payload.
//
//     | family + (flags << 8) | port, or length of the path | scope | 4 words of the address |
//     with kHasSource: | interface or 0 | 4 words of the address to send from |
//
// Family: 0 for the connected peer, 1 for UNIX, 4, 6. IPv4 uses the first of the four words; the
// others are ignored.
#pragma once

#include <array>
#include <cstring>

#include "../net/datagram.h"

namespace ropewalk {

class DatagramRecord {
 public:
  enum Family : uint8_t { kPeer = 0, kUnix = 1, kIpv4 = 4, kIpv6 = 6 };
  enum Flag : int32_t { kHasSource = 1, kSourceIsIpv6 = 2 };

  static constexpr size_t kDestinationSize = 28;
  static constexpr size_t kSourceSize = 20;
  static constexpr size_t kMaxHeaderSize = kDestinationSize + kSourceSize;

  // Returns whether `bytes` contain a complete record. They must outlive `record`.
  static bool parse(Bytes bytes, DatagramRecord& record) {
    record.header_ = {};
    if (bytes.size() < kDestinationSize) return false;
    std::memcpy(record.header_.data(), bytes.data(), kDestinationSize);
    bytes = bytes.subspan(kDestinationSize);
    if (record.hasSource()) {
      if (bytes.size() < kSourceSize) return false;
      std::memcpy(record.header_.data() + kDestinationInts, bytes.data(), kSourceSize);
      bytes = bytes.subspan(kSourceSize);
    }
    const size_t pathLength = record.family() == kUnix ? record.header_[1] : 0;
    if (pathLength > bytes.size()) return false;
    record.path_ = bytes.first(pathLength);
    record.payload_ = bytes.subspan(pathLength);
    return true;
  }

  uint32_t family() const { return header_[0] & 0xff; }
  bool hasSource() const { return (header_[0] >> 8 & kHasSource) != 0; }
  Bytes payload() const { return payload_; }

  // The destination. With `ipv6`, for an IPv6 socket, IPv4 becomes IPv4-mapped IPv6. Size 0 for the
  // connected peer and for an invalid path.
  void destination(bool ipv6, SocketAddress& address) const {
    const uint16_t port = static_cast<uint16_t>(header_[1]);
    *address.sizeToFill() = 0;
    if (family() == kIpv4) {
      if (ipv6) {
        address.setMappedIpv4(header_[3], port);
      } else {
        address.setIpv4(header_[3], port);
      }
    } else if (family() == kIpv6) {
      address.setIpv6({header_[3], header_[4], header_[5], header_[6]}, header_[2], port);
    } else if (family() == kUnix) {
      const std::string path(reinterpret_cast<const char*>(path_.data()), path_.size());
      if (!SocketAddress::fromPath(path, "sendmsg", address).ok()) *address.sizeToFill() = 0;
    }
  }

  DatagramSource source(bool ipv6) const {
    DatagramSource source;
    source.interfaceIndex = header_[7];
    if ((header_[0] >> 8 & kSourceIsIpv6) != 0) {
      source.address.setIpv6({header_[8], header_[9], header_[10], header_[11]}, 0, 0);
    } else if (ipv6) {
      source.address.setMappedIpv4(header_[8], 0);
    } else {
      source.address.setIpv4(header_[8], 0);
    }
    return source;
  }

  // Whether both have the same destination and source, so that they may go in one message.
  bool sameWay(const DatagramRecord& other) const {
    if (header_[0] != other.header_[0] || family() == kUnix) return false;
    const size_t ints = family() == kPeer ? 1 : family() == kIpv4 ? 4 : kDestinationInts;
    if (std::memcmp(header_.data(), other.header_.data(), ints * 4) != 0) return false;
    if (!hasSource()) return true;
    const size_t sourceInts = (header_[0] >> 8 & kSourceIsIpv6) != 0 ? 5 : 2;
    return std::memcmp(header_.data() + kDestinationInts, other.header_.data() + kDestinationInts,
                       sourceInts * 4) == 0;
  }

 private:
  static constexpr size_t kDestinationInts = kDestinationSize / 4;

  std::array<uint32_t, kMaxHeaderSize / 4> header_{};
  Bytes path_;
  Bytes payload_;
};

}  // namespace ropewalk
