// The reactor's core: watches sockets, does the system calls, and trades events and commands with
// its host through shared memory (shared_memory.h). Calls nobody back.
//
// A turn, driven by the host:
//
//     gather()        polls once, receives and accepts, writes the batch's events
//     ...             the host deals with the events and writes commands
//     flush()         carries the commands out: this is where bytes are sent
//     finishBatch()   frees what ended
//
// One thread, but for poller().notify() and poller().block().
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "../handle_table.h"
#include "../net/datagram.h"
#include "../net/datagram_ancillary.h"
#include "../net/socket.h"
#include "../net/unix_socket.h"
#include "../poller/poller.h"
#include "datagram_record.h"
#include "datagram_socket.h"
#include "shared_memory.h"
#include "watched.h"

namespace ropewalk {

struct Statistics {
  uint64_t turns = 0;
  uint64_t bytesReceived = 0;
  uint64_t bytesSent = 0;
};

class Reactor {
 public:
  static constexpr size_t kMaxReadyEvents = 1024;
  static constexpr size_t kMinEventCapacity = 64;
  // Of a reactor that receives descriptors: 253 of them, and others' shares of the batch.
  static constexpr size_t kMinDescriptorCapacity = 2048;
  static constexpr size_t kMaxRead = 64 * 1024;
  // With less room than this in the receive arena a stream waits for the next turn: a read should
  // seldom be cut short.
  static constexpr size_t kMinRead = 16 * 1024;
  // One datagram of any length, or a full read.
  static constexpr size_t kMinArena = 66 * 1024;
  // A read of so much shows a peer in the midst of sending.
  static constexpr size_t kBulkRead = 16 * 1024;
  // The unit of the limits below.
  static constexpr uint32_t kTickMs = 100;
  // Limits of a stream that lingers (lingering.cc): in all, without input, and of input. The
  // pure-JS reactor has the same, in src/reactor/node/closing-sockets.ts.
  static constexpr uint32_t kLingerTicks = 30'000 / kTickMs;
  static constexpr uint32_t kLingerQuietTicks = 5'000 / kTickMs;
  static constexpr size_t kLingerBytes = 64 * 1024 * 1024;
  // What is told of a broken stream's input, at most: more than systems keep for a socket.
  static constexpr size_t kMaxReadWhenBroken = 8 * 1024 * 1024;

  // `handleGenerations`: after how many uses of a slot its handles come again; few for tests.
  Reactor(std::unique_ptr<Poller> poller, const SharedMemory& memory,
          uint32_t handleGenerations = HandleTable<Watched>::kMaxGeneration);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  Poller& poller() { return *poller_; }
  const Statistics& statistics() const { return statistics_; }
  // Sockets that have a handle.
  size_t size() const { return table_.size(); }
  // Those that the host, or what it was promised, still has use for: not those that linger for the
  // peer's sake alone.
  size_t sizeInUse() const { return table_.size() - orphans_; }

  // Opening. `handle` is set on success only.
  Status listen(const SocketAddress& address, const ListenOptions& options, Handle& handle);
  Status connect(const SocketAddress& address, const SocketAddress* local,
                 const ConnectOptions& options, Handle& handle);
  Status listenUnix(const SocketAddress& address, const UnixListenOptions& options, Handle& handle);
  Status connectUnix(const SocketAddress& address, int sendBufferBytes, Handle& handle);
  // See adoptSocket(). What is taken over is the reactor's from success on. A listener is only
  // closed in the end, whoever else may listen there.
  Status adoptListener(int fd, bool takeOver, Handle& handle);
  Status adoptStream(int fd, bool takeOver, Handle& handle);
  // `socket` stays the caller's, who must unwatch() it before closing it.
  Status watch(Socket socket, Interest interest, Handle& handle);
  Status setInterest(Handle handle, Interest interest);

  // Datagram sockets.
  Status openUdp(const SocketAddress& local, const DatagramSettings& settings, Handle& handle);
  // An empty path leaves the socket without a name. `mode`: see bindToPath().
  Status openUnixDatagrams(const std::string& path, int mode, const DatagramSettings& settings,
                           Handle& handle);
  // As adoptStream().
  Status adoptDatagrams(int fd, bool takeOver, const DatagramSettings& settings, Handle& handle);
  // Sends this turn's datagrams first. Ignored for a stale handle.
  Status connectDatagrams(Handle handle, const SocketAddress& peer);
  // Null for a stale handle.
  const DatagramSocket* datagrams(Handle handle) const { return find<DatagramSocket>(handle); }

