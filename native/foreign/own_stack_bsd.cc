// macOS tells the bounds by two functions of its own. Elsewhere they are not asked for.
#include "foreign/own_stack.h"

#if defined(__APPLE__)
#include <pthread.h>
#endif

namespace ropewalk {

OwnStack::OwnStack() {
#if defined(__APPLE__)
  high_ = reinterpret_cast<uintptr_t>(pthread_get_stackaddr_np(pthread_self()));
  low_ = high_ - pthread_get_stacksize_np(pthread_self());
#endif
}

}  // namespace ropewalk
