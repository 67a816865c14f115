// Two TLS sessions stay within their contract, whatever is fed to them and in whatever order they
// are called: see tls_session_check.h.

#include "tls_session_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ropewalk::checkTlsSession({data, size});
  return 0;
}
