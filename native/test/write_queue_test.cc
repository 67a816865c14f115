#include "net/write_queue.h"

#include <cstdlib>
#include <string_view>

#include "check.h"
#include "fuzz/corpus.h"
#include "fuzz/write_queue_check.h"

namespace ropewalk {
namespace {

Bytes bytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Small pieces share a block, so that many writes go out in one send.
void joinsSmallPieces() {
  WriteQueue queue;
  for (int i = 0; i < 100; i++) queue.push(bytesOf("abc"));
  Bytes parts[2];
  CHECK_EQUAL(queue.gather(parts), 1);
  CHECK_EQUAL(parts[0].size(), 300);
  queue.consume(299);
  queue.push(bytesOf("de"));
  CHECK_EQUAL(queue.gather(parts), 1);
  CHECK(std::equal(parts[0].begin(), parts[0].end(), bytesOf("cde").begin()));
}

// Bytes returned by gather() do not move while more is pushed: a send may be in progress.
void doesNotMoveBytes() {
  WriteQueue queue;
  queue.push(bytesOf("first"));
  Bytes before[1];
  queue.gather(before);
  for (int i = 0; i < 10'000; i++) queue.push(bytesOf("and more"));
  Bytes after[1];
  queue.gather(after);
  CHECK(before[0].data() == after[0].data());
}

// A retained piece is returned without copying, and released when its last byte is consumed.
void keepsRetainedPieces() {
  KeptMemory memory(std::vector<uint8_t>(1000, 'x'));
  WriteQueue queue;
  queue.push(bytesOf("before"));
  queue.pushRetained(memory.bytes(), memory.keep());
  queue.push(bytesOf("after"));

  Bytes parts[4];
  CHECK_EQUAL(queue.gather(parts), 3);
  CHECK(parts[1].data() == memory.bytes().data());
  queue.consume(6 + 999);
  CHECK_EQUAL(memory.keepers(), 1);
  queue.consume(1);
  CHECK_EQUAL(memory.keepers(), 0);
  CHECK_EQUAL(queue.size(), 5);
}

// An empty piece has no unsent bytes, so nothing is kept for it.
void ignoresEmptyPieces() {
  KeptMemory memory({});
  WriteQueue queue;
  queue.push({});
  queue.pushRetained(memory.bytes(), memory.keep());
  CHECK(queue.empty());
  CHECK_EQUAL(memory.keepers(), 0);
  Bytes parts[1];
  CHECK_EQUAL(queue.gather(parts), 0);
}

// A destroyed queue releases everything it keeps, once.
void letsGoAtItsEnd() {
  KeptMemory memory(std::vector<uint8_t>(10));
  {
    WriteQueue queue;
    for (int i = 0; i < 3; i++) queue.pushRetained(memory.bytes(), memory.keep());
    CHECK_EQUAL(memory.keepers(), 3);
    queue.consume(15);
    CHECK_EQUAL(memory.keepers(), 2);
  }
  CHECK_EQUAL(memory.keepers(), 0);
}

// Memory taken away by its owner is noticed when about to be sent, not before.
void noticesMemoryTakenAway() {
  KeptMemory memory(std::vector<uint8_t>(10));
  WriteQueue queue;
  queue.push(bytesOf("before"));
  queue.pushRetained(memory.bytes(), memory.keep());
  queue.push(bytesOf("behind"));
  CHECK(queue.valid(3));
  memory.takeAway();
  CHECK(queue.valid(0));
  CHECK(queue.valid(1));
  CHECK(!queue.valid(2));
  CHECK(!queue.valid(3));
  queue.consume(6 + 10);
  CHECK(queue.valid(1));
}

void agreesWithADeque() {
  std::srand(20261122);
  for (int round = 0; round < 100; round++) {
    std::vector<uint8_t> program(64);
    for (uint8_t& op : program) op = static_cast<uint8_t>(std::rand());
    checkWriteQueue(program);
  }
  replayCorpus("write_queue", checkWriteQueue);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(joinsSmallPieces),
      STORY(doesNotMoveBytes),
      STORY(keepsRetainedPieces),
      STORY(ignoresEmptyPieces),
      STORY(letsGoAtItsEnd),
      STORY(noticesMemoryTakenAway),
      STORY(agreesWithADeque),
  });
}
