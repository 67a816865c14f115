#include "openssl.h"

#include <string_view>

#include "memory_bio.h"
#include "process_symbol.h"

namespace ropewalk {
namespace {

constexpr unsigned int kMajorVersion = 3;

struct Search {
  OpenSsl functions;
  OpenSslSearch result;

  Search() {
    result.reason = fill();
    if (result.reason.empty()) result.found = &functions;
  }

  // Returns why the process' OpenSSL can't be used, or nothing.
  std::string fill() {
    if (const auto version = functionOf(functions.OpenSSL_version, "OpenSSL_version")) {
      result.version = version(openssl::kVersionText);
    }
    if (result.version.empty()) return "this process exports no functions of OpenSSL";
    const auto major = functionOf(functions.OPENSSL_version_major, "OPENSSL_version_major");
    // Forks of OpenSSL name themselves, and may have functions of the same names.
    if (major == nullptr || major() != kMajorVersion || !result.version.starts_with("OpenSSL ")) {
      return "this process has " + result.version + ", and OpenSSL 3 is required";
    }
#define ROPEWALK_FIND(type, name, arguments)          \
  functions.name = functionOf(functions.name, #name); \
  if (functions.name == nullptr) return lacks(#name);
    ROPEWALK_OPENSSL_FUNCTIONS(ROPEWALK_FIND)
#undef ROPEWALK_FIND
    functions.memoryBio = makeMemoryBioMethod(functions);
    return functions.memoryBio == nullptr ? "OpenSSL has no memory" : "";
  }

  std::string lacks(const char* name) const {
    return result.version + " of this process does not export the function " + name;
  }

  template <typename Function>
  static Function functionOf(Function, const char* name) {
    return reinterpret_cast<Function>(processSymbol(name));
  }
};

}  // namespace

const OpenSslSearch& findOpenSsl() {
  static const Search search;
  return search.result;
}

}  // namespace ropewalk
