// The reactor's core: watches sockets, makes the system calls, and exchanges events and commands
// with its host through shared memory (shared_memory.h). Makes no callbacks.
//
// A turn, driven by the host:
//
//     gather()        polls once, receives and accepts, writes the batch's events
//     ...             the host processes the events and writes commands
//     flush()         executes the commands: bytes are sent here
//     finishBatch()   frees streams that have ended
//
// Single-threaded, except for poller().notify() and poller().block().
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
#include "../net/pipe.h"
#include "../net/socket.h"
#include "../net/unix_socket.h"
#include "../poller/poller.h"
#include "closing_stream.h"
#include "datagram_record.h"
#include "datagram_socket.h"
#include "event_batch.h"
#include "piece.h"
#include "reactor_limits.h"
#include "retry_list.h"
#include "shared_memory.h"
#include "watched.h"

namespace ropewalk {

struct Statistics {
  uint64_t turns = 0;
  uint64_t bytesReceived = 0;
  uint64_t bytesSent = 0;
};

class Reactor : public ReactorLimits {
 public:
  static constexpr int64_t kNeverDue = RetryList::kNeverDue;

  // `handleGenerations`: number of uses of a slot after which its handles repeat; tests use few.
  Reactor(std::unique_ptr<Poller> poller, const SharedMemory& memory,
          uint32_t handleGenerations = HandleTable<Watched>::kMaxGeneration);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  Poller& poller() { return *poller_; }
  const Statistics& statistics() const { return statistics_; }
  // The number of sockets with a handle.
  size_t size() const { return table_.size(); }
  // Without those that linger only for the peer's sake, after the host has discarded them.
  size_t sizeInUse() const { return table_.size() - orphans_; }
  // Lingering streams whose peer is sending: an exit of the process now would reset them.
  size_t lingeringSenders() const;

  // Opening. `handle` is set on success only.
  Status listen(const SocketAddress& address, const ListenOptions& options, Handle& handle);
  Status connect(const SocketAddress& address, const SocketAddress* local,
                 const ConnectOptions& options, Handle& handle);
  Status listenUnix(const SocketAddress& address, const UnixListenOptions& options, Handle& handle);
  Status connectUnix(const SocketAddress& address, int sendBufferBytes, Handle& handle);
  // See adoptSocket(). With `takeOver`, `fd` belongs to the reactor on success. An adopted listener
  // is only closed; other holders may still listen.
  Status adoptListener(int fd, bool takeOver, Handle& handle);
  Status adoptStream(int fd, bool takeOver, Handle& handle);
  // See net/pipe.h. A pipe that is only written is lost (EPIPE) when its reader is gone; with
  // kqueue, when it is written.
  Status adoptPipe(int fd, PipeDirection direction, bool takeOver, Handle& handle);
  // `socket` remains the caller's, which must close() the handle before closing it.
  Status watch(Socket socket, Interest interest, Handle& handle);
  Status setInterest(Handle handle, Interest interest);

  // Datagram sockets.
  Status openUdp(const SocketAddress& local, const DatagramSettings& settings, Handle& handle);
  // An empty path leaves the socket unnamed. `mode`: see bindToPath().
  Status openUnixDatagrams(const std::string& path, int mode, const DatagramSettings& settings,
                           Handle& handle);
  // See adoptStream().
  Status adoptDatagrams(int fd, bool takeOver, const DatagramSettings& settings, Handle& handle);
  // Sends this turn's datagrams first. Ignored for a stale handle.
  Status connectDatagrams(Handle handle, const SocketAddress& peer);
  // Null for a stale handle.
  const DatagramSocket* datagrams(Handle handle) const { return find<DatagramSocket>(handle); }

  // Frees a listener or descriptor at once and a stream like kReset; for a datagram socket, sends
  // this turn's datagrams first. No event follows. Stale handles are ignored.
  void close(Handle handle);

