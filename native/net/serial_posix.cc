// Settings of serial lines. Linux takes any speed by its own calls, whose header excludes
// termios.h; elsewhere speeds are numbers anyway.

#include <sys/ioctl.h>

#include <cerrno>

#if defined(__linux__)
#include <asm/ioctls.h>
#include <asm/termbits.h>
#else
#include <termios.h>
#endif

#include "terminal_mode.h"

namespace ropewalk {
namespace {

#if defined(__linux__)
using Mode = termios2;

Status getMode(int fd, Mode& mode) {
  return ioctl(fd, TCGETS2, &mode) < 0 ? Status::last("ioctl TCGETS2") : Status{};
}

Status setMode(int fd, const Mode& mode) {
  return ioctl(fd, TCSETS2, &mode) < 0 ? Status::last("ioctl TCSETS2") : Status{};
}

// Programs that use termios(3) know only these.
constexpr struct {
  uint32_t baudRate;
  tcflag_t code;
} kSpeeds[] = {
    {50, B50},           {75, B75},           {110, B110},         {134, B134},
    {150, B150},         {200, B200},         {300, B300},         {600, B600},
    {1200, B1200},       {1800, B1800},       {2400, B2400},       {4800, B4800},
    {9600, B9600},       {19200, B19200},     {38400, B38400},     {57600, B57600},
    {115200, B115200},   {230400, B230400},   {460800, B460800},   {500000, B500000},
    {576000, B576000},   {921600, B921600},   {1000000, B1000000}, {1152000, B1152000},
    {1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000},
    {3500000, B3500000}, {4000000, B4000000},
};

Status setSpeed(Mode& mode, uint32_t baudRate) {
  tcflag_t code = BOTHER;
  for (const auto& speed : kSpeeds) {
    if (speed.baudRate == baudRate) code = speed.code;
  }
  constexpr unsigned kInputShift = 16;  // of CIBAUD
  mode.c_cflag &= ~(CBAUD | CBAUD << kInputShift);
  mode.c_cflag |= code | code << kInputShift;
  mode.c_ispeed = mode.c_ospeed = baudRate;
  return {};
}
#else
using Mode = termios;

Status getMode(int fd, Mode& mode) {
  return tcgetattr(fd, &mode) < 0 ? Status::last("tcgetattr") : Status{};
}

Status setMode(int fd, const Mode& mode) {
  return tcsetattr(fd, TCSANOW, &mode) < 0 ? Status::last("tcsetattr") : Status{};
}

Status setSpeed(Mode& mode, uint32_t baudRate) {
  return cfsetspeed(&mode, baudRate) < 0 ? Status::last("cfsetspeed") : Status{};
}
#endif

using Flags = decltype(Mode::c_cflag);

void setFlag(Flags& flags, Flags flag, bool enabled) {
  flags = enabled ? flags | flag : flags & ~flag;
}

Flags sizeOf(uint8_t dataBits) {
  constexpr Flags kSizes[] = {CS5, CS6, CS7, CS8};
  return kSizes[dataBits - 5];
}

uint64_t difference(uint64_t one, uint64_t other) {
  return one > other ? one - other : other - one;
}

// The system reports success if a device takes any of the settings, and then tells which. Its clock
// may be unable to divide to the exact speed.
Status checkTaken(int fd, const Mode& wanted) {
  constexpr uint64_t kPercent = 3;
  Mode taken;
  if (Status status = getMode(fd, taken); !status.ok()) return status;
  const Flags differing = taken.c_cflag ^ wanted.c_cflag;
  if (difference(taken.c_ospeed, wanted.c_ospeed) * 100 > wanted.c_ospeed * kPercent) {
    return {EINVAL, "tcsetattr: speed"};
  }
  if ((differing & CSIZE) != 0) return {EINVAL, "tcsetattr: data bits"};
  if ((differing & CSTOPB) != 0) return {EINVAL, "tcsetattr: stop bits"};
  if ((differing & (PARENB | PARODD)) != 0) return {EINVAL, "tcsetattr: parity"};
  if ((differing & CRTSCTS) != 0) return {EINVAL, "tcsetattr: hardware flow control"};
  return {};
}

}  // namespace

Status configureSerial(int fd, const SerialSettings& settings) {
  if (settings.dataBits < 5 || settings.dataBits > 8 || settings.baudRate == 0) {
    return {EINVAL, "configureSerial"};
  }
  Mode before;
  Status status = getMode(fd, before);
  if (!status.ok()) return status;
  Mode mode = before;
  mode.c_iflag = 0;
  mode.c_oflag = 0;
  mode.c_lflag = 0;
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  setFlag(mode.c_iflag, IXON | IXOFF, settings.flowControl == FlowControl::kSoftware);
  setFlag(mode.c_iflag, INPCK, settings.parity != Parity::kNone);
  mode.c_cflag &= ~static_cast<Flags>(CSIZE);
  mode.c_cflag |= CREAD | CLOCAL | sizeOf(settings.dataBits);
#if defined(CMSPAR)
  setFlag(mode.c_cflag, CMSPAR, false);
#endif
  setFlag(mode.c_cflag, CSTOPB, settings.stopBits == 2);
  setFlag(mode.c_cflag, PARENB, settings.parity != Parity::kNone);
  setFlag(mode.c_cflag, PARODD, settings.parity == Parity::kOdd);
  setFlag(mode.c_cflag, CRTSCTS, settings.flowControl == FlowControl::kHardware);
  status = setSpeed(mode, settings.baudRate);
  if (status.ok()) status = setMode(fd, mode);
  if (!status.ok()) return status;
  status = checkTaken(fd, mode);
  if (!status.ok()) (void)setMode(fd, before);
  return status;
}

}  // namespace ropewalk
