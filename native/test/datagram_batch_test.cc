#include "net/datagram.h"

#include "check.h"
#include "datagrams.h"

namespace ropewalk {
namespace {

void add(SendBatch& batch, const SocketAddress& to, std::string_view text) {
  batch.add(bytesOf(text), nullptr) = to;
}

// A batch ends at the first failed datagram: the error is returned with the number of those sent,
// or by the next call.
void reportsTheEndOfABatch() {
  DatagramPeer sender;
  DatagramPeer receiver;
  SocketAddress nowhere;
  CHECK(SocketAddress::parse("255.255.255.255", 9, nowhere));  // broadcasts are not allowed
  const auto batch = std::make_unique<SendBatch>();
  add(*batch, receiver.address(), "one");
  add(*batch, receiver.address(), "two");
  add(*batch, nowhere, "nowhere");
  add(*batch, receiver.address(), "not sent");
  const Transfer transfer = batch->send(sender.fd());
  CHECK(transfer.result == Transfer::Result::kDone);
  CHECK_EQUAL(transfer.count, 2);
  CHECK_EQUAL(transfer.error, kTellsWhatEndedABatch ? EACCES : 0);
  const Deadline deadline;
  while (receiver.receive().size() < 2) CHECK(!deadline.passed());
  CHECK(textOf(receiver.receive()[1]) == "two");

  batch->clear();
  add(*batch, nowhere, "nowhere");
  add(*batch, receiver.address(), "not sent");
  const Transfer failed = batch->send(sender.fd());
  CHECK(failed.result == Transfer::Result::kFailed);
  CHECK_EQUAL(failed.count, 0);
  CHECK_EQUAL(failed.error, EACCES);
}

// A batch that takes everything returns a smaller number and no error.
void endsWithoutAnError() {
  DatagramPeer sender;
  DatagramPeer receiver;
  for (const char* text : {"one", "two", "three"}) sender.sendTo(receiver.address(), text);
  const auto batch = std::make_unique<ReceiveBatch>();
  size_t count = 0;
  const Deadline deadline;
  while (count < 3) {
    const Transfer transfer = batch->receive(receiver.fd(), 100, 8, false);
    CHECK(transfer.error == 0 || isWouldBlock(transfer.error));
    CHECK(transfer.result != Transfer::Result::kFailed);
    count += transfer.count;
    CHECK(!deadline.passed());
  }
  const Transfer nothing = batch->receive(receiver.fd(), 100, 8, false);
  CHECK(nothing.result == Transfer::Result::kWouldBlock);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(reportsTheEndOfABatch),
      STORY(endsWithoutAnError),
  });
}
