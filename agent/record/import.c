/* import.c - see import.h. */
#include "agent/record/import.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/photo/photo.h"
#include "agent/record/capture.h"
#include "agent/record/patrol.h"
#include "shared/base/lang.h"
#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/view/form.h"
#include "shared/view/photo.h"

enum { LINE_ARENA_MAX = 256 << 20, SOURCE_MAX = 64 };

/* What an id stands for, while the file is looked at: kind and status. */
enum { SEEN_KIND = 1000 };

struct importer {
    struct home *home;
    const struct import_options *options;
    const char *path;
    struct import_result result;
    bool saving;  /* the second pass */
    json_t *seen; /* source id: kind * SEEN_KIND + status */
    uint64_t in_transaction;
    struct xg_arena arena; /* of the line */
};

/* One line, understood. */
struct line {
    json_t *json;
    const char *kind, *worker, *id;
    struct xg_buf source; /* the id, encoded */
    struct xg_draft draft;
};

/* ---- which keys a line may have ---- */

struct line_kind {
    const char *name;
    enum xg_kind_number kind; /* 0: of the target */
    const char *fields;       /* taken over under the same name */
    const char *others;
};

static const struct line_kind line_kinds[] = {
    {"visit", XG_KIND_VISIT, " place category result note ", " "},
    {"incident", XG_KIND_INCIDENT, " category urgency address description ",
     " lat lon reporter photos "},
    {"dispute", XG_KIND_DISPUTE, " type parties description outcome ", " "},
    {"update", 0, " note why ", " target set "},
    {"do", 0, " note why ", " target move set "},
    {"patrol", XG_KIND_PATROL, " grid ", " start end track "},
};

static bool listed(const char *list, const char *key)
{
    size_t len = strlen(key);

    for (const char *at = strstr(list, key); at; at = strstr(at + 1, key))
        if (at > list && at[-1] == ' ' && at[len] == ' ')
            return true;
    return false;
}

static enum xg_status check_keys(const struct line_kind *k, json_t *json,
                                 struct xg_error *err)
{
    const char *key;
    json_t *value;

    json_object_foreach(json, key, value)
    {
        (void)value;
        if (*key == '\0' || strchr(key, ' ') ||
            (!listed(" id kind worker t ", key) && !listed(k->fields, key) &&
             !listed(k->others, key)))
            return xg_fail(
                err, XG_FORMAT,
                XG_T("不认识的键 \"%.40s\"", "unknown key \"%.40s\""), key);
    }
    return XG_OK;
}

static enum xg_status missing(const char *key, struct xg_error *err)
{
    return xg_fail(err, XG_FORMAT,
                   XG_T("缺少 \"%s\"，或它的值不对",
                        "\"%s\" is missing or has a wrong value"),
                   key);
}

static enum xg_status take_time(int64_t *ms, const json_t *json,
                                const char *key, struct xg_error *err)
{
    const json_t *value = json_object_get(json, key);
    json_int_t seconds = json_integer_value(value);

    if (!json_is_integer(value) || seconds > XG_TRACK_TIME_MAX / 1000 ||
        seconds < -XG_TRACK_TIME_MAX / 1000)
        return missing(key, err);
    *ms = seconds * 1000;
    return XG_OK;
}

/* ---- the source's id ---- */

static enum xg_status put_source(struct xg_buf *out, const char *id,
                                 struct xg_error *err)
{
    uint8_t raw[16];
    size_t len = strlen(id);

    if (len == 0 || len > SOURCE_MAX)
        return missing("id", err);
    xg_buf_reset(out);
    if (xg_unhex(raw, sizeof raw, id, len))
        xg_cbor_put_bytes(out, raw, sizeof raw);
    else
        xg_cbor_put_text(out, id, len);
    return xg_buf_check(out, err);
}

