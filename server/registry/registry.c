/* registry.c - all statements in memory, and asking them. */
#include "server/registry/registry.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/registry/inside.h"
#include "shared/base/lang.h"

enum { LOAD_STEP = 512, LOAD_ARENA = 1 << 20 };

/* FNV-1a over kind and subject. */
static size_t bucket_of(enum xg_statement_kind kind, const char *subject)
{
    uint32_t h = 2166136261u ^ (uint32_t)kind;

    for (; *subject; subject++)
        h = (h ^ (uint8_t)*subject) * 16777619u;
    return h % SUBJECT_BUCKETS;
}

struct subject *registry_subject(struct registry *r,
                                 enum xg_statement_kind kind,
                                 const char *subject)
{
    struct subject *s = r->buckets[bucket_of(kind, subject)];

    while (s &&
           (s->kind != kind || strcmp(said_subject(s->first), subject) != 0))
        s = s->next;
    return s;
}

/* ---- filling ---- */

static bool keep_unit(struct registry *r, const struct store_statement *st)
{
    if (r->unit_count == r->unit_room) {
        size_t room = r->unit_room * 2 + 64;
        void *moved = realloc(r->unit_places, room * sizeof *r->unit_places);
        if (!moved)
            return false;
        r->unit_places = moved;
        r->unit_room = room;
    }
    r->unit_places[r->unit_count].position = st->position;
    snprintf(r->unit_places[r->unit_count].unit, sizeof r->unit_places->unit,
             "%.*s", XG_CODE_MAX, st->says.subject);
    r->unit_count++;
    return true;
}

static bool keep_admission(struct registry *r, const struct store_statement *st)
{
    if (r->admission_count == r->admission_room) {
        size_t room = r->admission_room * 2 + 16;
        void *moved = realloc(r->admissions, room * sizeof *r->admissions);
        if (!moved)
            return false;
        r->admissions = moved;
        r->admission_room = room;
    }
    r->admissions[r->admission_count++] =
        (struct registry_admission){st->says.batch, st->position};
    return true;
}

static bool keep_said(struct registry *r, const struct store_statement *st)
{
    struct subject *s = registry_subject(r, st->says.kind, st->says.subject);
    size_t at = bucket_of(st->says.kind, st->says.subject);
    struct said *said = said_new(st);
    bool made = !s;

    if (!said || (made && !(s = calloc(1, sizeof *s)))) {
        free(said);
        return false;
    }
    said->older = s->newest;
    s->newest = said;
    if (made) {
        s->kind = st->says.kind;
        s->first = said;
        s->next = r->buckets[at];
        r->buckets[at] = s;
    }
    if (made && st->says.kind == XG_SAYS_ADMIT && !keep_admission(r, st))
        return false;
    return st->says.kind != XG_SAYS_UNIT || keep_unit(r, st);
}

static bool keep(struct registry *r, const struct store_statement *st)
{
    struct store_statement shared = *st;

    return keep_said(r, st) && (!xg_statement_shared(&shared.says, &st->says) ||
                                keep_said(r, &shared));
}

static void free_subject(struct subject *s)
{
    for (struct said *at = s->newest, *older; at; at = older) {
        older = at->older;
        free(at);
    }
    free(s);
}

static void forget(struct registry *r)
{
    for (size_t i = 0; i < SUBJECT_BUCKETS; i++)
        for (struct subject *s = r->buckets[i], *next; s; s = next) {
            next = s->next;
            free_subject(s);
        }
    memset(r->buckets, 0, sizeof r->buckets);
    r->unit_count = 0;
    r->admission_count = 0;
    r->number = 0;
}

enum xg_status registry_take(struct registry *r, uint64_t number,
                             const struct store_statement *list, size_t count,
                             struct xg_error *err)
{
    bool good = true;

    pthread_rwlock_wrlock(&r->lock);
    for (size_t i = 0; good && i < count; i++)
        good = keep(r, &list[i]);
    r->number = number;
    pthread_rwlock_unlock(&r->lock);
    return good ? XG_OK : xg_fail_nomem(err);
}

