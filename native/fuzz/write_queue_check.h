// Shared by write_queue_test and write_queue_fuzz.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "net/write_queue.h"
#include "test/check.h"

namespace ropewalk {

// Memory for the queue to keep; counts its keepers, and can be taken away.
class KeptMemory {
 public:
  explicit KeptMemory(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
  KeptMemory(const KeptMemory&) = delete;
  ~KeptMemory() { CHECK_EQUAL(keepers_, 0); }

  Bytes bytes() const { return bytes_; }
  int keepers() const { return keepers_; }
  bool taken() const { return taken_; }
  // How often its validity was checked.
  int checks() const { return checks_; }
  void takeAway() { taken_ = true; }

  std::unique_ptr<Retained> keep() { return std::make_unique<Keeper>(*this); }

 private:
  class Keeper final : public Retained {
   public:
    explicit Keeper(KeptMemory& memory) : memory_(memory) { memory_.keepers_ += 1; }
    ~Keeper() override { memory_.keepers_ -= 1; }
    bool valid() const override {
      memory_.checks_ += 1;
      return !memory_.taken_;
    }

   private:
    KeptMemory& memory_;
  };

  const std::vector<uint8_t> bytes_;
  int keepers_ = 0;
  int checks_ = 0;
  bool taken_ = false;
};

// Drives a queue with a byte string as the program and a plain deque as the model: gather() returns
// the front of the pushed and not yet consumed bytes up to the next part of a file, retained pieces
// are returned without copying, a keeper lives exactly as long as bytes of its piece are queued,
// entries are valid up to the first whose memory was taken away, and a part of a file has the
// position of its first unsent byte.
inline void checkWriteQueue(Bytes program) {
  struct Kept {
    std::unique_ptr<KeptMemory> memory;
    uint64_t end;  // consumed bytes once its last byte is consumed
  };
  struct File {
    uint64_t begin;  // consumed bytes once it is the front of the queue
    uint64_t end;
    uint64_t position;
  };
  std::deque<Kept> kept;
  std::deque<File> files;
  std::deque<uint8_t> model;
  uint64_t pushed = 0;
  uint64_t consumed = 0;
  WriteQueue queue;  // destroyed before the memory that it keeps

  for (const uint8_t op : program) {
    const size_t amount = size_t{op} / 4 * 97;
    if (op % 4 <= 1) {
      std::vector<uint8_t> bytes(amount);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(pushed++ * 7);
      model.insert(model.end(), bytes.begin(), bytes.end());
      if (op % 4 == 0) {
        queue.push(bytes);
      } else {
        kept.push_back({std::make_unique<KeptMemory>(std::move(bytes)), pushed});
        KeptMemory& memory = *kept.back().memory;
        queue.pushRetained(memory.bytes(), memory.keep());
      }
    } else if (op % 4 == 2) {
      const size_t count = std::min(amount * 2, model.size());
      queue.consume(count);
      consumed += count;
      model.erase(model.begin(), model.begin() + static_cast<ptrdiff_t>(count));
    } else if (amount > 0) {
      const size_t length = op == 255 ? 0 : amount;
      const uint64_t position = uint64_t{op} << 32;
      queue.pushFile({UniqueFd(), position, length});
      if (length > 0) files.push_back({pushed, pushed + length, position});
      model.insert(model.end(), length, 0);
      pushed += length;
    } else if (!kept.empty()) {
      kept.back().memory->takeAway();
    }

    while (!files.empty() && files.front().end <= consumed) files.pop_front();
    const uint64_t nextFile = files.empty() ? pushed : std::max(files.front().begin, consumed);
    const size_t untilFile = static_cast<size_t>(nextFile - consumed);
    Bytes parts[3];
    const size_t used = queue.gather(parts);
    size_t at = 0;
    for (size_t i = 0; i < used; i++) {
      CHECK(!parts[i].empty());
      CHECK(
          std::equal(parts[i].begin(), parts[i].end(), model.begin() + static_cast<ptrdiff_t>(at)));
      at += parts[i].size();
    }
    CHECK(at <= untilFile);
    CHECK(used == 3 || at == untilFile);
    const FilePart* file = queue.fileBehind(used);
    CHECK_EQUAL(queue.hasFile(), !files.empty());
    CHECK_EQUAL(file != nullptr, !files.empty() && at == untilFile);
    if (file != nullptr) {
      CHECK_EQUAL(file->position, files.front().position + (nextFile - files.front().begin));
      CHECK_EQUAL(file->left, files.front().end - nextFile);
    }
    CHECK_EQUAL(queue.size(), model.size());
    CHECK_EQUAL(queue.empty(), model.empty());
    size_t valid = used;  // entries before the first that was taken away
    for (const Kept& one : kept) {
      const bool waits = one.end > consumed && !one.memory->bytes().empty();
      CHECK_EQUAL(one.memory->keepers(), waits ? 1 : 0);
      if (!waits || !one.memory->taken()) continue;
      for (size_t i = 0; i < valid; i++) {
        if (parts[i].data() + parts[i].size() == std::to_address(one.memory->bytes().end()))
          valid = i;
      }
    }
    for (size_t i = 0; i <= used; i++) CHECK_EQUAL(queue.valid(i), i <= valid);
    while (!kept.empty() && kept.front().end <= consumed) kept.pop_front();
  }
}

}  // namespace ropewalk
