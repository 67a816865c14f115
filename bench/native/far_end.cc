#include "far_end.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "loopback.h"

namespace bench {
namespace {

constexpr int kMaxEvents = 256;
constexpr int kBacklog = 4096;
constexpr size_t kInboxBytes = 256 * 1024;
constexpr char kEndOfHead[] = "\r\n\r\n";
constexpr size_t kEndBytes = sizeof kEndOfHead - 1;

}  // namespace

FarEnd::FarEnd(size_t bytes)
    : bytes_(bytes), epoll_(epoll_create1(EPOLL_CLOEXEC)), inbox_(kInboxBytes) {}

FarEnd::FarEnd(std::string answer) : FarEnd(kEndBytes) {
  answer_ = std::move(answer);
}

FarEnd::~FarEnd() {
  for (const auto& [fd, gathered] : gathered_) close(fd);
  if (listener_ >= 0) close(listener_);
  close(epoll_);
}

uint16_t FarEnd::Listen() {
  listener_ = ListenTcp(0, false, kBacklog);
  if (listener_ < 0) return 0;
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.fd = listener_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &interest);
  return PortOf(listener_);
}

void FarEnd::Poll() {
  epoll_event events[kMaxEvents];
  int count = epoll_wait(epoll_, events, kMaxEvents, 0);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == listener_) {
      AcceptAll();
    } else {
      Receive(events[i].data.fd);
    }
  }
  if (blocked_.empty()) return;
  std::vector<int> again;
  again.swap(blocked_);
  for (int fd : again) Send(fd);
}

void FarEnd::AcceptAll() {
  for (;;) {
    int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    gathered_[fd].bytes.reserve(bytes_);
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest);
  }
}

void FarEnd::Receive(int fd) {
  ssize_t length = recv(fd, inbox_.data(), inbox_.size(), 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) return Close(fd);
  Gathered& gathered = gathered_[fd];
  gathered.bytes.append(inbox_.data(), static_cast<size_t>(length));
  if (!IsWhole(gathered.bytes)) return;
  gathered.is_answering = true;
  Send(fd);
}

// A proxy sends the next request on a connection only after the response.
bool FarEnd::IsWhole(const std::string& bytes) const {
  if (bytes.size() < bytes_) return false;
  return answer_.empty() || bytes.compare(bytes.size() - kEndBytes, kEndBytes, kEndOfHead) == 0;
}

// Surplus bytes of a proxy are sent back too, so that the client sees them.
void FarEnd::Send(int fd) {
  auto found = gathered_.find(fd);
  if (found == gathered_.end()) return;
  auto& [gathered, sent, is_answering] = found->second;
  if (!is_answering) return;
  const std::string& answer = answer_.empty() ? gathered : answer_;
  ssize_t taken = send(fd, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
  if (taken < 0 && errno != EAGAIN) return Close(fd);
  if (taken > 0) sent += static_cast<size_t>(taken);
  if (sent < answer.size()) {
    blocked_.push_back(fd);
  } else {
    ++answered_;
    gathered.clear();
    sent = 0;
    is_answering = false;
  }
}

void FarEnd::Close(int fd) {
  gathered_.erase(fd);
  close(fd);
}

}  // namespace bench
