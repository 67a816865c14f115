/*
 * The part of CoreFoundation that the addon uses, over poll(2), as its documentation describes it: one thread, one mode. With
 * functions for tests: fakeTimer() adds a timer of the application, fakeRun() a run inside a callback.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ENTRY = 1, BEFORE_WAITING = 1 << 5, EXIT = 1 << 7 };
enum { FINISHED = 1, STOPPED = 2, TIMED_OUT = 3, HANDLED_SOURCE = 4 };

typedef struct Object {
  int kind; /* 'd' descriptor, 's' source, 'o' observer, 't' timer */
  int fd, enabled, valid, references;
  unsigned long activities;
  double date;
  struct Object *descriptor;
  void (*called)(void *, unsigned long, void *);
  void (*fired)(void *, void *);
  void *info;
} Object;

typedef struct {
  long version;
  void *info;
} Context;

static Object *added[64];
static int count;
static int stopped;
static int objects;
const void *kCFRunLoopDefaultMode = "default";
const void *kCFRunLoopCommonModes = "common";

static Object *make(int kind, const Context *context) {
  Object *object = calloc(1, sizeof(Object));
  object->kind = kind;
  object->valid = object->references = 1;
  object->info = context ? context->info : NULL;
  objects++;
  return object;
}

int fakeObjects(void) { return objects; }

void CFRelease(Object *object) {
  if (--object->references > 0) return;
  objects--;
  free(object);
}

double CFAbsoluteTimeGetCurrent(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

void *CFRunLoopGetCurrent(void) { return added; }
void CFRunLoopStop(void *loop) { (void)loop, stopped = 1; }

static void add(Object *object) {
  object->references++;
  added[count++] = object;
}
void CFRunLoopAddSource(void *loop, Object *o, void *mode) { (void)loop, (void)mode, add(o); }
void CFRunLoopAddObserver(void *loop, Object *o, void *mode) { (void)loop, (void)mode, add(o); }
void CFRunLoopAddTimer(void *loop, Object *o, void *mode) { (void)loop, (void)mode, add(o); }

static void invalidate(Object *object) {
  object->valid = 0;
  for (int i = 0; i < count; i++) {
    if (added[i] != object) continue;
    memmove(&added[i], &added[i + 1], sizeof(added[0]) * (--count - i));
    CFRelease(object);
    return;
  }
}
void CFRunLoopSourceInvalidate(Object *object) { invalidate(object); }
void CFRunLoopObserverInvalidate(Object *object) { invalidate(object); }
void CFRunLoopTimerInvalidate(Object *object) { invalidate(object); }
void CFFileDescriptorInvalidate(Object *object) { object->valid = 0; }
void CFRunLoopTimerSetNextFireDate(Object *timer, double date) { timer->date = date; }
void CFFileDescriptorEnableCallBacks(Object *object, unsigned long types) {
  object->enabled = types & 1;
}

void *CFFileDescriptorCreate(void *allocator, int fd, unsigned char closes,
                             void (*called)(void *, unsigned long, void *), Context *context) {
  (void)allocator, (void)closes;
  Object *object = make('d', context);
  object->fd = fd;
  object->called = called;
  return object;
}

void *CFFileDescriptorCreateRunLoopSource(void *allocator, Object *descriptor, long order) {
  (void)allocator, (void)order;
  Object *object = make('s', NULL);
  object->descriptor = descriptor;
  return object;
}

void *CFRunLoopObserverCreate(void *allocator, unsigned long activities, unsigned char repeats,
                              long order, void (*called)(void *, unsigned long, void *),
                              Context *context) {
  (void)allocator, (void)repeats, (void)order;
  Object *object = make('o', context);
  object->activities = activities;
  object->called = called;
  return object;
}

void *CFRunLoopTimerCreate(void *allocator, double date, double interval, unsigned long flags,
                           long order, void (*fired)(void *, void *), Context *context) {
  (void)allocator, (void)interval, (void)flags, (void)order;
  Object *object = make('t', context);
  object->date = date;
  object->fired = fired;
  return object;
}

static void observe(unsigned long activity) {
  for (int i = 0; i < count; i++) {
    if (added[i]->kind == 'o' && (added[i]->activities & activity))
      added[i]->called(added[i], activity, added[i]->info);
  }
}

static int fireTimers(void) {
  double now = CFAbsoluteTimeGetCurrent();
  for (int i = 0; i < count; i++) {
    if (added[i]->kind != 't' || added[i]->date > now) continue;
    Object *timer = added[i];
    timer->date = now + 1e10;
    timer->fired(timer, timer->info);
    return 1;
  }
  return 0;
}

static int waitForSource(double until) {
  struct pollfd polled = {-1, POLLIN, 0};
  Object *ready = NULL;
  for (int i = 0; i < count; i++) {
    if (added[i]->kind == 't' && added[i]->date < until) until = added[i]->date;
    if (added[i]->kind != 's' || !added[i]->descriptor->enabled) continue;
    ready = added[i]->descriptor;
    polled.fd = ready->fd;
  }
  double seconds = until - CFAbsoluteTimeGetCurrent();
  int ms = seconds > 1e6 ? -1 : seconds <= 0 ? 0 : (int)(seconds * 1000) + 1;
  if (poll(&polled, 1, ms) != 1) return 0;
  ready->enabled = 0;
  ready->called(ready, 1, ready->info);
  return 1;
}

int CFRunLoopRunInMode(void *mode, double seconds, unsigned char returnAfterSource) {
  (void)mode;
  double end = CFAbsoluteTimeGetCurrent() + seconds;
  int result = 0;
  stopped = 0;
  observe(ENTRY);
  while (result == 0) {
    int handled = fireTimers();
    if (!stopped && !handled) {
      observe(BEFORE_WAITING);
      if (!stopped) handled = waitForSource(end) ? 2 : 0;
    }
    if (handled == 2 && returnAfterSource) result = HANDLED_SOURCE;
    else if (stopped) result = STOPPED;
    else if (CFAbsoluteTimeGetCurrent() >= end) result = TIMED_OUT;
  }
  stopped = 0;
  observe(EXIT);
  return result;
}

/* For tests: calls after so many seconds, once. */
void fakeTimer(double seconds, void (*fired)(void *, void *)) {
  add(CFRunLoopTimerCreate(NULL, CFAbsoluteTimeGetCurrent() + seconds, 0, 0, 0, fired, NULL));
}

static double insideSeconds;
static void runInside(void *timer, void *info) {
  (void)timer, (void)info;
  CFRunLoopRunInMode((void *)kCFRunLoopDefaultMode, insideSeconds, 0);
}

/* For tests: a callback that runs the loop for so many seconds. */
void fakeRun(double seconds) {
  insideSeconds = seconds;
  fakeTimer(0, runInside);
}
