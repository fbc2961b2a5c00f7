/* tls.c - see tls.h. */
#include "shared/web/tls.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "shared/base/lang.h"

enum {
    VALID_FROM = 946684800, /* 2000-01-01T00:00:00Z */
    SERIAL_SIZE = 16,
};
static const int64_t VALID_TO = 7258118399; /* 2199-12-31T23:59:59Z */

/* The steps of making a certificate stop at the first that fails. */
struct maker {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    int code; /* of GnuTLS; 0 so far */
};

static void fill_identity(struct maker *m, const char *name)
{
    unsigned char address[16];
    unsigned address_size = 0;

    if (inet_pton(AF_INET, name, address) == 1)
        address_size = 4;
    else if (inet_pton(AF_INET6, name, address) == 1)
        address_size = 16;

    m->code = gnutls_x509_crt_set_dn_by_oid(
        m->cert, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
    if (m->code < 0)
        return;
    if (address_size)
        m->code = gnutls_x509_crt_set_subject_alt_name(
            m->cert, GNUTLS_SAN_IPADDRESS, address, address_size,
            GNUTLS_FSAN_SET);
    else
        m->code = gnutls_x509_crt_set_subject_alt_name(
            m->cert, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name),
            GNUTLS_FSAN_SET);
}

static void fill_rest(struct maker *m)
{
    unsigned char serial[SERIAL_SIZE] = {0};

    if (m->code >= 0)
        m->code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40); /* positive */
    if (m->code >= 0)
        m->code = gnutls_x509_crt_set_serial(m->cert, serial, sizeof serial);
    if (m->code >= 0)
        m->code = gnutls_x509_crt_set_version(m->cert, 3);
    if (m->code >= 0)
        m->code = gnutls_x509_crt_set_activation_time(m->cert, VALID_FROM);
    if (m->code >= 0)
        m->code =
            gnutls_x509_crt_set_expiration_time(m->cert, (time_t)VALID_TO);
    if (m->code >= 0)
        m->code = gnutls_x509_crt_set_basic_constraints(m->cert, 0, -1);
    if (m->code >= 0)
        m->code = gnutls_x509_crt_set_key_usage(m->cert,
                                                GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (m->code >= 0)
        m->code = gnutls_x509_crt_set_key_purpose_oid(
            m->cert, GNUTLS_KP_TLS_WWW_SERVER, 0);
}

static void make(struct maker *m, const char *common_name)
{
    m->code = gnutls_x509_privkey_init(&m->key);
    if (m->code >= 0)
        m->code = gnutls_x509_crt_init(&m->cert);
    if (m->code >= 0)
        m->code = gnutls_x509_privkey_generate(
            m->key, GNUTLS_PK_ECDSA,
            GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (m->code >= 0)
        fill_identity(m, common_name);
    fill_rest(m);
    if (m->code >= 0)
        m->code = gnutls_x509_crt_set_key(m->cert, m->key);
    if (m->code >= 0)
        m->code = gnutls_x509_crt_sign2(m->cert, m->cert, m->key,
                                        GNUTLS_DIG_SHA256, 0);
}

enum xg_status xg_tls_generate(struct xg_buf *cert_pem, struct xg_buf *key_pem,
                               const char *common_name, struct xg_error *err)
{
    struct maker m = {NULL, NULL, 0};
    gnutls_datum_t cert = {NULL, 0}, key = {NULL, 0};
    enum xg_status status;

    make(&m, common_name);
    if (m.code >= 0)
        m.code = gnutls_x509_crt_export2(m.cert, GNUTLS_X509_FMT_PEM, &cert);
    if (m.code >= 0)
        m.code = gnutls_x509_privkey_export2(m.key, GNUTLS_X509_FMT_PEM, &key);
    if (m.code < 0) {
        status = xg_fail(err, XG_IO, "making a TLS certificate for %s: %s",
                         common_name, gnutls_strerror(m.code));
    } else {
        xg_buf_append(cert_pem, cert.data, cert.size);
        xg_buf_append(key_pem, key.data, key.size);
        status = xg_buf_check(cert_pem, err);
        if (status == XG_OK)
            status = xg_buf_check(key_pem, err);
    }

    if (key.data)
        gnutls_memset(key.data, 0, key.size);
    gnutls_free(key.data);
    gnutls_free(cert.data);
    gnutls_x509_crt_deinit(m.cert);
    gnutls_x509_privkey_deinit(m.key);
    return status;
}

/* GnuTLS takes a pointer to changeable bytes, and only reads them. */
static gnutls_datum_t datum_of(const char *text)
{
    struct xg_bytes bytes = xg_bytes_of(text);

    return (gnutls_datum_t){(unsigned char *)(uintptr_t)bytes.at,
                            (unsigned)bytes.len};
}

enum xg_status xg_tls_check(const char *cert_pem, const char *key_pem,
                            struct xg_error *err)
{
    gnutls_certificate_credentials_t credentials = NULL;
    gnutls_datum_t cert = datum_of(cert_pem), key = datum_of(key_pem);

    int code = gnutls_certificate_allocate_credentials(&credentials);
    if (code >= 0)
        code = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key,
                                                   GNUTLS_X509_FMT_PEM);
    if (credentials)
        gnutls_certificate_free_credentials(credentials);
    if (code < 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("TLS 证书与私钥无法使用：%s",
                            "the TLS certificate and key are unusable: %s"),
                       gnutls_strerror(code));
    return XG_OK;
}

enum xg_status xg_tls_until(int64_t *until_ms, const char *cert_pem,
                            struct xg_error *err)
{
    gnutls_x509_crt_t cert = NULL;
    gnutls_datum_t pem = datum_of(cert_pem);
    time_t until = -1;

    int code = gnutls_x509_crt_init(&cert);
    if (code >= 0)
        code = gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM);
    if (code >= 0)
        until = gnutls_x509_crt_get_expiration_time(cert);
    if (cert)
        gnutls_x509_crt_deinit(cert);
    if (code < 0 || until == (time_t)-1)
        return xg_fail(err, XG_FORMAT, "not a PEM certificate: %s",
                       gnutls_strerror(code));
    *until_ms = (int64_t)until * 1000;
    return XG_OK;
}

enum xg_status xg_tls_pin(struct xg_hash *pin, const char *cert_pem,
                          struct xg_error *err)
{
    gnutls_x509_crt_t cert = NULL;
    gnutls_datum_t pem = datum_of(cert_pem);
    struct xg_hash hash;
    size_t size = sizeof hash.b;

    int code = gnutls_x509_crt_init(&cert);
    if (code >= 0)
        code = gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM);
    if (code >= 0) /* GnuTLS's key id is this hash of the key info */
        code = gnutls_x509_crt_get_key_id(cert, GNUTLS_KEYID_USE_SHA256, hash.b,
                                          &size);
    if (cert)
        gnutls_x509_crt_deinit(cert);
    if (code < 0)
        return xg_fail(err, XG_FORMAT, "not a PEM certificate: %s",
                       gnutls_strerror(code));
    *pin = hash;
    return XG_OK;
}

void xg_tls_pin_text(char text[static XG_TLS_PIN_SIZE],
                     const struct xg_hash *pin)
{
    memcpy(text, "sha256//", 8);
    xg_base64(text + 8, XG_TLS_PIN_SIZE - 8, pin->b, sizeof pin->b);
}
