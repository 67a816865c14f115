// Shared by reactor_commands_test and commands_fuzz.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "fuzz/write_queue_check.h"
#include "net/injected_faults.h"
#include "net/socket_option.h"
#include "net/system_sockets.h"
#include "net/unix_socket.h"
#include "test/check.h"
#include "test/host.h"
#include "test/sockets.h"

namespace ropewalk {

// A server, its peers and a hostile host, driven by a byte string as the program. Whatever the
// shared memory contains, the reactor stays within its own memory, reports no event of a handle
// after its end, and leaves nothing behind; the host (host.h) checks the events.
class HostileWorld {
 public:
  HostileWorld(Bytes program, PollerKind kind, bool descriptors, bool fewGenerations)
      : program_(program),
        ends_(openSocketPair()),
        server_(kind, smallSettings(descriptors, fewGenerations), smallBuffers()) {
    known_.push_back(server_.listener());
    server_.onEvent = [this](const Host::Event& event) {
      if (event.kind == kAccepted) remember(event.a);
    };
  }

  void run() {
    while (!program_.empty()) step();
    for (int i = 0; i < 4; i++) server_.turn();
    server_.destroyReactor();
    failSends(0, 0);
    // After a reset the system has nothing to wait for.
    for (Peer& peer : peers_) {
      if (peer.fd() >= 0) peer.reset();
    }
  }

 private:
  static constexpr size_t kMaxPeers = 6;

  // Room for descriptors, or for few events. Handles may repeat at once, then usually for a socket
  // of another kind.
  static HostSettings smallSettings(bool descriptors, bool fewGenerations) {
    HostSettings settings;
    if (fewGenerations) settings.handleGenerations = 1;
    settings.eventCapacity =
        descriptors ? Reactor::kMinDescriptorCapacity : Reactor::kMinEventCapacity;
    settings.commandCapacity = 32;
    settings.outgoingSize = 4096;
    settings.bulkSize = 16 * 1024;
    settings.arenaSize = Reactor::kMinArena + settings.bulkSize;
    return settings;
  }

  uint8_t byte() {
    if (program_.empty()) return 0;
    const uint8_t first = program_[0];
    program_ = program_.subspan(1);
    return first;
  }
  int32_t word() {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) value = value << 8 | byte();
    return static_cast<int32_t>(value);
  }

  void remember(Handle handle) {
    known_.push_back(handle);
    server_.begins(handle);
    if (handle == server_.listener()) listenerGone_ = true;
  }

  // Usually a handle that was issued, live or stale.
  Handle handle() {
    const uint8_t choice = byte();
    return choice == 255 ? word() : known_[choice % known_.size()];
  }
  Peer* peer() {
    if (peers_.empty()) return nullptr;
    Peer& chosen = peers_[byte() % peers_.size()];
    return chosen.fd() < 0 ? nullptr : &chosen;
  }

  void step() {
    switch (byte() % 16) {
      case 0:
        server_.turn();
        return;
      case 1:
        return connectPeer();
      case 2:
      case 3:
        return movePeer();
      case 4:
      case 5:
      case 6:
        return addCommand(handle(), -static_cast<int32_t>(byte() % 13), 0);
      case 7:
        return byte() % 2 == 0 ? addCommand(handle(), byte() * 16, byte() * 16) : writeDatagram();
      case 8: {
        const Handle chosen = handle();
        const int32_t command = word();
        return addCommand(chosen, command, word());
      }
      case 9:
        if (byte() % 4 == 0) return moveOrSendArena();
        server_.header()[byte() % kHeaderInts] = word();
        return;
      case 10:
        return scribble();
      case 11:
        server_.reactor().write(handle(), kept_.bytes().first(byte() * 300u), kept_.keep());
        return;
      case 12:
        server_.reactor().close(handle());
        return;
      case 13:
        return askAbout(handle());
      case 14:
        return open();
      case 15:
        server_.reactor().flush();
        return;
    }
  }

