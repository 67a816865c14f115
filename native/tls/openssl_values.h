// The values of macros of OpenSSL that are used: kOpNoTicket is SSL_OP_NO_TICKET, and so on.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ropewalk::openssl {

constexpr int kVersionText = 0;  // OPENSSL_VERSION

constexpr int kBioFlagsRead = 0x01;
constexpr int kBioFlagsRws = 0x07;
constexpr int kBioFlagsShouldRetry = 0x08;
constexpr int kBioTypeSourceSink = 0x0400;
constexpr int kBioCtrlFlush = 11;

constexpr int kCtrlAeadGetTag = 0x10;  // EVP_CTRL_AEAD_GET_TAG
constexpr int kCtrlAeadSetTag = 0x11;

constexpr uint64_t kOpNoTicket = uint64_t{1} << 14;
constexpr uint64_t kOpNoCompression = uint64_t{1} << 17;
constexpr uint64_t kOpCipherServerPreference = uint64_t{1} << 22;
constexpr uint64_t kOpNoRenegotiation = uint64_t{1} << 30;

constexpr long kModeAcceptMovingWriteBuffer = 0x02;
constexpr long kModeNoAutoChain = 0x08;
constexpr long kModeReleaseBuffers = 0x10;

constexpr int kCtrlMode = 33;
constexpr int kCtrlSetSessCacheMode = 44;
constexpr int kCtrlSetTlsextHostname = 55;
constexpr int kCtrlSetTlsextStatusReqCb = 63;
constexpr int kCtrlSetTlsextStatusReqType = 65;
constexpr int kCtrlGetTlsextStatusReqOcspResp = 70;
constexpr int kCtrlSetTlsextStatusReqOcspResp = 71;
constexpr int kCtrlSetGroupsList = 92;
constexpr int kCtrlSetSigalgsList = 98;
constexpr int kCtrlSetMinProtoVersion = 123;
constexpr int kCtrlSetMaxProtoVersion = 124;

constexpr long kSessCacheOff = 0;
constexpr long kSessCacheClient = 0x0001;
constexpr long kSessCacheNoInternal = 0x0300;

constexpr unsigned long kLibraryOffset = 23;  // ERR_LIB_OFFSET
constexpr unsigned long kLibraryMask = 0xff;
constexpr unsigned long kLibrarySsl = 20;
constexpr int kErrorWantRead = 2;
constexpr int kErrorZeroReturn = 6;
constexpr int kErrorWantClientHelloCb = 11;

// Reasons of errors: SSL_R_...
constexpr int kReasonBadKeyUpdate = 122;
constexpr int kReasonTooManyKeyUpdates = 132;
constexpr int kReasonDataLengthTooLong = 146;
constexpr int kReasonEncryptedLengthTooLong = 150;
constexpr int kReasonExcessiveMessageSize = 152;
constexpr int kReasonLengthMismatch = 159;
constexpr int kReasonNotOnRecordBoundary = 182;
constexpr int kReasonInvalidAlert = 205;
constexpr int kReasonUnexpectedMessage = 244;
constexpr int kReasonBadLength = 271;
constexpr int kReasonDecryptionFailedOrBadRecordMac = 281;
constexpr int kReasonMixedHandshakeAndNonHandshakeData = 293;
constexpr int kReasonRecordTooSmall = 298;
constexpr int kReasonTooManyWarnAlerts = 409;
constexpr int kReasonBadRecordType = 443;
constexpr int kAdReasonOffset = 1000;  // SSL_AD_REASON_OFFSET: plus the number of a received alert
// ERR_R_INTERNAL_ERROR.
constexpr int kReasonInternalError = 259 | 0x0c0000;

constexpr int kVerifyNone = 0;
constexpr int kVerifyPeer = 1;
constexpr int kVerifyFailIfNoPeerCert = 2;

constexpr int kClientHelloSuccess = 1;
constexpr int kClientHelloError = 0;
constexpr int kClientHelloRetry = -1;
constexpr int kAdCloseNotify = 0;
constexpr int kAdUnexpectedMessage = 10;
constexpr int kAdBadRecordMac = 20;
constexpr int kAdRecordOverflow = 22;
constexpr int kAdIllegalParameter = 47;
constexpr int kAdDecodeError = 50;
constexpr int kAdInternalError = 80;
constexpr int kAdUserCancelled = 90;
constexpr int kAdNoRenegotiation = 100;
constexpr int kAdUnrecognizedName = 112;
constexpr int kTlsextErrOk = 0;
constexpr int kTlsextErrAlertFatal = 2;
constexpr int kTlsextErrNoack = 3;
constexpr unsigned int kTlsextTypeServerName = 0;
constexpr long kTlsextStatustypeOcsp = 1;
constexpr uint8_t kMaxFragmentLength512 = 1;
constexpr uint8_t kMaxFragmentLength4096 = 4;

constexpr int kCbRead = 0x04;
constexpr int kCbAlert = 0x4000;
constexpr int kSentShutdown = 1;

constexpr int kNameTypeHostName = 0;  // TLSEXT_NAMETYPE_host_name
constexpr int kTls12Version = 0x0303;
constexpr int kTls13Version = 0x0304;

constexpr unsigned long kVFlagCrlCheck = 0x4;
constexpr unsigned long kVFlagCrlCheckAll = 0x8;
constexpr int kVErrUnspecified = 1;
constexpr int kVErrApplicationVerification = 50;
constexpr int kVErrHostnameMismatch = 62;
constexpr int kVErrIpAddressMismatch = 64;
constexpr int kNotAnAddress = -2;  // of X509_check_ip_asc(3)
constexpr unsigned int kCheckFlagNoPartialWildcards = 0x4;
constexpr unsigned int kCheckFlagNeverCheckSubject = 0x20;

constexpr unsigned int kParamUtf8String = 4;  // OSSL_PARAM_UTF8_STRING

// OSSL_PARAM.
struct Param {
  const char* key;
  unsigned int type;
  void* data;
  size_t size;
  size_t returnedSize;
};

}  // namespace ropewalk::openssl
