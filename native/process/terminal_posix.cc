#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "terminal.h"

namespace ropewalk {
namespace {

Status openChildEnd(int parentEnd, UniqueFd& childEnd) {
  constexpr int kFlags = O_RDWR | O_NOCTTY | O_CLOEXEC;
#if defined(TIOCGPTPEER)  // does not depend on the mounts of this process
  childEnd.reset(ioctl(parentEnd, TIOCGPTPEER, kFlags));
  if (childEnd) return {};
#endif
#if defined(__APPLE__)
  std::array<char, 128> name;
  if (ioctl(parentEnd, TIOCPTYGNAME, name.data()) < 0) return Status::last("ioctl TIOCPTYGNAME");
  childEnd.reset(open(name.data(), kFlags));
#elif defined(__linux__)
  std::array<char, 128> name;
  if (ptsname_r(parentEnd, name.data(), name.size()) != 0) return Status::last("ptsname_r");
  childEnd.reset(open(name.data(), kFlags));
#else
  const char* name = ptsname(parentEnd);
  if (name == nullptr) return Status::last("ptsname");
  childEnd.reset(open(name, kFlags));
#endif
  return childEnd ? Status{} : Status::last("open of a terminal");
}

Status makeRaw(int childEnd) {
  termios modes;
  if (tcgetattr(childEnd, &modes) < 0) return Status::last("tcgetattr");
  cfmakeraw(&modes);
  return tcsetattr(childEnd, TCSANOW, &modes) < 0 ? Status::last("tcsetattr") : Status{};
}

}  // namespace

Status openTerminal(const TerminalSize& size, bool raw, UniqueFd& parentEnd, UniqueFd& childEnd) {
  parentEnd.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!parentEnd) return Status::last("posix_openpt");
  (void)fcntl(parentEnd.get(), F_SETFD, FD_CLOEXEC);  // not all systems accept the flag
  if (grantpt(parentEnd.get()) < 0) return Status::last("grantpt");
  if (unlockpt(parentEnd.get()) < 0) return Status::last("unlockpt");
  Status status = openChildEnd(parentEnd.get(), childEnd);
  if (status.ok()) status = setTerminalSize(childEnd.get(), size);
  if (status.ok() && raw) status = makeRaw(childEnd.get());
  return status;
}

Status setTerminalSize(int fd, const TerminalSize& size) {
  winsize window = {};
  window.ws_col = size.columns;
  window.ws_row = size.rows;
  window.ws_xpixel = size.pixelWidth;
  window.ws_ypixel = size.pixelHeight;
  return ioctl(fd, TIOCSWINSZ, &window) < 0 ? Status::last("ioctl TIOCSWINSZ") : Status{};
}

Status terminalSizeOf(int fd, TerminalSize& size) {
  winsize window = {};
  if (ioctl(fd, TIOCGWINSZ, &window) < 0) return Status::last("ioctl TIOCGWINSZ");
  size = {window.ws_col, window.ws_row, window.ws_xpixel, window.ws_ypixel};
  return {};
}

Status giveTerminal(int childEnd, int64_t user) {
  return fchown(childEnd, static_cast<uid_t>(user), static_cast<gid_t>(-1)) < 0
             ? Status::last("fchown")
             : Status{};
}

}  // namespace ropewalk
