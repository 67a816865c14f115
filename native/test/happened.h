// What a host under test remembers of each handle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "handle_table.h"
#include "sockets.h"

namespace ropewalk {

// A datagram that came, or of one that could not be sent, where it should have gone.
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

// What happened to one handle.
struct Happened {
  std::vector<uint8_t> data;
  std::vector<size_t> reads;  // how `data` came
  int events = 0;
  int connected = 0;
  int readEnded = 0;
  int drained = 0;
  int writeShut = 0;
  int readable = 0;
  int writable = 0;
  int listenerDrained = 0;
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
  // The other end's address if accepted, this end's if connected.
  uint32_t words[4] = {};
  uint16_t port = 0;
  bool ipv6 = false;
  bool hasPath = false;
};

}  // namespace ropewalk
