// The OpenSSL 3 that the process already carries, found at run time: never linked, and without its
// headers. Only functions of OpenSSL 3.0 are used. test/tls/openssl_types_test.cc compares the
// declarations with those of OpenSSL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "openssl_functions.h"
#include "openssl_values.h"

namespace ropewalk {

// Each function as a member of its own name.
struct OpenSsl {
#define ROPEWALK_MEMBER(type, name, arguments) type(*name) arguments = nullptr;
  ROPEWALK_OPENSSL_FUNCTIONS(ROPEWALK_MEMBER)
#undef ROPEWALK_MEMBER
  BIO_METHOD* memoryBio = nullptr;  // see memory_bio.h
};

struct OpenSslSearch {
  const OpenSsl* found = nullptr;  // null if there is none to be used
  std::string version;             // such as "OpenSSL 3.0.19 27 Jan 2026"; empty if there is none
  std::string reason;              // why `found` is null
};

// Searches the process, once.
const OpenSslSearch& findOpenSsl();

}  // namespace ropewalk
