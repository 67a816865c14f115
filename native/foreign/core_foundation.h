// A CFRunLoop as a foreign loop. It waits for Mach ports, which are its own secret, so Node's loop
// cannot wait for it: where Node would sleep, the run loop sleeps instead, and ends its sleep when
// Node's descriptor is readable or Node's next timer is due.
//
// The functions of CoreFoundation are looked up at run time. Their types repeat those of its
// headers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "foreign/foreign_loop.h"
#include "foreign/guest.h"
#include "status.h"

namespace ropewalk {

struct CoreFoundation {
  using Ref = void*;  // any object of CoreFoundation

  struct Context {
    long version;
    void* info;
    const void* (*retain)(const void*);
    void (*release)(const void*);
    Ref (*describe)(const void*);
  };

  void (*release)(const void*);
  double (*now)();
  Ref (*currentLoop)();
  int32_t (*runInMode)(const void* mode, double seconds, unsigned char returnAfterSource);
  void (*stop)(Ref loop);
  void (*addSource)(Ref loop, Ref source, const void* mode);
  void (*addObserver)(Ref loop, Ref observer, const void* mode);
  void (*addTimer)(Ref loop, Ref timer, const void* mode);
  void (*invalidateSource)(Ref source);
  void (*invalidateObserver)(Ref observer);
  void (*invalidateTimer)(Ref timer);
  void (*setNextFireDate)(Ref timer, double date);
  Ref (*makeDescriptor)(const void* allocator, int fd, unsigned char closes,
                        void (*called)(Ref, unsigned long, void*), const Context* context);
  void (*enableCallBacks)(Ref descriptor, unsigned long types);
  Ref (*makeDescriptorSource)(const void* allocator, Ref descriptor, long order);
  void (*invalidateDescriptor)(Ref descriptor);
  Ref (*makeObserver)(const void* allocator, unsigned long activities, unsigned char repeats,
                      long order, void (*called)(Ref, unsigned long, void*),
                      const Context* context);
  Ref (*makeTimer)(const void* allocator, double date, double interval, unsigned long flags,
                   long order, void (*called)(Ref, void*), const Context* context);
  const void* const* defaultMode;
  const void* const* commonModes;

  // Null, with the reason in `why`. Empty for the system's framework.
  static const CoreFoundation* load(const std::string& name, std::string& why);
};

// The run loop of the current thread.
class CFRunLoop final : public ForeignLoop {
 public:
  // `host` is Node's loop: it must outlive this.
  static std::unique_ptr<CFRunLoop> open(const CoreFoundation& cf, Guest& host, Status& status);
  ~CFRunLoop() override;
  CFRunLoop(const CFRunLoop&) = delete;
  CFRunLoop& operator=(const CFRunLoop&) = delete;

  bool sleepsItself() const override { return true; }
  void sleep(int timeoutMs) override;
  int prepare(std::vector<ForeignDescriptor>&) override { return kNever; }
  bool check(bool&) override { return false; }
  void dispatch() override {}

 private:
  CFRunLoop(const CoreFoundation& cf, Guest& host) : cf_(cf), host_(host) {}

  void observed(unsigned long activity);
  void readable();
  bool reachable() const { return host_.serving() && host_.onOwnStack(); }
  void serve();

  const CoreFoundation& cf_;
  Guest& host_;
  CoreFoundation::Ref loop_ = nullptr;
  CoreFoundation::Ref descriptor_ = nullptr;
  CoreFoundation::Ref source_ = nullptr;
  CoreFoundation::Ref observer_ = nullptr;
  CoreFoundation::Ref timer_ = nullptr;
  int depth_ = 0;  // of runs of the loop, 1 for ours
  int waits_ = 0;  // in this run
};

}  // namespace ropewalk
