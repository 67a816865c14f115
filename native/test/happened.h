// Everything a test host records for each handle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "handle_table.h"
#include "sockets.h"

namespace ropewalk {

// A received datagram, or the destination of one that could not be sent.
struct DatagramSeen {
  std::vector<uint8_t> data;
  int a = 0;  // of kDatagramTruncated and kSendFailed
  int b = 0;
  int flags = 0;
  uint32_t words[4] = {};
  uint16_t port = 0;
  bool ipv6 = false;
  uint32_t scope = 0;
  int trafficClass = 0;
  uint32_t interfaceIndex = 0;
  uint32_t destination[4] = {};
  std::string path;
};

// The events of one handle.
struct Happened {
  std::vector<uint8_t> data;
  std::vector<size_t> reads;  // sizes of the reads that make up `data`
  size_t relayed = 0;         // bytes of kRelayed
  int events = 0;
  int connected = 0;
  int readEnded = 0;
  int drained = 0;
  int writeShut = 0;
  int readable = 0;
  int writable = 0;
  int listenerDrained = 0;
  int tlsEstablished = 0;
  int tlsHello = 0;
  std::vector<UniqueFd> descriptors;
  int lost = 0;
  int error = 0;                    // of kLost or kAcceptFailed
  int call = 0;                     // of kLost
  std::vector<int> acceptFailures;  // the call of each
  std::vector<Handle> accepted;
  std::vector<DatagramSeen> datagrams;
  std::vector<DatagramSeen> truncated;
  std::vector<DatagramSeen> sendFailures;
  int refused = 0;
  std::vector<int> callFailures;     // the call of each; of handle 0
  std::vector<int> receiveFailures;  // the error of each
  // The peer's address if accepted, the local address if connected.
  uint32_t words[4] = {};
  uint16_t port = 0;
  bool ipv6 = false;
  bool hasPath = false;
};

}  // namespace ropewalk