static enum xg_status load_statements(struct registry *r, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOAD_ARENA);
    uint64_t position = 0;
    uint32_t line = 0;
    size_t count = LOAD_STEP;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count == LOAD_STEP) {
        struct store_statement *rows;
        xg_arena_reset(&arena);
        status = r->store->ops->read_statements(r->store, &arena, &rows, &count,
                                                position, line, LOAD_STEP, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            if (!keep(r, &rows[i]))
                status = xg_fail_nomem(err);
            position = rows[i].position;
            line = rows[i].line + 1;
        }
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status registry_load(struct registry *r, struct xg_error *err)
{
    struct store_counts counts;
    enum xg_status status;

    if (r->store->ops->get_counts(r->store, &counts, err) != XG_OK)
        return err->status;
    pthread_rwlock_wrlock(&r->lock);
    forget(r);
    status = load_statements(r, err);
    if (status == XG_OK)
        r->number = counts.registry_notes;
    pthread_rwlock_unlock(&r->lock);
    r->stale = status != XG_OK;
    return status;
}

enum xg_status registry_open(struct registry **out, struct store *store,
                             struct ledger *ledger, struct registrar *registrar,
                             const uint8_t first_key[static XG_PUBLIC_KEY_SIZE],
                             struct xg_error *err)
{
    struct registry *r = calloc(1, sizeof *r);

    if (!r)
        return xg_fail_nomem(err);
    r->store = store;
    r->ledger = ledger;
    r->registrar = registrar;
    memcpy(r->first_key, first_key, sizeof r->first_key);
    pthread_rwlock_init(&r->lock, NULL);
    pthread_mutex_init(&r->verdicts_lock, NULL);
    if (registry_load(r, err) != XG_OK) {
        registry_close(r);
        return err->status;
    }
    *out = r;
    return XG_OK;
}

void registry_close(struct registry *r)
{
    if (!r)
        return;
    forget(r);
    pthread_rwlock_destroy(&r->lock);
    pthread_mutex_destroy(&r->verdicts_lock);
    free(r->unit_places);
    free(r->admissions);
    free(r);
}

/* ---- asking ---- */

static enum xg_status find(void *ctx, enum xg_statement_kind kind,
                           const char *subject, uint64_t size,
                           struct xg_statement *out, uint64_t *position,
                           bool *found, struct xg_error *err)
{
    struct registry *r = ctx;

    (void)err;
    pthread_rwlock_rdlock(&r->lock);
    const struct said *says =
        said_below(registry_subject(r, kind, subject), size);
    *found = says != NULL;
    if (says) {
        said_read(out, kind, says);
        *position = says->position;
    }
    pthread_rwlock_unlock(&r->lock);
    return XG_OK;
}

static bool recall(void *ctx, const struct xg_hash *of, bool *good)
{
    struct registry *r = ctx;

    pthread_mutex_lock(&r->verdicts_lock);
    bool known = xg_verdicts_recall(&r->verdicts, of, good);
    pthread_mutex_unlock(&r->verdicts_lock);
    return known;
}

static void remember(void *ctx, const struct xg_hash *of, bool good)
{
    struct registry *r = ctx;

    pthread_mutex_lock(&r->verdicts_lock);
    xg_verdicts_remember(&r->verdicts, of, good);
    pthread_mutex_unlock(&r->verdicts_lock);
}

struct xg_registry registry_view(struct registry *r)
{
    return (struct xg_registry){
        .ctx = r, .find = find, .recall = recall, .remember = remember};
}

enum xg_status registry_newest(struct registry *r, struct xg_statement *out,
                               uint64_t *position, bool *found,
                               enum xg_statement_kind kind, const char *subject,
                               struct xg_error *err)
{
    return find(r, kind, subject, UINT64_MAX, out, position, found, err);
}

enum xg_status registry_person(struct registry *r, struct xg_statement *says,
                               const char *code, struct xg_error *err)
{
    struct xg_statement newest;
    uint64_t position;
    bool found;

    if (registry_newest(r, &newest, &position, &found, XG_SAYS_WORKER, code,
                        err) != XG_OK)
        return err->status;
    if (!found || strcmp(code, REGISTRY_SERVER) == 0)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有工号为 %s 的人员，见 worker list",
                            "nobody has the code %s: see worker list"),
                       code);
    *says = newest;
    return XG_OK;
}

void registry_enrolment(struct registry *r, struct xg_statement *out,
                        uint64_t *position, bool *found, const char *device)
{
    pthread_rwlock_rdlock(&r->lock);
    const struct subject *s = registry_subject(r, XG_SAYS_DEVICE, device);
    *found = s != NULL;
    if (s) {
        said_read(out, s->kind, s->first);
        *position = s->first->position;
    }
    pthread_rwlock_unlock(&r->lock);
}

