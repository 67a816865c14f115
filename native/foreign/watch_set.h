// The descriptors that a foreign loop waits for, behind one descriptor that Node's loop watches.
//
// It only says that something may be ready; the foreign loop finds out what. So the set need not be
// exact: a descriptor that is missing would be waited for in vain, but one too many only costs a
// wake-up, after which rebuild() starts anew.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "foreign/foreign_loop.h"
#include "status.h"
#include "unique_fd.h"

namespace ropewalk {

class WatchSet {
 public:
  // ENOTSUP on platforms without a descriptor for many.
  Status open();

  // Readable while a descriptor of the set is ready.
  int descriptor() const { return set_.get(); }

  // Watches exactly `wanted`, in which a descriptor may occur several times. Without `renew`,
  // descriptors that were wanted before are taken to be the same files: set it if any may have been
  // closed since, because its number may belong to another file now.
  Status update(std::span<const ForeignDescriptor> wanted, bool renew);

  // Makes the set anew, with the same descriptor(): epoll(7) continues to watch a file that was
  // closed here but is open elsewhere, and nothing else removes it. The descriptor must not be
  // watched by another poller meanwhile. If it fails, for lack of a free descriptor, the old one
  // remains.
  Status rebuild();

  // Whether a wanted descriptor is a file that is always ready for what is wanted.
  bool alwaysReady() const { return alwaysReady_; }
  // Wanted descriptors that are not open, by number. They are watched after the next renewal if
  // they are open then.
  std::span<const int> closed() const { return closed_; }
  // Whether a wanted descriptor cannot be watched, although it is open.
  bool incomplete() const { return incomplete_; }
  size_t size() const { return watched_.size(); }

 private:
  struct Watched {
    int fd;
    uint16_t events;
    bool registered;
  };

  Status clear();
  void merge(std::span<const ForeignDescriptor> wanted);
  void change(const Watched* before, Watched& now, bool renew);
  // Watches `fd`, which was watched for other events if `before` is set. Returns an errno, or 0.
  int watch(int fd, uint16_t events, const Watched* before);
  void unwatch(const Watched& watched);
  // Whether poll(2) reports a file that cannot be watched as ready for one of these events.
  static bool isReadyFile(uint16_t events);
  void forgetFailures();

  UniqueFd set_;
  std::vector<Watched> watched_;  // by fd
  std::vector<Watched> merged_;
  std::vector<int> closed_;
  bool alwaysReady_ = false;
  bool incomplete_ = false;
};

}  // namespace ropewalk
