// Pseudo-terminals. Implemented in terminal_posix.cc; Windows refuses (process_win.cc).
#pragma once

#include <cstdint>

#include "../status.h"
#include "../unique_fd.h"

namespace ropewalk {

struct TerminalSize {
  uint16_t columns;
  uint16_t rows;
  uint16_t pixelWidth;
  uint16_t pixelHeight;
};

// Opens a pair, close-on-exec at both ends. `raw`: bytes pass unchanged, without echo, signals and
// line editing.
Status openTerminal(const TerminalSize& size, bool raw, UniqueFd& parentEnd, UniqueFd& childEnd);

// `fd` is either end. The foreground processes receive SIGWINCH if the size changes.
Status setTerminalSize(int fd, const TerminalSize& size);
Status terminalSizeOf(int fd, TerminalSize& size);

// Gives the terminal to the user of the child, as login(1) does.
Status giveTerminal(int childEnd, int64_t user);

}  // namespace ropewalk
