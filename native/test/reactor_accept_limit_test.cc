// Accepting when the process may have no more descriptors.

#include <vector>

#include "host.h"
#include "over_pollers.h"

namespace ropewalk {
namespace {

// Leaves the process no descriptor for as long as it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    CHECK(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    // The lowest free number is the first that is forbidden.
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(UniqueFd(dup(STDIN_FILENO)).get());
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { CHECK(setrlimit(RLIMIT_NOFILE, &before_) == 0); }

 private:
  rlimit before_{};
};

// Out of descriptors, those who wait are told so by closing, some at a time, and the listener says
// that it fails, once. Afterwards it goes on as before.
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

// Those whom it can't accept wait for whoever else listens there.
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
