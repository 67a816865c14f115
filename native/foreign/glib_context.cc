#include "foreign/glib_context.h"

#include <algorithm>
#include <mutex>
#include <set>

namespace ropewalk {
namespace {

// Who uses the contexts of this process: acquiring one twice on its thread succeeds.
class Users {
 public:
  bool attach(const void* context) {
    const std::lock_guard lock(mutex_);
    return guests_.count(context) == 0 && attached_.insert(context).second;
  }

  void detach(const void* context) {
    const std::lock_guard lock(mutex_);
    attached_.erase(context);
  }

  bool addGuest(const void* context) {
    const std::lock_guard lock(mutex_);
    if (attached_.count(context) > 0) return false;
    guests_.insert(context);
    return true;
  }

  void removeGuest(const void* context) {
    const std::lock_guard lock(mutex_);
    guests_.erase(guests_.find(context));
  }

 private:
  std::mutex mutex_;
  std::set<const void*> attached_;
  std::multiset<const void*> guests_;
};

Users& users() {
  static Users* const all = new Users;  // threads may outlive static objects
  return *all;
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
                                               Guest* nested, Status& status) {
  if (!users().attach(context)) {
    status = {EALREADY, "g_main_context_acquire"};
    return nullptr;
  }
  if (!glib.contextAcquire(context)) {
    users().detach(context);
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
    made->guest_ =
        GlibGuest::attach(glib, *nested, {.context = context, .yieldAfterNanos = 0}, status);
  }
  made->polled_.resize(kFirstDescriptors);
  return made;
}

GLibContext::~GLibContext() {
  guest_.reset();
  if (pushed_) threadDefaults.remove(glib_, context_);
  glib_.contextRelease(context_);
  users().detach(context_);
  glib_.contextUnref(context_);
}

bool GLibContext::addGuest(const GLibLibrary::Context* context) {
  return users().addGuest(context);
}

void GLibContext::removeGuest(const GLibLibrary::Context* context) {
  users().removeGuest(context);
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
  descriptorReady = poll_(polled_, count) > 0;
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
