#include "fuzz/tls_record_layer_check.h"

#include <cstdlib>

#include "fuzz/corpus.h"

namespace ropewalk {
namespace {

// The programs do more than fail.
void talks() {
  for (uint8_t kind = 0; kind < 6; kind++) {
    // Plaintext both ways; a key update that asks for another; more; an end.
    const Octets program = {kind, 2, 200, 7, 0, 4, 200,     16 << 3, 0, 7, 0,
                            4,    9, 2,   1, 7, 0, 19 << 3, 0,       7, 0};
    CHECK_EQUAL(checkRecordLayer(program), 200 * 70 + 200 * 200 + 9 * 9 + 70);
  }
}

void keepsItsPromises() {
  std::srand(20261129);
  for (int round = 0; round < 3000; round++) {
    Octets program{static_cast<uint8_t>(round)};
    for (int i = 0; i < 100; i++) program.push_back(static_cast<uint8_t>(std::rand()));
    checkRecordLayer(program);
  }
  replayCorpus("tls_record_layer", checkRecordLayer);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({STORY(talks), STORY(keepsItsPromises)});
}
