#include "memory_bio.h"

#include <algorithm>
#include <cstring>

namespace ropewalk {
namespace {

using namespace openssl;

MemoryBio& memoryOf(BIO* bio) {
  return *static_cast<MemoryBio*>(findOpenSsl().found->BIO_get_data(bio));
}

int readInput(BIO* bio, char* to, size_t room, size_t* count) {
  const OpenSsl& ssl = *findOpenSsl().found;
  Bytes& input = memoryOf(bio).input;
  ssl.BIO_clear_flags(bio, kBioFlagsRws | kBioFlagsShouldRetry);
  *count = std::min(room, input.size());
  if (*count == 0) {
    ssl.BIO_set_flags(bio, kBioFlagsRead | kBioFlagsShouldRetry);
    return -1;
  }
  std::memcpy(to, input.data(), *count);
  input = input.subspan(*count);
  return 1;
}

int appendOutput(BIO* bio, const char* from, size_t size, size_t* count) {
  Octets* output = memoryOf(bio).output;
  *count = 0;
  if (output == nullptr) return -1;
  const auto* bytes = reinterpret_cast<const uint8_t*>(from);
  output->insert(output->end(), bytes, bytes + size);
  *count = size;
  return 1;
}

// Only flushing succeeds, as there is nothing else to do.
long control(BIO*, int command, long, void*) {
  return command == kBioCtrlFlush ? 1 : 0;
}

}  // namespace

BIO_METHOD* makeMemoryBioMethod(const OpenSsl& ssl) {
  BIO_METHOD* method =
      ssl.BIO_meth_new(ssl.BIO_get_new_index() | kBioTypeSourceSink, "session of Ropewalk");
  if (method == nullptr) return nullptr;
  ssl.BIO_meth_set_read_ex(method, readInput);
  ssl.BIO_meth_set_write_ex(method, appendOutput);
  ssl.BIO_meth_set_ctrl(method, control);
  return method;
}

BIO* makeMemoryBio(const OpenSsl& ssl, MemoryBio& memory) {
  BIO* bio = ssl.BIO_new(ssl.memoryBio);
  if (bio == nullptr) return nullptr;
  ssl.BIO_set_data(bio, &memory);
  ssl.BIO_set_init(bio, 1);
  return bio;
}

}  // namespace ropewalk
