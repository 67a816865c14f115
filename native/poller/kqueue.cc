// macOS and the BSD family: kqueue(2), woken by an EVFILT_USER. The kqueue's descriptor is itself
// pollable, so Node's loop watches it and no thread is needed.
//
// kqueue has separate filters for reading and writing, each with its own event; both are folded
// into one. The wanted filters of each descriptor are kept here, and all changes of a turn are
// submitted in one call. Filters are added and deleted, never disabled: an added filter reports
// conditions that already hold, as the contract requires. A descriptor without interest has no
// filter, or one that reports only errors. Closing a descriptor removes its filters, even if it has
// duplicates.
//
// Input and room are watched level-triggered, whatever trigger is requested. With EV_CLEAR, a read
// that stops short of the available data would need another event, but XNU reports neither urgent
// data (it accepts no EV_OOBAND) nor a record with descriptors, and a read ends before either. A
// write that fails for lack of memory is followed by no edge at all.

#include <fcntl.h>
#include <poll.h>
#include <sys/event.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <climits>
#include <utility>
#include <vector>

#include "../unique_fd.h"
#include "poller.h"

namespace ropewalk {
namespace {

using Change = struct kevent;

constexpr size_t kMaxEvents = 1024;
constexpr size_t kMaxChanges = 256;
constexpr timespec kAtOnce{0, 0};

// Sets of filters.
using Filters = uint8_t;
constexpr Filters kNothing = 0;
constexpr Filters kReading = static_cast<Filters>(Interest::kRead);
constexpr Filters kWriting = static_cast<Filters>(Interest::kWrite);

Filters filterSet(int16_t filter) {
  return filter == EVFILT_READ ? kReading : kWriting;
}

Change makeChange(Socket socket, int16_t filter, int flags) {
  Change change{};
  EV_SET(&change, static_cast<uintptr_t>(socket), filter, static_cast<uint16_t>(flags), 0, 0,
         nullptr);
  return change;
}

// No amount of input is reported, except that of a full buffer; errors are.
Change makeQuiet(Socket socket) {
  Change change = makeChange(socket, EVFILT_READ, EV_ADD | EV_RECEIPT | EV_CLEAR);
  change.fflags = NOTE_LOWAT;
  change.data = INT_MAX;
  return change;
}

class KqueuePoller final : public Poller {
 public:
  explicit KqueuePoller(UniqueFd kqueue) : kqueue_(std::move(kqueue)) {}

  // With kLevel `socket` may be any descriptor, so the change is submitted at once and a refusal is
  // returned.
  Status add(Socket socket, Interest interest, Trigger trigger, uint64_t token) override {
    if (socket < 0) return {EBADF, "kevent"};
    if (trigger == Trigger::kLevel) {
      const Status status = refuseFiles(socket);
      if (!status.ok()) return status;
    }
    const size_t index = static_cast<size_t>(socket);
    if (index >= entries_.size()) entries_.resize(std::max(index + 1, 2 * entries_.size()));
    Entry& entry = entries_[index];
    if (entry.wanted != 0) {
      if (isKnownToSystem(socket, entry)) return {EEXIST, "kevent"};
      forget(entry);  // it was closed without notice, and its number was reused
    }
    want(socket, entry, static_cast<Filters>(interest), token);
    if (trigger != Trigger::kLevel) return {};
    adding_ = socket;
    Status status = submit();
    adding_ = kNoSocket;
    if (status.ok()) status = refusal_;
    refusal_ = {};
    if (!status.ok()) want(socket, entry, kNothing, 0);
    return status;
  }

  Status modify(Socket socket, Interest interest, Trigger, uint64_t token) override {
    Entry* entry = find(socket);
    if (entry == nullptr) return {ENOENT, "kevent"};
    const bool quiet = interest == Interest::kNone;
    want(socket, *entry, quiet ? kReading : static_cast<Filters>(interest), token, quiet);
    return {};
  }

  Status remove(Socket socket) override {
    Entry* entry = find(socket);
    if (entry == nullptr) return {ENOENT, "kevent"};
    want(socket, *entry, kNothing, 0);
    return {};
  }

  // kqueue(2): close() removes all events that refer to the descriptor. Its changes are dropped, or
  // they would apply to the next descriptor with that number.
  void closing(Socket socket) override {
    const size_t index = static_cast<size_t>(socket);
    if (index < entries_.size()) forget(entries_[index]);
  }

  Status submit() override {
    Status status;
    // A refused change may be noted again while this runs.
    submitting_.swap(changed_);
    size_t count = 0;
    for (const Socket socket : submitting_) {
      Entry& entry = entries_[static_cast<size_t>(socket)];
      entry.changed = false;
      count += writeChanges(socket, entry, &changes_[count]);
      if (count + kMostOfOne <= kMaxChanges) continue;
      const Status applied = apply(std::exchange(count, 0));
      if (status.ok()) status = applied;
    }
    submitting_.clear();
    const Status applied = apply(count);
    return status.ok() ? applied : status;
  }

