// Replaces JavaScript for a reactor under test: owns the shared memory, runs turns, and records the
// events of each handle. In every story it checks that each handle ends at most once and has no
// events afterwards, and that received bytes do not overlap or change until their batch is
// finished. Then it overwrites them, as the next batch would.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "check.h"
#include "faulty_poller.h"
#include "happened.h"
#include "over_pollers.h"
#include "reactor/reactor.h"
#include "sockets.h"

namespace ropewalk {

struct HostSettings {
  size_t eventCapacity = 4096;
  size_t commandCapacity = 4096;
  size_t outgoingSize = 256 * 1024;
  size_t arenaSize = 256 * 1024;
  size_t bulkSize = 0;             // of the arena
  PollerFaults* faults = nullptr;  // faults to inject into the poller, if any
  uint32_t handleGenerations = HandleTable<Watched>::kMaxGeneration;
};

class Host {
 public:
  struct Event {
    Handle handle;
    int32_t kind;
    int32_t a;
    int32_t b;
  };

  explicit Host(PollerKind kind, const HostSettings& settings = {})
      : settings_(settings),
        header_(kHeaderInts),
        commands_(settings.commandCapacity * kCommandInts),
        events_(settings.eventCapacity * kEventInts),
        outgoing_(settings.outgoingSize),
        arena_(settings.arenaSize + kGuard) {
    const SharedMemory memory{header_.data(),        commands_.data(), settings.commandCapacity,
                              outgoing_.data(),      outgoing_.size(), events_.data(),
                              settings.eventCapacity};
    std::unique_ptr<Poller> poller = openPoller(kind);
    if (settings.faults != nullptr) {
      poller = std::make_unique<FaultyPoller>(std::move(poller), *settings.faults);
    }
    reactor_ = std::make_unique<Reactor>(std::move(poller), memory, settings.handleGenerations);
    reactor_->receiveInto(std::span(arena_).first(settings.arenaSize), settings.bulkSize);
  }

  Reactor& reactor() { return *reactor_; }
  void destroyReactor() { reactor_.reset(); }
  std::vector<int32_t>& header() { return header_; }
  std::vector<int32_t>& commands() { return commands_; }
  std::vector<int32_t>& events() { return events_; }
  std::vector<uint8_t>& outgoing() { return outgoing_; }
  std::vector<uint8_t>& arena() { return arena_; }

  Happened& of(Handle handle) { return happened_[handle]; }
  // Forgets the previous owner of a reused handle.
  void begins(Handle handle) { happened_.erase(handle); }
  // Called for each event, during its batch.
  std::function<void(const Event&)> onEvent;

  Handle listen(const ListenOptions& options = {}) {
    Handle handle = 0;
    CHECK(reactor_->listen(loopback(0), options, handle).ok());
    return handle;
  }
  uint16_t portOf(Handle handle) { return ropewalk::portOf(reactor_->socketOf(handle)); }

  // The stream of the next connection that `listener` accepts.
  Handle accept(Handle listener) {
    const size_t before = of(listener).accepted.size();
    turnUntil([&] { return of(listener).accepted.size() > before; });
    return of(listener).accepted[before];
  }

  void command(Handle handle, int32_t command, int32_t length = 0) {
    const size_t count = static_cast<size_t>(header_[kCommandCount]);
    CHECK(count < settings_.commandCapacity);
    int32_t* record = commands_.data() + count * kCommandInts;
    record[0] = handle;
    record[1] = command;
    record[2] = length;
    header_[kCommandCount] += 1;
  }

  void write(Handle handle, Bytes bytes) {
    size_t used = static_cast<size_t>(header_[kOutgoingUsed]);
    if (used + bytes.size() > outgoing_.size()) {
      reactor_->flush();
      used = 0;
    }
    std::copy(bytes.begin(), bytes.end(), outgoing_.begin() + static_cast<ptrdiff_t>(used));
    command(handle, static_cast<int32_t>(used), static_cast<int32_t>(bytes.size()));
    header_[kOutgoingUsed] = static_cast<int32_t>(used + bytes.size());
  }
  void write(Handle handle, std::string_view text) { write(handle, bytesOf(text)); }

  // Writes the bytes of a kData from the arena.
  void writeReceived(Handle handle, const Event& data) {
    command(handle, kArenaOffset + data.a, data.b);
  }

