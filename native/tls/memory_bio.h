// The BIO of a session: OpenSSL reads from a window of input and appends its output to a vector.
#pragma once

#include "../net/socket.h"
#include "octets.h"
#include "openssl.h"

namespace ropewalk {

struct MemoryBio {
  Bytes input;               // unread
  Octets* output = nullptr;  // null outside of a call
};

// Null if there is no memory.
BIO_METHOD* makeMemoryBioMethod(const OpenSsl& ssl);

// A BIO over `memory`, which must outlive it. Null if there is no memory.
BIO* makeMemoryBio(const OpenSsl& ssl, MemoryBio& memory);

}  // namespace ropewalk