  Status poll(std::span<ReadyEvent> events, size_t& count) override {
    count = 0;
    const Status status = submit();
    if (!status.ok()) return status;
    reportRefused(events, count);
    const size_t room = std::min(events.size() - count, batch_.size());
    const int ready =
        kevent(kqueue_.get(), nullptr, 0, batch_.data(), static_cast<int>(room), &kAtOnce);
    if (ready < 0) return errno == EINTR ? Status{} : Status::last("kevent");
    for (const Change& event : std::span(batch_).first(static_cast<size_t>(ready))) {
      if (event.filter != EVFILT_USER) fold(event, events, count);
    }
    return {};
  }

  Socket pollable() const override { return kqueue_.get(); }

  Status block(int timeoutMs) override {
    pollfd entry{kqueue_.get(), POLLIN, 0};
    if (::poll(&entry, 1, timeoutMs) < 0 && errno != EINTR) return Status::last("poll");
    return {};
  }

  void notify() override {
    Change change{};
    EV_SET(&change, 0, EVFILT_USER, 0, NOTE_TRIGGER, 0, nullptr);
    (void)kevent(kqueue_.get(), &change, 1, nullptr, 0, &kAtOnce);
  }

  const char* name() const override { return "kqueue"; }

 private:
  struct Entry {
    uint64_t token = 0;
    Filters wanted = 0;     // 0: not added
    Filters installed = 0;  // filters the system has
    Filters dropped = 0;    // of these, filters given up since, even if wanted again
    bool quiet = false;     // the read filter is to report only errors
    bool changed = false;   // is in changed_
    int refusal = 0;        // errno of a refusal to report; is in refused_
    uint32_t slot = 0;      // index of its event in the last poll that reported it
  };

  static constexpr size_t kMostOfOne = 4;  // changes: both filters deleted and added again

  // As with epoll, files that are always ready can't be watched, and non-descriptors are an error.
  static Status refuseFiles(Socket socket) {
    struct stat properties;
    if (fstat(socket, &properties) < 0) return Status::last("fstat");
    if (S_ISREG(properties.st_mode) || S_ISDIR(properties.st_mode)) return {EPERM, "kevent"};
    return {};
  }

  Entry* find(Socket socket) {
    const size_t index = static_cast<size_t>(socket);
    if (index >= entries_.size() || entries_[index].wanted == 0) return nullptr;
    return &entries_[index];
  }

  void want(Socket socket, Entry& entry, Filters wanted, uint64_t token, bool quiet = false) {
    const Filters kept = quiet == entry.quiet ? wanted : kNothing;
    entry.dropped |= entry.installed & ~kept;
    entry.wanted = wanted;
    entry.quiet = quiet;
    entry.token = token;
    noteChange(socket, entry);
  }

  void noteChange(Socket socket, Entry& entry) {
    if (!entry.changed) changed_.push_back(socket);
    entry.changed = true;
  }

  // It may still be in changed_, where no difference will then be found.
  static void forget(Entry& entry) {
    const bool changed = entry.changed;
    entry = {};
    entry.changed = changed;
  }

  // EV_ENABLE has no effect on an enabled filter and is refused for one that does not exist.
  bool isKnownToSystem(Socket socket, const Entry& entry) {
    if (entry.installed == 0) return true;
    const int16_t filter = (entry.installed & kReading) != 0 ? EVFILT_READ : EVFILT_WRITE;
    const Change change = makeChange(socket, filter, EV_ENABLE | EV_RECEIPT);
    Change receipt;
    return kevent(kqueue_.get(), &change, 1, &receipt, 1, &kAtOnce) == 1 && receipt.data == 0;
  }

  static size_t writeChanges(Socket socket, Entry& entry, Change* changes) {
    const Filters added = entry.wanted & ~(entry.installed & ~entry.dropped);
    size_t count = 0;
    for (const int16_t filter : {int16_t{EVFILT_READ}, int16_t{EVFILT_WRITE}}) {
      const Filters mask = filterSet(filter);
      if ((entry.dropped & mask) != 0) {
        changes[count++] = makeChange(socket, filter, EV_DELETE | EV_RECEIPT);
      }
      if ((added & mask) != 0) {
        changes[count++] =
            entry.quiet ? makeQuiet(socket) : makeChange(socket, filter, EV_ADD | EV_RECEIPT);
      }
    }
    entry.installed = entry.wanted;
    entry.dropped = 0;
    return count;
  }

