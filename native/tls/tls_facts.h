// Answers to queries about a session.
#pragma once

#include <string>
#include <vector>

#include "octets.h"

namespace ropewalk {

// Why a session failed. Only the fields that apply are set.
struct TlsFailure {
  std::string reason;      // OpenSSL's text, such as "wrong version number"
  int alertReceived = -1;  // the number of the peer's last alert
  int alertSent = -1;
  int verifyError = 0;  // X509_V_ERR_... if the peer's certificate was refused
  int depth = 0;        // of the refused certificate in its chain; 0 is the peer's own
  Octets certificate;   // the refused one, DER
};

// Facts that most sessions lack, noted when OpenSSL's object is freed.
struct TlsFacts {
  std::string protocol;
  std::string serverName;
  std::vector<Octets> peerChain;
  Octets ocspResponse;
};

}  // namespace ropewalk