  // Frees a listener or descriptor at once, a stream like kReset; a datagram socket offers the
  // system this turn's datagrams first. Nothing follows. Stale handles are ignored.
  void close(Handle handle);

  // Sends `bytes` without copying them, after all that was written before. Ignored for a stale
  // handle.
  void write(Handle handle, Bytes bytes, std::unique_ptr<Retained> keeper);
  // Sends a copy of `fd`, made now, with the first byte written from now on. Ignored where a write
  // would be; EOPNOTSUPP for what is no UNIX stream.
  Status sendDescriptor(Handle handle, int fd);
  // Copies of descriptors that have not been sent. 0 for a stale handle.
  size_t waitingDescriptors(Handle handle) const;
  // Bytes written that the system has not taken. 0 for a stale handle.
  size_t queuedBytes(Handle handle);
  // The socket of a live handle, else kNoSocket: for asking addresses and setting options.
  Socket socketOf(Handle handle) const;
  bool isUnix(Handle handle) const;
  // As socketOf(), for use by others.
  Socket share(Handle handle);
  // Gives up an open stream: `fd` is the caller's, nothing follows. EBUSY if the system does not
  // take all that was written before: the stream goes on.
  Status detach(Handle handle, int& fd);
  // Removes the file that a UNIX listener or datagram socket made, unless another has taken its
  // place: see removeSocketFile(). Must come before close().
  bool unlinkUnix(Handle handle);

  // The memory to receive into from now on, of kMinArena bytes at least. What is to be sent out of
  // the former memory is sent or copied first: nothing refers to it afterwards.
  void receiveInto(std::span<uint8_t> arena);

  // Returns how many events there are. To be called only when the last batch is finished.
  size_t gather();
  void finishBatch();
  void flush();
  // When gather() has something to do, whatever is ready, as monotonicNanos(); kNeverDue if never.
  int64_t wakeUpDue() const { return std::min(retryDue_, tickDue_); }
  static constexpr int64_t kNeverDue = INT64_MAX;
  // The poller fails: nobody is to wait for it before wakeUpDue().
  bool pollerRests() const { return pollResting_; }
  // Somebody has waited for the poller, with this outcome.
  void waited(const Status& status);
  // A tick has passed for those that linger. For tests: gather() calls it when it is time.
  void tick();
  // Whether gather() has something to do without the poller saying so.
  bool pending() const {
    return pendingHead_ < pending_.size() || !unfinished_.empty() ||
           !unfinishedDatagrams_.empty() || !draining_.empty();
  }

 private:
  // The most records that one ready socket makes, accepts and descriptors aside.
  static constexpr size_t kRecordsPerSocket = 4;
  // One part in so many of a batch is left for what became ready and for listeners that are
  // drained, whatever else there is to tell.
  static constexpr size_t kLeastShare = 8;

  struct Event {
    int32_t ints[kEventInts];
  };
  // A write of this turn. Those of one stream are chained.
  struct Piece {
    Bytes bytes;
    std::unique_ptr<Retained> keeper;  // null: `bytes` lie in the outgoing slab or the arena
    size_t position;                   // of the first of `bytes` in what the stream wrote this turn
    int32_t next;
    size_t end() const { return position + bytes.size(); }
    bool valid() const { return keeper == nullptr || keeper->valid(); }
    bool continuesAt(const uint8_t* memory) const {
      return keeper == nullptr && bytes.data() + bytes.size() == memory;
    }
  };
  // What limits a stream that lingers.
  struct Lingering {
    uint32_t ticksLeft = kLingerTicks;
    uint32_t quietTicksLeft = kLingerQuietTicks;
    size_t bytesLeft = kLingerBytes;
    bool peerSends = false;
    bool awaitsAcknowledgement = false;  // for lingerSeconds; the other limits come afterwards
  };
  struct Broken {
    int error;
    size_t bytesLeft;
  };
  // kFailed: the peer has reset the connection, as a rule, and acknowledges nothing any more.
  enum class Input : uint8_t { kNone, kSome, kEnded, kFailed };
  struct HandedOver {
    size_t record;  // position of its kDescriptor
    int fd;
  };

