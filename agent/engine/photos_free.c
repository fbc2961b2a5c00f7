/* photos_free.c - see photos_free.h. */
#define _GNU_SOURCE /* memmem */
#include "agent/engine/photos_free.h"

#include <string.h>

#include "agent/engine/engine.h"
#include "agent/photo/loose.h"
#include "agent/photo/photo.h"
#include "agent/photo/proof.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

#define KEEP "photos.keep" /* days + 1; 0: not set */

enum {
    PAGE = 32,
    DRAFTS_MAX = 64 << 20,
    DRAFT_NUMBERS_MAX = 1024,
};

static const int64_t DAY_MS = 24 * 3600 * INT64_C(1000);

enum xg_status photo_get_keep(struct store *s, uint32_t *days,
                              struct xg_error *err)
{
    uint64_t value;

    if (store_get_meta_u64(s, &value, KEEP, err) != XG_OK)
        return err->status;
    *days = value == 0                    ? PHOTO_KEEP_DAYS
            : value - 1 >= PHOTO_KEEP_ALL ? PHOTO_KEEP_ALL
                                          : (uint32_t)(value - 1);
    return XG_OK;
}

enum xg_status photo_set_keep(struct store *s, uint32_t days,
                              struct xg_error *err)
{
    enum xg_status status = store_begin(s, err);

    if (status == XG_OK)
        status = store_put_meta_u64(s, KEEP, (uint64_t)days + 1, err);
    if (status == XG_OK)
        status = store_commit(s, err);
    store_rollback(s);
    return status;
}

/* What the rules are judged by. */
struct rules {
    struct home *home;
    struct store *s;
    struct photo_shelf shelf;
    uint64_t backup;
    int64_t since_ms;     /* days that began then or before are over */
    struct xg_buf drafts; /* all of them, as they stand */
};

struct numbers {
    size_t count;
    bool too_many;
    int64_t list[DRAFT_NUMBERS_MAX];
};

static bool note_draft(void *ctx, int64_t number, const struct xg_kind *kind,
                       int64_t changed_ms)
{
    struct numbers *n = ctx;

    (void)kind;
    (void)changed_ms;
    n->too_many = n->count == DRAFT_NUMBERS_MAX;
    if (!n->too_many)
        n->list[n->count++] = number;
    return !n->too_many;
}

static enum xg_status load_drafts(struct rules *r, struct xg_error *err)
{
    struct numbers n = {.count = 0};
    const struct xg_kind *kind;
    enum xg_status status = store_list_drafts(r->s, note_draft, &n, err);

    if (status == XG_OK && n.too_many)
        status = xg_fail(err, XG_TOOBIG,
                         XG_T("草稿太多，请先成文或删去一些",
                              "too many drafts: finish or drop some first"));
    for (size_t i = 0; status == XG_OK && i < n.count; i++)
        status = store_get_draft(r->s, &kind, NULL, &r->drafts, n.list[i], err);
    return status;
}

/* A draft that names it holds its hash, as bytes. */
static bool in_draft(const struct rules *r, const struct xg_hash *sha256)
{
    return r->drafts.len > 0 && memmem(r->drafts.data, r->drafts.len, sha256->b,
                                       XG_HASH_SIZE) != NULL;
}

static enum xg_status set_days(struct rules *r, bool now, struct xg_error *err)
{
    uint64_t server_ms;
    uint32_t days;

    r->since_ms = INT64_MAX;
    if (now)
        return XG_OK;
    if (photo_get_keep(r->s, &days, err) != XG_OK ||
        store_get_meta_u64(r->s, &server_ms, SYNC_META_SERVER, err) != XG_OK)
        return err->status;
    r->since_ms = days == PHOTO_KEEP_ALL || server_ms > INT64_MAX
                      ? INT64_MIN
                      : (int64_t)server_ms - days * DAY_MS;
    return XG_OK;
}

static enum xg_status open_rules(struct rules *r, struct home *home, bool now,
                                 struct xg_error *err)
{
    char alarm[HOME_PATH_SIZE];

    *r = (struct rules){.home = home,
                        .s = home->store,
                        .shelf = {.home = home->path, .vault = home->vault},
                        .drafts = XG_BUF(DRAFTS_MAX)};
    if (home_file(alarm, home->path, "alarm/shown", err) != XG_OK)
        return err->status;
    if (xg_os_exists(alarm))
        return xg_fail(err, XG_ALARM,
                       XG_T("警报未解除（见 %s/alarm）：照片一张也不从本机删去",
                            "the alarm stands (see %s/alarm): no photo leaves "
                            "this device"),
                       home->path);
    if (store_get_meta_u64(r->s, &r->backup, SYNC_META_BACKUP, err) != XG_OK ||
        set_days(r, now, err) != XG_OK)
        return err->status;
    return load_drafts(r, err);
}

/* ---- letting go ---- */

