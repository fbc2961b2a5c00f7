/* patrol.c - see patrol.h. The recorder's process is in patrol_process.c. */
#include "agent/record/patrol.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "agent/record/patrol_spool.h"
#include "agent/track/gpx.h"
#include "agent/track/nmea.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/cbor.h"

enum {
    RECORD_ROOM = 30 << 10, /* of elements in one record, head and all aside */
    FIRST_ROOM = 29 << 10,  /* less where the record says more */
    TRACK_BYTES_MAX = 512 << 20,
    SET_ITEMS = 256, /* that a record may add to a set */
    META_NAME_SIZE = 64,
};

/* ---- from a track to records ---- */

/* The elements of the two sets that a record of the patrol adds to. */
struct parts {
    struct store *s;
    const char *author;
    struct captured *out;
    const struct xg_id *id; /* NULL until the patrol is created */
    struct xg_draft *draft; /* of the first record; then NULL */
    struct xg_buf segments, gaps;
    size_t segment_count, gap_count;
};

static enum xg_status put_set(struct xg_draft *d, uint64_t field,
                              const struct xg_buf *elements, size_t count,
                              struct xg_error *err)
{
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);

    if (count == 0)
        return XG_OK;
    xg_cbor_put_map(&value, 1);
    xg_cbor_put_uint(&value, XG_SET_ADDED);
    xg_cbor_put_array(&value, count);
    xg_buf_append(&value, elements->data, elements->len);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(d, field, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

/* Append what was gathered as one record. */
static enum xg_status parts_flush(struct parts *p, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(256 << 10);
    struct xg_draft later, *d = p->draft;
    struct captured c;
    enum xg_status status;

    if (!d) {
        xg_draft_init(&later, &arena, XG_KIND_PATROL);
        d = &later;
    }
    status = put_set(d, XG_PATROL_SEGMENT, &p->segments, p->segment_count, err);
    if (status == XG_OK)
        status = put_set(d, XG_PATROL_GAP, &p->gaps, p->gap_count, err);
    if (status == XG_OK)
        status = capture_append(p->s, &c, p->id, d, p->author, err);
    if (status == XG_OK) {
        if (p->draft)
            *p->out = c;
        p->id = &p->out->id;
        p->draft = NULL;
        xg_buf_reset(&p->segments);
        xg_buf_reset(&p->gaps);
        p->segment_count = p->gap_count = 0;
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status make_room(struct parts *p, size_t bytes,
                                struct xg_error *err)
{
    size_t room = p->draft ? FIRST_ROOM : RECORD_ROOM;

    if (p->segments.len + p->gaps.len + bytes <= room &&
        p->segment_count < SET_ITEMS && p->gap_count < SET_ITEMS)
        return XG_OK;
    return parts_flush(p, err);
}

static enum xg_status add_segment(struct parts *p,
                                  const struct xg_track_point *points,
                                  size_t count, struct xg_error *err)
{
    struct xg_buf packed = XG_BUF(XG_TRACK_BYTES_MAX);
    enum xg_status status = xg_track_pack(&packed, points, count, err);
    bool halve = status == XG_OK && packed.len > PATROL_SEGMENT_MAX;

    if (status == XG_OK && !halve)
        status = make_room(p, packed.len + 5, err);
    if (status == XG_OK && !halve) {
        xg_cbor_put_bytes(&p->segments, packed.data, packed.len);
        p->segment_count++;
        status = xg_buf_check(&p->segments, err);
    }
    xg_buf_clear(&packed);
    if (halve) { /* the second begins where the first ends */
        size_t half = count / 2;
        status = add_segment(p, points, half + 1, err);
        if (status == XG_OK)
            status = add_segment(p, points + half, count - half, err);
    }
    return status;
}

static enum xg_status add_gap(struct parts *p, const struct xg_gap *gap,
                              struct xg_error *err)
{
    if (make_room(p, 32, err) != XG_OK)
        return err->status;
    xg_cbor_put_array(&p->gaps, 3);
    xg_cbor_put_int(&p->gaps, gap->from_ms);
    xg_cbor_put_int(&p->gaps, gap->to_ms);
    xg_cbor_put_uint(&p->gaps, gap->cause);
    p->gap_count++;
    return xg_buf_check(&p->gaps, err);
}

enum xg_status patrol_append(struct store *s, struct captured *out,
                             const struct xg_id *id, struct xg_draft *draft,
                             const struct track *track, const char *author,
                             struct xg_error *err)
{
    struct captured first = {0};
    struct parts p = {.s = s,
                      .author = author,
                      .out = &first,
                      .id = id,
                      .draft = draft,
                      .segments = XG_BUF(XG_RECORD_MAX),
                      .gaps = XG_BUF(XG_RECORD_MAX)};
    enum xg_status status = XG_OK;

    for (size_t i = 0; status == XG_OK && i < track->segment_count; i++)
        status = add_segment(&p, track->segments[i].points,
                             track->segments[i].count, err);
    for (size_t i = 0; status == XG_OK && i < track->gap_count; i++)
        status = add_gap(&p, &track->gaps[i], err);
    if (status == XG_OK && (p.draft || p.segment_count + p.gap_count > 0))
        status = parts_flush(&p, err);
    xg_buf_clear(&p.segments);
    xg_buf_clear(&p.gaps);
    if (status == XG_OK)
        *out = first;
    return status;
}

int64_t patrol_last_ms(const struct track_sample *samples, size_t count)
{
    int64_t base_ms = 0;

    for (size_t i = 0; i < count; i++)
        if (i == 0 || samples[i].boot != samples[i - 1].boot ||
            samples[i].mono_ms < samples[i - 1].mono_ms)
            base_ms = samples[i].wall_ms - samples[i].mono_ms;
    return count ? base_ms + samples[count - 1].mono_ms : TRACK_NO_TIME;
}

static void summarise(struct patrol_summary *out, const struct track *track)
{
    out->distance_mm = track->distance_mm;
    out->segments = track->segment_count;
    out->gaps = track->gap_count;
    out->doubts = track->doubt_count;
    out->refused = track->refused;
    for (size_t i = 0; i < track->segment_count; i++)
        out->points += track->segments[i].count;
}

/* ---- starting ---- */

/* In meta while a spool whose records are saved waits to be removed. */
static void mark_name(char name[static META_NAME_SIZE], const struct xg_id *id)
{
    char hex[2 * XG_ID_SIZE + 1];

    xg_hex(hex, id->b, XG_ID_SIZE);
    snprintf(name, META_NAME_SIZE, "patrol.closed.%s", hex);
}

static enum xg_status is_closed(struct store *s, bool *closed,
                                const struct xg_id *id, struct xg_error *err)
{
    char name[META_NAME_SIZE];
    uint64_t value;

    mark_name(name, id);
    if (store_get_meta_u64(s, &value, name, err) != XG_OK)
        return err->status;
    *closed = value != 0;
    return XG_OK;
}

/* The spool of a patrol whose records are saved: it goes, then the mark. */
static enum xg_status drop_spool(struct home *h, const struct xg_id *id,
                                 struct xg_error *err)
{
    char path[HOME_PATH_SIZE], name[META_NAME_SIZE];

    if (spool_path(path, sizeof path, h->path, id, err) != XG_OK)
        return err->status;
    if (unlink(path) != 0 && xg_os_exists(path))
        return xg_fail_os(err, XG_T("无法删除 %s", "cannot remove %s"), path);
    if (xg_os_sync_parent(path, err) != XG_OK)
        return err->status;
    mark_name(name, id);
    if (store_begin(h->store, err) != XG_OK)
        return err->status;
    if (store_put_meta(h->store, name, xg_bytes(NULL, 0), err) != XG_OK) {
        store_rollback(h->store);
        return err->status;
    }
    return store_commit(h->store, err);
}

/* What is open, leaving out (and removing) what was closed before a crash. */
static enum xg_status look_closely(struct home *h, struct patrol_state *out,
                                   struct xg_error *err)
{
    bool closed = false;

    if (patrol_look(out, h->path, err) != XG_OK)
        return err->status;
    if (out->open && !out->running &&
        is_closed(h->store, &closed, &out->id, err) != XG_OK)
        return err->status;
    if (!closed)
        return XG_OK;
    if (drop_spool(h, &out->id, err) != XG_OK)
        return err->status;
    return patrol_look(out, h->path, err);
}

static enum xg_status record_start(struct home *h, struct captured *out,
                                   const struct patrol_options *options,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(64 << 10);
    struct xg_draft d;
    enum xg_status status;

    xg_draft_init(&d, &arena, XG_KIND_PATROL);
    status = capture_set_time(&d, XG_PATROL_START, xg_wall_ms(h->env), err);
    if (status == XG_OK && options->grid)
        status = capture_set_text(&d, XG_FIELD_GRID, options->grid, err);
    if (status == XG_OK)
        status = capture_create(h->store, out, &d, options->author, err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status patrol_start(struct home *h, struct captured *out,
                            const struct patrol_options *options,
                            struct xg_error *err)
{
    struct patrol_state state;
    char folder[HOME_PATH_SIZE];

    if (home_file(folder, h->path, "patrol", err) != XG_OK ||
        xg_os_mkdir(folder, err) != XG_OK ||
        look_closely(h, &state, err) != XG_OK)
        return err->status;
    if (state.open)
        return xg_fail(err, XG_REFUSED,
                       state.running
                           ? XG_T("巡查正在进行；先用 xunge patrol stop 结束",
                                  "a patrol is under way; end it with xunge "
                                  "patrol stop")
                           : XG_T("上次巡查没有结束（记录程序被中断）；用 "
                                  "xunge patrol continue 继续，或用 xunge "
                                  "patrol close 在最后定位处结束",
                                  "the last patrol was not ended (its "
                                  "recorder was cut off); go on with xunge "
                                  "patrol continue, or end it at its last fix "
                                  "with xunge patrol close"));
    if (record_start(h, out, options, err) != XG_OK ||
        spool_create(h->path, &out->id, err) != XG_OK ||
        patrol_continue(h, &state, options, err) != XG_OK)
        return err->status;
    return XG_OK;
}

/* ---- closing ---- */

/* A sample that says how it ended, when the recorder could not. */
static struct track_sample stopped_now(const struct xg_env *env)
{
    struct timespec awake;

    clock_gettime(CLOCK_MONOTONIC, &awake);
    return (struct track_sample){
        .kind = TRACK_STOPPED,
        .boot = env->boot(env->ctx),
        .wall_ms = xg_wall_ms(env),
        .mono_ms = xg_mono_ms(env),
        .awake_ms =
            env->ctx ? TRACK_NO_TIME
                     : (int64_t)awake.tv_sec * 1000 + awake.tv_nsec / 1000000,
        .gps_ms = TRACK_NO_TIME,
        .acc_dm = XG_ACC_UNKNOWN,
    };
}

/* Samples up to the end that was chosen. The array has room for one more. */
static size_t cut_samples(struct track_sample *samples, size_t count,
                          enum patrol_end how, const struct xg_env *env)
{
    if (how == PATROL_END_LAST_FIX)
        while (count > 0 && samples[count - 1].kind != TRACK_FIX)
            count--;
    else if (count == 0 || samples[count - 1].kind != TRACK_STOPPED)
        samples[count++] = stopped_now(env);
    return count;
}

static enum xg_status save_closed(struct home *h, struct patrol_summary *out,
                                  const struct xg_id *id,
                                  const struct track *track, const char *author,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    char name[META_NAME_SIZE];
    struct xg_draft d;

    if (store_ready_author(h->store, author, err) != XG_OK)
        return err->status;
    enum xg_status status = store_begin(h->store, err);
    if (status != XG_OK)
        return status;
    xg_draft_init(&d, &arena, XG_KIND_PATROL);
    mark_name(name, id);
    status = capture_set_time(&d, XG_PATROL_END, out->end_ms, err);
    if (status == XG_OK)
        status =
            patrol_append(h->store, &out->captured, id, &d, track, author, err);
    if (status == XG_OK)
        status = store_put_meta_u64(h->store, name, 1, err);
    if (status == XG_OK)
        status = store_commit(h->store, err);
    else
        store_rollback(h->store);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status start_of(struct home *h, int64_t *start_ms,
                               const struct xg_id *id, struct xg_error *err)
{
    struct xg_buf state = XG_BUF(TRACK_BYTES_MAX);
    struct store_entity e;
    struct xg_brief brief;
    struct xg_cbor_item item;
    enum xg_status status = store_load_entity(h->store, &e, &state, id, err);

    if (status == XG_OK)
        status = xg_brief_read(&brief, xg_buf_bytes(&state), err);
    if (status == XG_OK && (!xg_brief_value(&brief, XG_PATROL_START, &item) ||
                            !xg_cbor_int(&item, start_ms)))
        *start_ms = e.first_ms;
    xg_buf_clear(&state);
    return status;
}

static enum xg_status close_spool(struct home *h, struct patrol_summary *out,
                                  const struct xg_id *id, enum patrol_end how,
                                  const char *author, struct xg_error *err)
{
    struct track_rules rules = track_rules_default();
    struct xg_arena arena = XG_ARENA(TRACK_BYTES_MAX);
    struct patrol_summary sum = {0};
    struct spool_content c;
    struct track track;
    enum xg_status status = spool_read(&c, &arena, h->path, id, h->vault, err);

    if (status == XG_OK)
        status = start_of(h, &sum.start_ms, id, err);
    if (status == XG_OK) {
        c.count = cut_samples(c.samples, c.count, how, h->env);
        status = track_split(&track, &arena, c.samples, c.count, &rules, err);
    }
    if (status == XG_OK) {
        sum.end_ms = patrol_last_ms(c.samples, c.count);
        if (sum.end_ms == TRACK_NO_TIME)
            sum.end_ms = sum.start_ms;
        sum.damaged = c.damaged;
        summarise(&sum, &track);
        status = save_closed(h, &sum, id, &track, author, err);
    }
    xg_arena_clear(&arena);
    if (status == XG_OK)
        *out = sum;
    return status;
}

enum xg_status patrol_close(struct home *h, struct patrol_summary *out,
                            enum patrol_end how, const char *author,
                            struct xg_error *err)
{
    struct patrol_state state;

    if (look_closely(h, &state, err) != XG_OK)
        return err->status;
    if (!state.open)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("现在没有进行中的巡查", "no patrol is under way"));
    if (patrol_halt(h->path, err) != XG_OK ||
        close_spool(h, out, &state.id, how, author, err) != XG_OK)
        return err->status;
    return drop_spool(h, &state.id, err);
}

/* ---- a file from elsewhere ---- */

static enum xg_status read_track(struct track_import *import,
                                 struct xg_arena *arena, struct xg_bytes file,
                                 const char *path, struct xg_error *err)
{
    size_t at = 0;
    enum xg_status status;

    if (file.len >= 3 && memcmp(file.at, "\xEF\xBB\xBF", 3) == 0)
        at = 3;
    while (at < file.len && strchr(" \t\r\n", file.at[at]) && file.at[at])
        at++;
    if (at < file.len && file.at[at] == '<')
        status = track_gpx_read(import, arena, file, err);
    else
        status = track_nmea_read(import, arena, file, err);
    if (status != XG_OK)
        return xg_wrap(err, "%s", path);
    if (import->fixes == 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 里没有带时间的定位点",
                            "there is no position with a time in %s"),
                       path);
    return XG_OK;
}

static void put_source(struct xg_buf *out, struct xg_bytes file)
{
    uint8_t sum[XG_HASH_SIZE];

    crypto_hash_sha256(sum, file.at, file.len);
    xg_cbor_put_bytes(out, sum, 16);
}

static enum xg_status save_import(struct home *h, struct patrol_summary *out,
                                  const struct track *track,
                                  struct xg_bytes source,
                                  const struct patrol_options *options,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_draft d;

    if (store_ready_author(h->store, options->author, err) != XG_OK)
        return err->status;
    enum xg_status status = store_begin(h->store, err);
    if (status != XG_OK)
        return status;
    xg_draft_init(&d, &arena, XG_KIND_PATROL);
    status = xg_draft_set(&d, XG_FIELD_SOURCE, source, err);
    if (status == XG_OK)
        status = capture_set_time(&d, XG_PATROL_START, out->start_ms, err);
    if (status == XG_OK)
        status = capture_set_time(&d, XG_PATROL_END, out->end_ms, err);
    if (status == XG_OK && options->grid)
        status = capture_set_text(&d, XG_FIELD_GRID, options->grid, err);
    if (status == XG_OK)
        status = patrol_append(h->store, &out->captured, NULL, &d, track,
                               options->author, err);
    if (status == XG_OK)
        status = store_commit(h->store, err);
    else
        store_rollback(h->store);
    if (status == XG_OK)
        status = capture_number(h->store, &out->captured, err);
    xg_arena_clear(&arena);
    return status;
}

static void find_span(struct patrol_summary *sum, const struct track *track)
{
    bool any = false;

    for (size_t i = 0; i < track->segment_count; i++)
        for (size_t k = 0; k < track->segments[i].count; k++) {
            int64_t at = track->segments[i].points[k].t_ms;
            if (!any || at < sum->start_ms)
                sum->start_ms = at;
            if (!any || at > sum->end_ms)
                sum->end_ms = at;
            any = true;
        }
}

/* `arena` lends the samples and the track. */
static enum xg_status import_bytes(struct home *h, struct patrol_summary *sum,
                                   struct xg_arena *arena, struct xg_bytes file,
                                   const char *path,
                                   const struct patrol_options *options,
                                   struct xg_error *err)
{
    struct track_rules rules = track_rules_default();
    struct xg_buf source = XG_BUF(32);
    struct track_import import;
    struct track track;
    enum xg_status status;

    put_source(&source, file);
    status = xg_buf_check(&source, err);
    if (status == XG_OK)
        status = store_find_source(h->store, &sum->captured.id, &sum->held,
                                   xg_buf_bytes(&source), err);
    if (status == XG_OK && sum->held)
        status = capture_number(h->store, &sum->captured, err);
    if (status == XG_OK)
        status = read_track(&import, arena, file, path, err);
    if (status == XG_OK)
        status = track_split(&track, arena, import.samples, import.count,
                             &rules, err);
    if (status == XG_OK) {
        find_span(sum, &track);
        sum->skipped = import.skipped;
        sum->untimed = import.untimed;
        summarise(sum, &track);
        if (!sum->held)
            status = save_import(h, sum, &track, xg_buf_bytes(&source), options,
                                 err);
    }
    xg_buf_clear(&source);
    return status;
}

enum xg_status patrol_import(struct home *h, struct patrol_summary *out,
                             const char *path,
                             const struct patrol_options *options,
                             struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(TRACK_BYTES_MAX);
    struct xg_buf file = XG_BUF(TRACK_IMPORT_BYTES_MAX);
    struct patrol_summary sum = {0};
    enum xg_status status = xg_os_read(
        &file, strcmp(path, "-") == 0 ? "/dev/stdin" : path, err);

    if (status == XG_OK)
        status = import_bytes(h, &sum, &arena, xg_buf_bytes(&file), path,
                              options, err);
    xg_buf_clear(&file);
    xg_arena_clear(&arena);
    if (status == XG_OK)
        *out = sum;
    return status;
}
