#include "session_cache.h"

namespace ropewalk {

SessionCache::~SessionCache() {
  for (const Entry& entry : entries_) ssl_.SSL_SESSION_free(entry.second);
}

void SessionCache::add(const std::string& key, SSL_SESSION* session) {
  if (const auto old = found_.find(key); old != found_.end()) {
    ssl_.SSL_SESSION_free(old->second->second);
    erase(old->second);
  }
  entries_.emplace_front(key, session);
  found_[key] = entries_.begin();
  if (found_.size() <= most_) return;
  ssl_.SSL_SESSION_free(entries_.back().second);
  erase(std::prev(entries_.end()));
}

SSL_SESSION* SessionCache::take(const std::string& key) {
  const auto found = found_.find(key);
  if (found == found_.end()) return nullptr;
  SSL_SESSION* session = found->second->second;
  erase(found->second);
  return session;
}

void SessionCache::erase(std::list<Entry>::iterator entry) {
  found_.erase(entry->first);
  entries_.erase(entry);
}

}  // namespace ropewalk