uint64_t registry_number(struct registry *r)
{
    pthread_rwlock_rdlock(&r->lock);
    uint64_t number = r->number;
    pthread_rwlock_unlock(&r->lock);
    return number;
}

void registry_first_name(struct xg_hash *name)
{
    static const uint8_t text[] = "xunge/registrar/first";

    crypto_hash_sha256(name->b, text, sizeof text - 1);
}

const uint8_t *registry_registrar_key(const struct registry *r)
{
    return r->first_key;
}

void registry_key(struct registry *r, uint8_t key[static XG_PUBLIC_KEY_SIZE])
{
    struct xg_registry view = registry_view(r);
    struct xg_error never = XG_ERROR_NONE;

    xg_ignore(xg_registrar_at(key, &view, r->first_key, UINT64_MAX, &never));
}

bool registry_was_key(struct registry *r,
                      const uint8_t key[static XG_PUBLIC_KEY_SIZE])
{
    bool was = memcmp(r->first_key, key, XG_PUBLIC_KEY_SIZE) == 0;
    struct xg_statement says;

    pthread_rwlock_rdlock(&r->lock);
    const struct subject *s =
        registry_subject(r, XG_SAYS_REGISTRAR, XG_SUBJECT_REGISTRAR);
    for (const struct said *at = s ? s->newest : NULL; at && !was;
         at = at->older) {
        said_read(&says, s->kind, at);
        was = memcmp(says.key, key, XG_PUBLIC_KEY_SIZE) == 0;
    }
    pthread_rwlock_unlock(&r->lock);
    return was;
}

bool registry_is_apart(struct registry *r)
{
    uint8_t key[XG_PUBLIC_KEY_SIZE];

    registry_key(r, key);
    pthread_rwlock_rdlock(&r->lock);
    bool here = r->registrar->sign &&
                memcmp(key, r->registrar->verifier.key, sizeof key) == 0;
    pthread_rwlock_unlock(&r->lock);
    return !here;
}

void registry_take_registrar(struct registry *r, struct registrar *next)
{
    pthread_rwlock_wrlock(&r->lock);
    registrar_close(r->registrar);
    *r->registrar = *next;
    pthread_rwlock_unlock(&r->lock);
    *next = (struct registrar){.ctx = NULL};
}

bool registry_admitted(struct registry *r, const struct xg_hash *batch,
                       uint64_t size)
{
    char subject[XG_BASE64_SIZE(XG_HASH_SIZE)];

    xg_base64(subject, sizeof subject, batch->b, XG_HASH_SIZE);
    pthread_rwlock_rdlock(&r->lock);
    const struct subject *s = registry_subject(r, XG_SAYS_ADMIT, subject);
    bool admitted = s && s->first->position < size;
    pthread_rwlock_unlock(&r->lock);
    return admitted;
}

bool registry_admission(struct registry *r, struct registry_admission *out,
                        size_t i)
{
    pthread_rwlock_rdlock(&r->lock);
    bool there = i < r->admission_count;
    if (there)
        *out = r->admissions[i];
    pthread_rwlock_unlock(&r->lock);
    return there;
}

void registry_on_admit(struct registry *r, registry_admit *admit, void *ctx)
{
    r->admit = admit;
    r->admit_ctx = ctx;
}

void registry_device_name(char name[static XG_KEY_NAME_MAX + 1],
                          const char *origin, uint64_t code)
{
    snprintf(name, XG_KEY_NAME_MAX + 1, "%.80s/d/%04" PRIu64, origin, code);
}

enum xg_status registry_device(struct registry *r, struct xg_verifier *verifier,
                               bool *found, const char *name,
                               struct xg_error *err)
{
    struct xg_statement st;
    uint64_t position;
    bool any;

    registry_enrolment(r, &st, &position, &any, name);
    if (any &&
        xg_verifier_init(verifier, name, XG_SIG_ED25519, st.key, err) != XG_OK)
        return err->status;
    *found = any;
    return XG_OK;
}

enum xg_status registry_revoked(struct registry *r, bool *revoked,
                                const char *name, uint64_t size,
                                struct xg_error *err)
{
    struct xg_statement st;
    uint64_t position;

    return find(r, XG_SAYS_REVOKE, name, size, &st, &position, revoked, err);
}
