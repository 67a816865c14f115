// The declarations of tls/openssl_functions.h and tls/openssl_values.h agree with OpenSSL's
// headers. Compiling it is the test.

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <type_traits>

#include "tls/openssl_functions.h"
#include "tls/openssl_values.h"

namespace ropewalk::openssl {

#define SAME_TYPE(type, name, arguments) \
  static_assert(std::is_same_v<decltype(&::name), std::type_identity_t<type>(*) arguments>, #name);
ROPEWALK_OPENSSL_FUNCTIONS(SAME_TYPE)
#undef SAME_TYPE

static_assert(kVersionText == OPENSSL_VERSION);

static_assert(kBioFlagsRead == BIO_FLAGS_READ);
static_assert(kBioFlagsRws == BIO_FLAGS_RWS);
static_assert(kBioFlagsShouldRetry == BIO_FLAGS_SHOULD_RETRY);
static_assert(kBioTypeSourceSink == BIO_TYPE_SOURCE_SINK);
static_assert(kBioCtrlFlush == BIO_CTRL_FLUSH);

static_assert(kCtrlAeadGetTag == EVP_CTRL_AEAD_GET_TAG);
static_assert(kCtrlAeadSetTag == EVP_CTRL_AEAD_SET_TAG);

static_assert(kOpNoTicket == SSL_OP_NO_TICKET);
static_assert(kOpNoCompression == SSL_OP_NO_COMPRESSION);
static_assert(kOpCipherServerPreference == SSL_OP_CIPHER_SERVER_PREFERENCE);
static_assert(kOpNoRenegotiation == SSL_OP_NO_RENEGOTIATION);

static_assert(kModeAcceptMovingWriteBuffer == SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
static_assert(kModeNoAutoChain == SSL_MODE_NO_AUTO_CHAIN);
static_assert(kModeReleaseBuffers == SSL_MODE_RELEASE_BUFFERS);

static_assert(kCtrlMode == SSL_CTRL_MODE);
static_assert(kCtrlSetSessCacheMode == SSL_CTRL_SET_SESS_CACHE_MODE);
static_assert(kCtrlSetTlsextHostname == SSL_CTRL_SET_TLSEXT_HOSTNAME);
static_assert(kCtrlSetTlsextStatusReqCb == SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB);
static_assert(kCtrlSetTlsextStatusReqType == SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE);
static_assert(kCtrlGetTlsextStatusReqOcspResp == SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP);
static_assert(kCtrlSetTlsextStatusReqOcspResp == SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP);
static_assert(kCtrlSetGroupsList == SSL_CTRL_SET_GROUPS_LIST);
static_assert(kCtrlSetSigalgsList == SSL_CTRL_SET_SIGALGS_LIST);
static_assert(kCtrlSetMinProtoVersion == SSL_CTRL_SET_MIN_PROTO_VERSION);
static_assert(kCtrlSetMaxProtoVersion == SSL_CTRL_SET_MAX_PROTO_VERSION);

static_assert(kSessCacheOff == SSL_SESS_CACHE_OFF);
static_assert(kSessCacheClient == SSL_SESS_CACHE_CLIENT);
static_assert(kSessCacheNoInternal == SSL_SESS_CACHE_NO_INTERNAL);

static_assert(kLibrarySsl == ERR_LIB_SSL);
static_assert(kLibraryOffset == ERR_LIB_OFFSET);
static_assert(kLibraryMask == ERR_LIB_MASK);
static_assert(kErrorWantRead == SSL_ERROR_WANT_READ);
static_assert(kErrorZeroReturn == SSL_ERROR_ZERO_RETURN);
static_assert(kErrorWantClientHelloCb == SSL_ERROR_WANT_CLIENT_HELLO_CB);

static_assert(kReasonBadKeyUpdate == SSL_R_BAD_KEY_UPDATE);
static_assert(kReasonTooManyKeyUpdates == SSL_R_TOO_MANY_KEY_UPDATES);
static_assert(kReasonDataLengthTooLong == SSL_R_DATA_LENGTH_TOO_LONG);
static_assert(kReasonEncryptedLengthTooLong == SSL_R_ENCRYPTED_LENGTH_TOO_LONG);
static_assert(kReasonExcessiveMessageSize == SSL_R_EXCESSIVE_MESSAGE_SIZE);
static_assert(kReasonLengthMismatch == SSL_R_LENGTH_MISMATCH);
static_assert(kReasonNotOnRecordBoundary == SSL_R_NOT_ON_RECORD_BOUNDARY);
static_assert(kReasonInvalidAlert == SSL_R_INVALID_ALERT);
static_assert(kReasonUnexpectedMessage == SSL_R_UNEXPECTED_MESSAGE);
static_assert(kReasonBadLength == SSL_R_BAD_LENGTH);
static_assert(kReasonDecryptionFailedOrBadRecordMac == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC);
static_assert(kReasonMixedHandshakeAndNonHandshakeData ==
              SSL_R_MIXED_HANDSHAKE_AND_NON_HANDSHAKE_DATA);
static_assert(kReasonRecordTooSmall == SSL_R_RECORD_TOO_SMALL);
static_assert(kReasonTooManyWarnAlerts == SSL_R_TOO_MANY_WARN_ALERTS);
static_assert(kReasonBadRecordType == SSL_R_BAD_RECORD_TYPE);
static_assert(kReasonInternalError == ERR_R_INTERNAL_ERROR);
static_assert(kAdReasonOffset == SSL_AD_REASON_OFFSET);

static_assert(kVerifyNone == SSL_VERIFY_NONE);
static_assert(kVerifyPeer == SSL_VERIFY_PEER);
static_assert(kVerifyFailIfNoPeerCert == SSL_VERIFY_FAIL_IF_NO_PEER_CERT);

static_assert(kClientHelloSuccess == SSL_CLIENT_HELLO_SUCCESS);
static_assert(kClientHelloError == SSL_CLIENT_HELLO_ERROR);
static_assert(kClientHelloRetry == SSL_CLIENT_HELLO_RETRY);
static_assert(kAdCloseNotify == SSL_AD_CLOSE_NOTIFY);
static_assert(kAdUnexpectedMessage == SSL_AD_UNEXPECTED_MESSAGE);
static_assert(kAdBadRecordMac == SSL_AD_BAD_RECORD_MAC);
static_assert(kAdRecordOverflow == SSL_AD_RECORD_OVERFLOW);
static_assert(kAdIllegalParameter == SSL_AD_ILLEGAL_PARAMETER);
static_assert(kAdDecodeError == SSL_AD_DECODE_ERROR);
static_assert(kAdInternalError == SSL_AD_INTERNAL_ERROR);
static_assert(kAdUserCancelled == SSL_AD_USER_CANCELLED);
static_assert(kAdNoRenegotiation == SSL_AD_NO_RENEGOTIATION);
static_assert(kAdUnrecognizedName == SSL_AD_UNRECOGNIZED_NAME);
static_assert(kTlsextErrOk == SSL_TLSEXT_ERR_OK);
static_assert(kTlsextErrAlertFatal == SSL_TLSEXT_ERR_ALERT_FATAL);
static_assert(kTlsextErrNoack == SSL_TLSEXT_ERR_NOACK);
static_assert(kTlsextTypeServerName == TLSEXT_TYPE_server_name);
static_assert(kTlsextStatustypeOcsp == TLSEXT_STATUSTYPE_ocsp);
static_assert(kMaxFragmentLength512 == TLSEXT_max_fragment_length_512);
static_assert(kMaxFragmentLength4096 == TLSEXT_max_fragment_length_4096);
static_assert(kNameTypeHostName == TLSEXT_NAMETYPE_host_name);

static_assert(kCbRead == SSL_CB_READ);
static_assert(kCbAlert == SSL_CB_ALERT);
static_assert(kSentShutdown == SSL_SENT_SHUTDOWN);
static_assert(kTls12Version == TLS1_2_VERSION);
static_assert(kTls13Version == TLS1_3_VERSION);

static_assert(kVFlagCrlCheck == X509_V_FLAG_CRL_CHECK);
static_assert(kVFlagCrlCheckAll == X509_V_FLAG_CRL_CHECK_ALL);
static_assert(kVErrUnspecified == X509_V_ERR_UNSPECIFIED);
static_assert(kVErrApplicationVerification == X509_V_ERR_APPLICATION_VERIFICATION);
static_assert(kVErrHostnameMismatch == X509_V_ERR_HOSTNAME_MISMATCH);
static_assert(kVErrIpAddressMismatch == X509_V_ERR_IP_ADDRESS_MISMATCH);
static_assert(kCheckFlagNoPartialWildcards == X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
static_assert(kCheckFlagNeverCheckSubject == X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);

static_assert(kParamUtf8String == OSSL_PARAM_UTF8_STRING);
static_assert(sizeof(Param) == sizeof(OSSL_PARAM));
static_assert(offsetof(Param, key) == offsetof(OSSL_PARAM, key));
static_assert(offsetof(Param, type) == offsetof(OSSL_PARAM, data_type));
static_assert(offsetof(Param, data) == offsetof(OSSL_PARAM, data));
static_assert(offsetof(Param, size) == offsetof(OSSL_PARAM, data_size));
static_assert(offsetof(Param, returnedSize) == offsetof(OSSL_PARAM, return_size));

}  // namespace ropewalk::openssl

int main() {
  return 0;
}