/* Known from this file, or from before: its entity where it is in the store. */
static enum xg_status find_target(struct importer *m, const char *id,
                                  struct xg_id *entity, bool *stored,
                                  json_int_t *seen, struct xg_error *err)
{
    struct xg_buf source = XG_BUF(SOURCE_MAX + 8);
    struct store_entity e;
    const json_t *known = json_object_get(m->seen, id);
    enum xg_status status = put_source(&source, id, err);

    if (status == XG_OK)
        status = store_find_source(m->home->store, entity, stored,
                                   xg_buf_bytes(&source), err);
    xg_buf_clear(&source);
    if (status != XG_OK)
        return status;
    if (known) {
        *seen = json_integer_value(known);
        return XG_OK;
    }
    if (!*stored)
        return xg_fail(err, XG_FORMAT,
                       XG_T("target %s 不是前面某一行的 id",
                            "target %s is not the id of an earlier line"),
                       id);
    if (store_load_entity(m->home->store, &e, NULL, entity, err) != XG_OK)
        return err->status;
    *seen = (json_int_t)(e.kind ? e.kind->number : 0) * SEEN_KIND +
            (json_int_t)e.status;
    return XG_OK;
}

static enum xg_status see(struct importer *m, const char *id, json_int_t what,
                          struct xg_error *err)
{
    if (json_object_set_new(m->seen, id, json_integer(what)) != 0)
        return xg_fail_nomem(err);
    return XG_OK;
}

/* ---- fields ---- */

static enum xg_status set_named(struct line *l, const struct xg_kind *kind,
                                const char *key, const json_t *value,
                                struct xg_error *err)
{
    const struct xg_field *field;

    if (view_form_field(&field, kind, key, err) != XG_OK)
        return err->status;
    return view_form_set_json(&l->draft, field, value, NULL, err);
}

static enum xg_status set_fields(struct line *l, const struct line_kind *k,
                                 const struct xg_kind *kind,
                                 struct xg_error *err)
{
    const char *key;
    json_t *value;