  struct Retry {
    Handle handle;
    int64_t due;
  };
  // Stands for the poller where handles are kept. No socket has it.
  static constexpr Handle kPollersHandle = 0;

  // Null for a handle that is stale or of another kind.
  template <typename T>
  T* find(Handle handle) const {
    Watched* watched = table_.find(handle);
    return watched != nullptr && watched->kind == T::kKind ? static_cast<T*>(watched) : nullptr;
  }

  // reactor.cc
  Status adopt(Watched& watched, Interest interest, Handle& handle);
  Status adoptBound(Watched& watched, const std::unique_ptr<SocketFile>& file, Handle& handle);
  Status enrol(Watched& watched, Interest interest, Handle& handle);
  void unwatchToClose(Watched& watched);
  Status tellPoller(Watched& watched);
  void applyInterest(Watched& watched);
  void watchingFailed(Watched& watched, int error);
  void destroy(Watched& watched);

  // retries.cc
  void comeBackLater(Watched& watched);
  void backOff(Watched& watched);
  void sendLater(Watched& watched, int error);
  void addRetry(Handle handle, uint8_t& setbacks);
  void retryWhatIsDue();
  void retry(Watched& watched);
  void tellOfFailure(int error, FailedCall call);
  void expectMoreFailures();
  size_t askPoller(std::span<ReadyEvent> ready);
  void restPoller(const Status& status, uint8_t& setbacks);

  // adoption.cc
  Status enrolShared(Watched& watched, bool takenOver, Handle& handle);

  // unix_streams.cc
  Transfer sendWithDescriptors(Stream& stream, std::span<Bytes>& parts);
  bool hasRoomForDescriptors() const;
  Transfer receiveUnixInto(Stream& stream, uint8_t* memory, size_t most, bool& stoppedShort);
  void closeUntakenDescriptors();

  // incoming.cc
  size_t room() const { return memory_.eventCapacity - eventCount_; }
  void emit(Handle handle, int32_t kind, int32_t a, int32_t b);
  void emitAddress(Handle handle, int32_t kind, int32_t a, const SocketAddress& address);
  void emitPending();
  void compactPending();
  bool isForNobody(const Event& event) const;
  void goOnWithUnfinished();
  void comeBack(Stream& stream);
  void goOnReading(Stream& stream);
  void onReady(const ReadyEvent& ready);
  void onStreamReady(Stream& stream, const ReadyEvent& ready);
  void finishConnect(Stream& stream);
  void noticeHangUp(Stream& stream, bool reset);
  void receiveFrom(Stream& stream);
  void receiveFailed(Stream& stream, int error);
  void endOfInput(Stream& stream);
  size_t arenaRoom() const { return arena_.size() - arenaUsed_; }
  void endFromPeer(Stream& stream, int error, FailedCall call);
  void markEnded(Handle handle);

  // accepting.cc
  void obeyListener(Listener& listener, int32_t command);
  void acceptOn(Listener& listener);
  bool acceptOne(Listener& listener);
  bool acceptFailed(Listener& listener, int error, FailedCall call);
  void refuseWaiting(Listener& listener);
  void drainListeners();
  bool drain(Listener& listener);

  // outgoing.cc
  void settleDirty();
  void absorbCommands();
  Bytes bytesToSend(int32_t offset, int32_t length) const;
  void obey(Watched& watched, int32_t command);
  void obeyStream(Stream& stream, int32_t command);
  void addPiece(Stream& stream, Bytes bytes, std::unique_ptr<Retained> keeper);
  void markDirty(Stream& stream);
  void settle(Stream& stream);
  size_t writtenBytes(const Stream& stream) const;
  bool sendWaiting(Stream& stream);
  bool gatherParts(const Stream& stream, std::span<Bytes>& parts) const;
  void consumeSent(Stream& stream, size_t count);
  void queuePieces(Stream& stream);
  void endOfSending(Stream& stream);
  void endFromHere(Stream& stream, int error, FailedCall call);
  void endWithReset(Stream& stream, int error);
  void notifyHost(Handle handle, int32_t kind, int32_t a, int32_t b);
  void dropUnsent(Stream& stream);

