// Sending parts of files.

#include <memory>
#include <utility>

#include "reactor.h"

namespace ropewalk {

bool Reactor::sendFile(Handle handle, int fd, uint64_t position, size_t length) {
  absorbCommands();
  Stream* stream = find<Stream>(handle);
  // If it is shared, the file would be read anyway: see net/file_part.h.
  if (stream == nullptr || stream->medium != Stream::Medium::kIp || stream->shared ||
      stream->tls != nullptr) {
    return false;
  }
  if (!stream->takesWrites()) return true;
  UniqueFd copy;
  if (!duplicate(fd, copy).ok()) return false;
  queuePieces(*stream);
  if (stream->queue == nullptr) stream->queue = std::make_unique<WriteQueue>();
  stream->queue->pushFile({std::move(copy), position, length});
  markDirty(*stream);
  return true;
}

Transfer Reactor::offerFile(Stream& stream, const FilePart& file) {
  keepNonBlocking(stream.socket, stream.shared);
  const Transfer transfer = file.pipe != nullptr
                                ? offerPipe(stream, file.pipe)
                                : ropewalk::sendFile(stream.socket, file, stream.shared);
  if (transfer.result == Transfer::Result::kFailed) return transfer;
  if (transfer.count > 0) stream.setbacks = 0;
  statistics_.bytesSent += transfer.count;
  stream.blocked = transfer.result == Transfer::Result::kWouldBlock;
  return transfer;
}

}  // namespace ropewalk
