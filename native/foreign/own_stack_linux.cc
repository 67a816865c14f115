#include <pthread.h>

#include "foreign/own_stack.h"

namespace ropewalk {

OwnStack::OwnStack() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  void* low = nullptr;
  size_t size = 0;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
    low_ = reinterpret_cast<uintptr_t>(low);
    high_ = low_ + size;
  }
  pthread_attr_destroy(&attributes);
}

}  // namespace ropewalk
