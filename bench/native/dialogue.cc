#include "dialogue.h"

#include <algorithm>

namespace bench {

std::string_view EchoDialogue::Message(uint32_t connection, uint32_t sequence) {
  return {payload_.Build(connection, sequence), payload_.bytes()};
}

bool EchoDialogue::Check(uint32_t connection, uint32_t sequence, std::string_view* bytes,
                         Faults* faults) {
  size_t& received = received_[connection];
  const size_t count = std::min(bytes->size(), payload_.bytes() - received);
  faults->different_bytes +=
      payload_.CountWrong(connection, sequence, received, bytes->data(), count);
  bytes->remove_prefix(count);
  received += count;
  if (received < payload_.bytes()) return false;
  received = 0;
  return true;
}

size_t EchoDialogue::Abandon(uint32_t connection) {
  return payload_.bytes() - std::exchange(received_[connection], 0);
}

}  // namespace bench
