// The functions of OpenSSL that are looked up, and its types.
#pragma once

#include <cstddef>
#include <cstdint>

struct bio_method_st;
struct bio_st;
struct engine_st;
struct evp_cipher_ctx_st;
struct evp_cipher_st;
struct evp_mac_ctx_st;
struct evp_md_st;
struct evp_pkey_st;
struct ossl_lib_ctx_st;
struct ossl_param_st;
struct PKCS12_st;
struct ssl_cipher_st;
struct ssl_ctx_st;
struct ssl_method_st;
struct ssl_session_st;
struct ssl_st;
struct stack_st;
struct stack_st_X509;
struct X509_crl_st;
struct X509_pubkey_st;
struct x509_st;
struct x509_store_ctx_st;
struct x509_store_st;
struct X509_VERIFY_PARAM_st;

using BIO = bio_st;
using BIO_METHOD = bio_method_st;
using ENGINE = engine_st;
using EVP_CIPHER = evp_cipher_st;
using EVP_CIPHER_CTX = evp_cipher_ctx_st;
using EVP_MAC_CTX = evp_mac_ctx_st;
using EVP_MD = evp_md_st;
using EVP_PKEY = evp_pkey_st;
using OPENSSL_STACK = stack_st;
using OSSL_LIB_CTX = ossl_lib_ctx_st;
using OSSL_PARAM = ossl_param_st;
using PKCS12 = PKCS12_st;
using SSL = ssl_st;
using SSL_CIPHER = ssl_cipher_st;
using SSL_CTX = ssl_ctx_st;
using SSL_METHOD = ssl_method_st;
using SSL_SESSION = ssl_session_st;
using X509 = x509_st;
using X509_CRL = X509_crl_st;
using X509_PUBKEY = X509_pubkey_st;
using X509_STORE = x509_store_st;
using X509_STORE_CTX = x509_store_ctx_st;
using X509_VERIFY_PARAM = X509_VERIFY_PARAM_st;

