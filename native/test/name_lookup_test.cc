#include "net/name_lookup.h"

#include <algorithm>
#include <thread>

#include "check.h"
#include "lookup_desk.h"

namespace ropewalk {
namespace {

void asksTheSystem() {
  const NameAnswer any = lookUpName("localhost", AddressFamily::kAny);
  CHECK_EQUAL(any.error, 0);
  CHECK(std::ranges::count(any.addresses, "127.0.0.1") == 1);
  const NameAnswer ipv4 = lookUpName("localhost", AddressFamily::kIpv4);
  CHECK_EQUAL(ipv4.addresses.size(), 1);
}

void reportsRefusalsOfTheSystem() {
  const NameAnswer answer = lookUpName("::1", AddressFamily::kIpv4);
  CHECK(answer.error != 0);
  CHECK(answer.addresses.empty());
}

void keepsAScope() {
  const NameAnswer answer = lookUpName("fe80::1%1", AddressFamily::kAny);
  // If interface 1 has a name, the scope is that name.
  if (answer.error != 0) return;
  CHECK(answer.addresses.at(0).starts_with("fe80::1%"));
}

void givesEachAnswerToItsQuestion() {
  Desk desk;
  const auto gate = std::make_shared<Gate>();
  NameLookups lookups([&desk] { desk.wake(); }, through(gate, 3));
  for (uint32_t id = 0; id < 50; id++) {
    CHECK(lookups.start(id, "host" + std::to_string(id), AddressFamily::kAny).ok());
  }
  std::vector<bool> seen(50);
  for (const auto& [id, answer] : desk.take(lookups, 50)) {
    CHECK(!seen.at(id));
    seen[id] = true;
    CHECK(answer.addresses.at(0) == "addresses of host" + std::to_string(id));
  }
  CHECK(lookups.threads() <= 3);
}

void takesNoThreadTooMany() {
  Desk desk;
  const auto gate = std::make_shared<Gate>();
  NameLookups lookups([&desk] { desk.wake(); }, through(gate, 2));
  CHECK_EQUAL(lookups.threads(), 0);
  for (uint32_t id = 0; id < 4; id++) {
    CHECK(lookups.start(id, "stuck", AddressFamily::kAny).ok());
  }
  gate->untilInside(2);
  CHECK_EQUAL(lookups.threads(), 2);
  CHECK_EQUAL(gate->asked().size(), 2);
  gate->open();
  (void)desk.take(lookups, 4);
  CHECK_EQUAL(gate->asked().size(), 4);
}

void servesInTheOrderOfAsking() {
  Desk desk;
  const auto gate = std::make_shared<Gate>();
  NameLookups lookups([&desk] { desk.wake(); }, through(gate, 1));
  for (uint32_t id = 0; id < 10; id++) {
    CHECK(lookups.start(id, "host", AddressFamily::kAny).ok());
  }
  uint32_t expected = 0;
  for (const auto& finished : desk.take(lookups, 10)) CHECK_EQUAL(finished.id, expected++);
}

void isNotHeldUpByOneThatIsStuck() {
  Desk desk;
  const auto gate = std::make_shared<Gate>();
  NameLookups lookups([&desk] { desk.wake(); }, through(gate, 2));
  CHECK(lookups.start(1, "stuck", AddressFamily::kAny).ok());
  gate->untilInside(1);
  CHECK(lookups.start(2, "other", AddressFamily::kAny).ok());
  CHECK_EQUAL(desk.take(lookups, 1).at(0).id, 2);
  gate->open();
  CHECK_EQUAL(desk.take(lookups, 1).at(0).id, 1);
}

void endsThreadsThatHaveNothingToDo() {
  Desk desk;
  const auto gate = std::make_shared<Gate>();
  NameLookups lookups([&desk] { desk.wake(); }, through(gate, 4, std::chrono::milliseconds(1)));
  CHECK(lookups.start(1, "host", AddressFamily::kAny).ok());
  (void)desk.take(lookups, 1);
  const Deadline deadline;
  while (lookups.threads() > 0) {
    CHECK(!deadline.passed());
    std::this_thread::yield();
  }
  CHECK(lookups.start(2, "host", AddressFamily::kAny).ok());
  CHECK_EQUAL(desk.take(lookups, 1).at(0).id, 2);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(asksTheSystem),
      STORY(reportsRefusalsOfTheSystem),
      STORY(keepsAScope),
      STORY(givesEachAnswerToItsQuestion),
      STORY(takesNoThreadTooMany),
      STORY(servesInTheOrderOfAsking),
      STORY(isNotHeldUpByOneThatIsStuck),
      STORY(endsThreadsThatHaveNothingToDo),
  });
}
