/* successor.c - see successor.h. */
#include "shared/core/successor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/core/protocol_text.h"

void xg_successor_put(struct xg_buf *text, const struct xg_successor *s)
{
    char key[XG_VKEY_SIZE];

    xg_verifier_print(key, &s->log);
    xg_buf_format(text, "xunge/successor/v1\nlog %s\nafter %s\n", key,
                  s->after);
    xg_buf_format(text, "checkpoint %" PRIu64 " ", s->size);
    xg_buf_base64(text, s->root.b, sizeof s->root.b);
    xg_buf_byte(text, '\n');
}

static void read_log(struct xg_lines *l, struct xg_verifier *log)
{
    struct xg_bytes key = xg_line_words(l, "log");
    struct xg_error unsaid = XG_ERROR_NONE;

    if (xg_verifier_parse(log, (const char *)key.at, key.len, &unsaid) !=
            XG_OK ||
        log->type != XG_SIG_ED25519 || strlen(log->name) > XG_ORIGIN_MAX) {
        *log = (struct xg_verifier){.type = 0};
        xg_lines_bad(l, "log");
    }
}

enum xg_status xg_successor_read(struct xg_successor *s, struct xg_bytes text,
                                 struct xg_error *err)
{
    struct xg_successor read = {.size = 0};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/successor/v1");
    read_log(&l, &read.log);
    xg_line_name(&l, "after", read.after, XG_ORIGIN_MAX);
    struct xg_bytes words = xg_line_words(&l, "checkpoint");
    if (!xg_word_uint(&words, &read.size) ||
        !xg_word_hash(&words, &read.root) || words.len > 0 || read.size == 0)
        xg_lines_bad(&l, "checkpoint");
    if (strcmp(read.log.name, read.after) == 0) /* none follows itself */
        xg_lines_bad(&l, "after");
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "successor note");
    *s = read;
    return XG_OK;
}

enum xg_status
xg_successor_open(struct xg_successor *s, struct xg_bytes data,
                  const uint8_t registrar[static XG_PUBLIC_KEY_SIZE],
                  struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];
    struct xg_verifier v;
    struct xg_note note;

    if (xg_note_parse(&note, data.at, data.len, err) != XG_OK)
        return err->status;
    struct xg_bytes signer = note.signatures[0].name;
    if (signer.len > XG_KEY_NAME_MAX)
        return xg_fail(err, XG_AUTH, "the name of the key is too long");
    memcpy(name, signer.at, signer.len);
    name[signer.len] = '\0';
    if (xg_verifier_init(&v, name, XG_SIG_ED25519, registrar, err) != XG_OK ||
        xg_note_open(&note, data.at, data.len, &v, err) != XG_OK)
        return err->status;
    return xg_successor_read(s, note.text, err);
}

enum xg_status xg_successor_origin(char out[static XG_KEY_NAME_MAX + 1],
                                   const char *after, struct xg_error *err)
{
    const char *slash = strrchr(after, '/');
    const char *digits = slash ? slash + 1 : "";
    size_t base = strlen(after), count = strlen(digits);
    unsigned long number = 1;

    if (count > 0 && count < 9 && digits[0] != '0' &&
        strspn(digits, "0123456789") == count) {
        number = strtoul(digits, NULL, 10);
        base = (size_t)(slash - after);
    }
    int len = snprintf(out, XG_KEY_NAME_MAX + 1, "%.*s/%lu", (int)base, after,
                       number + 1);
    if (len < 0 || len > XG_ORIGIN_MAX)
        return xg_fail(err, XG_TOOBIG, "the origin is too long");
    return XG_OK;
}
