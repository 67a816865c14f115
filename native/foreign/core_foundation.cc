#include "foreign/core_foundation.h"

#include <map>
#include <mutex>

#include "foreign/dynamic_library.h"
#include "foreign/symbol_lookup.h"

namespace ropewalk {
namespace {

constexpr const char* kFramework =
    "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation";

// Activities of a CFRunLoopObserver.
constexpr unsigned long kEntry = 1UL << 0;
constexpr unsigned long kBeforeWaiting = 1UL << 5;
constexpr unsigned long kExit = 1UL << 7;

constexpr unsigned long kReadCallBack = 1UL << 0;  // of a CFFileDescriptor
constexpr double kFarAway = 1e10;                  // seconds: no deadline

bool findAll(const DynamicLibrary& library, CoreFoundation& cf, std::string& why) {
  SymbolLookup lookup(library, why);
  lookup.find("CFRelease", cf.release);
  lookup.find("CFAbsoluteTimeGetCurrent", cf.now);
  lookup.find("CFRunLoopGetCurrent", cf.currentLoop);
  lookup.find("CFRunLoopRunInMode", cf.runInMode);
  lookup.find("CFRunLoopStop", cf.stop);
  lookup.find("CFRunLoopAddSource", cf.addSource);
  lookup.find("CFRunLoopAddObserver", cf.addObserver);
  lookup.find("CFRunLoopAddTimer", cf.addTimer);
  lookup.find("CFRunLoopSourceInvalidate", cf.invalidateSource);
  lookup.find("CFRunLoopObserverInvalidate", cf.invalidateObserver);
  lookup.find("CFRunLoopTimerInvalidate", cf.invalidateTimer);
  lookup.find("CFRunLoopTimerSetNextFireDate", cf.setNextFireDate);
  lookup.find("CFFileDescriptorCreate", cf.makeDescriptor);
  lookup.find("CFFileDescriptorEnableCallBacks", cf.enableCallBacks);
  lookup.find("CFFileDescriptorCreateRunLoopSource", cf.makeDescriptorSource);
  lookup.find("CFFileDescriptorInvalidate", cf.invalidateDescriptor);
  lookup.find("CFRunLoopObserverCreate", cf.makeObserver);
  lookup.find("CFRunLoopTimerCreate", cf.makeTimer);
  lookup.find("kCFRunLoopDefaultMode", cf.defaultMode);
  lookup.find("kCFRunLoopCommonModes", cf.commonModes);
  return lookup.complete();
}

}  // namespace

const CoreFoundation* CoreFoundation::load(const std::string& name, std::string& why) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<CoreFoundation>> loaded;
  const std::lock_guard lock(mutex);
  if (const auto found = loaded.find(name); found != loaded.end()) return found->second.get();
  DynamicLibrary library;
  if (!library.open(name.empty() ? kFramework : name.c_str(), why)) return nullptr;
  auto functions = std::make_unique<CoreFoundation>();
  if (!findAll(library, *functions, why)) return nullptr;
  return (loaded[name] = std::move(functions)).get();
}

std::unique_ptr<CFRunLoop> CFRunLoop::open(const CoreFoundation& cf, Guest& host, Status& status) {
  std::unique_ptr<CFRunLoop> made(new CFRunLoop(cf, host));
  const CoreFoundation::Context context{0, made.get(), nullptr, nullptr, nullptr};
  const auto readable = [](CoreFoundation::Ref, unsigned long, void* info) {
    static_cast<CFRunLoop*>(info)->readable();
  };
  const auto observed = [](CoreFoundation::Ref, unsigned long activity, void* info) {
    static_cast<CFRunLoop*>(info)->observed(activity);
  };
  const auto due = [](CoreFoundation::Ref, void* info) { static_cast<CFRunLoop*>(info)->serve(); };
  made->loop_ = cf.currentLoop();
  made->descriptor_ = cf.makeDescriptor(nullptr, host.descriptor(), 0, readable, &context);
  if (made->descriptor_ != nullptr) {
    made->source_ = cf.makeDescriptorSource(nullptr, made->descriptor_, 0);
  }
  made->observer_ =
      cf.makeObserver(nullptr, kEntry | kBeforeWaiting | kExit, 1, 0, observed, &context);
  made->timer_ = cf.makeTimer(nullptr, cf.now() + kFarAway, kFarAway, 0, 0, due, &context);
  if (made->source_ == nullptr || made->observer_ == nullptr || made->timer_ == nullptr) {
    status = {ENOMEM, "CFRunLoop"};
    return nullptr;
  }
  cf.addSource(made->loop_, made->source_, *cf.commonModes);
  cf.addObserver(made->loop_, made->observer_, *cf.commonModes);
  cf.addTimer(made->loop_, made->timer_, *cf.commonModes);
  return made;
}

CFRunLoop::~CFRunLoop() {
  if (timer_ != nullptr) cf_.invalidateTimer(timer_);
  if (observer_ != nullptr) cf_.invalidateObserver(observer_);
  if (source_ != nullptr) cf_.invalidateSource(source_);
  if (descriptor_ != nullptr) cf_.invalidateDescriptor(descriptor_);
  for (const CoreFoundation::Ref one : {timer_, observer_, source_, descriptor_}) {
    if (one != nullptr) cf_.release(one);
  }
}

void CFRunLoop::sleep(int timeoutMs) {
  depth_ = waits_ = 0;
  cf_.enableCallBacks(descriptor_, kReadCallBack);  // each call back disables them
  (void)cf_.runInMode(*cf_.defaultMode, timeoutMs < 0 ? kFarAway : timeoutMs / 1000.0, 1);
}

void CFRunLoop::observed(unsigned long activity) {
  if (activity == kEntry) depth_++;
  if (activity == kExit) depth_--;
  if (activity != kBeforeWaiting) return;
  if (depth_ <= 1) {
    // It has waited and handled something, perhaps a timer, which does not end the run.
    if (++waits_ > 1) cf_.stop(loop_);
    return;
  }
  // A run inside a callback: Node's loop has a deadline in it.
  if (!reachable()) return;
  host_.drain();
  cf_.enableCallBacks(descriptor_, kReadCallBack);
  const int timeoutMs = host_.wait();
  cf_.setNextFireDate(timer_, cf_.now() + (timeoutMs < 0 ? kFarAway : timeoutMs / 1000.0));
}

void CFRunLoop::readable() {
  // In our own run, the end of the callback ends the sleep.
  if (depth_ > 1) serve();
}

void CFRunLoop::serve() {
  if (depth_ > 1 && reachable()) host_.turn();
}

}  // namespace ropewalk