/* It is here, its records are proven, and so is it: verified once more. */
static enum xg_status may_go(const struct rules *r, bool *may,
                             const struct store_photo *p, struct xg_error *err)
{
    bool proven;

    *may = p->received && !in_draft(r, &p->sha256) &&
           photo_has(&r->shelf, &p->sha256);
    if (!*may)
        return XG_OK;
    if (photo_proof_check(r->s, &proven, &p->sha256, err) != XG_OK)
        return err->status;
    *may = proven;
    return XG_OK;
}

/* All marks of a page are durable before the first file goes. */
static enum xg_status free_page(const struct rules *r, struct photo_freed *out,
                                const struct store_photo *photos, size_t count,
                                struct xg_error *err)
{
    bool may[PAGE];
    enum xg_status status = XG_OK;

    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = may_go(r, &may[i], &photos[i], err);
    if (status == XG_OK)
        status = store_begin(r->s, err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (may[i])
            status = store_mark_freed(r->s, &photos[i].sha256, err);
    if (status == XG_OK)
        status = store_commit(r->s, err);
    store_rollback(r->s);
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        if (!may[i])
            continue;
        status = photo_remove(&r->shelf, &photos[i].sha256, err);
        out->photos += status == XG_OK;
        out->bytes += status == XG_OK ? photos[i].length : 0;
    }
    return status;
}

static enum xg_status free_all(const struct rules *r, struct photo_freed *out,
                               struct xg_error *err)
{
    const struct store_freeable which = {
        .only = true, .backup = r->backup, .since_ms = r->since_ms};
    struct store_photo photos[PAGE];
    struct xg_hash after = {{0}};
    enum xg_status status = XG_OK;
    size_t count = PAGE;

    while (status == XG_OK && count == PAGE) {
        status =
            store_each_photo(r->s, photos, &count, PAGE, &after, &which, err);
        if (status == XG_OK && count > 0) {
            after = photos[count - 1].sha256;
            status = free_page(r, out, photos, count, err);
        }
    }
    return status;
}

enum xg_status photo_free(struct home *home, struct photo_freed *out, bool now,
                          struct xg_error *err)
{
    struct photo_freed freed = {.photos = 0};
    struct rules r;
    enum xg_status status = open_rules(&r, home, now, err);

    if (status == XG_OK)
        status = free_all(&r, &freed, err);
    xg_buf_clear(&r.drafts);
    if (status == XG_OK)
        *out = freed;
    return status;
}

/* ---- erased ---- */

static enum xg_status erase_all(const struct rules *r, struct xg_error *err)
{
    struct xg_hash gone[PAGE], after = {{0}};
    size_t count = PAGE;

    while (count == PAGE) {
        if (store_gone_photos(r->s, gone, &count, PAGE, &after, err) != XG_OK)
            return err->status;
        for (size_t i = 0; i < count; i++) {
            after = gone[i];
            if (!in_draft(r, &gone[i]) &&
                photo_remove(&r->shelf, &gone[i], err) != XG_OK)
                return err->status;
        }
    }
    return XG_OK;
}

enum xg_status photo_erase(struct home *home, struct xg_error *err)
{
    struct rules r = {.home = home,
                      .s = home->store,
                      .shelf = {.home = home->path, .vault = home->vault},
                      .drafts = XG_BUF(DRAFTS_MAX)};
    char alarm[HOME_PATH_SIZE];

    if (home_file(alarm, home->path, "alarm/shown", err) != XG_OK)
        return err->status;
    if (xg_os_exists(alarm))
        return XG_OK;
    enum xg_status status = load_drafts(&r, err);
    if (status == XG_OK)
        status = erase_all(&r, err);
    if (status == XG_OK)
        status = store_forget_erased(home->store, err);
    xg_buf_clear(&r.drafts);
    return status;
}

/* ---- loose ---- */

enum { LOOSE_MAX = 4 << 20 };

/* A sweep under way. */
struct sweep {
    const struct rules *r;
    struct xg_buf loose;  /* the list */
    struct xg_buf stays;  /* what is left of it */
    struct xg_buf orphan; /* named by no table: the records are asked too */
    int64_t now_ms;
};

static bool is_in(const struct xg_buf *hashes, size_t at,
                  struct xg_bytes content)
{
    return memmem(content.at, content.len, hashes->data + at, XG_HASH_SIZE) !=
           NULL;
}

/* Every record's fields, as they were written: what cannot be folded names its
 * photos all the same. */
static bool strike_named(void *ctx, struct xg_bytes fields)
{
    struct xg_buf *orphan = ctx;

    for (size_t at = 0; at < orphan->len;)
        if (fields.len && is_in(orphan, at, fields)) {
            memmove(orphan->data + at, orphan->data + at + XG_HASH_SIZE,
                    orphan->len - at - XG_HASH_SIZE);
            orphan->len -= XG_HASH_SIZE;
        } else {
            at += XG_HASH_SIZE;
        }
    return orphan->len > 0;
}

/* Where one of the list belongs. */
static enum xg_status sort_out(struct sweep *w, const struct xg_hash *sha256,
                               struct xg_error *err)
{
    struct store_photo photo;
    bool known, small;
    int64_t age_ms;

