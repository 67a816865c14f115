// Any POSIX system: poll(2), where nothing better is available. It has no descriptor that another
// loop could watch, so a thread blocks in block() and a mutex guards the set of sockets. Cost grows
// with the number of sockets.

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <condition_variable>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "../unique_fd.h"
#include "poller.h"

namespace ropewalk {
namespace {

short toPoll(Interest interest) {
  short events = 0;
  if (includes(interest, Interest::kRead)) events |= POLLIN;
  if (includes(interest, Interest::kWrite)) events |= POLLOUT;
  return events;
}

// Maps a descriptor to a value that poll(2) ignores, and back.
constexpr int passedOver(int fd) {
  return ~fd;
}

class PollPoller final : public Poller {
 public:
  PollPoller(UniqueFd wakeupRead, UniqueFd wakeupWrite)
      : wakeupRead_(std::move(wakeupRead)), wakeupWrite_(std::move(wakeupWrite)) {
    entries_.push_back({wakeupRead_.get(), POLLIN, 0});
    tokens_.push_back(0);
  }

  Status add(Socket socket, Interest interest, Trigger, uint64_t token) override {
    // As with epoll, files that are always ready can't be watched, and non-descriptors are an
    // error.
    struct stat properties;
    // Not left to fstat(2), which does not set errno when linked by zig for glibc before 2.33.
    if (fcntl(socket, F_GETFD) < 0) return Status::last("fcntl");
    if (fstat(socket, &properties) < 0) return {EBADF, "fstat"};
    if (S_ISREG(properties.st_mode) || S_ISDIR(properties.st_mode)) return {EPERM, "poll"};
    const std::lock_guard lock(mutex_);
    if (!positions_.emplace(socket, entries_.size()).second) return {EEXIST, "poll"};
    entries_.push_back({socket, toPoll(interest), 0});
    tokens_.push_back(token);
    changed();
    return {};
  }

  Status modify(Socket socket, Interest interest, Trigger, uint64_t token) override {
    const std::lock_guard lock(mutex_);
    const auto found = positions_.find(socket);
    if (found == positions_.end()) return {ENOENT, "poll"};
    entries_[found->second] = {socket, toPoll(interest), 0};
    tokens_[found->second] = token;
    changed();
    return {};
  }

  // The system keeps a socket open while a thread polls it. Only after that does closing a listener
  // refuse connections, and closing a connection notify its peer.
  Status remove(Socket socket) override {
    std::unique_lock lock(mutex_);
    const auto found = positions_.find(socket);
    if (found == positions_.end()) return {ENOENT, "poll"};
    const size_t position = found->second;
    positions_.erase(found);
    if (position + 1 != entries_.size()) {
      entries_[position] = entries_.back();
      tokens_[position] = tokens_.back();
      const Socket moved = entries_[position].fd;
      positions_[moved < 0 ? passedOver(moved) : moved] = position;
    }
    entries_.pop_back();
    tokens_.pop_back();
    if (next_ >= entries_.size()) next_ = 1;
    changed();
    const uint64_t before = departures_;
    left_.wait(lock, [&] { return !blocked_ || departures_ != before; });
    return {};
  }

  void closing(Socket socket) override { (void)remove(socket); }

  Status poll(std::span<ReadyEvent> events, size_t& count) override {
    count = 0;
    const std::lock_guard lock(mutex_);
    if (::poll(entries_.data(), entries_.size(), 0) < 0) {
      return errno == EINTR ? Status{} : Status::last("poll");
    }
    // A wake-up for the thread in block() is left to that thread, or it would not wake.
    if (entries_[0].revents != 0 && !blocked_) drainWakeup();
    // Starts where the last call ran out of room, so that no socket starves.
    const size_t sockets = entries_.size() - 1;
    for (size_t step = 0; step < sockets && count < events.size(); step++) {
      const size_t position = next_;
      next_ = position + 1 < entries_.size() ? position + 1 : 1;
      pollfd& entry = entries_[position];
      const short ready = entry.revents;
      if (ready == 0) continue;
      const bool failed = (ready & (POLLERR | POLLHUP | POLLNVAL)) != 0;
      events[count++] = {tokens_[position],
                         failed || (ready & POLLIN) != 0,
                         failed || (ready & POLLOUT) != 0,
                         failed,
                         false,
                         failed};
      // poll(2) reports a hang-up repeatedly; once is enough for a socket without interest.
      if (entry.events == 0) entry.fd = passedOver(entry.fd);
    }
    return {};
  }

  Socket pollable() const override { return kNoSocket; }

  Status block(int timeoutMs) override {
    std::vector<pollfd> watched;
    {
      const std::lock_guard lock(mutex_);
      if (notified_) {
        notified_ = false;
        drainWakeup();
        return {};
      }
      watched = entries_;
      blocked_ = true;
    }
    const int ready = ::poll(watched.data(), watched.size(), timeoutMs);
    const Status status = ready < 0 && errno != EINTR ? Status::last("poll") : Status{};
    {
      const std::lock_guard lock(mutex_);
      blocked_ = false;
      departures_ += 1;
      notified_ = false;
      if (watched[0].revents != 0) drainWakeup();
    }
    left_.notify_one();
    return status;
  }

  void notify() override {
    const std::lock_guard lock(mutex_);
    notified_ = true;
    wake();
  }

  const char* name() const override { return "poll"; }

 private:
  // The thread in block() polls a copy of the set and must be made to copy it again.
  void changed() {
    if (blocked_) wake();
  }

  void wake() {
    const char byte = 0;
    // EAGAIN means that the pipe is full, so a wake-up is pending already.
    [[maybe_unused]] const ssize_t written = write(wakeupWrite_.get(), &byte, 1);
  }

  void drainWakeup() {
    char ignored[64];
    while (read(wakeupRead_.get(), ignored, sizeof ignored) > 0) {
    }
  }

  const UniqueFd wakeupRead_;
  const UniqueFd wakeupWrite_;
  std::mutex mutex_;
  std::condition_variable left_;  // signalled when the thread leaves poll(2)
  std::vector<pollfd> entries_;   // [0] is the wake-up pipe
  std::vector<uint64_t> tokens_;  // of the entry at the same position
  std::unordered_map<Socket, size_t> positions_;
  size_t next_ = 1;
  uint64_t departures_ = 0;  // how often the thread has left poll(2)
  bool blocked_ = false;
  bool notified_ = false;
};

// Both ends are non-blocking and close-on-exec.
Status openPipe(UniqueFd& readEnd, UniqueFd& writeEnd) {
  int ends[2];
#if defined(__APPLE__)
  if (pipe(ends) < 0) return Status::last("pipe");
#else
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return Status::last("pipe2");
#endif
  readEnd.reset(ends[0]);
  writeEnd.reset(ends[1]);
#if defined(__APPLE__)  // has no pipe2(2)
  for (const int end : ends) {
    if (fcntl(end, F_SETFL, O_NONBLOCK) < 0) return Status::last("fcntl");
    if (fcntl(end, F_SETFD, FD_CLOEXEC) < 0) return Status::last("fcntl");
  }
#endif
  return {};
}

}  // namespace

std::unique_ptr<Poller> makePollPoller(Status& status) {
  UniqueFd readEnd;
  UniqueFd writeEnd;
  status = openPipe(readEnd, writeEnd);
  if (!status.ok()) return nullptr;
  return std::make_unique<PollPoller>(std::move(readEnd), std::move(writeEnd));
}

}  // namespace ropewalk
