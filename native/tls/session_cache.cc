#include "session_cache.h"

#include <utility>

namespace ropewalk {

void SessionCache::add(const std::string& key, Octets session) {
  if (session.size() > kMaxSize) return;
  if (const auto old = found_.find(key); old != found_.end()) entries_.erase(old->second);
  entries_.push_front({key, std::move(session)});
  found_[key] = entries_.begin();
  if (entries_.size() <= most_) return;
  found_.erase(entries_.back().key);
  entries_.pop_back();
}

const Octets* SessionCache::find(const std::string& key) {
  const auto found = found_.find(key);
  if (found == found_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &found->second->session;
}

}  // namespace ropewalk
