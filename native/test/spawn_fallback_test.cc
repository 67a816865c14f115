// Child processes where the kernel, or a filter of system calls, lacks newer calls: the calls are
// refused by seccomp(2) filters, each in a thread of its own.

#include "check.h"
#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <thread>
#include <vector>

#include "script.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace ropewalk {
namespace {

constexpr unsigned kPidfdFlag = 0x1000;  // CLONE_PIDFD
constexpr int kInherited = 50;

struct Refusal {
  unsigned call;
  unsigned flags;  // of the first argument: refused if one of them is set; 0: always
  int error;
};

// Only of this thread and its children. False if this system has no filters.
bool refuse(const std::vector<Refusal>& refusals) {
  std::vector<sock_filter> program;
  for (const Refusal& each : refusals) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    const auto beyond = static_cast<uint8_t>(each.flags == 0 ? 1 : 3);
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, each.call, 0, beyond));
    if (each.flags != 0) {
      program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, each.flags, 0, 1));
    }
    const auto error = static_cast<unsigned>(each.error);
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Runs the story with the refusals in force.
template <typename Story>
void without(const std::vector<Refusal>& refusals, Story story) {
  std::thread thread([&] {
    if (refuse(refusals)) {
      story();
    } else {
      std::fprintf(stderr, "%s: not run, because this system has no filters of system calls\n",
                   storyName);
    }
  });
  thread.join();
}

void noticesTheExit() {
  Script script("read line; exit 4");
  UniqueFd reader;
  UniqueFd writer;
  CHECK(openPipe(reader, writer).ok());
  script.request.descriptors[0].source = reader.get();
  CHECK(script.start().ok());
  pollfd polled{script.child.exit.get(), POLLIN, 0};
  CHECK_EQUAL(poll(&polled, 1, 0), 0);
  writer.reset();
  CHECK_EQUAL(script.ended().code, 4);

  Script killed("kill -KILL $$");
  CHECK(killed.start().ok());
  CHECK_EQUAL(killed.ended().signal, SIGKILL);

  Script missing("true");
  missing.request.paths = {"/nonexistent"};
  CHECK_EQUAL(missing.start().error, ENOENT);
}

// Also descriptors of this process that are not close-on-exec, below and above those that are
// given.
void closesDescriptors() {
  Script script(
      "fd=3; while [ $fd -lt 60 ]; do [ -e /dev/fd/$fd ] && echo $fd; fd=$((fd+1)); done; exit 0");
  for (const int fd : {kInherited - 10, kInherited}) CHECK_EQUAL(dup2(script.null(), fd), fd);
  script.request.descriptors.push_back({kInherited - 1, script.null()});
  CHECK(script.start().ok());
  CHECK(script.output() == std::to_string(kInherited - 1) + "\n");
  CHECK_EQUAL(script.ended().code, 0);
  for (const int fd : {kInherited - 10, kInherited}) CHECK_EQUAL(close(fd), 0);
}

void startsWithoutPidfd() {
  for (const int error : {EINVAL, EPERM, ENOSYS}) {
    without({{SYS_clone, kPidfdFlag, error}}, noticesTheExit);
  }
}

void closesWithoutCloseRange() {
  for (const int error : {ENOSYS, EPERM, EINVAL}) {
    without({{SYS_close_range, 0, error}}, closesDescriptors);
  }
}

// As in a container without /proc: its folder cannot be listed.
void closesWithoutTheListToo() {
  without({{SYS_close_range, 0, ENOSYS}, {SYS_getdents64, 0, EPERM}}, closesDescriptors);
}

void startsWithAll() {
  without({{SYS_close_range, 0, ENOSYS}, {SYS_clone, kPidfdFlag, EINVAL}}, [] {
    noticesTheExit();
    closesDescriptors();
  });
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(startsWithoutPidfd),
      STORY(closesWithoutCloseRange),
      STORY(closesWithoutTheListToo),
      STORY(startsWithAll),
  });
}

#else

int main() {
  return ropewalk::tell({});
}

#endif
