#include "order_load.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <utility>

namespace bench {
namespace {

// Polls between two looks at the clock and the contender's line.
constexpr int kPolls = 16;

}  // namespace

OrderLoad::OrderLoad(Target target, FarEnd* far_end, uint64_t stall_ns)
    : target_(std::move(target)), far_end_(far_end), stall_ns_(stall_ns) {}

OrderLoad::~OrderLoad() {
  if (fd_ >= 0) close(fd_);
}

std::string OrderLoad::Open(uint32_t count) {
  count_ = count;
  fd_ = ConnectStream(target_, 0, Wait::kConnected);
  if (fd_ < 0) return std::string("the contender: ") + std::strerror(errno);
  Tally first;
  Exchange(0, &first);
  if (first.faults.WrongBytes() == 0 && first.faults.lost_connections == 0) return "";
  return "the contender had no correct answer";
}

void OrderLoad::Exchange(uint64_t ns, Tally* tally) {
  const uint64_t begin = NowNs();
  const uint64_t before = far_end_->answered();
  if (is_lost_ || !Order("go " + std::to_string(count_) + "\n")) {
    ++tally->faults.lost_connections;
    return;
  }
  // The first requests have to arrive, however short the slice is.
  while (far_end_->answered() == before && NowNs() - begin < stall_ns_) Serve(0);
  Serve(begin + ns);
  if (line_.empty() && Order("stop\n")) Serve(NowNs() + stall_ns_);
  tally->elapsed_ns = NowNs() - begin;
  TakeReport(far_end_->answered() - before, tally);
}

bool OrderLoad::Order(const std::string& line) {
  return send(fd_, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
}

void OrderLoad::Serve(uint64_t until) {
  do {
    for (int i = 0; i < kPolls; ++i) far_end_->Poll();
    char inbox[64];
    ssize_t length = recv(fd_, inbox, sizeof inbox, MSG_DONTWAIT);
    if (length > 0) line_.append(inbox, static_cast<size_t>(length));
    if (length == 0 || (length < 0 && errno != EAGAIN)) is_lost_ = true;
    if (is_lost_ || line_.ends_with('\n')) return;
  } while (NowNs() < until);
}

void OrderLoad::TakeReport(uint64_t answered, Tally* tally) {
  uint64_t requests = 0;
  uint64_t wrong = 0;
  if (std::sscanf(line_.c_str(), "done %" SCNu64 " %" SCNu64, &requests, &wrong) != 2) {
    ++tally->faults.lost_connections;
    is_lost_ = true;
    return;
  }
  line_.clear();
  tally->messages += requests;
  tally->faults.different_bytes += wrong;
  if (requests < answered) tally->faults.missing_bytes += answered - requests;
  if (requests > answered) tally->faults.surplus_bytes += requests - answered;
}

}  // namespace bench
