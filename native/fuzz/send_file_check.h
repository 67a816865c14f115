// Shared by reactor_send_file_test and send_file_fuzz.
#pragma once

#include <algorithm>
#include <vector>

#include "test/check.h"
#include "test/host.h"
#include "test/sockets.h"
#include "test/temporary_file.h"

namespace ropewalk {

// A stream with small buffers, its peer, and a file that shrinks and grows, driven by a byte string
// as the program. The peer receives the bytes written and the parts of the file in order, until a
// part lies beyond the end of the file: then the connection is reset. No descriptor is left open.
class FileStory {
 public:
  FileStory(Bytes program, PollerKind kind)
      : program_(program), server_(kind, {}, smallBuffers()), file_(content()) {
    handle_ = server_.connect(peer_, kSmallBuffer);
  }

  void run() {
    while (!program_.empty()) step();
    if (peerGone_) {
      server_.turnUntil([&] { return isLost() || isClosed(); });
      return;
    }
    server_.turnUntil([&] {
      peer_.receive();
      return peer_.ended() || isLost() || (isComplete() && hasAll());
    });
    peer_.receive();
    checkReceived();
    if (peer_.error() == 0 && !isBroken()) {
      CHECK(isComplete() && hasAll());
      if (!closing_) CHECK_EQUAL(server_.reactor().queuedBytes(handle_), 0);
      return;
    }
    CHECK(mayBreak_);
    server_.turnUntil([&] { return isLost(); });
    CHECK_EQUAL(server_.of(handle_).error, ENODATA);
    CHECK_EQUAL(server_.of(handle_).call, kSendFileCall);
  }

 private:
  static constexpr size_t kSize = 255 * 512;
  static constexpr size_t kMaxExpected = 2'000'000;

  static const std::vector<uint8_t>& content() {
    static const std::vector<uint8_t> bytes = pattern(kSize);
    return bytes;
  }

  uint8_t byte() {
    if (program_.empty()) return 0;
    const uint8_t first = program_[0];
    program_ = program_.subspan(1);
    return first;
  }

  bool isLost() { return server_.of(handle_).lost > 0; }
  bool isBroken() { return isLost() && server_.of(handle_).error != 0; }
  bool isClosed() { return server_.reactor().socketOf(handle_) == kNoSocket; }
  bool hasAll() const { return peer_.received().size() >= expected_.size(); }
  // No part lay beyond the end of the file.
  bool isComplete() const { return most_ == SIZE_MAX; }
  bool takesMore() { return !closing_ && !isLost() && expected_.size() < kMaxExpected; }

  void step() {
    switch (byte() % 12) {
      case 0:
      case 1:
        return writeBytes(byte() * 40u);
      case 2:
      case 3:
      case 4:
        return sendPart();
      case 5:
        server_.reactor().flush();
        return;
      case 6:
        server_.turn();
        return;
      case 7:
        if (!peerGone_) peer_.receive(byte() * 200u);
        return;
      case 8:
        return resize(byte() * size_t{512});
      case 9:
        return resize(kSize);
      case 10:
        if (!isLost() && byte() % 4 == 0) shared_ = server_.reactor().share(handle_) != kNoSocket;
        return;
      case 11:
        return endSomehow(byte());
    }
  }

  void writeBytes(size_t count) {
    if (!takesMore()) return;
    const std::vector<uint8_t> bytes = pattern(count, ++writes_);
    server_.write(handle_, bytes);
    expected_.insert(expected_.end(), bytes.begin(), bytes.end());
    isOfFile_.resize(expected_.size(), false);
  }

  // Sometimes beyond the end of the file.
  void sendPart() {
    const size_t position = byte() * size_t{512} + byte() % 8;
    const size_t length = byte() * size_t{byte() % 4 == 0 ? 400u : 8u};
    if (!takesMore()) return;
    const bool sent = server_.reactor().sendFile(handle_, file_.fd(), position, length);
    CHECK(!(sent && shared_));
    if (!sent) return;
    const size_t from = std::min(position, kSize);
    const size_t end = std::min(position + length, kSize);
    if (length > 0 && position + length > size_) mayBreak_ = true;
    expected_.insert(expected_.end(), content().begin() + static_cast<ptrdiff_t>(from),
                     content().begin() + static_cast<ptrdiff_t>(end));
    isOfFile_.resize(expected_.size(), true);
    if (length > 0 && position + length > kSize) most_ = std::min(most_, expected_.size());
  }

  void resize(size_t size) {
    if (size < size_) {
      file_.truncate(size);
      mayBreak_ = truncated_ = true;
    } else {
      file_.write(Bytes(content()).subspan(size_, size - size_), size_);
    }
    size_ = size;
  }

  void endSomehow(uint8_t choice) {
    if (choice >= 224 && !peerGone_) {
      checkReceived();
      peerGone_ = true;
      peer_.reset();
    } else if (choice < 32 && !closing_) {
      closing_ = true;
      server_.command(handle_, choice % 2 == 0 ? kClose : kShutdown);
    } else if (choice < 40) {
      server_.command(handle_, choice % 2 == 0 ? kPause : kResume);
    }
  }

  // sendfile(2) sends pages of the system's cache, not copies of them: bytes that are truncated
  // before the peer has received them may be zeros.
  void checkReceived() {
    const std::vector<uint8_t>& received = peer_.received();
    CHECK(received.size() <= std::min(most_, expected_.size()));
    for (size_t i = 0; i < received.size(); i++) {
      CHECK(received[i] == expected_[i] || (received[i] == 0 && isOfFile_[i] && truncated_));
    }
  }

  Bytes program_;
  Server server_;
  TemporaryFile file_;
  Peer peer_;
  Handle handle_ = 0;
  std::vector<uint8_t> expected_;
  std::vector<bool> isOfFile_;
  size_t most_ = SIZE_MAX;  // nothing behind missing bytes of the file may be received
  size_t size_ = kSize;
  uint32_t writes_ = 1;
  bool mayBreak_ = false;
  bool truncated_ = false;
  bool closing_ = false;
  bool shared_ = false;
  bool peerGone_ = false;
};

inline void checkSendFile(Bytes program, PollerKind kind) {
  const size_t before = openDescriptors();
  FileStory(program, kind).run();
  CHECK_EQUAL(openDescriptors(), before);
}

}  // namespace ropewalk
