// The functions of a Loop that open datagram sockets or operate on open ones. Each is documented at
// its definition with its TypeScript signature.

#include <algorithm>

#include "binding_functions.h"
#include "binding_loop_call.h"
#include "net/datagram_option.h"

namespace ropewalk {
namespace {

// In the order of src/reactor/native/settings.ts.
constexpr size_t kDatagramSettings = 12;

// Out-of-range integers are replaced by harmless values.
DatagramSettings readSettings(std::span<const int32_t> values) {
  DatagramSettings settings;
  settings.maxPacketSize = static_cast<size_t>(std::max(values[0], 1));
  settings.maxBufferedBytes = static_cast<size_t>(std::max(values[1], 0));
  settings.receiveBufferBytes = values[2];
  settings.sendBufferBytes = values[3];
  settings.reuseAddress = values[4];
  settings.reusePort = values[5];
  settings.ipv6Only = values[6] == 1 ? 1 : 0;
  settings.broadcast = values[7];
  settings.packetInfo = values[8];
  settings.receiveTrafficClass = values[9];
  settings.receiveOffload = values[10];
  settings.segmentationOffload = values[11];
  return settings;
}

napi_value opened(LoopCall& call, const Status& status, Handle handle) {
  if (!status.ok()) return call.raise(status);
  call.loop().updateRef();
  return call.integer(handle);
}

// listenUdp(host: string, port: number, settings: Int32Array): number -- a handle
napi_value listenUdp(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const std::string host = call.string(0);
  const int32_t port = call.int32(1);
  const auto values = call.int32s(2, kDatagramSettings);
  SocketAddress address;
  if (!readAddress(call, 0, host, port, address)) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  Handle handle = 0;
  const Status status = call.reactor()->openUdp(address, readSettings(values), handle);
  return opened(call, status, handle);
}

// connectDatagram(handle: number, host: string, port: number): void
napi_value connectDatagram(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const std::string host = call.string(1);
  const int32_t port = call.int32(2);
  SocketAddress address;
  if (!readAddress(call, 1, host, port, address) || call.reactor() == nullptr) return nullptr;
  const Status status = call.reactor()->connectDatagrams(handle, address);
  return status.ok() ? nullptr : call.raise(status);
}

// listenUnixDatagram(path: string, mode: number, settings: Int32Array): number -- a handle. An
// empty path leaves the socket unnamed.
napi_value listenUnixDatagram(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const std::string path = call.string(0);
  const int32_t mode = call.int32(1);
  const auto values = call.int32s(2, kDatagramSettings);
  if (!call.failed() && !isFileMode(mode)) call.fail(1, "a file's mode");
  if (call.failed()) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  Handle handle = 0;
  const Status status = call.reactor()->openUnixDatagrams(path, mode, readSettings(values), handle);
  return opened(call, status, handle);
}

// connectUnixDatagram(handle: number, path: string): void
napi_value connectUnixDatagram(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const std::string path = call.string(1);
  if (call.failed() || call.reactor() == nullptr) return nullptr;
  SocketAddress address;
  Status status = SocketAddress::fromPath(path, "connect", address);
  if (status.ok()) status = call.reactor()->connectDatagrams(handle, address);
  return status.ok() ? nullptr : call.raise(status);
}

// adoptDatagram(fd: number, takeOver: boolean, settings: Int32Array): number -- a handle. See
// adoptStream().
napi_value adoptDatagram(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const int32_t fd = call.int32(0);
  const bool takeOver = call.boolean(1);
  const auto values = call.int32s(2, kDatagramSettings);
  if (call.failed()) return nullptr;
  if (call.reactor() == nullptr) return call.raiseDisposed();
  Handle handle = 0;
  const Status status = call.reactor()->adoptDatagrams(fd, takeOver, readSettings(values), handle);
  return opened(call, status, handle);
}

// parseAddress(host: string, out: Int32Array): boolean -- false if `host` is not an IP address.
// `out` receives four words of address, 1 for IPv6, and the scope.
napi_value parseAddress(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const std::string host = call.string(0);
  const auto out = call.int32s(1, 6);
  if (call.failed()) return nullptr;
  SocketAddress address;
  const bool parsed = SocketAddress::parse(host, 0, address);
  if (parsed) {
    uint32_t words[4] = {};
    const bool ipv6 = address.words(words);
    for (size_t i = 0; i < 4; i++) out[i] = static_cast<int32_t>(words[i]);
    out[4] = ipv6 ? 1 : 0;
    out[5] = static_cast<int32_t>(address.scope());
  }
  return call.truth(parsed);
}

bool readOption(Call& call, size_t index, DatagramOption& option) {
  const int32_t value = call.int32(index);
  if (call.failed()) return false;
  if (value < 0 || value > static_cast<int32_t>(DatagramOption::kMulticastLoopback)) {
    call.fail(index, "an option, 0 to 4");
    return false;
  }
  option = static_cast<DatagramOption>(value);
  return true;
}

// The socket of a live datagram handle, else kNoSocket.
Socket socketOf(const LoopCall& call, Handle handle) {
  const Reactor* reactor = call.reactor();
  const DatagramSocket* found = reactor == nullptr ? nullptr : reactor->datagrams(handle);
  return found == nullptr ? kNoSocket : found->socket;
}

// datagramOption(handle: number, which: number): number
napi_value datagramOption(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  DatagramOption option{};
  if (!readOption(call, 1, option)) return nullptr;
  const Socket socket = socketOf(call, handle);
  if (socket == kNoSocket) return call.integer(0);
  int value = 0;
  const Status status = ropewalk::datagramOption(socket, option, value);
  return status.ok() ? call.integer(value) : call.raise(status);
}

// setDatagramOption(handle: number, which: number, value: number): void
napi_value setDatagramOption(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  DatagramOption option{};
  if (!readOption(call, 1, option)) return nullptr;
  const int32_t value = call.int32(2);
  const Socket socket = socketOf(call, handle);
  if (call.failed() || socket == kNoSocket) return nullptr;
  const Status status = ropewalk::setDatagramOption(socket, option, value);
  return status.ok() ? nullptr : call.raise(status);
}

// multicast(handle: number, join: boolean, group: string, interface: string, source: string): void
napi_value multicast(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const bool join = call.boolean(1);
  const Membership membership{call.string(2), call.string(3), call.string(4)};
  const Socket socket = socketOf(call, handle);
  if (call.failed() || socket == kNoSocket) return nullptr;
  const Status status = changeMembership(socket, join, membership);
  return status.ok() ? nullptr : call.raise(status);
}

// setMulticastInterface(handle: number, interface: string): void
napi_value setMulticastInterface(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  const std::string interface = call.string(1);
  const Socket socket = socketOf(call, handle);
  if (call.failed() || socket == kNoSocket) return nullptr;
  const Status status = ropewalk::setMulticastInterface(socket, interface);
  return status.ok() ? nullptr : call.raise(status);
}

// datagramStatistics(handle: number): [truncated, dropped]
napi_value datagramStatistics(napi_env env, napi_callback_info info) {
  LoopCall call(env, info);
  const Handle handle = call.int32(0);
  if (call.failed()) return nullptr;
  const Reactor* reactor = call.reactor();
  const DatagramSocket* found = reactor == nullptr ? nullptr : reactor->datagrams(handle);
  napi_value result = nullptr;
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, call.number(found == nullptr ? 0 : found->truncated));
  napi_set_element(env, result, 1, call.number(found == nullptr ? 0 : found->dropped));
  return result;
}

constexpr LoopFunction kDatagramFunctions[] = {
    {"adoptDatagram", adoptDatagram},
    {"connectDatagram", connectDatagram},
    {"connectUnixDatagram", connectUnixDatagram},
    {"datagramOption", datagramOption},
    {"datagramStatistics", datagramStatistics},
    {"listenUdp", listenUdp},
    {"listenUnixDatagram", listenUnixDatagram},
    {"multicast", multicast},
    {"parseAddress", parseAddress},
    {"setDatagramOption", setDatagramOption},
    {"setMulticastInterface", setMulticastInterface},
};

}  // namespace

std::span<const LoopFunction> datagramFunctions() {
  return kDatagramFunctions;
}

}  // namespace ropewalk
