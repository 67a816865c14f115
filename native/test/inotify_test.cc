// inotify: records of changes, refusals, and that nothing stays open.

#include "files/inotify.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "check.h"

namespace ropewalk {
namespace {

// A folder of the test's own.
class Folder {
 public:
  Folder() { CHECK(mkdtemp(path_.data()) != nullptr); }
  ~Folder() {
    (void)unlink(file().c_str());
    (void)rmdir(path());
  }
  const char* path() const { return path_.c_str(); }
  std::string file() const { return path_ + "/file"; }
  void touch() const {
    CHECK(UniqueFd(open(file().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)));
  }

 private:
  std::string path_ = "/tmp/ropewalk-XXXXXX";
};

size_t read(int instance, std::array<uint8_t, 4096>& memory) {
  size_t count = 0;
  CHECK(readInotify(instance, memory.data(), memory.size(), count).ok());
  return count;
}

void reportsChanges() {
  Folder folder;
  UniqueFd instance;
  CHECK(openInotify(instance).ok());
  CHECK((fcntl(instance.get(), F_GETFD) & FD_CLOEXEC) != 0);
  std::array<uint8_t, 4096> memory{};
  CHECK(read(instance.get(), memory) == 0);
  int watch = 0;
  CHECK(addInotifyWatch(instance.get(), folder.path(), IN_CREATE, watch).ok());
  folder.touch();
  CHECK(read(instance.get(), memory) == sizeof(inotify_event) + 16);
  inotify_event event{};
  std::memcpy(&event, memory.data(), sizeof event);
  CHECK(event.wd == watch && event.mask == IN_CREATE);
  CHECK(std::strcmp(reinterpret_cast<char*>(memory.data() + sizeof event), "file") == 0);
  CHECK(removeInotifyWatch(instance.get(), watch).ok());
  CHECK(removeInotifyWatch(instance.get(), watch).error == EINVAL);
}

void refuses() {
  UniqueFd instance;
  CHECK(openInotify(instance).ok());
  int watch = 0;
  CHECK(addInotifyWatch(instance.get(), "/nonexistent", IN_CREATE, watch).error == ENOENT);
  CHECK(addInotifyWatch(-1, "/", IN_CREATE, watch).error == EBADF);
  Folder folder;
  folder.touch();
  const uint32_t mask = IN_CREATE | IN_ONLYDIR;
  CHECK(addInotifyWatch(instance.get(), folder.file().c_str(), mask, watch).error == ENOTDIR);
  CHECK(addInotifyWatch(instance.get(), folder.path(), IN_CREATE, watch).ok());
  folder.touch();
  CHECK(unlink(folder.file().c_str()) == 0);
  folder.touch();
  std::array<uint8_t, 20> small{};
  size_t count = 1;
  CHECK(readInotify(instance.get(), small.data(), small.size(), count).error == EINVAL);
  CHECK(count == 0);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({STORY(reportsChanges), STORY(refuses)});
}
