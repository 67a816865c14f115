#include "turn_load.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "server_usage.h"

namespace bench {
namespace {

constexpr int kMaxEvents = 1024;
constexpr useconds_t kGlanceUs = 150;
// A process has stopped once each of its threads has.
constexpr useconds_t kStoppedUs = 500;
constexpr int kRestMs = 200;

// The run and wait times of the workers between `before` and `after`. A worker is a thread that ran
// at least half as long as the longest-running one; the other threads of an engine are auxiliary.
std::vector<ThreadTimes> WorkersOf(const std::vector<ThreadTimes>& before,
                                   std::vector<ThreadTimes> after) {
  uint64_t longest_ns = 0;
  for (ThreadTimes& times : after) {
    auto same = [&](const ThreadTimes& one) { return one.thread == times.thread; };
    auto found = std::find_if(before.begin(), before.end(), same);
    if (found == before.end()) {
      times = {};
    } else {
      times.run_ns -= found->run_ns;
      times.wait_ns -= found->wait_ns;
    }
    longest_ns = std::max(longest_ns, times.run_ns);
  }
  std::erase_if(after, [=](const ThreadTimes& one) { return one.run_ns * 2 < longest_ns; });
  return after;
}

// The time of a turn: see the top of turn_load.h.
uint64_t OnFreeCores(uint64_t wall_ns, const std::vector<ThreadTimes>& workers) {
  uint64_t run_ns = 0;
  uint64_t wait_ns = 0;
  for (const ThreadTimes& times : workers) {
    run_ns = std::max(run_ns, times.run_ns);
    wait_ns = std::max(wait_ns, times.wait_ns);
  }
  return std::min(wall_ns, std::max(run_ns, wall_ns - std::min(wait_ns, wall_ns)));
}

// Gives each worker one of the cores that this process may use. Two that wake from SIGCONT often
// stay on the same core for a whole turn and would not run in parallel.
void Place(const std::vector<ThreadTimes>& workers) {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) < 0) return;
  int core = -1;
  for (const ThreadTimes& worker : workers) {
    do {
      core = (core + 1) % CPU_SETSIZE;
    } while (!CPU_ISSET(core, &usable));
    cpu_set_t own;
    CPU_ZERO(&own);
    CPU_SET(core, &own);
    sched_setaffinity(worker.thread, sizeof own, &own);
  }
}

}  // namespace

TurnLoad::TurnLoad(Target target, Payload payload, std::vector<pid_t> server, uint64_t stall_ns)
    : target_(std::move(target)),
      payload_(std::move(payload)),
      server_(std::move(server)),
      stall_ns_(stall_ns),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      inbox_(payload_.bytes() + 1) {}

TurnLoad::~TurnLoad() {
  CloseAll();
  close(epoll_);
}

std::string TurnLoad::Open(uint32_t count) {
  Tally greeting;
  std::string error = Connect(count);
  if (!error.empty()) return error;
  Exchange(0, &greeting);
  return greeting.messages == count ? "" : "not every connection was echoed to";
}

void TurnLoad::Exchange(uint64_t ns, Tally* tally) {
  uint64_t begin = NowNs();
  do {
    Signal(SIGSTOP);
    usleep(kStoppedUs);
    Send(tally);
    Turn(tally);
    Check(tally);
  } while (NowNs() - begin < ns);
}

std::string TurnLoad::Churn(uint32_t count, uint64_t ns, Tally* tally) {
  uint64_t begin = NowNs();
  do {
    CloseAll();
    Signal(SIGSTOP);
    usleep(kStoppedUs);
    std::string error = Connect(count);
    Send(tally);
    Turn(tally);
    if (!error.empty()) return error;
    Check(tally);
    Signal(SIGSTOP);
    usleep(kStoppedUs);
    for (const Connection& connection : connections_) shutdown(connection.fd, SHUT_WR);
    Turn(tally);
    ExpectEnd(tally);
  } while (NowNs() - begin < ns);
  CloseAll();
  return "";
}

