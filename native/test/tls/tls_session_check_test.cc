#include <cstdlib>

#include "fuzz/corpus.h"
#include "fuzz/tls_session_check.h"

namespace ropewalk {
namespace {

// Programs that get through the handshake: everything is passed on, again and again.
Octets conversation(uint8_t kind, std::initializer_list<uint8_t> then) {
  Octets program{kind};
  const auto add = [&](uint8_t what, uint8_t amount) {
    program.push_back(what);
    program.push_back(amount);
  };
  add(0 << 1, 0);
  for (int i = 0; i < 4; i++) {
    add(5 << 1, 0);
    add(3 << 1 | 1, static_cast<uint8_t>(kind + 4));
    add(7 << 1 | 1, 0);
    add(5 << 1 | 1, 0);
  }
  program.insert(program.end(), then);
  return program;
}

// The programs do more than fail.
void talks() {
  for (uint8_t kind = 0; kind < CheckedContexts::kKinds; kind++) {
    CHECK_EQUAL(checkTlsSession(conversation(kind, {1 << 1, 200, 5 << 1, 0})), 200 * 97);
  }
}

// Records that the program makes arrive, in both directions: at the client behind the tickets.
void sealsRecords() {
  constexpr uint8_t kSeal = 7 << 1;
  constexpr uint8_t kPass = 5 << 1;
  for (const uint8_t by : {0, 1}) {
    const uint8_t seal = kSeal | by;
    const uint8_t pass = kPass | by;
    // A key update, then data with the next keys. The bytes that describe records are calls without
    // effect: handshakes, contexts.
    const Octets program = conversation(
        0, {seal, 1, 22, 5, 0, 24, 0, 0, 1, 0, pass, 0, seal, 1, 23, 4, 0, 0, 0, 0, pass, 0});
    CHECK_EQUAL(checkTlsSession(program), 4);
  }
}

void keepsItsContract() {
  std::srand(20261129);
  for (int round = 0; round < 60; round++) {
    Octets program = conversation(static_cast<uint8_t>(round), {});
    for (int i = 0; i < 60; i++) program.push_back(static_cast<uint8_t>(std::rand()));
    checkTlsSession(program);
    program.erase(program.begin() + 1, program.end() - 60);
    checkTlsSession(program);
  }
  replayCorpus("tls_session", checkTlsSession);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({STORY(talks), STORY(sealsRecords), STORY(keepsItsContract)});
}