  // lingering.cc
  static Input discardOnce(Stream& stream, size_t& bytes);
  void closeGracefully(Stream& stream);
  void comeBackToRead(Stream& stream);
  void discardInput(Stream& stream);
  void endOfLingeringInput(Stream& stream, Lingering& lingering);
  bool checkAcknowledged(Stream& stream, Lingering& lingering);
  void tickIfDue();
  void obeyLingering(Stream& stream, int32_t command);
  void obeyBroken(Stream& stream, int32_t command);
  void finishClosing(Stream& stream);
  void forgetLingering(Stream& stream);
  void sendFailed(Stream& stream, int error);
  void readOfBroken(Stream& stream, size_t bytes);
  void endBroken(Stream& stream);
  void forgetBroken(Stream& stream);
  void closeWithoutWaiting(Watched& watched);

  // datagrams_in.cc
  DatagramSettings possible(const DatagramSettings& settings) const;
  DatagramSocket& makeDatagrams(Socket socket, const DatagramSettings& settings);
  void onDatagramsReady(DatagramSocket& socket, const ReadyEvent& ready);
  void goOnWithDatagrams();
  void comeBack(DatagramSocket& socket);
  void receiveDatagrams(DatagramSocket& socket, size_t records);
  bool receiveError(DatagramSocket& socket, int error, int lastError);
  size_t emitReceived(DatagramSocket& socket, const ReceiveBatch::Datagram& datagram);
  void emitDatagram(DatagramSocket& socket, int32_t kind, int32_t a, int32_t b,
                    const SocketAddress& from, const DatagramAncillary& told);
  size_t putInArena(Bytes bytes);

  // datagrams_out.cc
  void addDatagram(DatagramSocket& socket, Bytes record);
  void obeyDatagrams(DatagramSocket& socket, int32_t command);
  void markDirty(DatagramSocket& socket);
  void settle(DatagramSocket& socket);
  void sendQueued(DatagramSocket& socket);
  size_t sendRecords(DatagramSocket& socket, std::span<const Bytes> records);
  void batchRecords(DatagramSocket& socket, std::span<const Bytes> records);
  bool joins(DatagramSocket& socket, const DatagramRecord& first, const DatagramRecord& next);
  size_t sendError(DatagramSocket& socket, int error, std::span<const Bytes> records);
  void queueDatagram(DatagramSocket& socket, Bytes record);
  bool mayTell() const;
  void tellSendFailed(DatagramSocket& socket, int error, Bytes record);

  const std::unique_ptr<Poller> poller_;
  const SharedMemory memory_;
  HandleTable<Watched> table_;
  Statistics statistics_;
  int spareDescriptor_;

  uint32_t turn_ = 0;  // counts calls of gather()
  size_t eventCount_ = 0;
  std::array<ReadyEvent, kMaxReadyEvents> ready_;
  std::vector<Event> pending_;  // events made outside gather(), from pendingHead_ on
  size_t pendingHead_ = 0;
  std::vector<Handle> unfinished_;  // streams that had more to read or send than a turn's share
  std::vector<Handle> revisited_;
  std::vector<Handle> draining_;  // listeners that have yet to say kListenerDrained
  std::vector<Retry> retries_;
  std::vector<Retry> retried_;
  int64_t retryDue_ = kNeverDue;  // the earliest of retries_
  bool pollResting_ = false;
  bool waitingFails_ = false;
  bool failureTold_ = false;
  int64_t failingUntil_ = 0;
  uint8_t pollSetbacks_ = 0;
  uint8_t waitSetbacks_ = 0;
  size_t unprocessed_ = 0;     // sockets that this batch must have room for beside the present one
  std::vector<Handle> ended_;  // their kLost is in this batch
  std::vector<HandedOver> handedOver_;  // descriptors in this batch
  std::span<uint8_t> arena_;            // what this batch's events hand out
  size_t arenaUsed_ = 0;

  std::unordered_map<Handle, Lingering> lingering_;
  std::vector<Handle> ticking_;
  int64_t tickDue_ = kNeverDue;  // the next tick of those that linger
  size_t orphans_ = 0;           // of those that linger: the host has forgotten them
  std::unordered_map<Handle, Broken> broken_;

  std::vector<Handle> unfinishedDatagrams_;  // likewise, of datagram sockets
  std::vector<Handle> revisitedDatagrams_;
  // Made for the first datagram socket.
  std::unique_ptr<ReceiveBatch> receiveBatch_;
  std::unique_ptr<SendBatch> sendBatch_;
  std::vector<Bytes> queuedRecords_;

  std::vector<Piece> pieces_;
  std::vector<Handle> dirty_;
};

}  // namespace ropewalk
