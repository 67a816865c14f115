// A client's sessions, to be resumed: the latest of each key, for the keys used last. They are
// kept serialized, because OpenSSL marks those of TLS 1.3 as not resumable once they were used,
// and with them the copies that it makes for the next tickets.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace ropewalk {

using Octets = std::vector<uint8_t>;

class SessionCache {
 public:
  explicit SessionCache(size_t most) : most_(most) {}

  // `once`: take() returns it only once. Tickets of TLS 1.3 should not be used again (RFC 8446
  // appendix C.4).
  void add(const std::string& key, Octets session, bool once);
  // Empty if there is none.
  Octets take(const std::string& key);

 private:
  struct Entry {
    std::string key;
    Octets session;
    bool once;
  };

  const size_t most_;
  std::list<Entry> entries_;  // the latest first
  std::unordered_map<std::string, std::list<Entry>::iterator> found_;
};

}  // namespace ropewalk
