#include "session_cache.h"

#include <utility>

namespace ropewalk {

void SessionCache::add(const std::string& key, Octets session, bool once) {
  if (const auto old = found_.find(key); old != found_.end()) entries_.erase(old->second);
  entries_.push_front({key, std::move(session), once});
  found_[key] = entries_.begin();
  if (entries_.size() <= most_) return;
  found_.erase(entries_.back().key);
  entries_.pop_back();
}

Octets SessionCache::take(const std::string& key) {
  const auto found = found_.find(key);
  if (found == found_.end()) return {};
  const auto entry = found->second;
  if (!entry->once) {
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->session;
  }
  Octets session = std::move(entry->session);
  found_.erase(found);
  entries_.erase(entry);
  return session;
}

}  // namespace ropewalk