  void connectPeer() {
    const bool listening =
        !listenerGone_ && server_.reactor().socketOf(server_.listener()) != kNoSocket;
    if (listening && peers_.size() < kMaxPeers) {
      peers_.push_back(Peer::connectedTo(server_.port(), kSmallBuffer));
    }
  }

  void movePeer() {
    Peer* chosen = peer();
    if (chosen == nullptr) return;
    switch (byte() % 6) {
      case 0:
        (void)send(chosen->fd(), kept_.bytes().first(byte() * 200u));
        return;
      case 1:
        return sendDescriptorFrom(*chosen);
      case 2:
        chosen->receive();
        return;
      case 3:
        (void)shutdownSending(chosen->fd());
        return;
      case 4:
        return chosen->close();
      case 5:
        return chosen->reset();
    }
  }

  // Only a UNIX socket can send it.
  void sendDescriptorFrom(Peer& chosen) {
    const Bytes bytes = kept_.bytes().first(byte() * 200u);
    const std::vector<int> descriptors(1 + byte() % 4, ends_.far.get());
    (void)sendUnix(chosen.fd(), std::span(&bytes, 1), descriptors);
  }

  // A valid record, at whatever position the host's count has reached.
  void addCommand(Handle handle, int32_t second, int32_t third) {
    std::vector<int32_t>& header = server_.header();
    const size_t capacity = server_.commands().size() / kCommandInts;
    const size_t count = static_cast<uint32_t>(header[kCommandCount]) % capacity;
    int32_t* record = server_.commands().data() + count * kCommandInts;
    record[0] = handle;
    record[1] = second;
    record[2] = third;
    header[kCommandCount] = static_cast<int32_t>(count + 1);
  }

  // Sends from the arena, received bytes or not, and often moves the arena meanwhile.
  void moveOrSendArena() {
    const int32_t offset = kArenaOffset + (byte() == 255 ? word() & 0xffffff : byte() * 300);
    addCommand(handle(), offset, byte() * 300);
    if (byte() % 2 == 0) server_.moveArena();
  }

  void scribble() {
    std::vector<int32_t>& memory = byte() % 2 == 0 ? server_.commands() : server_.events();
    for (int count = byte() % 8; count > 0; count--) {
      memory[static_cast<uint32_t>(word()) % memory.size()] = word();
    }
  }

  // A record for a datagram socket, somewhere in the outgoing slab, often a valid one.
  void writeDatagram() {
    std::vector<uint8_t>& slab = server_.outgoing();
    const size_t offset = byte() * 8u;
    const int32_t header[] = {byte() | (byte() % 4) << 8, word(), 0, 0x7f000001};
    if (byte() % 2 == 0) std::memcpy(slab.data() + offset, header, sizeof header);
    addCommand(handle(), static_cast<int32_t>(offset), byte() * 8);
  }

  void openDatagrams() {
    Handle handle = 0;
    DatagramSettings settings;
    settings.maxPacketSize = byte() * 32u + 1;
    settings.packetInfo = byte() % 2;
    settings.receiveOffload = byte() % 2;
    settings.maxBufferedBytes = byte() * 64u;
    const uint8_t choice = byte();
    const SocketAddress local = loopback(0, choice % 2 == 0);
    if (kAdopts && choice >= 192) {
      handle = adoptDatagrams(local, settings);
    } else {
      CHECK(server_.reactor().openUdp(local, settings, handle).ok());
    }
    remember(handle);
    if (byte() % 2 == 0) return;
    SocketAddress own;
    CHECK(localAddressOf(server_.reactor().socketOf(handle), own).ok());
    (void)server_.reactor().connectDatagrams(handle, own);  // receives its own datagrams
  }