  // Replaces the arena, as if JavaScript had transferred it.
  void moveArena() {
    std::vector<uint8_t> moved = arena_;
    reactor_->receiveInto(std::span(moved).first(settings_.arenaSize), settings_.bulkSize);
    arena_.swap(moved);
    std::fill(moved.begin(), moved.end(), kOverwritten);
  }

  // Runs one turn, like the binding. Returns the number of events.
  size_t turn() {
    const size_t count = reactor_->gather();
    CHECK(count <= settings_.eventCapacity);
    CHECK_EQUAL(header_[kEventCount], count);
    CHECK_EQUAL(header_[kEventCursor], 0);
    for (size_t i = 0; i < count;) i += deal(events_.data() + i * kEventInts);
    reactor_->flush();
    checkReceived();
    if (count > 0) reactor_->finishBatch();
    return count;
  }

  template <typename Predicate>
  void turnUntil(Predicate predicate) {
    const Deadline deadline;
    while (!predicate()) {
      CHECK(!deadline.passed());
      if (turn() == 0 && !reactor_->pending()) CHECK(reactor_->poller().block(1).ok());
    }
  }

  // Runs enough turns to notice unexpected events.
  void turnInVain() {
    for (int i = 0; i < 5; i++) {
      if (turn() == 0) CHECK(reactor_->poller().block(1).ok());
    }
  }

  // Whether the host can sleep: unwanted readiness would keep a core busy.
  bool sleeps() {
    using Clock = std::chrono::steady_clock;
    const Deadline deadline;
    while (turn() > 0 || reactor_->pending()) CHECK(!deadline.passed());
    const Clock::time_point start = Clock::now();
    CHECK(reactor_->poller().block(10).ok());
    return Clock::now() - start >= std::chrono::milliseconds(9);
  }

 private:
  // Guard bytes after the arena: AddressSanitizer does not check the system's writes.
  static constexpr size_t kGuard = 64;
  static constexpr uint8_t kOverwritten = 0xdb;

  // Returns how many records the event has.
  size_t deal(const int32_t* record) {
    const Event event{record[0], record[1] & 0xff, record[2], record[3]};
    Happened& seen = happened_[event.handle];
    CHECK(event.handle >= 0);
    CHECK_EQUAL(seen.lost, 0);
    seen.events += 1;
    size_t records = 1;
    switch (event.kind) {
      case kData:
        receive(seen, event);
        break;
      case kReadEnded:
        seen.readEnded += 1;
        break;
      case kLost:
        seen.lost += 1;
        seen.error = event.a;
        seen.call = event.b;
        break;
      case kAccepted:
        seen.accepted.push_back(event.a);
        begins(event.a);
        setAddress(happened_[event.a], event.b, record + kEventInts);
        records = 2;
        break;
      case kConnected:
        seen.connected += 1;
        setAddress(seen, event.b, record + kEventInts);
        records = 2;
        break;
      case kDrained:
        seen.drained += 1;
        break;
      case kWriteShut:
        seen.writeShut += 1;
        break;
      case kReadable:
        seen.readable += 1;
        break;
      case kWritable:
        seen.writable += 1;
        break;
      case kAcceptFailed:
        seen.error = event.a;
        seen.acceptFailures.push_back(event.b);
        break;
      case kDescriptor:
        // The cursor moves before the descriptor is used, as shared_memory.h requires.
        header_[kEventCursor] = static_cast<int32_t>((record - events_.data()) / kEventInts) + 1;
        CHECK(isOpen(event.a) && !isInherited(event.a));
        seen.descriptors.emplace_back(event.a);
        break;
      case kListenerDrained:
        seen.listenerDrained += 1;
        break;
      case kTlsEstablished:
        seen.tlsEstablished += 1;
        break;
      case kRelayed:
        CHECK(event.a > 0);
        seen.relayed += static_cast<size_t>(event.a);
        break;
      case kTlsHello:
        seen.tlsHello += 1;
        break;
      case kDatagram:
        records = seeDatagram(record, seen.datagrams);
        seen.datagrams.back().data = take(event);
        break;
      case kDatagramTruncated:
        records = seeDatagram(record, seen.truncated);
        break;
      case kSendFailed:
        records = seeDatagram(record, seen.sendFailures);
        break;
      case kRefused:
        seen.refused += 1;
        break;
      case kReceiveFailed:
        seen.receiveFailures.push_back(event.a);
        break;
      case kCallFailed:
        seen.error = event.a;
        seen.callFailures.push_back(event.b);
        break;
      default:
        CHECK(!"a known kind of event");
    }
    if (onEvent) onEvent(event);
    return records;
  }