    json_object_foreach(l->json, key, value)
    {
        if (listed(k->fields, key) &&
            set_named(l, kind, key, value, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status set_place(struct line *l, struct xg_error *err)
{
    json_t *lat = json_object_get(l->json, "lat");
    json_t *lon = json_object_get(l->json, "lon");

    if (!lat && !lon)
        return XG_OK;
    if (!lat || !lon)
        return missing(lat ? "lon" : "lat", err);
    json_t *place = json_pack("{s:O,s:O}", "lat", lat, "lon", lon);
    if (!place)
        return xg_fail_nomem(err);
    enum xg_status status =
        set_named(l, xg_kind_find(XG_KIND_INCIDENT), "position", place, err);
    json_decref(place);
    return status;
}

/* ---- photos of an incident ---- */

static enum xg_status photo_path(char path[static HOME_PATH_SIZE],
                                 const struct importer *m, const char *name,
                                 struct xg_error *err)
{
    const char *slash = strrchr(m->path, '/');
    int folder = slash ? (int)(slash - m->path + 1) : 0;

    if (strchr(name, '/') || *name == '\0')
        return xg_fail(err, XG_FORMAT,
                       XG_T("照片 \"%s\" 应是输入文件旁边的文件名",
                            "photo \"%s\" must be the name of a file beside "
                            "the input"),
                       name);
    if (snprintf(path, HOME_PATH_SIZE, "%.*s%s", folder, m->path, name) >=
        HOME_PATH_SIZE)
        return xg_fail(err, XG_USAGE,
                       XG_T("文件夹路径太长：%s", "the path is too long: %s"),
                       m->path);
    if (access(path, R_OK) != 0)
        return xg_fail_os(err, XG_T("无法读取照片 %s", "cannot read photo %s"),
                          path);
    return XG_OK;
}

static enum xg_status add_photos(struct importer *m, struct line *l,
                                 struct xg_error *err)
{
    const struct import_options *o = m->options;
    const struct photo_shelf shelf = {
        .home = m->home->path,
        .vault = m->home->vault,
        .exif_program = o ? o->exif_program : NULL,
        .thumb_program = o ? o->thumb_program : NULL};
    const json_t *photos = json_object_get(l->json, "photos");
    char path[HOME_PATH_SIZE];
    struct xg_photo kept;
    const json_t *name;
    size_t i;

    if (photos && !json_is_array(photos))
        return missing("photos", err);
    json_array_foreach(photos, i, name)
    {
        if (!json_is_string(name))
            return missing("photos", err);
        if (photo_path(path, m, json_string_value(name), err) != XG_OK)
            return err->status;
        if (!m->saving)
            continue;
        if (photo_keep(&shelf, &kept, path, err) != XG_OK ||
            capture_photo(&l->draft, NULL, &kept, 0, VIEW_ORIGIN_HERE, err) !=
                XG_OK)
            return err->status;
        m->result.photos++;
    }
    return XG_OK;
}

/* ---- saving, or checking, a draft ---- */

/* The first pass: would it be a good record? */
static enum xg_status check_draft(struct importer *m, struct xg_draft *d,
                                  bool creates, struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    struct xg_buf bytes = XG_BUF(XG_RECORD_MAX + 4096);
    enum xg_status status = XG_OK;
    size_t split;

    d->head.creates = creates;
    if (creates)
        status = view_form_complete(d, kind, err);
    if (status == XG_OK)
        status = xg_draft_encode(&bytes, &split, d, m->home->env, err);
    xg_buf_clear(&bytes);
    return status;
}

static enum xg_status put_draft(struct importer *m, struct line *l,
                                const struct xg_id *id, struct captured *out,
                                struct xg_error *err)
{
    struct captured ignored;

    if (!m->saving)
        return check_draft(m, &l->draft, !id, err);
    return capture_append(m->home->store, out ? out : &ignored, id, &l->draft,
                          l->worker, err);
}

/* ---- lines of each kind ---- */

/* Contacts hold personal data: a record of their own. */
static enum xg_status put_reporter(struct importer *m, struct line *l,
                                   struct xg_error *err)
{
    const json_t *reporter = json_object_get(l->json, "reporter");
    struct captured contact = {0};
    struct line own = {.worker = l->worker, .json = l->json};

    if (!reporter)
        return XG_OK;
    if (!json_is_string(reporter) || !*json_string_value(reporter))
        return missing("reporter", err);
    xg_draft_init(&own.draft, &m->arena, XG_KIND_CONTACT);
    if (capture_set_text(&own.draft, XG_CONTACT_NAME,
                         json_string_value(reporter), err) != XG_OK ||
        put_draft(m, &own, NULL, &contact, err) != XG_OK)
        return err->status;
    m->result.contacts += m->saving;
    return capture_set_entity(&l->draft, XG_INCIDENT_CONTACT, &contact.id, err);
}

static enum xg_status put_report(struct importer *m, struct line *l,
                                 const struct line_kind *k,
                                 struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(k->kind);
    int64_t at_ms;

    xg_draft_init(&l->draft, &m->arena, k->kind);
    if (xg_draft_set(&l->draft, XG_FIELD_SOURCE, xg_buf_bytes(&l->source),
                     err) != XG_OK ||
        take_time(&at_ms, l->json, "t", err) != XG_OK ||
        capture_set_time(&l->draft, XG_FIELD_HAPPENED, at_ms, err) != XG_OK ||
        set_fields(l, k, kind, err) != XG_OK)
        return err->status;
    if (k->kind == XG_KIND_INCIDENT &&
        (set_place(l, err) != XG_OK || add_photos(m, l, err) != XG_OK ||
         put_reporter(m, l, err) != XG_OK))
        return err->status;
    if (put_draft(m, l, NULL, NULL, err) != XG_OK)
        return err->status;
    return see(m, l->id,
               (json_int_t)k->kind * SEEN_KIND + (json_int_t)kind->first_status,
               err);
}

static enum xg_status put_move(struct line *l, json_int_t *seen,
                               struct xg_error *err)
{
    const char *name = json_string_value(json_object_get(l->json, "move"));
    const struct xg_choice *move =
        name ? xg_move_named(name) : NULL;
    uint64_t status = (uint64_t)(*seen % SEEN_KIND);

    if (!move)
        return missing("move", err);
    const struct xg_transition *t = xg_transition_find(status, move->number);
    if (!t) {
        const struct xg_choice *at = xg_choice_find(xg_statuses, status);
        return xg_fail(err, XG_FORMAT,
                       XG_T("状态“%s”时不能“%s”", "\"%s\" has no move \"%s\""),
                       at ? xg_label(at->zh, at->en) : "-",
                       xg_label(move->zh, move->en));
    }
    l->draft.head.move = t->move;
    l->draft.head.from = status;
    if (t->to)
        *seen += (json_int_t)t->to - (json_int_t)status;
    return XG_OK;
}

/* `set` of an update is needed; that of a move gives what the move takes. */
static enum xg_status put_set(struct line *l, const struct xg_kind *kind,
                              struct xg_error *err)
{
    json_t *set = json_object_get(l->json, "set"), *value;
    const char *key;

    if (!set && l->draft.head.move)
        return XG_OK;
    if (!json_is_object(set))
        return missing("set", err);
    json_object_foreach(set, key, value)
    {
        if (set_named(l, kind, key, value, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* What a move takes and its line does not give: it would have no effect. What
 * hangs on the lines before it (an open request, an answer) is for the fold. */
static enum xg_status needs_met(const struct line *l, struct xg_error *err)
{
    const struct xg_transition *t =
        xg_transition_find(l->draft.head.from, l->draft.head.move);

    for (const struct xg_need *n = xg_needs; t && n->bit; n++) {
        struct xg_bytes value = xg_draft_get(&l->draft, n->field);
        if (!n->field || !(t->needs & n->bit & XG_NEED_HARD) ||
            (value.len && value.at[0] != 0xF6))
            continue;
        const struct xg_choice *move = xg_choice_find(xg_moves, t->move);
        return xg_fail(err, XG_FORMAT,
                       XG_T("“%s”缺少%s", "\"%s\" lacks %s"),
                       xg_label(move->zh, move->en), xg_label(n->zh, n->en));
    }
    return XG_OK;
}

static enum xg_status put_later(struct importer *m, struct line *l,
                                const struct line_kind *k, struct xg_error *err)
{
    const char *target = json_string_value(json_object_get(l->json, "target"));
    struct xg_id entity = {{0}};
    json_int_t seen = 0;
    bool stored;

    if (!target)
        return missing("target", err);
    if (find_target(m, target, &entity, &stored, &seen, err) != XG_OK)
        return err->status;
    const struct xg_kind *kind = xg_kind_find((uint64_t)(seen / SEEN_KIND));
    if (!kind)
        return missing("target", err);
    xg_draft_init(&l->draft, &m->arena, kind->number);
    l->draft.head.creates = false;
    if (xg_draft_set(&l->draft, XG_FIELD_SOURCE, xg_buf_bytes(&l->source),
                     err) != XG_OK ||
        /* The move before the fields: some may be set only in one. */
        (strcmp(k->name, "do") == 0 && put_move(l, &seen, err) != XG_OK) ||
        set_fields(l, k, kind, err) != XG_OK ||
        put_set(l, kind, err) != XG_OK ||
        needs_met(l, err) != XG_OK ||
        put_draft(m, l, &entity, NULL, err) != XG_OK)
        return err->status;
    return see(m, target, seen, err);
}

/* ---- patrols ---- */

static bool scaled(int64_t *out, const json_t *value, double scale, double max)
{
    double x = json_number_value(value);

    if (!json_is_number(value) || !(x >= -max && x <= max))
        return false;
    *out = (int64_t)(x * scale + (x < 0 ? -0.5 : 0.5));
    return true;
}

static enum xg_status read_point(struct track_sample *out, const json_t *point,
                                 struct xg_error *err)
{
    const json_t *acc = json_object_get(point, "acc");
    int64_t lat, lon, acc_dm = XG_ACC_UNKNOWN, at_ms;

    if (json_object_size(point) != (acc ? 4u : 3u) ||
        !scaled(&lat, json_object_get(point, "lat"), 1e6, 90) ||
        !scaled(&lon, json_object_get(point, "lon"), 1e6, 180) ||
        (acc && (!scaled(&acc_dm, acc, 10, 1e6) || acc_dm < 0)))
        return missing("track", err);
    if (take_time(&at_ms, point, "t", err) != XG_OK)
        return err->status;
    *out = (struct track_sample){.kind = TRACK_FIX,
                                 .wall_ms = at_ms,
                                 .mono_ms = at_ms,
                                 .awake_ms = TRACK_NO_TIME,
                                 .gps_ms = at_ms,
                                 .lat_e6 = (int32_t)lat,
                                 .lon_e6 = (int32_t)lon,
                                 .acc_dm = (uint32_t)acc_dm,
                                 .mode = 3,
                                 .imported = true};
    return XG_OK;
}

static enum xg_status read_points(struct importer *m, struct track *track,
                                  const json_t *points, struct xg_error *err)
{
    struct track_rules rules = track_rules_default();
    size_t count = json_array_size(points);
    struct track_sample *samples;

    if (!json_is_array(points) || count > TRACK_SAMPLES_MAX)
        return missing("track", err);
    samples = xg_arena_array(&m->arena, count + 1, sizeof *samples);
    if (!samples)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++)
        if (read_point(&samples[i], json_array_get(points, i), err) != XG_OK)
            return xg_wrap(err, XG_T("第 %zu 个点", "point %zu"), i + 1);
    return track_split(track, &m->arena, samples, count, &rules, err);
}

static enum xg_status put_patrol(struct importer *m, struct line *l,
                                 const struct line_kind *k,
                                 struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(XG_KIND_PATROL);
    struct captured captured;
    struct track track;
    int64_t at_ms, start_ms, end_ms;

    xg_draft_init(&l->draft, &m->arena, XG_KIND_PATROL);
    if (take_time(&at_ms, l->json, "t", err) != XG_OK ||
        take_time(&start_ms, l->json, "start", err) != XG_OK ||
        take_time(&end_ms, l->json, "end", err) != XG_OK ||
        xg_draft_set(&l->draft, XG_FIELD_SOURCE, xg_buf_bytes(&l->source),
                     err) != XG_OK ||
        capture_set_time(&l->draft, XG_PATROL_START, start_ms, err) != XG_OK ||
        capture_set_time(&l->draft, XG_PATROL_END, end_ms, err) != XG_OK ||
        set_fields(l, k, kind, err) != XG_OK ||
        read_points(m, &track, json_object_get(l->json, "track"), err) != XG_OK)
        return err->status;
    if ((m->saving ? patrol_append(m->home->store, &captured, NULL, &l->draft,
                                   &track, l->worker, err)
                   : check_draft(m, &l->draft, true, err)) != XG_OK)
        return err->status;
    return see(m, l->id, (json_int_t)XG_KIND_PATROL * SEEN_KIND, err);
}

/* ---- lines ---- */

static enum xg_status put_line(struct importer *m, struct line *l,
                               struct xg_error *err)
{
    const struct line_kind *k = NULL;
    struct xg_id entity;
    bool held;

    for (size_t i = 0; i < sizeof line_kinds / sizeof *line_kinds; i++)
        if (strcmp(line_kinds[i].name, l->kind) == 0)
            k = &line_kinds[i];
    if (!k)
        return missing("kind", err);
    if (check_keys(k, l->json, err) != XG_OK ||
        put_source(&l->source, l->id, err) != XG_OK ||
        store_find_source(m->home->store, &entity, &held,
                          xg_buf_bytes(&l->source), err) != XG_OK)
        return err->status;
    /* Twice in one file counts as held too. */
    held |= !m->saving && json_object_get(m->seen, l->id);
    if (held) {
        m->result.held += m->saving;
        return XG_OK;
    }
    m->result.added += m->saving;
    if (k->kind == 0)
        return put_later(m, l, k, err);
    return k->kind == XG_KIND_PATROL ? put_patrol(m, l, k, err)
                                     : put_report(m, l, k, err);
}

/* jansson 2.14 goes on when its buffer for a text cannot grow, and leaves
 * characters out: an id or a note would be another, and nobody told. So its
 * requests for memory are watched while it reads. They carry no context. */
static _Thread_local bool starved;

static void *watched_malloc(size_t size)
{
    void *got = malloc(size);

    starved |= !got;
    return got;
}

static enum xg_status parse(json_t **out, const char *text, size_t len,
                            struct xg_error *err)
{
    json_error_t why;

    starved = false;
    json_set_alloc_funcs(watched_malloc, free);
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    json_set_alloc_funcs(malloc, free);
    if (starved) {
        json_decref(json);
        return xg_fail_nomem(err);
    }
    if (!json)
        return xg_fail(err, XG_FORMAT,
                       XG_T("不是正确的 JSON（%s，第 %d 列）",
                            "not sound JSON (%s, column %d)"),
                       why.text, why.column);
    *out = json;
    return XG_OK;
}

static enum xg_status take_line(struct importer *m, const char *text,
                                size_t len, struct xg_error *err)
{
    struct line l = {.source = XG_BUF(SOURCE_MAX + 8)};
    enum xg_status status;

    xg_arena_reset(&m->arena);
    if (parse(&l.json, text, len, err) != XG_OK)
        return err->status;
    l.kind = json_string_value(json_object_get(l.json, "kind"));
    l.worker = json_string_value(json_object_get(l.json, "worker"));
    l.id = json_string_value(json_object_get(l.json, "id"));
    if (!l.kind || !l.worker || !l.id)
        status = missing(!l.kind ? "kind" : !l.worker ? "worker" : "id", err);
    else
        status = put_line(m, &l, err);
    json_decref(l.json);
    xg_buf_clear(&l.source);
    return status;
}

static bool blank(const char *text, size_t len)
{
    return strspn(text, " \t\r\n") >= len;
}

/* Close the transaction when it is full, or at the end. */
static enum xg_status settle(struct importer *m, bool end, uint64_t done,
                             uint64_t lines, struct xg_error *err)
{
    if (!m->saving || m->in_transaction == 0 ||
        (!end && m->in_transaction < IMPORT_LINES_EACH))
        return XG_OK;
    m->in_transaction = 0;
    if (store_commit(m->home->store, err) != XG_OK)
        return err->status;
    if (m->options && m->options->progress &&
        !m->options->progress(m->options->ctx, done, lines))
        return xg_fail(err, XG_REFUSED,
                       XG_T("导入已停止；再次导入会接着做",
                            "the import was stopped; importing again goes "
                            "on"));
    return XG_OK;
}

static enum xg_status one_line(struct importer *m, const char *text, size_t len,
                               struct xg_error *err)
{
    if (m->saving && m->in_transaction++ == 0 &&
        (store_ready_author(m->home->store, NULL, err) != XG_OK ||
         store_begin(m->home->store, err) != XG_OK)) {
        m->in_transaction = 0;
        return err->status;
    }
    return take_line(m, text, len, err);
}

static enum xg_status pass(struct importer *m, FILE *file, uint64_t *lines,
                           struct xg_error *err)
{
    uint64_t number = 0, total = *lines, done = 0;
    struct import_result before = m->result;
    enum xg_status status = XG_OK;
    char *text = NULL;
    size_t room = 0;
    ssize_t len;

    rewind(file);
    while (status == XG_OK && (len = getline(&text, &room, file)) >= 0) {
        number++;
        if (blank(text, (size_t)len))
            continue;
        if (len > IMPORT_LINE_MAX)
            status = xg_fail(err, XG_TOOBIG,
                             XG_T("这一行太长", "the line is too long"));
        else
            status = one_line(m, text, (size_t)len, err);
        if (status != XG_OK)
            xg_ignore(xg_wrap(err,
                              XG_T("%s 第 %" PRIu64 " 行", "%s, line %" PRIu64),
                              m->path, number));
        else
            status = settle(m, false, ++done, total, err);
        if (status == XG_OK && m->in_transaction == 0)
            before = m->result;
    }
    if (status == XG_OK && !feof(file)) /* ferror() misses want of memory */
        status =
            xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), m->path);
    if (status == XG_OK)
        status = settle(m, true, done, total, err);
    if (status != XG_OK) { /* say only what is saved */
        store_rollback(m->home->store);
        m->result = before;
    }
    free(text);
    *lines = done;
    return status;
}

enum xg_status import_file(struct home *h, struct import_result *out,
                           const char *path,
                           const struct import_options *options,
                           struct xg_error *err)
{
    struct importer m = {.home = h,
                         .options = options,
                         .path = path,
                         .seen = json_object(),
                         .arena = XG_ARENA(LINE_ARENA_MAX)};
    FILE *file = fopen(strcmp(path, "-") == 0 ? "/dev/stdin" : path, "re");
    uint64_t lines = 0;
    enum xg_status status = XG_OK;

    *out = m.result;
    if (!file)
        status = xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    else if (!m.seen)
        status = xg_fail_nomem(err);
    if (status == XG_OK)
        status = pass(&m, file, &lines, err);
    if (status == XG_OK) {
        m.saving = true;
        m.result.lines = lines;
        json_object_clear(m.seen);
        status = pass(&m, file, &lines, err);
        *out = m.result;
    }
    if (file)
        fclose(file);
    json_decref(m.seen);
    xg_arena_clear(&m.arena);
    return status;
}
