#include "net/descriptor_queue.h"

#include <unistd.h>

#include <array>
#include <vector>

#include "check.h"
#include "sockets.h"

namespace ropewalk {
namespace {

UniqueFd someFd() {
  return UniqueFd(dup(STDIN_FILENO));
}

size_t dueOf(const DescriptorQueue& queue, size_t room = 253) {
  std::vector<int> out(room);
  return queue.due(out);
}

// The number of bytes of `parts` that may go in the next message.
size_t bytesOfNext(const DescriptorQueue& queue, std::vector<Bytes> parts, size_t due) {
  const size_t used = queue.cut(parts, due);
  size_t bytes = 0;
  for (size_t i = 0; i < used; i++) bytes += parts[i].size();
  return bytes;
}

// Each descriptor starts a message.
void waitsForItsByte() {
  const std::vector<uint8_t> memory(10);
  const std::vector<Bytes> parts = {Bytes(memory).first(4), Bytes(memory).first(6)};
  DescriptorQueue queue;
  queue.push(someFd(), 5);
  queue.push(someFd(), 5);
  queue.push(someFd(), 8);
  CHECK_EQUAL(dueOf(queue), 0);
  CHECK_EQUAL(bytesOfNext(queue, parts, 0), 5);
  queue.consume(2, 0);
  CHECK_EQUAL(bytesOfNext(queue, parts, 0), 3);
  queue.consume(3, 0);
  CHECK_EQUAL(dueOf(queue), 2);
  CHECK_EQUAL(bytesOfNext(queue, parts, 2), 3);
  queue.consume(3, 2);
  CHECK_EQUAL(dueOf(queue), 1);
  CHECK_EQUAL(bytesOfNext(queue, parts, 1), 10);
  CHECK(!queue.empty());
  queue.consume(1, 1);
  CHECK(queue.empty());
}

// Descriptors without room go with the following byte.
void keepsWhatFindsNoRoom() {
  const std::vector<uint8_t> memory(10);
  DescriptorQueue queue;
  for (int i = 0; i < 5; i++) queue.push(someFd(), 0);
  for (const size_t expected : {2u, 2u, 1u}) {
    CHECK_EQUAL(dueOf(queue, 2), expected);
    CHECK_EQUAL(bytesOfNext(queue, {Bytes(memory)}, expected), expected == 2 ? 1 : 10);
    queue.consume(1, expected);
  }
  CHECK(queue.empty());
}

// Positions of pushed descriptors count from the bytes already sent.
void countsFromWhatIsSent() {
  DescriptorQueue queue;
  queue.push(someFd(), 1);
  queue.consume(1, 0);
  queue.push(someFd(), 3);
  CHECK_EQUAL(dueOf(queue), 1);
  queue.consume(3, 1);
  CHECK_EQUAL(dueOf(queue), 1);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(waitsForItsByte),
      STORY(keepsWhatFindsNoRoom),
      STORY(countsFromWhatIsSent),
  });
}
