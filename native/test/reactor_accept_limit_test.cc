// Accepting when the process has run out of descriptors.

#include <vector>

#include "host.h"
#include "over_pollers.h"

namespace ropewalk {
namespace {

// Leaves the process no free descriptor during its lifetime.
class NoDescriptors {
 public:
  NoDescriptors() {
    CHECK(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    // The lowest free number is the first forbidden one.
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(UniqueFd(dup(STDIN_FILENO)).get());
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { CHECK(setrlimit(RLIMIT_NOFILE, &before_) == 0); }

 private:
  rlimit before_{};
};

// Out of descriptors, waiting connections are closed, some at a time, and the listener reports the
// failure once. Afterwards it works as before.
void survivesRunningOutOfDescriptors(PollerKind kind) {
  Server server(kind);
  for (int round = 0; round < 2; round++) {
    std::vector<Peer> peers;
    for (int i = 0; i < 40; i++) peers.push_back(Peer::connectedTo(server.port()));
    Happened& listener = server.of(server.listener());
    listener.acceptFailures.clear();
    {
      const NoDescriptors none;
      for (Peer& peer : peers) server.turnUntil([&] { return peer.hasEnded(); });
    }
    CHECK_EQUAL(listener.error, EMFILE);
    CHECK_EQUAL(listener.acceptFailures.size(), 1);
    CHECK_EQUAL(listener.acceptFailures[0], kAcceptCall);
    Peer peer;
    const Handle handle = server.connect(peer);
    CHECK(handle > 0);
  }
}

// Connections it can't accept are left to other holders of the listener.
void leavesToOthersWhatItCannotDrain(PollerKind kind) {
  Server server(kind);
  const UniqueFd other(dup(server.reactor().share(server.listener())));
  server.command(server.listener(), kPause);
  server.turn();
  std::vector<Peer> peers;
  for (int i = 0; i < 10; i++) peers.push_back(Peer::connectedTo(server.port()));
  Happened& listener = server.of(server.listener());
  {
    const NoDescriptors none;
    server.command(server.listener(), kDrainListener);
    server.turnUntil([&] { return listener.listenerDrained == 1; });
  }
  CHECK_EQUAL(listener.error, EMFILE);
  server.reactor().close(server.listener());
  for (size_t i = 0; i < peers.size(); i++) CHECK(UniqueFd(accept(other.get(), nullptr, nullptr)));
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tellOverPollers({
      STORY(survivesRunningOutOfDescriptors),
      STORY(leavesToOthersWhatItCannotDrain),
  });
}
