#include "socket_address.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace ropewalk {
namespace {

// The number of an interface given by name or number; 0 if there is none, which the system refuses
// where it requires one.
uint32_t scopeFrom(const std::string& name) {
  const unsigned index = if_nametoindex(name.c_str());
  if (index != 0) return index;
  uint32_t number = 0;
  const char* end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, number);
  return error == std::errc() && rest == end ? number : 0;
}

const sockaddr_in& asIpv4(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr_in&>(storage);
}

const sockaddr_in6& asIpv6(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr_in6&>(storage);
}

// BSD: an address contains its length, which is checked when joining a multicast group.
template <typename Address>
void begin(Address& address, int family) {
#if defined(SIN6_LEN)
  reinterpret_cast<sockaddr&>(address).sa_len = sizeof address;
#endif
  reinterpret_cast<sockaddr&>(address).sa_family =
      static_cast<decltype(sockaddr::sa_family)>(family);
}

constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);
constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path);

#if defined(__linux__)
constexpr bool kHasAbstractNames = true;
#else
constexpr bool kHasAbstractNames = false;
#endif

}  // namespace

bool SocketAddress::parse(const std::string& host, uint16_t port, SocketAddress& address) {
  address = {};
  if (host.find('\0') != std::string::npos) return false;  // inet_pton() would stop there
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(address.storage_);
  if (inet_pton(AF_INET, host.c_str(), &ipv4.sin_addr) == 1) {
    begin(ipv4, AF_INET);
    ipv4.sin_port = htons(port);
    address.size_ = sizeof ipv4;
    return true;
  }
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(address.storage_);
  const size_t percent = host.find('%');
  if (inet_pton(AF_INET6, host.substr(0, percent).c_str(), &ipv6.sin6_addr) != 1) return false;
  begin(ipv6, AF_INET6);
  ipv6.sin6_port = htons(port);
  if (percent != std::string::npos) ipv6.sin6_scope_id = scopeFrom(host.substr(percent + 1));
  address.size_ = sizeof ipv6;
  return true;
}

SocketAddress SocketAddress::any(bool ipv6, uint16_t port) {
  SocketAddress address;
  parse(ipv6 ? "::" : "0.0.0.0", port, address);
  return address;
}

Status SocketAddress::fromPath(const std::string& path, const char* call, SocketAddress& address) {
  address = {};
  if (path.empty()) return {EINVAL, call};
  const bool abstract = path[0] == '\0';
  if (abstract && !kHasAbstractNames) return {EINVAL, call};
  if (!abstract && path.find('\0') != std::string::npos) return {EINVAL, call};
  // A path ends with NUL, so readers need not rely on its length; an abstract name does not.
  const size_t length = path.size() + (abstract ? 0 : 1);
  if (length > kMaxPath) return {ENAMETOOLONG, call};
  auto& local = reinterpret_cast<sockaddr_un&>(address.storage_);
  begin(local, AF_UNIX);
  std::memcpy(local.sun_path, path.data(), path.size());
  address.size_ = static_cast<socklen_t>(kPathOffset + length);
  return {};
}

bool SocketAddress::copy(const sockaddr* from, SocketAddress& address) {
  if (from == nullptr || (from->sa_family != AF_INET && from->sa_family != AF_INET6)) return false;
  address.size_ = from->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(&address.storage_, from, address.size_);
  return true;
}

bool SocketAddress::isUnix() const {
  return size_ > 0 && storage_.ss_family == AF_UNIX;
}

// unix(7), BUGS: an address from the system may lack the final NUL, or be one byte longer than
// sockaddr_un because of it. If it did not fit, the returned size is the full one.
std::string SocketAddress::path() const {
  const size_t size = std::min<size_t>(size_, sizeof storage_);
  if (!isUnix() || size <= kPathOffset) return {};
  const char* bytes = reinterpret_cast<const char*>(&storage_) + kPathOffset;
  const size_t length = size - kPathOffset;
  if (bytes[0] == '\0') return kHasAbstractNames ? std::string(bytes, length) : std::string();
  return std::string(bytes, strnlen(bytes, length));
}

void SocketAddress::setIpv4(uint32_t word, uint16_t port) {
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(storage_);
  ipv4 = {};
  begin(ipv4, AF_INET);
  ipv4.sin_port = htons(port);
  ipv4.sin_addr.s_addr = htonl(word);
  size_ = sizeof ipv4;
}

void SocketAddress::setIpv6(const uint32_t (&words)[4], uint32_t scope, uint16_t port) {
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(storage_);
  ipv6 = {};
  begin(ipv6, AF_INET6);
  ipv6.sin6_port = htons(port);
  ipv6.sin6_scope_id = scope;
  for (size_t i = 0; i < 4; i++) {
    const uint32_t word = htonl(words[i]);
    std::memcpy(reinterpret_cast<uint8_t*>(&ipv6.sin6_addr) + i * 4, &word, 4);
  }
  size_ = sizeof ipv6;
}

uint16_t SocketAddress::port() const {
  if (isUnix()) return 0;
  return ntohs(isIpv6() ? asIpv6(storage_).sin6_port : asIpv4(storage_).sin_port);
}

bool SocketAddress::words(uint32_t (&out)[4]) const {
  if (isUnix()) {
    std::fill(out, out + 4, 0);
    return false;
  }
  if (!isIpv6()) {
    out[0] = ntohl(asIpv4(storage_).sin_addr.s_addr);
    return false;
  }
  std::memcpy(out, &asIpv6(storage_).sin6_addr, sizeof out);
  for (uint32_t& word : out) word = ntohl(word);
  if (out[0] != 0 || out[1] != 0 || out[2] != 0xffff) return true;
  out[0] = out[3];
  return false;
}

bool SocketAddress::sameHost(const SocketAddress& other) const {
  uint32_t ours[4] = {};
  uint32_t theirs[4] = {};
  const bool ipv6 = words(ours);
  return ipv6 == other.words(theirs) && std::equal(ours, ours + (ipv6 ? 4 : 1), theirs);
}

uint32_t SocketAddress::scope() const {
  return isIpv6() ? asIpv6(storage_).sin6_scope_id : 0;
}

}  // namespace ropewalk