  void receive(Happened& seen, const Event& event) {
    const size_t most = settings_.bulkSize > 0 ? Reactor::kMaxBulkRead : Reactor::kMaxRead;
    CHECK(event.b > 0 && static_cast<size_t>(event.b) <= most);
    const std::vector<uint8_t> bytes = take(event);
    seen.data.insert(seen.data.end(), bytes.begin(), bytes.end());
    seen.reads.push_back(bytes.size());
  }

  // The bytes of an event, which must lie after those of earlier events.
  std::vector<uint8_t> take(const Event& event) {
    const size_t offset = static_cast<size_t>(event.a);
    const size_t length = static_cast<size_t>(event.b);
    CHECK(offset >= received_.size() && offset + length <= settings_.arenaSize);
    const auto begin = arena_.begin() + static_cast<ptrdiff_t>(offset);
    const auto end = begin + static_cast<ptrdiff_t>(length);
    received_.insert(received_.end(), arena_.begin() + static_cast<ptrdiff_t>(received_.size()),
                     end);
    return {begin, end};
  }

  // Returns how many records the event has.
  size_t seeDatagram(const int32_t* record, std::vector<DatagramSeen>& all) {
    DatagramSeen& seen = all.emplace_back();
    seen.flags = record[1] >> kKindBits;
    seen.a = record[2];
    seen.b = record[3];
    const int32_t* address = record + kEventInts;
    std::copy(address, address + 4, seen.words);
    seen.port = static_cast<uint16_t>(address[4] & 0xffff);
    seen.ipv6 = address[4] >> 16 != 0;
    seen.scope = static_cast<uint32_t>(address[5]);
    seen.trafficClass = address[6];
    seen.interfaceIndex = static_cast<uint32_t>(address[7]);
    if ((seen.flags & kUnixAddress) != 0) {
      const auto* arena = reinterpret_cast<const char*>(arena_.data());
      seen.path.assign(arena + seen.words[0], seen.words[1]);
    }
    if ((seen.flags & kHasDestination) == 0) return 1 + kAddressRecords;
    std::copy(address + 8, address + 12, seen.destination);
    return 1 + kAddressRecords + 1;
  }

  static void setAddress(Happened& seen, int32_t b, const int32_t* words) {
    std::copy(words, words + 4, seen.words);
    seen.port = static_cast<uint16_t>(b & 0xffff);
    seen.ipv6 = (b >> 16 & 1) != 0;
    seen.hasPath = (b >> 17 & 1) != 0;
  }

  void checkReceived() {
    CHECK(std::equal(received_.begin(), received_.end(), arena_.begin()));
    CHECK(std::count(arena_.end() - kGuard, arena_.end(), 0) == kGuard);
    received_.clear();
    std::fill(arena_.begin(), arena_.end() - kGuard, kOverwritten);
  }

  const HostSettings settings_;
  std::vector<int32_t> header_;
  std::vector<int32_t> commands_;
  std::vector<int32_t> events_;
  std::vector<uint8_t> outgoing_;
  std::vector<uint8_t> arena_;
  std::vector<uint8_t> received_;  // expected contents of the arena
  std::unordered_map<Handle, Happened> happened_;
  std::unique_ptr<Reactor> reactor_;
};

// Streams whose queue fills quickly if the peer's buffer is small too.
inline ListenOptions smallBuffers() {
  ListenOptions options;
  options.sendBufferBytes = kSmallBuffer;
  return options;
}

// A host with one listener, for stories about streams.
class Server : public Host {
 public:
  explicit Server(PollerKind kind, const HostSettings& settings = {},
                  const ListenOptions& options = {})
      : Host(kind, settings), listener_(listen(options)), port_(portOf(listener_)) {}

  struct Connection {
    Handle handle;
    Peer peer;
  };

  Handle listener() const { return listener_; }
  uint16_t port() const { return port_; }

  // Connects `peer`; returns the handle of the reactor's stream.
  Handle connect(Peer& peer, int peerReceiveBufferBytes = 0) {
    peer = Peer::connectedTo(port_, peerReceiveBufferBytes);
    return accept(listener_);
  }
  Connection connect(int peerReceiveBufferBytes = 0) {
    Connection connection{};
    connection.handle = connect(connection.peer, peerReceiveBufferBytes);
    return connection;
  }

 private:
  const Handle listener_;
  const uint16_t port_;
};

}  // namespace ropewalk
