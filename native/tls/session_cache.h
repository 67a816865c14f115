// A client's sessions, to be resumed: the latest of each key, for the keys used last. They are
// kept serialized, because OpenSSL marks those of TLS 1.3 as not resumable once they were used,
// and with them the copies that it makes for the next tickets.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "octets.h"

namespace ropewalk {

class SessionCache {
 public:
  explicit SessionCache(size_t most) : most_(most) {}

  // A larger session is not kept: OpenSSL cannot put any ticket that it has received into a hello.
  static constexpr size_t kMaxSize = 32 * 1024;

  bool keepsSessions() const { return most_ > 0; }
  void add(const std::string& key, Octets session);
  // Null if there is none. Valid until the next add(). A session is used until the server sends
  // another: some send none on a resumed connection, Node's among them.
  const Octets* find(const std::string& key);

 private:
  struct Entry {
    std::string key;
    Octets session;
  };

  const size_t most_;
  std::list<Entry> entries_;  // the latest first
  std::unordered_map<std::string, std::list<Entry>::iterator> found_;
};

}  // namespace ropewalk
