// Pipes that hold bytes on their way from one socket to another: see splice(2). Only Linux has
// them.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "../handle_table.h"
#include "../unique_fd.h"
#include "socket.h"

namespace ropewalk {

struct RelayPipe {
  // The maximum is of one call; the system limits what all pipes of a user hold, and makes smaller
  // ones beyond.
  static constexpr size_t kMaxBytes = 512 * 1024;

  // Both ends are open on success.
  Status open();
  // Moves bytes into the empty pipe: as receive(), and kFailed with EINVAL if the system cannot.
  Transfer fillFrom(Socket socket);
  // Moves bytes out of it. kWouldBlock: the socket is full.
  Transfer drainTo(Socket socket);

  UniqueFd readEnd;
  UniqueFd writeEnd;
  size_t held = 0;
  Handle source = 0;  // the stream that has filled it
};

// Empty pipes to use again. A pipe is in use only while it holds bytes.
class RelayPipes {
 public:
  // Of a reactor. Further relays receive and send their bytes.
  static constexpr size_t kMaxOpen = 64;
  static constexpr size_t kMaxIdle = 8;

  // Null if there are kMaxOpen already, or the system refuses one.
  std::shared_ptr<RelayPipe> take();
  // `pipe` is empty.
  void giveBack(std::shared_ptr<RelayPipe> pipe);

 private:
  std::shared_ptr<size_t> open_ = std::make_shared<size_t>(0);
  std::vector<std::shared_ptr<RelayPipe>> idle_;
};

}  // namespace ropewalk
