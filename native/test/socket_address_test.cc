#include "net/socket_address.h"

#include <cstddef>
#include <vector>

#include "check.h"
#include "fuzz/corpus.h"
#include "fuzz/socket_address_check.h"
#include "net/system_sockets.h"

namespace ropewalk {
namespace {

SocketAddress parsed(const std::string& host, uint16_t port = 80) {
  SocketAddress address;
  CHECK(SocketAddress::parse(host, port, address));
  return address;
}

void checkWords(const SocketAddress& address, bool ipv6, std::vector<uint32_t> expected) {
  uint32_t words[4] = {};
  CHECK_EQUAL(address.words(words), ipv6);
  CHECK(std::equal(expected.begin(), expected.end(), words));
}

// The words of an address are in written order.
void givesItsWords() {
  checkWords(parsed("127.0.0.1"), false, {0x7f000001});
  checkWords(parsed("255.254.0.9"), false, {0xfffe0009});
  checkWords(parsed("2001:db8::1:2"), true, {0x20010db8, 0, 0, 0x00010002});
  checkWords(parsed("::"), true, {0, 0, 0, 0});
}

void keepsItsPort() {
  for (const uint16_t port : {0, 1, 80, 0x1234, 65535}) {
    CHECK_EQUAL(parsed("10.0.0.1", port).port(), port);
    CHECK_EQUAL(parsed("fe80::1", port).port(), port);
  }
}

// A dual-stack listener sees IPv4 peers as IPv6 addresses, but applications get IPv4 ones.
void countsMappedAddressesAsIpv4() {
  const SocketAddress mapped = parsed("::ffff:192.0.2.1");
  CHECK(mapped.isIpv6());
  checkWords(mapped, false, {0xc0000201});
  checkWords(parsed("::ffff:0:192.0.2.1"), true, {0, 0, 0xffff0000, 0xc0000201});
  checkWords(parsed("::192.0.2.1"), true, {0, 0, 0, 0xc0000201});
}

// The scope of a link-local address is an interface, by name or number.
void readsScopes() {
  char name[IF_NAMESIZE];
  const char* loopback = if_indextoname(1, name);
  if (loopback != nullptr) CHECK_EQUAL(parsed(std::string("fe80::1%") + loopback).scope(), 1);
  CHECK_EQUAL(parsed("fe80::1%7").scope(), 7);
  CHECK_EQUAL(parsed("fe80::1%4294967295").scope(), UINT32_MAX);
  CHECK_EQUAL(parsed("fe80::1").scope(), 0);
  CHECK_EQUAL(parsed("127.0.0.1").scope(), 0);
  // None of these is an interface: the system refuses them where it requires one.
  for (const char* scope :
       {"", "no such interface", "-1", "3x", " 3", "4294967296", "%2", "0x10"}) {
    CHECK_EQUAL(parsed(std::string("fe80::1%") + scope).scope(), 0);
  }
}

void refusesWhatIsNoAddress() {
  using namespace std::string_literals;
  const std::string hosts[] = {
      "",
      " ",
      "localhost",
      "1.2.3",
      "1.2.3.4.5",
      "256.1.1.1",
      "1.2.3.4 ",
      "01.2.3.4x",
      "0x7f.0.0.1",
      ":::",
      "1::2::3",
      "[::1]",
      "::1 ",
      "1.2.3.4%1",
      "%1",
      "::g",
      "1:2:3:4:5:6:7:8:9",
      "127.0.0.1\0"s,
      "127.0.0.1\0.example.com"s,
      "::1\0%1"s,
      "\0"s,
      "\xff\xfe",
      std::string(100'000, ':'),
      std::string(100'000, '1'),
  };
  for (const std::string& host : hosts) {
    SocketAddress address;
    CHECK(!SocketAddress::parse(host, 80, address));
  }
  // A long scope is merely not an interface.
  CHECK_EQUAL(parsed("::1%" + std::string(100'000, 'x')).scope(), 0);
}

// A reused address object behaves like a new one.
void leavesNoTraceBehind() {
  SocketAddress address = parsed("fe80::1%7", 80);
  CHECK(SocketAddress::parse("fe80::1", 81, address));
  CHECK_EQUAL(address.scope(), 0);
  CHECK(SocketAddress::parse("1.2.3.4", 82, address));
  CHECK(!address.isIpv6());
  CHECK_EQUAL(address.size(), sizeof(sockaddr_in));
}

void namesEveryAddress() {
  checkWords(SocketAddress::any(false, 7), false, {0});
  checkWords(SocketAddress::any(true, 7), true, {0, 0, 0, 0});
  CHECK_EQUAL(SocketAddress::any(true, 7).port(), 7);
}

std::string pathOf(const std::string& path) {
  SocketAddress address;
  CHECK(SocketAddress::fromPath(path, "bind", address).ok());
  return address.path();
}

constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path);

void keepsPaths() {
  using namespace std::string_literals;
  for (const std::string& path :
       {"a"s, "/tmp/socket"s, "\xff\x80"s, std::string(kMaxPath - 1, 'x')}) {
    CHECK(pathOf(path) == path);
  }
#if defined(__linux__)
  for (const std::string& name :
       {"\0"s, "\0a"s, "\0a\0\0b"s, "\0"s + std::string(kMaxPath - 1, 'x')}) {
    CHECK(pathOf(name) == name);
  }
#endif
}

void refusesWhatIsNoPath() {
  using namespace std::string_literals;
  const struct {
    std::string path;
    int error;
  } cases[] = {
    {"", EINVAL},
    {"a\0"s, EINVAL},
    {"a\0b"s, EINVAL},
    {std::string(kMaxPath, 'x'), ENAMETOOLONG},
    {std::string(100'000, 'x'), ENAMETOOLONG},
#if defined(__linux__)
    {"\0"s + std::string(kMaxPath, 'x'), ENAMETOOLONG},
#endif
  };
  for (const auto& [path, error] : cases) {
    SocketAddress address;
    const Status status = SocketAddress::fromPath(path, "bind", address);
    CHECK_EQUAL(status.error, error);
    CHECK(std::string(status.call) == "bind");
    CHECK(!address.isUnix());
  }
}

// The system may omit the final NUL, give no path at all, or return a larger size than it wrote.
void readsPathsOfTheSystem() {
  using namespace std::string_literals;
  constexpr size_t kOffset = offsetof(sockaddr_un, sun_path);
  CHECK(filledIn("", 0).path().empty());
  CHECK(filledIn("junk", kOffset).path().empty());
  CHECK(filledIn("junk", 1).path().empty());
  CHECK(filledIn("path\0rest"s, kOffset + 9).path() == "path");
  CHECK(filledIn("path", kOffset + 2).path() == "pa");
  const std::string full(kMaxPath, 'x');
  CHECK(filledIn(full, sizeof(sockaddr_un)).path() == full);
  CHECK(filledIn(full + '\0', sizeof(sockaddr_un) + 1).path() == full);
  CHECK(filledIn(std::string(200, 'x'), 100'000).path().size() ==
        sizeof(sockaddr_storage) - kOffset);
#if defined(__linux__)
  CHECK(filledIn("\0name"s, kOffset + 5).path() == "\0name"s);
#endif
  CHECK(parsed("127.0.0.1").path().empty());
}

void survivesBeingWrittenOut() {
  replayCorpus("socket_address", checkSocketAddress);
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(givesItsWords),
      STORY(keepsItsPort),
      STORY(countsMappedAddressesAsIpv4),
      STORY(readsScopes),
      STORY(refusesWhatIsNoAddress),
      STORY(leavesNoTraceBehind),
      STORY(namesEveryAddress),
      STORY(keepsPaths),
      STORY(refusesWhatIsNoPath),
      STORY(readsPathsOfTheSystem),
      STORY(survivesBeingWrittenOut),
  });
}
