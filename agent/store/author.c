/* author.c - who signs what is recorded: authors with a key of their own
 * (author_key.h). */
#include "agent/store/inside.h"

#include <sodium.h>
#include <stdio.h>

#include "agent/store/author_key.h"
#include "shared/base/lang.h"

void store_set_authors(struct store *s, const struct store_authors *authors)
{
    s->authors = *authors;
}

void store_forget_author(struct store *s)
{
    sodium_memzero(s->author_secret, sizeof s->author_secret);
    s->author[0] = '\0';
}

/* The author as a code: of the draft, or the owner. */
static enum xg_status name_author(char out[static XG_CODE_MAX + 1],
                                  struct store *s, struct xg_bytes author,
                                  struct xg_error *err)
{
    struct store_identity id;

    if (author.len) {
        snprintf(out, XG_CODE_MAX + 1, "%.*s", (int)author.len,
                 (const char *)author.at);
        return XG_OK;
    }
    if (store_get_identity(s, &id, err) != XG_OK)
        return err->status;
    memcpy(out, id.worker, sizeof id.worker);
    return XG_OK;
}

/* Has the author a key here, and would its signature count at a place that is
 * judged at that size? */
static enum xg_status is_wanted(struct store *s, bool *wanted,
                                const char *author, uint64_t size,
                                struct xg_error *err)
{
    struct author_key key;
    bool found, registered, other;

    *wanted = false;
    if (!*author)
        return XG_OK;
    if (author_key_find(s, &key, &found, author, err) != XG_OK)
        return err->status;
    if (!found)
        return XG_OK;
    if (author_key_standing(s, &registered, &other, &key, author, size, err) !=
        XG_OK)
        return err->status;
    *wanted = !other;
    return XG_OK;
}

enum xg_status store_ready_author(struct store *s, const char *author,
                                  struct xg_error *err)
{
    uint8_t secret[XG_SECRET_KEY_SIZE];
    char name[XG_CODE_MAX + 1];
    struct xg_checkpoint seen = {0};
    bool found, wanted;

    if (!s->authors.open)
        return XG_OK;
    if (author && strlen(author) > XG_CODE_MAX)
        return XG_OK; /* refused where it is set */
    if (name_author(name, s, xg_bytes_of(author ? author : ""), err) != XG_OK ||
        store_get_checkpoint(s, &seen, NULL, &found, err) != XG_OK ||
        is_wanted(s, &wanted, name, found ? seen.size : 0, err) != XG_OK)
        return err->status;
    if (!wanted || strcmp(name, s->author) == 0)
        return XG_OK;
    if (s->authors.open(s->authors.ctx, secret, name, err) != XG_OK)
        return err->status;
    memcpy(s->author, name, sizeof s->author);
    memcpy(s->author_secret, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    return XG_OK;
}

enum xg_status store_sign(struct store *s, struct xg_draft *draft,
                          uint64_t anchor_size, struct xg_error *err)
{
    char name[XG_CODE_MAX + 1];
    bool wanted;

    if (draft->author_secret || !s->authors.open)
        return XG_OK;
    if (name_author(name, s, draft->head.author, err) != XG_OK ||
        is_wanted(s, &wanted, name, anchor_size, err) != XG_OK)
        return err->status;
    if (!wanted)
        return XG_OK;
    if (strcmp(name, s->author) != 0)
        return xg_fail(err, XG_LOCKED,
                       XG_T("%s 在本机有 PIN，先 xunge pin unlock --as %s",
                            "%s has a PIN here: xunge pin unlock --as %s first"),
                       name, name);
    draft->author_secret = s->author_secret;
    return XG_OK;
}
