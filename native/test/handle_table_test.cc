#include "handle_table.h"

#include <cstdlib>
#include <map>
#include <set>
#include <vector>

#include "check.h"

namespace ropewalk {
namespace {

struct Thing {};

// A handle finds the inserted object until that is erased.
void findsWhatWasInserted() {
  HandleTable<Thing> table;
  Thing one;
  Thing two;
  const Handle first = table.insert(one);
  const Handle second = table.insert(two);
  CHECK(first > 0 && second > 0 && first != second);
  CHECK(table.find(first) == &one);
  CHECK(table.find(second) == &two);
  CHECK_EQUAL(table.size(), 2);

  table.erase(first);
  CHECK(table.find(first) == nullptr);
  CHECK(table.find(second) == &two);
  CHECK_EQUAL(table.size(), 1);
}

// Numbers never issued as handles find nothing.
void findsNothingForNonsense() {
  HandleTable<Thing> table;
  CHECK(table.find(0) == nullptr);
  Thing thing;
  const Handle handle = table.insert(thing);
  const Handle nonsense[] = {0,          -1,         -handle,          INT32_MIN,         INT32_MAX,
                             handle + 1, handle - 1, handle ^ 1 << 20, handle | INT32_MIN};
  for (const Handle one : nonsense) CHECK(table.find(one) == nullptr);
  CHECK(table.find(handle) == &thing);
}

// Handles repeat once their slot's generations are used up, but not before renew().
void beginsAgainWhenToldTo() {
  HandleTable<Thing> table(2);
  Thing thing;
  const Handle first = table.insert(thing);
  table.erase(first);
  table.erase(table.insert(thing));
  for (int i = 0; i < 5; i++) {
    CHECK(table.insert(thing) != first);
    CHECK(table.find(first) == nullptr);
  }
  table.renew();
  CHECK_EQUAL(table.insert(thing), first);
}

// Slots are reused in the order in which they were freed.
void usesSlotsAgainInTurn() {
  HandleTable<Thing> table;
  Thing thing;
  std::vector<Handle> handles;
  for (int i = 0; i < 5; i++) handles.push_back(table.insert(thing));
  const size_t order[] = {3, 0, 4, 1};
  for (const size_t i : order) table.erase(handles[i]);
  constexpr Handle kSlotMask = HandleTable<Thing>::kMaxSlots - 1;
  for (const size_t i : order) {
    const Handle again = table.insert(thing);
    CHECK_EQUAL(again & kSlotMask, handles[i] & kSlotMask);
    CHECK(again != handles[i]);
  }
  CHECK_EQUAL(table.insert(thing) & kSlotMask, 5);
}

// A stale handle is detected for 2,046 further uses of its slot; then generations restart at one,
// so that no handle is ever zero or negative.
void generationsBeginAgain() {
  HandleTable<Thing> table;
  Thing thing;
  const Handle first = table.insert(thing);
  std::set<Handle> given{first};
  Handle handle = first;
  for (int uses = 1; uses < 2047; uses++) {
    table.erase(handle);
    CHECK(table.find(first) == nullptr);
    handle = table.insert(thing);
    CHECK(handle > 0);
    CHECK(given.insert(handle).second);
  }
  table.erase(handle);
  table.renew();
  CHECK_EQUAL(table.insert(thing), first);
}

// A full table returns the null handle and keeps working.
void canBeFull() {
  HandleTable<Thing> table;
  Thing thing;
  for (uint32_t i = 0; i < HandleTable<Thing>::kMaxSlots; i++) CHECK(table.insert(thing) > 0);
  CHECK_EQUAL(table.insert(thing), 0);
  CHECK_EQUAL(table.size(), HandleTable<Thing>::kMaxSlots);

  const Handle last = 1 << 20 | (HandleTable<Thing>::kMaxSlots - 1);
  CHECK(table.find(last) == &thing);
  table.erase(last);
  CHECK_EQUAL(table.insert(thing), 2 << 20 | (HandleTable<Thing>::kMaxSlots - 1));
  CHECK_EQUAL(table.insert(thing), 0);
}

// Every object is visited, even if each visit erases.
void visitsWhileErasing() {
  HandleTable<Handle> table;
  Handle handles[10];
  for (Handle& handle : handles) handle = table.insert(handle);
  table.erase(handles[4]);
  int visits = 0;
  table.forEach([&](Handle& handle) {
    table.erase(handle);
    visits += 1;
  });
  CHECK_EQUAL(visits, 9);
  CHECK_EQUAL(table.size(), 0);
}

// Random insertions and erasures against a map.
void agreesWithAMap() {
  std::srand(20261122);
  HandleTable<int> table;
  std::vector<int> objects(64);
  std::map<Handle, int*> model;
  std::vector<Handle> stale;
  for (int step = 0; step < 100'000; step++) {
    if (std::rand() % 2 == 0 && model.size() < objects.size()) {
      int& object = objects[static_cast<size_t>(std::rand()) % objects.size()];
      CHECK(model.emplace(table.insert(object), &object).second);
    } else if (!model.empty()) {
      auto chosen = model.lower_bound(std::rand());
      if (chosen == model.end()) chosen = model.begin();
      table.erase(chosen->first);
      if (stale.size() < 1000) stale.push_back(chosen->first);
      model.erase(chosen);
    }
    CHECK_EQUAL(table.size(), model.size());
    if (step % 100 != 0) continue;
    for (const auto& [handle, object] : model) CHECK(table.find(handle) == object);
    for (const Handle handle : stale)
      CHECK(model.contains(handle) || table.find(handle) == nullptr);
  }
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(findsWhatWasInserted),
      STORY(findsNothingForNonsense),
      STORY(usesSlotsAgainInTurn),
      STORY(beginsAgainWhenToldTo),
      STORY(generationsBeginAgain),
      STORY(canBeFull),
      STORY(visitsWhileErasing),
      STORY(agreesWithAMap),
  });
}