// F(type of the result, name, types of the arguments)
#define ROPEWALK_OPENSSL_FUNCTIONS(F)                                                              \
  F(void, BIO_clear_flags, (BIO*, int))                                                            \
  F(void*, BIO_get_data, (BIO*))                                                                   \
  F(int, BIO_get_new_index, ())                                                                    \
  F(BIO_METHOD*, BIO_meth_new, (int, const char*))                                                 \
  F(int, BIO_meth_set_ctrl, (BIO_METHOD*, long (*)(BIO*, int, long, void*)))                       \
  F(int, BIO_meth_set_read_ex, (BIO_METHOD*, int (*)(BIO*, char*, size_t, size_t*)))               \
  F(int, BIO_meth_set_write_ex, (BIO_METHOD*, int (*)(BIO*, const char*, size_t, size_t*)))        \
  F(BIO*, BIO_new, (const BIO_METHOD*))                                                            \
  F(void, BIO_set_data, (BIO*, void*))                                                             \
  F(void, BIO_set_flags, (BIO*, int))                                                              \
  F(void, BIO_set_init, (BIO*, int))                                                               \
  F(void, CRYPTO_free, (void*, const char*, int))                                                  \
  F(void*, CRYPTO_malloc, (size_t, const char*, int))                                              \
  F(EVP_PKEY*, d2i_AutoPrivateKey, (EVP_PKEY**, const unsigned char**, long))                      \
  F(PKCS12*, d2i_PKCS12, (PKCS12**, const unsigned char**, long))                                  \
  F(SSL_SESSION*, d2i_SSL_SESSION, (SSL_SESSION**, const unsigned char**, long))                   \
  F(X509*, d2i_X509, (X509**, const unsigned char**, long))                                        \
  F(X509_CRL*, d2i_X509_CRL, (X509_CRL**, const unsigned char**, long))                            \
  F(void, ERR_clear_error, ())                                                                     \
  F(unsigned long, ERR_get_error, ())                                                              \
  F(unsigned long, ERR_peek_error, ())                                                             \
  F(const char*, ERR_reason_error_string, (unsigned long))                                         \
  F(const EVP_CIPHER*, EVP_aes_128_cbc, ())                                                        \
  F(int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX*, int, int, void*))                                  \
  F(void, EVP_CIPHER_CTX_free, (EVP_CIPHER_CTX*))                                                  \
  F(EVP_CIPHER_CTX*, EVP_CIPHER_CTX_new, ())                                                       \
  F(EVP_CIPHER*, EVP_CIPHER_fetch, (OSSL_LIB_CTX*, const char*, const char*))                      \
  F(int, EVP_CipherFinal_ex, (EVP_CIPHER_CTX*, unsigned char*, int*))                              \
  F(int, EVP_CipherInit_ex,                                                                        \
    (EVP_CIPHER_CTX*, const EVP_CIPHER*, ENGINE*, const unsigned char*, const unsigned char*,      \
     int))                                                                                         \
  F(int, EVP_CipherUpdate, (EVP_CIPHER_CTX*, unsigned char*, int*, const unsigned char*, int))     \
  F(int, EVP_DecryptInit_ex,                                                                       \
    (EVP_CIPHER_CTX*, const EVP_CIPHER*, ENGINE*, const unsigned char*, const unsigned char*))     \
  F(int, EVP_Digest, (const void*, size_t, unsigned char*, unsigned int*, const EVP_MD*, ENGINE*)) \
  F(int, EVP_EncryptInit_ex,                                                                       \
    (EVP_CIPHER_CTX*, const EVP_CIPHER*, ENGINE*, const unsigned char*, const unsigned char*))     \
  F(int, EVP_MAC_init, (EVP_MAC_CTX*, const unsigned char*, size_t, const OSSL_PARAM*))            \
  F(int, EVP_MD_get_size, (const EVP_MD*))                                                         \
  F(void, EVP_PKEY_free, (EVP_PKEY*))                                                              \
  F(const EVP_MD*, EVP_sha256, ())                                                                 \
  F(const EVP_MD*, EVP_sha384, ())                                                                 \
  F(unsigned char*, HMAC,                                                                          \
    (const EVP_MD*, const void*, int, const unsigned char*, size_t, unsigned char*,                \
     unsigned int*))                                                                               \
  F(int, i2d_SSL_SESSION, (const SSL_SESSION*, unsigned char**))                                   \
  F(int, i2d_X509, (const X509*, unsigned char**))                                                 \
  F(int, i2d_X509_PUBKEY, (const X509_PUBKEY*, unsigned char**))                                   \
  F(void, OPENSSL_cleanse, (void*, size_t))                                                        \
  F(void, OPENSSL_sk_free, (OPENSSL_STACK*))                                                       \
  F(OPENSSL_STACK*, OPENSSL_sk_new_null, ())                                                       \
  F(int, OPENSSL_sk_num, (const OPENSSL_STACK*))                                                   \
  F(int, OPENSSL_sk_push, (OPENSSL_STACK*, const void*))                                           \
  F(void*, OPENSSL_sk_value, (const OPENSSL_STACK*, int))                                          \
  F(const char*, OpenSSL_version, (int))                                                           \
  F(unsigned int, OPENSSL_version_major, ())                                                       \
  F(void, PKCS12_free, (PKCS12*))                                                                  \
  F(int, PKCS12_parse, (PKCS12*, const char*, EVP_PKEY**, X509**, stack_st_X509**))                \
  F(int, RAND_bytes, (unsigned char*, int))                                                        \
  F(unsigned char*, SHA256, (const unsigned char*, size_t, unsigned char*))                        \
  F(const char*, SSL_CIPHER_get_name, (const SSL_CIPHER*))                                         \
  F(uint16_t, SSL_CIPHER_get_protocol_id, (const SSL_CIPHER*))                                     \
  F(int, SSL_client_hello_get0_ext, (SSL*, unsigned int, const unsigned char**, size_t*))          \
  F(long, SSL_ctrl, (SSL*, int, long, void*))                                                      \
  F(int, SSL_CTX_add_client_CA, (SSL_CTX*, X509*))                                                 \
  F(long, SSL_CTX_callback_ctrl, (SSL_CTX*, int, void (*)()))                                      \
  F(long, SSL_CTX_ctrl, (SSL_CTX*, int, long, void*))                                              \
  F(void, SSL_CTX_free, (SSL_CTX*))                                                                \
  F(void*, SSL_CTX_get_ex_data, (const SSL_CTX*, int))                                             \
  F(SSL_CTX*, SSL_CTX_new, (const SSL_METHOD*))                                                    \
  F(void, SSL_CTX_sess_set_new_cb, (SSL_CTX*, int (*)(SSL*, SSL_SESSION*)))                        \
  F(void, SSL_CTX_set1_cert_store, (SSL_CTX*, X509_STORE*))                                        \
  F(void, SSL_CTX_set_alpn_select_cb,                                                              \
    (SSL_CTX*,                                                                                     \
     int (*)(SSL*, const unsigned char**, unsigned char*, const unsigned char*, unsigned int,      \
             void*),                                                                               \
     void*))                                                                                       \
  F(void, SSL_CTX_set_cert_verify_callback, (SSL_CTX*, int (*)(X509_STORE_CTX*, void*), void*))    \
  F(int, SSL_CTX_set_cipher_list, (SSL_CTX*, const char*))                                         \
  F(int, SSL_CTX_set_ciphersuites, (SSL_CTX*, const char*))                                        \
  F(void, SSL_CTX_set_client_hello_cb, (SSL_CTX*, int (*)(SSL*, int*, void*), void*))              \
  F(int, SSL_CTX_set_ex_data, (SSL_CTX*, int, void*))                                              \
  F(void, SSL_CTX_set_info_callback, (SSL_CTX*, void (*)(const SSL*, int, int)))                   \
  F(void, SSL_CTX_set_keylog_callback, (SSL_CTX*, void (*)(const SSL*, const char*)))              \
  F(int, SSL_CTX_set_num_tickets, (SSL_CTX*, size_t))                                              \
  F(uint64_t, SSL_CTX_set_options, (SSL_CTX*, uint64_t))                                           \
  F(int, SSL_CTX_set_session_id_context, (SSL_CTX*, const unsigned char*, unsigned int))           \
  F(int, SSL_CTX_set_tlsext_ticket_key_evp_cb,                                                     \
    (SSL_CTX*, int (*)(SSL*, unsigned char*, unsigned char*, EVP_CIPHER_CTX*, EVP_MAC_CTX*, int))) \
  F(void, SSL_CTX_set_verify, (SSL_CTX*, int, int (*)(int, X509_STORE_CTX*)))                      \
  F(int, SSL_CTX_use_cert_and_key, (SSL_CTX*, X509*, EVP_PKEY*, stack_st_X509*, int))              \
  F(int, SSL_do_handshake, (SSL*))                                                                 \
  F(int, SSL_export_keying_material,                                                               \
    (SSL*, unsigned char*, size_t, const char*, size_t, const unsigned char*, size_t, int))        \
  F(void, SSL_free, (SSL*))                                                                        \
  F(void, SSL_get0_alpn_selected, (const SSL*, const unsigned char**, unsigned int*))              \
  F(X509_VERIFY_PARAM*, SSL_get0_param, (SSL*))                                                    \
  F(X509*, SSL_get1_peer_certificate, (const SSL*))                                                \
  F(X509*, SSL_get_certificate, (const SSL*))                                                      \
  F(const SSL_CIPHER*, SSL_get_current_cipher, (const SSL*))                                       \
  F(int, SSL_get_error, (const SSL*, int))                                                         \
  F(void*, SSL_get_ex_data, (const SSL*, int))                                                     \
  F(int, SSL_get_ex_data_X509_STORE_CTX_idx, ())                                                   \
  F(stack_st_X509*, SSL_get_peer_cert_chain, (const SSL*))                                         \
  F(const char*, SSL_get_servername, (const SSL*, int))                                            \
  F(int, SSL_get_shutdown, (const SSL*))                                                           \
  F(SSL_SESSION*, SSL_get_session, (const SSL*))                                                   \
  F(SSL_CTX*, SSL_get_SSL_CTX, (const SSL*))                                                       \
  F(const char*, SSL_get_version, (const SSL*))                                                    \
  F(int, SSL_has_pending, (const SSL*))                                                            \
  F(int, SSL_is_init_finished, (const SSL*))                                                       \
  F(SSL*, SSL_new, (SSL_CTX*))                                                                     \
  F(int, SSL_read_ex, (SSL*, void*, size_t, size_t*))                                              \
  F(void, SSL_SESSION_free, (SSL_SESSION*))                                                        \
  F(uint8_t, SSL_SESSION_get_max_fragment_length, (const SSL_SESSION*))                            \
  F(int, SSL_session_reused, (const SSL*))                                                         \
  F(void, SSL_set_accept_state, (SSL*))                                                            \
  F(int, SSL_set_alpn_protos, (SSL*, const unsigned char*, unsigned int))                          \
  F(void, SSL_set_bio, (SSL*, BIO*, BIO*))                                                         \
  F(void, SSL_set_connect_state, (SSL*))                                                           \
  F(int, SSL_set_ex_data, (SSL*, int, void*))                                                      \
  F(int, SSL_set_session, (SSL*, SSL_SESSION*))                                                    \
  F(int, SSL_shutdown, (SSL*))                                                                     \
  F(int, SSL_version, (const SSL*))                                                                \
  F(int, SSL_write_ex, (SSL*, const void*, size_t, size_t*))                                       \
  F(const SSL_METHOD*, TLS_method, ())                                                             \
  F(int, X509_check_host, (X509*, const char*, size_t, unsigned int, char**))                      \
  F(int, X509_check_ip_asc, (X509*, const char*, unsigned int))                                    \
  F(void, X509_CRL_free, (X509_CRL*))                                                              \
  F(void, X509_free, (X509*))                                                                      \
  F(X509_PUBKEY*, X509_get_X509_PUBKEY, (const X509*))                                             \
  F(int, X509_STORE_add_cert, (X509_STORE*, X509*))                                                \
  F(int, X509_STORE_add_crl, (X509_STORE*, X509_CRL*))                                             \
  F(X509*, X509_STORE_CTX_get0_cert, (const X509_STORE_CTX*))                                      \
  F(stack_st_X509*, X509_STORE_CTX_get0_chain, (const X509_STORE_CTX*))                            \
  F(X509*, X509_STORE_CTX_get_current_cert, (const X509_STORE_CTX*))                               \
  F(int, X509_STORE_CTX_get_error, (const X509_STORE_CTX*))                                        \
  F(int, X509_STORE_CTX_get_error_depth, (const X509_STORE_CTX*))                                  \
  F(void*, X509_STORE_CTX_get_ex_data, (const X509_STORE_CTX*, int))                               \
  F(void, X509_STORE_CTX_set_error, (X509_STORE_CTX*, int))                                        \
  F(void, X509_STORE_free, (X509_STORE*))                                                          \
  F(X509_STORE*, X509_STORE_new, ())                                                               \
  F(int, X509_STORE_set_flags, (X509_STORE*, unsigned long))                                       \
  F(int, X509_verify_cert, (X509_STORE_CTX*))                                                      \
  F(int, X509_VERIFY_PARAM_set1_host, (X509_VERIFY_PARAM*, const char*, size_t))                   \
  F(int, X509_VERIFY_PARAM_set1_ip, (X509_VERIFY_PARAM*, const unsigned char*, size_t))            \
  F(int, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM*, const char*))                         \
  F(void, X509_VERIFY_PARAM_set_hostflags, (X509_VERIFY_PARAM*, unsigned int))
