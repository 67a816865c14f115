// A client's sessions, to be resumed: the latest of each key, and of the keys used last.
#pragma once

#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "openssl.h"

namespace ropewalk {

class SessionCache {
 public:
  SessionCache(const OpenSsl& ssl, size_t most) : ssl_(ssl), most_(most) {}
  ~SessionCache();
  SessionCache(const SessionCache&) = delete;
  SessionCache& operator=(const SessionCache&) = delete;

  // Takes over `session`.
  void add(const std::string& key, SSL_SESSION* session);
  // The caller frees the result. Null if there is none. Each session is given out once: servers
  // send new tickets, and those of TLS 1.3 should not be used twice (RFC 8446 appendix C.4).
  SSL_SESSION* take(const std::string& key);

  size_t size() const { return found_.size(); }

 private:
  using Entry = std::pair<std::string, SSL_SESSION*>;

  void erase(std::list<Entry>::iterator entry);

  const OpenSsl& ssl_;
  const size_t most_;
  std::list<Entry> entries_;  // the latest first
  std::unordered_map<std::string, std::list<Entry>::iterator> found_;
};

}  // namespace ropewalk
