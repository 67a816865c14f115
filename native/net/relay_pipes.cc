#include <utility>

#include "relay_pipe.h"

namespace ropewalk {

std::shared_ptr<RelayPipe> RelayPipes::take() {
  if (!idle_.empty()) {
    std::shared_ptr<RelayPipe> pipe = std::move(idle_.back());
    idle_.pop_back();
    return pipe;
  }
  if (*open_ == kMaxOpen) return nullptr;
  auto made = std::make_unique<RelayPipe>();
  if (!made->open().ok()) return nullptr;
  *open_ += 1;
  // Bytes of a relay may outlive its source, and the pipe with them.
  return {made.release(), [open = open_](RelayPipe* pipe) {
            *open -= 1;
            delete pipe;
          }};
}

void RelayPipes::giveBack(std::shared_ptr<RelayPipe> pipe) {
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(pipe));
}

}  // namespace ropewalk
