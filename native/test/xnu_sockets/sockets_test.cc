// Tests the emulated UNIX sockets of macOS against the description of XNU in xnu_sockets.h: stories
// run over them must see the behaviour of a Mac.

#include "xnu_sockets.h"

#include <array>

#include "test/check.h"
#include "test/sockets.h"
#include "test/unix.h"

namespace ropewalk {
namespace {

TwoEnds openUnixPair(int type = SOCK_STREAM) {
  int ends[2];
  CHECK(socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

ssize_t sendRights(const UniqueFd& socket, std::string_view text, std::vector<int> descriptors) {
  alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control{};
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
  return sendmsg(socket.get(), &message, 0);
}

std::string readText(const UniqueFd& socket) {
  char memory[64];
  const ssize_t count = recv(socket.get(), memory, sizeof memory, MSG_DONTWAIT);
  return count < 0 ? "" : std::string(memory, static_cast<size_t>(count));
}

// Receives at most `room` bytes of control data, and returns the descriptors in it.
Received readWithControl(const UniqueFd& socket, size_t room, int& flags) {
  alignas(cmsghdr) std::array<uint8_t, 4096> control;
  char memory[64];
  iovec part{memory, sizeof memory};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = room;
  const ssize_t count = recvmsg(socket.get(), &message, MSG_DONTWAIT);
  CHECK(count >= 0);
  flags = message.msg_flags;
  Received received{std::string(memory, static_cast<size_t>(count)), {}};
  for (const int fd : readAncillary(std::span(control).first(message.msg_controllen)).descriptors) {
    received.descriptors.emplace_back(fd);
  }
  return received;
}

// A record extends to the next descriptors.
void endsAReadBeforeDescriptors() {
  const TwoEnds ends = openUnixPair();
  put(ends.far, "before");
  CHECK_EQUAL(sendRights(ends.far, "with", {STDIN_FILENO}), 4);
  put(ends.far, "after");
  int flags = 0;
  Received received = readWithControl(ends.near, 4096, flags);
  CHECK(received.text == "before" && received.descriptors.empty() && flags == 0);
  received = readWithControl(ends.near, 4096, flags);
  CHECK(received.text == "withafter" && received.descriptors.size() == 1 && flags == 0);
  CHECK(readText(ends.near).empty());
}

// Unrequested descriptors are open nevertheless.
void opensWhatNobodyAskedFor() {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    const TwoEnds ends = openUnixPair(type);
    const size_t before = openDescriptors();
    CHECK_EQUAL(sendRights(ends.far, "a", {STDIN_FILENO, STDIN_FILENO}), 1);
    const int first = dup(STDIN_FILENO);
    close(first);
    CHECK(readText(ends.near) == "a");
    CHECK_EQUAL(openDescriptors(), before + 2);
    for (const int fd : {first, first + 1}) CHECK(close(fd) == 0);
  }
}

void opensWhatThereIsNoRoomFor() {
  const TwoEnds ends = openUnixPair();
  const size_t before = openDescriptors();
  CHECK_EQUAL(sendRights(ends.far, "a", {STDIN_FILENO, STDIN_FILENO}), 1);
  int flags = 0;
  const Received received = readWithControl(ends.near, CMSG_LEN(sizeof(int)), flags);
  CHECK(received.descriptors.size() == 1 && (flags & MSG_CTRUNC) != 0);
  CHECK_EQUAL(openDescriptors(), before + 2);
  CHECK(close(received.descriptors[0].get() + 1) == 0);
}

// The descriptors are lost, the bytes are not.
void failsAReadOfTooManyDescriptors() {
  const TwoEnds ends = openUnixPair();
  Pipe pipe = openPipe();
  put(ends.far, "x");
  CHECK_EQUAL(sendRights(ends.far, "a", std::vector<int>(10, pipe.writing.get())), 1);
  put(ends.far, "b");
  pipe.writing.reset();
  {
    const FewDescriptors few(4);
    CHECK(readText(ends.near) == "x");
    char byte;
    CHECK_EQUAL(recv(ends.near.get(), &byte, 1, MSG_DONTWAIT), -1);
    CHECK_EQUAL(errno, EMSGSIZE);
  }
  CHECK(readText(ends.near) == "ab");
  CHECK(hasHungUp(pipe));
}

void reportsControlDataAlone() {
  const TwoEnds ends = openUnixPair();
  CHECK_EQUAL(sendRights(ends.far, "a", {STDIN_FILENO}), 1);
  xnu::controlComesAlone = true;
  int flags = 0;
  Received received = readWithControl(ends.near, 4096, flags);
  CHECK(received.text.empty() && received.descriptors.size() == 1);
  received = readWithControl(ends.near, 4096, flags);
  CHECK(received.text == "a" && received.descriptors.empty());
  xnu::controlComesAlone = false;
}

void refusesDescriptorsWhereBytesWait() {
  const TwoEnds ends = openUnixPair();
  while (sendRights(ends.far, "a", {STDIN_FILENO}) == 1) {
  }
  CHECK_EQUAL(errno, EMSGSIZE);
  CHECK_EQUAL(::send(ends.far.get(), "a", 1, MSG_DONTWAIT), -1);
  CHECK_EQUAL(errno, EAGAIN);
}

void refusesMoreThanTheBufferHolds() {
  const TwoEnds ends = openUnixPair();
  xnu::mostControl = CMSG_SPACE(2 * sizeof(int));
  CHECK_EQUAL(sendRights(ends.far, "a", std::vector<int>(3, STDIN_FILENO)), -1);
  CHECK_EQUAL(errno, EMSGSIZE);
  CHECK_EQUAL(sendRights(ends.far, "a", std::vector<int>(2, STDIN_FILENO)), 1);
  xnu::mostControl = 8192;
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(endsAReadBeforeDescriptors),
      STORY(opensWhatNobodyAskedFor),
      STORY(opensWhatThereIsNoRoomFor),
      STORY(failsAReadOfTooManyDescriptors),
      STORY(reportsControlDataAlone),
      STORY(refusesDescriptorsWhereBytesWait),
      STORY(refusesMoreThanTheBufferHolds),
  });
}
