#include <poll.h>

#include "foreign/foreign_loop.h"

namespace ropewalk {

static_assert(sizeof(ForeignDescriptor) == sizeof(pollfd));
static_assert(offsetof(ForeignDescriptor, events) == offsetof(pollfd, events));
static_assert(offsetof(ForeignDescriptor, revents) == offsetof(pollfd, revents));

size_t pollForeign(std::vector<ForeignDescriptor>& descriptors, size_t count) {
  for (size_t i = 0; i < count; i++) descriptors[i].revents = 0;
  const int ready =
      poll(reinterpret_cast<pollfd*>(descriptors.data()), static_cast<nfds_t>(count), 0);
  return ready > 0 ? static_cast<size_t>(ready) : 0;
}

uint16_t foreignEvents(int interest) {
  uint16_t events = 0;
  if ((interest & kForeignRead) != 0) events |= POLLIN;
  if ((interest & kForeignWrite) != 0) events |= POLLOUT;
  return events;
}

int foreignReadiness(uint16_t revents) {
  int readiness = 0;
  if ((revents & POLLIN) != 0) readiness |= kForeignRead;
  if ((revents & POLLOUT) != 0) readiness |= kForeignWrite;
  if ((revents & (POLLERR | POLLHUP)) != 0) readiness |= kForeignFailed;
  if ((revents & POLLNVAL) != 0) readiness |= kForeignInvalid;
  return readiness;
}

}  // namespace ropewalk
