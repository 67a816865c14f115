#include "net/ancillary.h"

#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "check.h"
#include "fuzz/ancillary_check.h"
#include "fuzz/corpus.h"

namespace ropewalk {
namespace {

// Laid out as by the system. `length` < 0: the actual length.
void append(std::vector<uint8_t>& control, int level, int type, std::vector<int> payload,
            int64_t length = -1) {
  const size_t size = payload.size() * sizeof(int);
  cmsghdr header{};
  header.cmsg_len = length < 0 ? CMSG_LEN(size) : static_cast<size_t>(length);
  header.cmsg_level = level;
  header.cmsg_type = type;
  const size_t at = control.size();
  control.resize(at + CMSG_SPACE(size));
  std::memcpy(control.data() + at, &header, sizeof header);
  if (size > 0) std::memcpy(control.data() + at + CMSG_LEN(0), payload.data(), size);
}

using Fds = std::vector<int>;

void findsDescriptors() {
  std::vector<uint8_t> control;
  CHECK(readAncillary(control).descriptors.empty());
  append(control, SOL_SOCKET, SCM_RIGHTS, {7});
  CHECK(readAncillary(control).descriptors == Fds({7}));
  append(control, SOL_SOCKET, SCM_RIGHTS, {8, 9, 10});
  CHECK(readAncillary(control).descriptors == Fds({7, 8, 9, 10}));
  checkAncillary(control);
}

void skipsOtherMessages() {
  std::vector<uint8_t> control;
  append(control, SOL_SOCKET, SCM_RIGHTS + 1, {1, 2, 3});
  append(control, 41, SCM_RIGHTS, {4});
  CHECK(!readAncillary(control).rights);
  append(control, SOL_SOCKET, SCM_RIGHTS, {});
  CHECK(readAncillary(control).rights);
  append(control, SOL_SOCKET, SCM_RIGHTS, {5, -1, 6});
  append(control, SOL_SOCKET, 1000, {});
  const Ancillary found = readAncillary(control);
  CHECK(found.descriptors == Fds({5, 6}));
  CHECK(found.unwanted.empty());
}

// SCM_PIDFD: the system opens it in the receiver, which has to close it.
void findsDescriptorsThatNobodySent() {
#if defined(__linux__)
  std::vector<uint8_t> control;
  append(control, SOL_SOCKET, 4, {11});
  append(control, SOL_SOCKET, SCM_RIGHTS, {12});
  const Ancillary found = readAncillary(control);
  CHECK(found.unwanted == Fds({11}));
  CHECK(found.descriptors == Fds({12}));
#endif
}

void believesNoLength() {
  for (const int64_t length : {int64_t{0}, int64_t{1}, int64_t{sizeof(cmsghdr)} - 1}) {
    std::vector<uint8_t> control;
    append(control, SOL_SOCKET, SCM_RIGHTS, {7}, length);
    append(control, SOL_SOCKET, SCM_RIGHTS, {8});
    CHECK(readAncillary(control).descriptors.empty());
    checkAncillary(control);
  }
  for (const int64_t length : {int64_t{1000}, int64_t{UINT32_MAX}, INT64_MAX}) {
    std::vector<uint8_t> control;
    append(control, SOL_SOCKET, SCM_RIGHTS, {7, 8}, length);
    CHECK(readAncillary(control).descriptors == Fds({7, 8}));
    checkAncillary(control);
  }
}

// Truncated at any point, including within a descriptor.
void readsWhatIsThere() {
  std::vector<uint8_t> control;
  append(control, SOL_SOCKET, SCM_RIGHTS, {7, 8});
  append(control, SOL_SOCKET, SCM_RIGHTS, {9});
  const size_t first = CMSG_SPACE(2 * sizeof(int));
  for (size_t size = 0; size <= control.size(); size++) {
    const std::vector<uint8_t> cut(control.begin(), control.begin() + static_cast<ptrdiff_t>(size));
    const size_t inFirst = std::min(size, CMSG_LEN(2 * sizeof(int)));
    size_t expected = inFirst < CMSG_LEN(0) ? 0 : (inFirst - CMSG_LEN(0)) / sizeof(int);
    if (size >= first + CMSG_LEN(sizeof(int))) expected += 1;
    CHECK_EQUAL(readAncillary(cut).descriptors.size(), expected);
    checkAncillary(cut);
  }
}

void survivesAnything() {
  replayCorpus("ancillary", checkAncillary);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(findsDescriptors),
      STORY(skipsOtherMessages),
      STORY(findsDescriptorsThatNobodySent),
      STORY(believesNoLength),
      STORY(readsWhatIsThere),
      STORY(survivesAnything),
  });
}