  // EV_RECEIPT: each change gets a receipt, in order, and no event is taken.
  Status apply(size_t count) {
    if (count == 0) return {};
    const int size = static_cast<int>(count);
    const int answered =
        kevent(kqueue_.get(), changes_.data(), size, receipts_.data(), size, &kAtOnce);
    if (answered < 0) {
      const Status status = Status::last("kevent");
      for (const Change& change : std::span(changes_).first(count)) noteAgain(change);
      return status;
    }
    for (size_t i = 0; i < static_cast<size_t>(answered); i++) {
      const bool deleted = (changes_[i].flags & EV_DELETE) != 0;
      if (receipts_[i].data == 0 || deleted) continue;  // closing deleted the filter already
      refused(changes_[i], static_cast<int>(receipts_[i].data));
    }
    return {};
  }

  // For a change that the system may or may not have applied. Applying it twice does no harm.
  void noteAgain(const Change& change) {
    const Socket socket = static_cast<Socket>(change.ident);
    Entry& entry = entries_[static_cast<size_t>(socket)];
    if ((change.flags & EV_DELETE) != 0) {
      entry.dropped |= filterSet(change.filter);
    } else {
      entry.installed &= ~filterSet(change.filter);
    }
    noteChange(socket, entry);
  }

  // A refusal is returned from the add() that submitted the change, or else reported by an event:
  // the owner retries if memory was short, and otherwise its next read or write fails as well.
  // EPIPE, a pipe without a reader, is always reported by an event, since other systems report a
  // hang-up.
  void refused(const Change& change, int error) {
    const Socket socket = static_cast<Socket>(change.ident);
    Entry& entry = entries_[static_cast<size_t>(socket)];
    entry.installed &= ~filterSet(change.filter);
    if (socket == adding_ && error != EPIPE) {
      refusal_ = {error, "kevent"};
      return;
    }
    entry.refusal = error;
    refused_.push_back(socket);
    notify();
  }

  void reportRefused(std::span<ReadyEvent> events, size_t& count) {
    size_t reported = 0;
    for (; reported < refused_.size() && count < events.size(); reported++) {
      Entry* entry = find(refused_[reported]);
      const int refusal = entry == nullptr ? 0 : std::exchange(entry->refusal, 0);
      if (refusal == 0) continue;
      ReadyEvent event{entry->token, false, false, false};
      if (refusal == ENOMEM) {
        event.refused = refusal;
      } else {
        event.readable = event.writable = event.ended = event.hungUp = true;
      }
      entry->slot = static_cast<uint32_t>(count);
      events[count++] = event;
    }
    refused_.erase(refused_.begin(), refused_.begin() + static_cast<ptrdiff_t>(reported));
    if (!refused_.empty()) notify();
  }

  // EV_EOF of EVFILT_READ is the end of input, or an error if `fflags` has one; of EVFILT_WRITE it
  // means that there is no reader.
  void fold(const Change& event, std::span<ReadyEvent> events, size_t& count) {
    Entry* entry = find(static_cast<Socket>(event.ident));
    if (entry == nullptr) return;
    const bool reading = event.filter == EVFILT_READ;
    const bool failed = (event.flags & EV_EOF) != 0 && (!reading || event.fflags != 0);
    if (entry->quiet && !failed) return;
    // Tokens are unique, so a slot from an earlier poll is recognized.
    if (entry->slot >= count || events[entry->slot].token != entry->token) {
      entry->slot = static_cast<uint32_t>(count);
      events[count++] = {entry->token, false, false, false};
    }
    ReadyEvent& ready = events[entry->slot];
    ready.readable |= failed || reading;
    ready.writable |= failed || !reading;
    ready.ended |= (event.flags & EV_EOF) != 0;
    ready.hungUp |= failed;
  }

  UniqueFd kqueue_;
  std::vector<Entry> entries_;  // by descriptor
  std::vector<Socket> changed_;
  std::vector<Socket> submitting_;
  std::vector<Socket> refused_;
  Socket adding_ = kNoSocket;
  Status refusal_;  // of adding_
  std::array<Change, kMaxChanges> changes_;
  std::array<Change, kMaxChanges> receipts_;
  std::array<Change, kMaxEvents> batch_;
};

}  // namespace

std::unique_ptr<Poller> makeKqueuePoller(Status& status) {
  UniqueFd queue(kqueue());
  if (!queue) return status = Status::last("kqueue"), nullptr;
  if (fcntl(queue.get(), F_SETFD, FD_CLOEXEC) < 0) return status = Status::last("fcntl"), nullptr;
  Change wakeup{};
  EV_SET(&wakeup, 0, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, nullptr);
  if (kevent(queue.get(), &wakeup, 1, nullptr, 0, &kAtOnce) < 0) {
    return status = Status::last("kevent"), nullptr;
  }
  status = {};
  return std::make_unique<KqueuePoller>(std::move(queue));
}

}  // namespace ropewalk
