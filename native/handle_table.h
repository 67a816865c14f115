// JavaScript's replacement for a pointer: a slot number and that slot's generation. A handle may
// safely outlive its object: once the slot is reused, the old handle finds nothing. It fits in a V8
// small integer and is always positive.
//
// A slot whose generations are used up starts again with the first, but not before renew(): until
// then, handles issued since the last renew() stay stale once erased.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ropewalk {

using Handle = int32_t;

// Maps handles to objects it does not own. Slots are reused in the order in which they were freed,
// so a stale handle stays stale for as long as possible.
template <typename T>
class HandleTable {
 public:
  static constexpr uint32_t kIndexBits = 20;
  static constexpr uint32_t kMaxSlots = 1u << kIndexBits;
  static constexpr uint32_t kMaxGeneration = static_cast<uint32_t>(INT32_MAX) >> kIndexBits;

  explicit HandleTable(uint32_t maxGeneration = kMaxGeneration) : maxGeneration_(maxGeneration) {}

  // The null handle (0) if every slot is taken.
  Handle insert(T& object) {
    uint32_t index = freeHead_;
    if (index == kNoSlot) {
      if (slots_.size() == kMaxSlots) return 0;
      index = static_cast<uint32_t>(slots_.size());
      slots_.push_back({nullptr, 1, kNoSlot});
    } else {
      freeHead_ = slots_[index].nextFree;
      if (freeHead_ == kNoSlot) freeTail_ = kNoSlot;
    }
    Slot& slot = slots_[index];
    slot.object = &object;
    size_ += 1;
    return static_cast<Handle>(slot.generation << kIndexBits | index);
  }

  // Null if the handle is stale (up to `maxGeneration` uses of its slot ago) or was never issued.
  T* find(Handle handle) const {
    const uint32_t bits = static_cast<uint32_t>(handle);
    const uint32_t index = bits & kIndexMask;
    if (index >= slots_.size()) return nullptr;
    const Slot& slot = slots_[index];
    return slot.generation == bits >> kIndexBits ? slot.object : nullptr;
  }

  void erase(Handle handle) {
    assert(find(handle) != nullptr);
    const uint32_t index = static_cast<uint32_t>(handle) & kIndexMask;
    Slot& slot = slots_[index];
    slot.object = nullptr;
    size_ -= 1;
    if (slot.generation == maxGeneration_) {
      slot.generation = 1;
      worn_.push_back(index);
    } else {
      slot.generation += 1;
      addFree(index);
    }
  }

  // Call it when no handle that became stale since the last call is held any more.
  void renew() {
    for (const uint32_t index : worn_) addFree(index);
    worn_.clear();
  }

  size_t size() const { return size_; }

  // Calls visit(T&) for every object; visit() may erase objects.
  template <typename Visit>
  void forEach(Visit visit) {
    for (size_t i = 0; i < slots_.size(); i++) {
      if (slots_[i].object != nullptr) visit(*slots_[i].object);
    }
  }

 private:
  static constexpr uint32_t kIndexMask = kMaxSlots - 1;
  static constexpr uint32_t kNoSlot = UINT32_MAX;

  struct Slot {
    T* object;
    uint32_t generation;  // 1..maxGeneration_
    uint32_t nextFree;
  };

  void addFree(uint32_t index) {
    slots_[index].nextFree = kNoSlot;
    if (freeTail_ == kNoSlot) {
      freeHead_ = index;
    } else {
      slots_[freeTail_].nextFree = index;
    }
    freeTail_ = index;
  }

  const uint32_t maxGeneration_;

  std::vector<Slot> slots_;
  std::vector<uint32_t> worn_;
  uint32_t freeHead_ = kNoSlot;
  uint32_t freeTail_ = kNoSlot;
  size_t size_ = 0;
};

}  // namespace ropewalk