  // Sends `bytes` without copying them, after everything written before. Ignored for a stale
  // handle.
  void write(Handle handle, Bytes bytes, std::unique_ptr<Retained> keeper);
  // Likewise, `length` bytes of a file from `position` on; a copy of `fd` is kept until they are
  // sent. If the file ends before, the stream is reset: kLost with kSendFileCall. False if this
  // stream cannot send files, or there is no descriptor left: the host reads the file and writes.
  bool sendFile(Handle handle, int fd, uint64_t position, size_t length);
  // The input of `from` goes to `to` from now on, kRelayed in place of kData, as long as both are
  // plain TCP streams and `to` is not ending; otherwise there is kData. False if the system cannot.
  bool relay(Handle from, Handle to);
  // Sends a copy of `fd`, made now, with the first byte written from now on. Ignored if a write
  // would be; EOPNOTSUPP if the handle is not a UNIX stream.
  Status sendDescriptor(Handle handle, int fd);
  // The number of unsent descriptors. 0 for a stale handle.
  size_t waitingDescriptors(Handle handle) const;
  // Bytes written but not yet taken by the system. 0 for a stale handle.
  size_t queuedBytes(Handle handle);
  // The socket of a live handle, else kNoSocket: for reading addresses and setting options.
  Socket socketOf(Handle handle) const;
  bool isUnix(Handle handle) const;
  // Like socketOf(), for a descriptor that others may use.
  Socket share(Handle handle);
  // Gives up an open stream: `fd` belongs to the caller, and no event follows. EBUSY if the system
  // does not take everything written so far: the stream continues.
  Status detach(Handle handle, int& fd);
  // Removes the file created by a UNIX listener or datagram socket, unless another has replaced it:
  // see removeSocketFile(). Must be called before close().
  bool unlinkUnix(Handle handle);

  // Secures an open stream: bytes written so far are sent in clear, all others are encrypted, and
  // kTlsEstablished follows when the handshake is complete. `received` is ciphertext that the host
  // has read already; it is copied. ENOTCONN if the stream is closing or gone.
  Status startTls(Handle handle, std::unique_ptr<TlsSession> session, Bytes received = {});
  // Refuses the peer after the handshake: unsent bytes are dropped, and an alert is sent if the
  // session can make it. The host closes the stream then.
  void refuseTlsPeer(Handle handle, int alert);
  // Answers kTlsHello; null refuses the client. Ignored for a stale handle.
  void selectTlsContext(Handle handle, std::shared_ptr<TlsContext> context);
  // Null for a handle that is stale or not secured.
  const TlsSession* tlsSession(Handle handle) const;

  // Sets the memory to receive into, of at least kMinArena bytes and `bulkSize` bytes for bulk
  // reads only. Unsent bytes in the previous memory are sent or copied first: nothing refers to it
  // afterwards.
  void receiveInto(std::span<uint8_t> arena, size_t bulkSize = 0);

  // Returns the number of events. May be called only when the last batch is finished.
  size_t gather();
  void finishBatch();
  void flush();
  // When gather() will have work even if no socket is ready, as monotonicNanos(); kNeverDue if
  // never.
  int64_t wakeUpDue() const { return std::min(retries_.due(), tickDue_); }
  // The poller has failed and must not be waited for before wakeUpDue().
  bool pollerSuspended() const { return pollerSuspended_; }
  // Reports the outcome of waiting for the poller.
  void waited(const Status& status);
  // Advances lingering streams by one tick. Public for tests: gather() calls it when due.
  void tick();
  // Whether gather() has work that the poller does not report.
  bool pending() const {
    return batch_.hasPostponed() || !unfinished_.empty() || !unfinishedDatagrams_.empty() ||
           !draining_.empty();
  }

 private:
  struct HandedOver {
    size_t record;  // position of its kDescriptor
    int fd;
  };

  // Represents the poller among handles. No socket has it.
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
  Status updatePoller(Watched& watched);
  void applyInterest(Watched& watched);
  void watchingFailed(Watched& watched, int error);
  void destroy(Watched& watched);

  // retries.cc
  void retryLater(Watched& watched);
  void backOff(Watched& watched);
  void sendLater(Watched& watched, int error);
  void retryWhatIsDue();
  void retry(Watched& watched);
  void reportFailure(int error, FailedCall call);
  void expectMoreFailures();
  size_t pollReady(std::span<ReadyEvent> ready);
  void suspendPoller(const Status& status, uint8_t& setbacks);

