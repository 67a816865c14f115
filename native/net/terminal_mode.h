// Modes of terminals and settings of serial lines: termios(3). Implemented by
// terminal_mode_posix.cc; terminal_mode_win.cc refuses.
#pragma once

#include <cstdint>

#include "../status.h"

namespace ropewalk {

// A terminal in raw mode, from enterRawMode() to leaveRawMode(): input comes by the byte, without
// echo, editing and signals; output is translated as before. A fatal signal that the process has no
// handler for restores the mode before it ends the process, except SIGKILL.
struct RawMode {
  int slot = -1;
};

// ENOTTY if `fd` is not a terminal, EMFILE if too many terminals are in raw mode.
Status enterRawMode(int fd, RawMode& mode);
// After the process was stopped and continued: the shell may have changed the mode.
Status resumeRawMode(const RawMode& mode);
// Restores the mode that the terminal had before. Ignored if it was left already.
void leaveRawMode(const RawMode& mode);

enum class Parity : uint8_t { kNone, kEven, kOdd };
enum class FlowControl : uint8_t { kNone, kHardware, kSoftware };

struct SerialSettings {
  uint32_t baudRate;
  uint8_t dataBits;  // 5 to 8
  uint8_t stopBits;  // 1 or 2
  Parity parity;
  FlowControl flowControl;
};

// Makes bytes pass unchanged, with these settings. EINVAL: the system or the device has no such
// setting, which `call` names; the previous ones remain.
Status configureSerial(int fd, const SerialSettings& settings);

}  // namespace ropewalk