std::string TurnLoad::Connect(uint32_t count) {
  connections_.reserve(count);
  while (connections_.size() < count) {
    // Blocking: the kernel completes the handshake for the listening socket even while the server
    // is stopped.
    int fd = ConnectStream(target_, next_number_++, Wait::kConnected);
    if (fd < 0) return std::string("connect: ") + std::strerror(errno);
    epoll_event interest{};
    interest.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    interest.data.u32 = static_cast<uint32_t>(connections_.size());
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest);
    connections_.push_back(Connection{.fd = fd});
  }
  return "";
}

void TurnLoad::Send(Tally* tally) {
  for (uint32_t index = 0; index < connections_.size(); ++index) {
    Connection& connection = connections_[index];
    if (connection.fd < 0) continue;
    const char* message = payload_.Build(index, ++connection.sequence);
    ssize_t taken = send(connection.fd, message, payload_.bytes(), MSG_NOSIGNAL);
    if (taken != static_cast<ssize_t>(payload_.bytes())) Lose(&connection, tally);
  }
}

void TurnLoad::Turn(Tally* tally) {
  uint32_t wanted = 0;
  for (Connection& connection : connections_) {
    connection.ready = false;
    wanted += connection.fd >= 0;
  }
  std::vector<ThreadTimes> before = TimesOf(server_);
  Signal(SIGCONT);
  uint64_t begin = NowNs();
  uint32_t ready = 0;
  while (ready < wanted && NowNs() - begin < stall_ns_) {
    usleep(kGlanceUs);
    ready += CountReady();
  }
  uint64_t wall_ns = NowNs() - begin;
  tally->wall_ns += wall_ns;
  std::vector<ThreadTimes> workers = WorkersOf(before, TimesOf(server_));
  tally->elapsed_ns += OnFreeCores(wall_ns, workers);
  if (!placed_) Place(workers);
  placed_ = true;
}

// The number of further ready connections, each counted once per turn.
uint32_t TurnLoad::CountReady() {
  epoll_event events[kMaxEvents];
  uint32_t added = 0;
  int count = kMaxEvents;
  while (count == kMaxEvents) {
    count = epoll_wait(epoll_, events, kMaxEvents, 0);
    for (int i = 0; i < count; ++i) {
      Connection& connection = connections_[events[i].data.u32];
      added += connection.fd >= 0 && !connection.ready;
      connection.ready = true;
    }
  }
  return added;
}

void TurnLoad::Check(Tally* tally) {
  for (uint32_t index = 0; index < connections_.size(); ++index) {
    Connection& connection = connections_[index];
    size_t got = 0;
    while (connection.fd >= 0 && got < payload_.bytes()) {
      // One byte more than expected, to detect surplus bytes.
      ssize_t length = recv(connection.fd, inbox_.data() + got, inbox_.size() - got, 0);
      pollfd rest{connection.fd, POLLIN, 0};
      if (length > 0) {
        got += static_cast<size_t>(length);
      } else if (length == 0 || errno != EAGAIN || poll(&rest, 1, kRestMs) == 0) {
        tally->faults.missing_bytes += payload_.bytes() - got;
        Lose(&connection, tally);
      }
    }
    if (connection.fd < 0) continue;
    tally->faults.surplus_bytes += got - payload_.bytes();
    tally->faults.different_bytes +=
        payload_.CountWrong(index, connection.sequence, 0, inbox_.data(), payload_.bytes());
    ++tally->messages;
  }
}

void TurnLoad::ExpectEnd(Tally* tally) {
  for (Connection& connection : connections_) {
    if (connection.fd < 0) continue;
    ssize_t length = recv(connection.fd, inbox_.data(), inbox_.size(), 0);
    if (length > 0) tally->faults.surplus_bytes += static_cast<uint64_t>(length);
    if (length < 0) Lose(&connection, tally);
  }
}

void TurnLoad::Signal(int signal) {
  for (pid_t pid : server_) kill(pid, signal);
}

void TurnLoad::Lose(Connection* connection, Tally* tally) {
  ++tally->faults.lost_connections;
  close(connection->fd);
  connection->fd = -1;
}

void TurnLoad::CloseAll() {
  for (const Connection& connection : connections_) {
    if (connection.fd >= 0) close(connection.fd);
  }
  connections_.clear();
}

}  // namespace bench