  // adoption.cc
  Status enrolSocket(Watched& watched, bool takenOver, Handle& handle);
  Status enrolShared(Watched& watched, Interest interest, bool takenOver, Handle& handle);

  // pipes.cc
  void noticePipeHangUp(Stream& stream);
  static void restorePipe(Stream& stream);
  static void closePipe(Stream& stream, bool discard);

  // unix_streams.cc
  Transfer sendWithDescriptors(Stream& stream, std::span<Bytes>& parts);
  bool hasRoomForDescriptors() const;
  Transfer receiveUnixInto(Stream& stream, uint8_t* memory, size_t most, bool& stoppedShort);
  void closeUntakenDescriptors();

  // incoming.cc
  bool isForNobody(const EventBatch::Event& event) const;
  void continueUnfinished();
  void revisit(Stream& stream);
  void continueReading(Stream& stream);
  void onReady(const ReadyEvent& ready);
  void onStreamReady(Stream& stream, const ReadyEvent& ready);
  void finishConnect(Stream& stream);
  void noticeHangUp(Stream& stream, bool reset);
  Transfer receiveOther(Stream& stream, uint8_t* memory, size_t most, bool& stoppedShort);
  void receiveFrom(Stream& stream);
  bool hasReceived(Stream& stream, const Transfer& transfer);
  void receiveFailed(Stream& stream, int error);
  void endOfInput(Stream& stream);
  void endFromPeer(Stream& stream, int error, FailedCall call);
  void markEnded(Handle handle);

  // relaying.cc
  bool relayInput(Stream& stream);
  Transfer offerPipe(Stream& stream, const std::shared_ptr<RelayPipe>& pipe);
  void relayDrained(const std::shared_ptr<RelayPipe>& pipe);

  // accepting.cc
  void executeOnListener(Listener& listener, int32_t command);
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
  void execute(Watched& watched, int32_t command);
  void executeOnStream(Stream& stream, int32_t command);
  void addPiece(Stream& stream, Bytes bytes, std::unique_ptr<Retained> keeper);
  void markDirty(Stream& stream);
  void settle(Stream& stream);
  size_t writtenBytes(const Stream& stream) const;
  bool sendWaiting(Stream& stream);
  Transfer offer(Stream& stream, std::span<Bytes> parts);
  Transfer offerFile(Stream& stream, const FilePart& file);
  static std::span<Bytes> cutToOneCall(std::span<Bytes> parts);
  bool gatherParts(const Stream& stream, std::span<Bytes>& parts) const;
  void consumeSent(Stream& stream, size_t count);
  void queuePieces(Stream& stream);
  void endOfSending(Stream& stream);
  void endFromHere(Stream& stream, int error, FailedCall call);
  void endWithReset(Stream& stream, int error, FailedCall call);
  void dropUnsent(Stream& stream);

  // lingering.cc
  static DiscardedInput discardOnce(Stream& stream, size_t& bytes);
  void closeGracefully(Stream& stream);
  void revisitToRead(Stream& stream);
  void discardInput(Stream& stream);
  void endOfLingeringInput(Stream& stream, Lingering& lingering);
  bool checkAcknowledged(Stream& stream, Lingering& lingering);
  void tickIfDue();
  void executeOnLingering(Stream& stream, int32_t command);
  void executeOnBroken(Stream& stream, int32_t command);
  void finishClosing(Stream& stream);
  void forgetLingering(Stream& stream);
  void sendFailed(Stream& stream, int error);
  void readOfBroken(Stream& stream, size_t bytes);
  void endBroken(Stream& stream);
  void forgetBroken(Stream& stream);
  void closeWithoutWaiting(Watched& watched);
  void closeWithReset(Stream& stream);

