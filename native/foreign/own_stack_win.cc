#include <windows.h>

#include "foreign/own_stack.h"

namespace ropewalk {

OwnStack::OwnStack() {
  ULONG_PTR low = 0;
  ULONG_PTR high = 0;
  GetCurrentThreadStackLimits(&low, &high);
  low_ = low;
  high_ = high;
}

}  // namespace ropewalk
