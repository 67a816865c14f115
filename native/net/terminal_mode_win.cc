// Windows' consoles and serial lines are not descriptors.

#include "terminal_mode.h"

namespace ropewalk {

Status enterRawMode(int, RawMode&) {
  return {ENOTSUP, "enterRawMode"};
}

Status resumeRawMode(const RawMode&) {
  return {ENOTSUP, "resumeRawMode"};
}

void leaveRawMode(const RawMode&) {}

Status configureSerial(int, const SerialSettings&) {
  return {ENOTSUP, "configureSerial"};
}

}  // namespace ropewalk