  // tls_streams.cc
  static bool tlsWantsInput(const StreamTls& tls);
  void receiveTls(Stream& stream);
  void advanceTls(Stream& stream);
  void failTls(Stream& stream);
  void endTls(Stream& stream);
  bool sendTls(Stream& stream);
  static bool owesCloseNotify(const Stream& stream);
  bool encryptWritten(Stream& stream);
  bool gatherWire(const StreamTls& tls, std::span<Bytes>& parts) const;
  void consumeWire(StreamTls& tls, size_t count) const;
  void sendFinalBytes(Stream& stream);

  // datagrams_in.cc
  DatagramSettings possible(const DatagramSettings& settings) const;
  DatagramSocket& makeDatagrams(Socket socket, const DatagramSettings& settings);
  void onDatagramsReady(DatagramSocket& socket, const ReadyEvent& ready);
  void continueDatagrams();
  void revisit(DatagramSocket& socket);
  void receiveDatagrams(DatagramSocket& socket, size_t records);
  bool receiveError(DatagramSocket& socket, int error, int lastError);
  size_t emitReceived(DatagramSocket& socket, const ReceiveBatch::Datagram& datagram);
  void emitDatagram(DatagramSocket& socket, int32_t kind, int32_t a, int32_t b,
                    const SocketAddress& from, const DatagramAncillary& ancillary);

  // datagrams_out.cc
  void addDatagram(DatagramSocket& socket, Bytes record);
  void executeOnDatagrams(DatagramSocket& socket, int32_t command);
  void markDirty(DatagramSocket& socket);
  void settle(DatagramSocket& socket);
  void sendQueued(DatagramSocket& socket);
  size_t sendRecords(DatagramSocket& socket, std::span<const Bytes> records);
  void batchRecords(DatagramSocket& socket, std::span<const Bytes> records);
  bool joins(DatagramSocket& socket, const DatagramRecord& first, const DatagramRecord& next);
  size_t sendError(DatagramSocket& socket, int error, std::span<const Bytes> records);
  void queueDatagram(DatagramSocket& socket, Bytes record);
  bool mayReport() const;
  void reportSendFailed(DatagramSocket& socket, int error, Bytes record);

  const std::unique_ptr<Poller> poller_;
  const SharedMemory memory_;
  HandleTable<Watched> table_;
  Statistics statistics_;
  int spareDescriptor_;

  uint32_t turn_ = 0;  // counts calls of gather()
  EventBatch batch_;
  std::array<ReadyEvent, kMaxReadyEvents> ready_;
  std::vector<Handle> unfinished_;  // streams with more to read or send than a turn's share
  std::vector<Handle> revisited_;
  std::vector<Handle> draining_;  // listeners whose kListenerDrained is still due
  RetryList retries_;
  bool pollerSuspended_ = false;
  bool waitingFails_ = false;
  bool failureReported_ = false;
  int64_t failingUntil_ = 0;
  uint8_t pollSetbacks_ = 0;
  uint8_t waitSetbacks_ = 0;
  size_t unprocessed_ = 0;     // sockets that need room in this batch after the current one
  std::vector<Handle> ended_;  // their kLost is in this batch
  std::vector<HandedOver> handedOver_;  // descriptors in this batch

  std::unordered_map<Handle, Lingering> lingering_;
  std::vector<Handle> ticking_;
  int64_t tickDue_ = kNeverDue;  // next tick of the lingering streams
  size_t orphans_ = 0;           // lingering streams that the host has discarded
  std::unordered_map<Handle, Broken> broken_;

  // Memory of the secured streams' calls; made for the first of them.
  Octets tlsInput_;              // ciphertext received
  Octets tlsOutput_;             // ciphertext to send
  uint32_t handshakeSteps_ = 0;  // of this turn

  RelayPipes relayPipes_;
  size_t relayedBytes_ = 0;  // of this turn

  std::vector<Handle> unfinishedDatagrams_;  // like unfinished_, for datagram sockets
  std::vector<Handle> revisitedDatagrams_;
  // Made for the first datagram socket.
  std::unique_ptr<ReceiveBatch> receiveBatch_;
  std::unique_ptr<SendBatch> sendBatch_;
  std::vector<Bytes> queuedRecords_;

  std::vector<Piece> pieces_;
  std::vector<Handle> dirty_;
};

}  // namespace ropewalk
