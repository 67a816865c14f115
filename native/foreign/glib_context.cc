#include "foreign/glib_context.h"

#include <algorithm>
#include <mutex>
#include <set>

namespace ropewalk {
namespace {

// The contexts attached in this process: acquiring one twice on its thread succeeds.
class Attached {
 public:
  bool add(const void* context) {
    const std::lock_guard lock(mutex_);
    return contexts_.insert(context).second;
  }

  void remove(const void* context) {
    const std::lock_guard lock(mutex_);
    contexts_.erase(context);
  }

 private:
  std::mutex mutex_;
  std::set<const void*> contexts_;
};

Attached& attached() {
  static Attached* const contexts = new Attached;  // threads may outlive static objects
  return *contexts;
}

// Thread-default contexts are a stack, but loops are detached in any order: those that were
// detached below another one are popped after it.
class ThreadDefaults {
 public:
  void push(const GLibLibrary& glib, GLibLibrary::Context* context) {
    glib.pushThreadDefault(context);
    stack_.push_back({context, true});
  }

  void remove(const GLibLibrary& glib, GLibLibrary::Context* context) {
    for (Entry& entry : stack_) {
      if (entry.context == context) entry.attached = false;
    }
    while (!stack_.empty() && !stack_.back().attached &&
           glib.threadDefault() == stack_.back().context) {
      glib.popThreadDefault(stack_.back().context);
      stack_.pop_back();
    }
  }

 private:
  struct Entry {
    GLibLibrary::Context* context;
    bool attached;
  };
  std::vector<Entry> stack_;
};

thread_local ThreadDefaults threadDefaults;

constexpr size_t kFirstDescriptors = 16;

}  // namespace

std::unique_ptr<GLibContext> GLibContext::open(const GLibLibrary& glib,
                                               GLibLibrary::Context* context, bool threadDefault,
                                               NestedHost* nested, Status& status) {
  if (!attached().add(context)) {
    status = {EALREADY, "g_main_context_acquire"};
    return nullptr;
  }
  if (!glib.contextAcquire(context)) {
    attached().remove(context);
    status = {EBUSY, "g_main_context_acquire"};
    return nullptr;
  }
  glib.contextRef(context);
  std::unique_ptr<GLibContext> made(new GLibContext(glib, context));
  if (threadDefault) {
    threadDefaults.push(glib, context);
    made->pushed_ = true;
  }
  if (nested != nullptr) {
    made->source_ =
        std::make_unique<GLibSource>(glib, context, *nested, GLibSource::kDefaultPriority);
  }
  made->polled_.resize(kFirstDescriptors);
  return made;
}

GLibContext::~GLibContext() {
  source_.reset();
  if (pushed_) threadDefaults.remove(glib_, context_);
  glib_.contextRelease(context_);
  attached().remove(context_);
  glib_.contextUnref(context_);
}

int GLibContext::prepare(std::vector<ForeignDescriptor>& descriptors) {
  int priority = 0;
  if (glib_.contextPrepare(context_, &priority)) return 0;
  int timeoutMs = kNever;
  descriptors.resize(std::max(descriptors.capacity(), kFirstDescriptors));
  descriptors.resize(query(descriptors, priority, timeoutMs));
  return timeoutMs < 0 ? kNever : timeoutMs;
}

bool GLibContext::check(bool& descriptorReady) {
  int priority = 0;
  int timeoutMs = 0;
  (void)glib_.contextPrepare(context_, &priority);
  const size_t count = query(polled_, priority, timeoutMs);
  descriptorReady = pollForeign(polled_, count) > 0;
  return glib_.contextCheck(context_, priority, polled_.data(), static_cast<int>(count)) != 0;
}

size_t GLibContext::query(std::vector<ForeignDescriptor>& descriptors, int priority,
                          int& timeoutMs) {
  while (true) {
    const int room = static_cast<int>(descriptors.size());
    const int count = glib_.contextQuery(context_, priority, &timeoutMs, descriptors.data(), room);
    if (count <= room) return static_cast<size_t>(count);
    descriptors.resize(static_cast<size_t>(count));
  }
}

void GLibContext::dispatch() {
  glib_.contextDispatch(context_);
}

}  // namespace ropewalk