    if (!photo_age(&w->r->shelf, &age_ms, sha256, w->now_ms))
        return XG_OK; /* gone, or never came */
    if (store_get_photo(w->r->s, &photo, &known, sha256, err) != XG_OK ||
        store_is_thumbnail(w->r->s, &small, sha256, err) != XG_OK)
        return err->status;
    if (known || small)
        return XG_OK; /* a record's */
    if (in_draft(w->r, sha256) || (age_ms >= 0 && age_ms < PHOTO_LOOSE_MS))
        xg_buf_append(&w->stays, sha256->b, XG_HASH_SIZE);
    else
        xg_buf_append(&w->orphan, sha256->b, XG_HASH_SIZE);
    return XG_OK;
}

static enum xg_status sweep_all(struct sweep *w, uint64_t *removed,
                                struct xg_error *err)
{
    struct xg_hash sha256;

    for (size_t at = 0; at < w->loose.len; at += XG_HASH_SIZE) {
        memcpy(sha256.b, w->loose.data + at, XG_HASH_SIZE);
        if (sort_out(w, &sha256, err) != XG_OK)
            return err->status;
    }
    if (xg_buf_check(&w->stays, err) != XG_OK ||
        xg_buf_check(&w->orphan, err) != XG_OK ||
        (w->orphan.len && store_each_fields(w->r->s, strike_named, &w->orphan,
                                            err) != XG_OK))
        return err->status;
    for (size_t at = 0; at < w->orphan.len; at += XG_HASH_SIZE) {
        memcpy(sha256.b, w->orphan.data + at, XG_HASH_SIZE);
        if (photo_remove(&w->r->shelf, &sha256, err) != XG_OK)
            return err->status;
        ++*removed;
    }
    return photo_loose_put(w->r->s, xg_buf_bytes(&w->stays), err);
}

/* All under the store's lock: whoever is about to name one of them looks for it
 * under that lock, too. A kill in between leaves the list as it was. */
static enum xg_status sweep_locked(struct rules *r, uint64_t *removed,
                                   struct xg_error *err)
{
    struct sweep w = {.r = r,
                      .loose = XG_BUF(LOOSE_MAX),
                      .stays = XG_BUF(LOOSE_MAX),
                      .orphan = XG_BUF(LOOSE_MAX),
                      .now_ms = xg_wall_ms(r->home->env)};
    enum xg_status status = store_begin(r->s, err);

    if (status == XG_OK)
        status = photo_loose_get(r->s, &w.loose, err);
    if (status == XG_OK && w.loose.len)
        status = load_drafts(r, err);
    if (status == XG_OK && w.loose.len)
        status = sweep_all(&w, removed, err);
    if (status == XG_OK && w.loose.len)
        status = store_commit(r->s, err);
    store_rollback(r->s);
    xg_buf_clear(&w.loose);
    xg_buf_clear(&w.stays);
    xg_buf_clear(&w.orphan);
    return status;
}

enum xg_status photo_sweep(struct home *home, uint64_t *removed,
                           struct xg_error *err)
{
    struct rules r = {.home = home,
                      .s = home->store,
                      .shelf = {.home = home->path, .vault = home->vault},
                      .drafts = XG_BUF(DRAFTS_MAX)};
    char alarm[HOME_PATH_SIZE];
    uint64_t count = 0;

    if (home_file(alarm, home->path, "alarm/shown", err) != XG_OK)
        return err->status;
    if (xg_os_exists(alarm))
        return XG_OK;
    enum xg_status status = sweep_locked(&r, &count, err);
    xg_buf_clear(&r.drafts);
    if (status == XG_OK)
        *removed = count;
    return status;
}

/* ---- what stays ---- */

static void count_stay(const struct rules *r, struct photo_freed *out,
                       const struct store_photo *p)
{
    struct photo_stays *why;

    if (!photo_has(&r->shelf, &p->sha256))
        return;
    if (!p->proven || !p->received)
        why = &out->unproven;
    else if (p->position >= r->backup)
        why = &out->not_backed_up;
    else if (p->since_ms > r->since_ms)
        why = &out->days;
    else
        why = &out->in_draft;
    why->photos++;
    why->bytes += p->length;
}

static enum xg_status count_all(const struct rules *r, struct photo_freed *out,
                                struct xg_error *err)
{
    const struct store_freeable which = {.only = false};
    struct store_photo photos[PAGE];
    struct xg_hash after = {{0}};
    size_t count = PAGE;

    while (count == PAGE) {
        if (store_each_photo(r->s, photos, &count, PAGE, &after, &which, err) !=
            XG_OK)
            return err->status;
        for (size_t i = 0; i < count; i++)
            count_stay(r, out, &photos[i]);
        if (count > 0)
            after = photos[count - 1].sha256;
    }
    return XG_OK;
}

enum xg_status photo_count_stays(struct home *home, struct photo_freed *out,
                                 bool now, struct xg_error *err)
{
    struct photo_freed counted = *out;
    struct rules r;
    enum xg_status status = open_rules(&r, home, now, err);

    if (status == XG_OK)
        status = count_all(&r, &counted, err);
    xg_buf_clear(&r.drafts);
    if (status == XG_OK)
        *out = counted;
    return status;
}