  // A socket whose owner enables coalescing, now or later.
  Handle adoptDatagrams(const SocketAddress& local, const DatagramSettings& settings) {
    Socket socket = kNoSocket;
    CHECK(openUdp(local, {}, socket).ok());
    const UniqueFd owned(socket);
    Handle handle = 0;
    const bool before = settings.packetInfo == 1;
    if (before) joinDatagrams(socket);
    CHECK(server_.reactor().adoptDatagrams(socket, false, settings, handle).ok());
    if (!before) joinDatagrams(socket);
    return handle;
  }

  static void joinDatagrams([[maybe_unused]] Socket socket) {
#if defined(UDP_GRO)
    (void)setIntOption(socket, IPPROTO_UDP, UDP_GRO, 1, "setsockopt UDP_GRO");
#endif
  }

  void askAbout(Handle handle) {
    const size_t queued = server_.reactor().queuedBytes(handle);
    const Socket socket = server_.reactor().socketOf(handle);
    CHECK(queued == 0 || socket != kNoSocket);
    CHECK(server_.reactor().waitingDescriptors(handle) == 0 || server_.reactor().isUnix(handle));
    SocketAddress address;
    if (socket != kNoSocket) (void)peerAddressOf(socket, address);
    const uint8_t choice = byte();
    (void)server_.reactor().setInterest(handle, static_cast<Interest>(choice % 4));
    if (choice >= 192) (void)server_.reactor().sendDescriptor(handle, ends_.far.get());
    if (choice >= 140 && choice < 192) server_.reactor().tick();
    if (choice >= 100 && choice < 108)
      failSends(choice % 2 == 0 ? ENOBUFS : EPROTOTYPE, choice / 2);
    if (choice == 108) kept_.takeAway();
    // Files that can't be read; send_file_check.h has others.
    if (choice >= 109 && choice < 128)
      (void)server_.reactor().sendFile(handle, ends_.far.get(), choice, choice % 4 * 1'000u);
    int fd = kNoSocket;
    if (choice >= 128 && choice < 140 && server_.reactor().detach(handle, fd).ok()) closeSocket(fd);
  }

  static void failSends(int error, int times) {
    for (const InjectedCall call : {InjectedCall::kSend, InjectedCall::kSendMany}) {
      injectedFaults[static_cast<size_t>(call)] = {error, times % 4};
    }
  }

  void open() {
    if (known_.size() > 60) return;
    Handle handle = 0;
    const uint8_t choice = byte();
    if (choice >= 64 && choice < 128) return adopt(choice % 2 == 0);
    if (choice >= 192) return openDatagrams();
    const Interest interest = static_cast<Interest>(choice % 4);
    const Status status =
        choice < 128 ? server_.reactor().watch(ends_.near.get(), interest, handle)
                     : server_.reactor().connect(loopback(server_.port()), nullptr, {}, handle);
    CHECK_EQUAL(status.ok(), handle != 0);
    if (status.ok()) remember(handle);
  }

  // A UNIX connection, whose other end is a peer.
  void adopt(bool takeOver) {
    if (!kAdopts || peers_.size() >= kMaxPeers) return;
    TwoEnds ends = openSocketPair();
    Handle handle = 0;
    CHECK(server_.reactor().adoptStream(ends.near.get(), takeOver, handle).ok());
    if (takeOver) (void)ends.near.release();
    remember(handle);
    peers_.emplace_back(std::move(ends.far));
  }

  Bytes program_;
  KeptMemory kept_{pattern(255 * 300)};
  std::vector<Handle> known_;
  bool listenerGone_ = false;  // and its handle may be reused
  std::vector<Peer> peers_;
  TwoEnds ends_;
  Server server_;
};

inline void checkCommands(Bytes program, PollerKind kind, bool descriptors, bool fewGenerations) {
  const size_t before = openDescriptors();
  HostileWorld(program, kind, descriptors, fewGenerations).run();
  CHECK_EQUAL(openDescriptors(), before);
}

}  // namespace ropewalk
