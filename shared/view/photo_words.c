/* photo_words.c - see photo_words.h. */
#include "shared/view/photo_words.h"

#include <string.h>

#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/core/schema.h"

static const struct xg_choice *find(const struct xg_choice *choices,
                                    struct xg_bytes word)
{
    for (const struct xg_choice *c = choices; c->name; c++)
        if (xg_bytes_equal(word, xg_bytes_of(c->name)) ||
            xg_bytes_equal(word, xg_bytes_of(c->zh)))
            return c;
    return NULL;
}

static enum xg_status no_such_role(struct xg_bytes word, struct xg_error *err)
{
    struct xg_buf names = XG_BUF(1024);

    for (const struct xg_choice *c = xg_photo_roles; c->name; c++)
        xg_buf_format(&names, "%s %s, ", c->name, xg_label(c->zh, c->en));
    xg_ignore(xg_fail(err, XG_USAGE,
                      XG_T("照片没有“%.*s”这种用途；可以是：%s"
                           "forwarded 他人转发",
                           "no photo has the role \"%.*s\"; it is one of "
                           "%sforwarded forwarded by others"),
                      (int)word.len, (const char *)word.at,
                      xg_buf_str(&names)));
    xg_buf_clear(&names);
    return err->status;
}

static enum xg_status take_word(uint64_t *role, uint64_t *origin,
                                const char *name, struct xg_bytes word,
                                struct xg_error *err)
{
    const struct xg_choice *c = find(xg_photo_origins, word);

    if (c) {
        *origin = c->number;
        return XG_OK;
    }
    if (!(c = find(xg_photo_roles, word)))
        return no_such_role(word, err);
    if (*role && *role != c->number)
        return xg_fail(
            err, XG_USAGE,
            XG_T("一张照片只能有一种用途：%s", "a photo has one role only: %s"),
            name);
    *role = c->number;
    return XG_OK;
}

enum xg_status view_photo_words(uint64_t *role, uint64_t *origin,
                                const char *name, const char *words,
                                struct xg_error *err)
{
    uint64_t said_role = *role, said_origin = *origin;

    for (;;) {
        size_t len = strcspn(words, ",");
        if (take_word(&said_role, &said_origin, name, xg_bytes(words, len),
                      err) != XG_OK)
            return err->status;
        if (!words[len])
            break;
        words += len + 1;
    }
    *role = said_role;
    *origin = said_origin;
    return XG_OK;
}
