/* month.c - a district's month in a server's data folder.
 *
 *      month DATA GRIDS BEGIN [PER_MILLE]
 *          DATA is a data folder with its territory and offices; GRIDS names a
 *          file of grid codes, one a line: each gets a worker with a device.
 *          Each street has a desk, each department a handler. From BEGIN (Unix
 *          seconds) they work for 30 days, 22 of them: a shift is 16 visits, a
 *          patrol of 720 points and one or two incidents, which go their way
 *          through the loop on that day and the next. PER_MILLE of the workers
 *          (else 1000).
 *
 * The batches are those that devices write: chained, with an anchor, signed,
 * compressed; they go into the server's ingest, as many at once as are there.
 * The clock is lent, so that time notes and wall clocks are of that month.
 * Prints a line of JSON. The same arguments make the same story; keys differ.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/data/data.h"
#include "shared/core/batch.h"
#include "shared/core/loop.h"
#include "shared/core/track.h"

enum {
    DAYS = 30,
    VISITS = 16,
    INCIDENTS_PER_CENT = 140, /* a shift */
    POINTS = 720,
    TRACKS = 24,        /* walks of a day that differ; the others repeat them */
    RECORDS_MAX = 3000, /* of a batch */
    WORKERS_MAX = 4000,
    STREETS_MAX = 40,
    THREADS = 12,
    STATEMENTS_EACH = 200,
    FIRST_DEVICE = 10001, /* below are those of prepare.c */
};

#define DISTRICT "371302"
#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)

/* ---- people ---- */

struct device {
    struct xg_signer signer;
    char code[XG_CODE_MAX + 1], unit[XG_CODE_MAX + 1];
    struct xg_hash chain, last;
    uint64_t next;
    bool began;
};

enum step { REPORTED, DISPATCHED, HANDLED, STAYS };

struct incident {
    struct xg_id id;
    struct xg_hash head; /* its newest record, which who goes on cites */
    const struct device *author; /* who wrote that */
    unsigned street, category;
    enum step step;
    bool resident;
    int64_t at_ms;
};

struct frame {
    uint8_t *data;
    size_t len, records;
};

struct month {
    struct xg_env env;
    atomic_llong now_ms;
    struct data *data;
    struct device *workers, *desks, *hands;
    size_t worker_count, desk_count;
    struct incident *cases;
    size_t case_count, case_room;
    uint64_t seed, records, batches, closed;
    struct xg_buf tracks[TRACKS];
    struct xg_checkpoint seen; /* what anchors name */
    struct frame *frames;
    size_t frame_count, frame_room;
    atomic_size_t next_frame;
    atomic_ullong merged;
    /* the batch that is written */
    struct xg_arena arena;
    struct xg_sealable *items;
    size_t item_count;
    uint64_t first;
    struct xg_hash previous;
};

struct category {
    const char *code, *text, *done;
    unsigned hand;
};

static const char *const departments[] = {
    "371302-cg", "371302-sz", "371302-xf", "371302-zj",
    "371302-ga", "371302-mz", "371302-sj", "371302-rs",
};
enum { DEPARTMENTS = sizeof departments / sizeof *departments };

static const struct category categories[] = {
    {"env-garbage", "垃圾桶满溢，袋装垃圾堆到绿化带，有异味", "已清运冲洗", 0},
    {"env-trade", "门前摆放货架，占用人行道，行人绕行", "已移回店内", 0},
    {"env-light", "路灯连续三盏不亮，夜间看不清路", "已更换光源", 1},
    {"env-manhole-loose", "井盖松动，车压过响声很大", "已更换井圈", 1},
    {"env-flood", "雨后积水约二十厘米，行人无法通过", "已抽排疏通", 1},
    {"safe-fire", "楼道停放多辆电动车，疏散通道只剩半米", "已清空通道", 2},
    {"safe-charge", "从三楼窗户拉线给电动车充电，线皮已破", "已剪除飞线", 2},
    {"safe-gas", "液化气瓶与灶台同室，软管老化", "已更换软管", 3},
    {"safe-house", "山墙裂缝约三厘米，住着一位老人", "已支撑加固", 3},
    {"life-noise", "夜里十一点后仍有人大声划拳", "已到场制止", 4},
    {"life-elder", "独居老人近期做不了饭，希望送餐", "已纳入助餐", 5},
    {"life-lift", "电梯停用两天，老人出不了门", "已修复并复检", 6},
    {"work-wage", "装修队工资两个月没有结清", "已全部支付", 7},
};
enum { CATEGORIES = sizeof categories / sizeof *categories };

static void check(enum xg_status status, const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "month: %s\n", xg_error_text(err));
    exit(1);
}

static void *need(void *memory)
{
    if (!memory) {
        perror("month");
        exit(1);
    }
    return memory;
}

static unsigned below(struct month *m, unsigned bound)
{
    m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((m->seed >> 33) % bound);
}

static int64_t now_ms(void *ctx)
{
    return ((struct month *)ctx)->now_ms;
}

static uint32_t boot(void *ctx)
{
    (void)ctx;
    return 1;
}

static void fill_random(void *ctx, void *out, size_t len)
{
    struct xg_env real = xg_env_system();

    (void)ctx;
    xg_random(&real, out, len);
}

/* ---- fields ---- */

static void put(struct xg_draft *d, uint64_t field, struct xg_buf *value)
{
    struct xg_error err = XG_ERROR_NONE;

    check(xg_draft_set(d, field, xg_buf_bytes(value), &err), &err);
    xg_buf_reset(value);
}

static void put_text(struct xg_draft *d, uint64_t field, const char *text)
{
    struct xg_buf value = XG_BUF(4096);

    xg_cbor_put_text(&value, text, strlen(text));
    put(d, field, &value);
    xg_buf_clear(&value);
}

static void put_uint(struct xg_draft *d, uint64_t field, uint64_t number)
{
    struct xg_buf value = XG_BUF(64);

    xg_cbor_put_uint(&value, number);
    put(d, field, &value);
    xg_buf_clear(&value);
}

static void put_bytes(struct xg_draft *d, uint64_t field, const void *data,
                      size_t len)
{
    struct xg_buf value = XG_BUF(4096);

    xg_cbor_put_bytes(&value, data, len);
    put(d, field, &value);
    xg_buf_clear(&value);
}

static void put_place(struct xg_draft *d, struct month *m, size_t worker)
{
    struct xg_buf value = XG_BUF(64);
    /* A grid of 300 m each, 60 in a row. */
    int64_t lat = 349000000 + (int64_t)(worker / 60) * 27000 + below(m, 25000);
    int64_t lon = 1181000000 + (int64_t)(worker % 60) * 33000 + below(m, 31000);

    xg_cbor_put_array(&value, 2);
    xg_cbor_put_int(&value, lat);
    xg_cbor_put_int(&value, lon);
    put(d, XG_FIELD_POSITION, &value);
    xg_buf_clear(&value);
}

/* ---- a batch ---- */

static void begin(struct month *m, const struct device *who)
{
    xg_arena_reset(&m->arena);
    m->item_count = 0;
    m->first = who->next;
    m->previous = who->last;
}

static struct xg_hash append(struct month *m, struct device *who,
                             struct xg_draft *d)
{
    static const struct xg_hash zeros;
    const struct xg_hash *chain = who->next ? &who->chain : &zeros;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf raw = XG_BUF(XG_RECORD_MAX);
    struct xg_record r;
    size_t head;

    d->head.moment = xg_moment_now(&m->env);
    check(xg_draft_encode(&raw, &head, d, &m->env, &err), &err);
    uint8_t *copy = need(xg_arena_copy(&m->arena, raw.data, raw.len));
    xg_record_read(&r, chain, who->next, &who->last, xg_bytes(copy, head),
                   xg_bytes(copy + head, raw.len - head));
    xg_buf_clear(&raw);
    if (r.malformed || m->item_count == RECORDS_MAX) {
        fprintf(stderr, "month: %s\n", r.malformed ? r.malformed : "too many");
        exit(1);
    }
    m->items[m->item_count++] =
        (struct xg_sealable){r.head_raw, r.fields_raw, r.hash};
    who->last = r.hash;
    if (who->next++ == 0)
        who->chain = r.hash;
    return r.hash;
}

static void seal(struct month *m, const struct device *who)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), body = XG_BUF(XG_BATCH_MAX),
                  frame = XG_BUF(XG_BATCH_MAX + XG_NOTE_MAX);

    if (!m->item_count)
        return;
    check(xg_batch_seal(&note, &body, &who->chain, m->first, &m->previous,
                        m->items, m->item_count, &who->signer, true, &err),
          &err);
    xg_batch_frame(&frame, xg_buf_bytes(&note), xg_buf_bytes(&body));
    if (m->frame_count == m->frame_room) {
        m->frame_room = m->frame_room ? 2 * m->frame_room : 1024;
        m->frames = need(realloc(m->frames, m->frame_room * sizeof *m->frames));
    }
    struct frame *f = &m->frames[m->frame_count++];
    f->data = need(malloc(frame.len));
    memcpy(f->data, frame.data, frame.len);
    f->len = frame.len;
    f->records = m->item_count;
    xg_buf_clear(&note);
    xg_buf_clear(&body);
    xg_buf_clear(&frame);
}

static void *hand_in(void *arg)
{
    struct month *m = arg;
    struct xg_error err = XG_ERROR_NONE;
    size_t i;

    while ((i = m->next_frame++) < m->frame_count) {
        struct ingest_result result;
        struct frame *f = &m->frames[i];
        check(ingest_put(m->data->ingest, &result, f->data, f->len, &err),
              &err);
        m->merged += result.records; /* some waited for the one before */
        free(f->data);
    }
    return NULL;
}

/* All that was sealed goes in, as from so many connections. */
static void hand_in_all(struct month *m)
{
    pthread_t threads[THREADS];

    m->next_frame = 0;
    for (size_t i = 0; i < m->frame_count; i++)
        m->records += m->frames[i].records;
    m->batches += m->frame_count;
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, hand_in, m) != 0)
            exit(1);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    m->frame_count = 0;
    if (m->merged != m->records) {
        fprintf(stderr, "month: a batch was not merged\n");
        exit(1);
    }
}

/* ---- joining ---- */

static void tell(struct month *m, struct xg_statement *says, size_t *count)
{
    struct xg_error err = XG_ERROR_NONE;

    if (*count)
        check(registry_put(m->data->registry, says, *count, &err), &err);
    *count = 0;
}

static void join(struct month *m, struct device *devices, size_t count,
                 uint32_t role, uint64_t *number)
{
    struct xg_statement *says = need(calloc(STATEMENTS_EACH, sizeof *says));
    struct xg_error err = XG_ERROR_NONE;
    size_t said = 0;

    for (size_t i = 0; i < count; i++) {
        struct device *d = &devices[i];
        char name[XG_KEY_NAME_MAX + 1];
        uint8_t secret[32];
        registry_device_name(name, data_origin(m->data), ++*number);
        xg_random(&m->env, secret, sizeof secret);
        check(xg_signer_init(&d->signer, name, XG_SIG_ED25519, secret, &err),
              &err);
        struct xg_statement *s = &says[said++];
        *s = (struct xg_statement){.kind = XG_SAYS_WORKER, .role = role};
        snprintf(s->subject, sizeof s->subject, "%s", d->code);
        snprintf(s->unit, sizeof s->unit, "%s", d->unit);
        s = &says[said++];
        *s = (struct xg_statement){.kind = XG_SAYS_DEVICE};
        snprintf(s->subject, sizeof s->subject, "%s", name);
        snprintf(s->owner, sizeof s->owner, "%s", d->code);
        memcpy(s->key, d->signer.verifier.key, sizeof s->key);
        if (said + 2 > STATEMENTS_EACH)
            tell(m, says, &said);
    }
    tell(m, says, &said);
    free(says);
}

static void put_unit(struct xg_statement *says, size_t *said, const char *code,
                     size_t len, const char *parent, size_t parent_len)
{
    struct xg_statement *s = &says[(*said)++];

    *s = (struct xg_statement){.kind = XG_SAYS_UNIT};
    snprintf(s->subject, sizeof s->subject, "%.*s", (int)len, code);
    snprintf(s->unit, sizeof s->unit, "%.*s", (int)parent_len, parent);
}

/* Grids with the communities and streets above them, which stand in their
 * codes; and the departments. */
static void put_units(struct month *m)
{
    static const size_t lengths[] = {6, 9, 12, 15};
    struct xg_statement *says = need(calloc(STATEMENTS_EACH, sizeof *says));
    const char *before = DISTRICT;
    size_t said = 0;

    put_unit(says, &said, DISTRICT, 6, "", 0);
    for (size_t i = 0; i < DEPARTMENTS; i++)
        put_unit(says, &said, departments[i], strlen(departments[i]), DISTRICT,
                 6);
    for (size_t i = 0; i < m->worker_count; i++) {
        const char *unit = m->workers[i].unit;
        if (said + 4 > STATEMENTS_EACH)
            tell(m, says, &said);
        for (size_t k = 1; k < 4; k++)
            if (strncmp(unit, before, lengths[k]) != 0)
                put_unit(says, &said, unit, lengths[k], unit, lengths[k - 1]);
        before = unit;
    }
    tell(m, says, &said);
    free(says);
}

/* What each batch begins with: the chain, or where its device last looked. */
static void put_beginning(struct month *m, struct device *who)
{
    struct xg_draft d;
    uint8_t salt[XG_SALT_SIZE];

    if (!who->began) {
        xg_random(&m->env, salt, sizeof salt);
        xg_draft_init(&d, &m->arena, XG_KIND_GENESIS);
        put_bytes(&d, XG_GENESIS_KEY, who->signer.verifier.key, 32);
        put_text(&d, XG_GENESIS_LOG, data_origin(m->data));
        put_bytes(&d, XG_GENESIS_REGISTRAR,
                  registry_registrar_key(m->data->registry), 32);
        put_bytes(&d, XG_GENESIS_SALT, salt, sizeof salt);
        append(m, who, &d);
        who->began = true;
    }
    xg_draft_init(&d, &m->arena, XG_KIND_ANCHOR);
    put_text(&d, XG_ANCHOR_ORIGIN, data_origin(m->data));
    put_uint(&d, XG_ANCHOR_SIZE, m->seen.size);
    put_bytes(&d, XG_ANCHOR_ROOT, m->seen.root.b, XG_HASH_SIZE);
    append(m, who, &d);
}

/* ---- a shift ---- */

static void put_visit(struct month *m, struct device *who)
{
    struct xg_draft d;
    char text[200];

    xg_draft_init(&d, &m->arena, XG_KIND_VISIT);
    snprintf(text, sizeof text, "P%05u", below(m, 100000));
    put_text(&d, XG_VISIT_PLACE, text);
    put_uint(&d, XG_VISIT_RESULT, below(m, 5) ? 1 : 2);
    struct xg_buf note = XG_BUF(512);
    snprintf(text, sizeof text,
             "第%u家：灭火器压力正常，疏散通道畅通，登记簿填写规范",
             below(m, 1000));
    xg_cbor_put_text(&note, text, strlen(text));
    struct xg_error err = XG_ERROR_NONE;
    check(xg_draft_add(&d, XG_FIELD_NOTE, xg_buf_bytes(&note), &err), &err);
    xg_buf_clear(&note);
    append(m, who, &d);
}

static void make_tracks(struct month *m, int64_t start_ms)
{
    struct xg_track_point *points = need(calloc(POINTS, sizeof *points));
    struct xg_error err = XG_ERROR_NONE;

    for (size_t i = 0; i < TRACKS; i++) {
        int32_t lat = 34950000 + (int32_t)below(m, 200000);
        int32_t lon = 118200000 + (int32_t)below(m, 200000);
        for (size_t k = 0; k < POINTS; k++) {
            lat += (int32_t)below(m, 601) - 300;
            lon += (int32_t)below(m, 601) - 300;
            points[k] =
                (struct xg_track_point){.t_ms = start_ms + (int64_t)k * 30000,
                                        .lat_e6 = lat,
                                        .lon_e6 = lon,
                                        .acc_dm = 30 + below(m, 50),
                                        .flags = XG_POINT_TRUSTED};
        }
        m->tracks[i].len = 0;
        check(xg_track_pack(&m->tracks[i], points, POINTS, &err), &err);
    }
    free(points);
}

static void put_patrol(struct month *m, struct device *who, int64_t start_ms)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);
    struct xg_buf *track = &m->tracks[below(m, TRACKS)];
    struct xg_draft d;

    xg_draft_init(&d, &m->arena, XG_KIND_PATROL);
    put_uint(&d, XG_PATROL_START, (uint64_t)start_ms);
    put_uint(&d, XG_PATROL_END, (uint64_t)start_ms + POINTS * 30000);
    xg_cbor_put_bytes(&value, track->data, track->len);
    check(xg_draft_add(&d, XG_PATROL_SEGMENT, xg_buf_bytes(&value), &err),
          &err);
    xg_buf_clear(&value);
    append(m, who, &d);
}

static struct xg_id put_contact(struct month *m, struct device *who)
{
    struct xg_draft d;
    char text[64];

    xg_draft_init(&d, &m->arena, XG_KIND_CONTACT);
    snprintf(text, sizeof text, "居民%u", below(m, 400000));
    put_text(&d, XG_CONTACT_NAME, text);
    struct xg_hash hash = append(m, who, &d);
    return xg_id_of_hash(&hash);
}

static void put_incident(struct month *m, size_t worker)
{
    static const char *const roads[] = {"金雀山路", "沂蒙路",   "通达路",
                                        "解放路",   "银雀山路", "红旗路",
                                        "平安路",   "考棚街"};
    struct device *who = &m->workers[worker];
    struct xg_draft d;
    char text[400];
    struct incident *c;

    if (m->case_count == m->case_room) {
        m->case_room = m->case_room ? 2 * m->case_room : 4096;
        m->cases = need(realloc(m->cases, m->case_room * sizeof *m->cases));
    }
    c = &m->cases[m->case_count++];
    *c = (struct incident){.author = who,
                           .category = below(m, CATEGORIES),
                           .resident = below(m, 4) == 0,
                           .at_ms = m->now_ms};
    const struct category *k = &categories[c->category];
    struct xg_id contact = {{0}};
    if (c->resident)
        contact = put_contact(m, who);
    xg_draft_init(&d, &m->arena, XG_KIND_INCIDENT);
    put_text(&d, XG_INCIDENT_CATEGORY, k->code);
    put_uint(&d, XG_INCIDENT_URGENCY, 1 + below(m, 3) * below(m, 2));
    snprintf(text, sizeof text, "%s%u号%u号楼%u单元", roads[below(m, 8)],
             1 + below(m, 399), 1 + below(m, 38), 1 + below(m, 6));
    put_text(&d, XG_INCIDENT_ADDRESS, text);
    snprintf(text, sizeof text,
             "%s第%zu件：%s，已现场拍照，附近居民多次反映，"
             "请尽快派人处理。",
             roads[below(m, 8)], m->case_count, k->text);
    put_text(&d, XG_INCIDENT_DESCRIPTION, text);
    put_uint(&d, XG_CASE_CHANNEL, c->resident ? 2 : 1);
    put_place(&d, m, worker);
    if (c->resident)
        put_bytes(&d, XG_INCIDENT_CONTACT, contact.b, XG_ID_SIZE);
    c->head = append(m, who, &d);
    c->id = xg_id_of_hash(&c->head);
    for (c->street = 0; c->street + 1 < m->desk_count &&
                        strncmp(m->desks[c->street].unit, who->unit, 9) != 0;)
        c->street++;
}

/* ---- the loop ---- */

static struct xg_draft move_of(struct month *m, const struct device *who,
                               const struct incident *c, uint64_t move,
                               uint64_t from)
{
    struct xg_draft d;

    xg_draft_init(&d, &m->arena, XG_KIND_INCIDENT);
    d.head.creates = false;
    d.head.entity = c->id;
    d.head.move = move;
    d.head.from = from;
    if (c->author != who) {
        d.foreign[0] = c->head;
        d.foreign_count = 1;
    }
    return d;
}

static void made(struct month *m, struct device *who, struct incident *c,
                 struct xg_draft *d)
{
    c->head = append(m, who, d);
    c->author = who;
}

static void settle_on_the_spot(struct month *m, struct device *who,
                               struct incident *c)
{
    struct xg_draft d =
        move_of(m, who, c, XG_MOVE_SELF_HANDLE, XG_STATUS_REPORTED);

    put_text(&d, XG_FIELD_WHY, "当场劝导清理");
    made(m, who, c, &d);
    c->step = STAYS;
}

/* At the desk: accepted, filed, dispatched. Some stay where they are. */
static void receive(struct month *m, struct incident *c)
{
    struct device *desk = &m->desks[c->street];
    unsigned fate = below(m, 200);
    struct xg_draft d;
    char number[40];

    c->step = STAYS;
    if (fate < 1)
        return;
    d = move_of(m, desk, c, XG_MOVE_ACCEPT, XG_STATUS_REPORTED);
    made(m, desk, c, &d);
    if (fate < 2)
        return;
    if (fate < 6) {
        d = move_of(m, desk, c, XG_MOVE_VOID, XG_STATUS_ACCEPTED);
        put_text(&d, XG_FIELD_WHY, "现场核实不存在");
        made(m, desk, c, &d);
        return;
    }
    d = move_of(m, desk, c, XG_MOVE_FILE, XG_STATUS_ACCEPTED);
    snprintf(number, sizeof number, "LS-%07zu", (size_t)(c - m->cases) + 1);
    put_text(&d, XG_CASE_NUMBER, number);
    made(m, desk, c, &d);
    d = move_of(m, desk, c, XG_MOVE_DISPATCH, XG_STATUS_FILED);
    put_text(&d, XG_CASE_UNIT, departments[categories[c->category].hand]);
    put_text(&d, XG_CASE_BOARD, "life");
    made(m, desk, c, &d);
    c->step = fate < 7 ? STAYS : DISPATCHED;
}

static void handle(struct month *m, struct incident *c)
{
    struct device *hand = &m->hands[categories[c->category].hand];
    struct xg_draft d = move_of(m, hand, c, XG_MOVE_SIGN, XG_STATUS_DISPATCHED);

    made(m, hand, c, &d);
    c->step = below(m, 150) ? HANDLED : STAYS;
    if (c->step == STAYS)
        return;
    d = move_of(m, hand, c, XG_MOVE_FINISH, XG_STATUS_HANDLING);
    put_text(&d, XG_CASE_RESULT, categories[c->category].done);
    made(m, hand, c, &d);
}

static void close_case(struct month *m, struct incident *c)
{
    static const char *const levels[] = {"community", "street", "street",
                                         "district"};
    struct device *desk = &m->desks[c->street];
    struct xg_draft d = move_of(m, desk, c, XG_MOVE_CLOSE, XG_STATUS_HANDLED);

    put_text(&d, XG_CASE_SETTLED_LEVEL, levels[below(m, 4)]);
    if (c->resident)
        put_text(&d, XG_CASE_ANSWER, "已处理，谢谢您的反映");
    made(m, desk, c, &d);
    c->step = STAYS;
    m->closed++;
}

/* Whatever stands at that step goes on, at the place where it is done; each
 * device writes batches of a few hundred. */
static void go_on(struct month *m, struct device *devices, size_t count,
                  enum step step,
                  void (*act)(struct month *, struct incident *), size_t from)
{
    enum { EACH = 600 };

    for (size_t i = 0; i < count; i++) {
        begin(m, &devices[i]);
        for (size_t k = from; k < m->case_count; k++) {
            struct incident *c = &m->cases[k];
            size_t at =
                devices == m->desks ? c->street : categories[c->category].hand;
            if (c->step != step || at != i)
                continue;
            if (!m->item_count)
                put_beginning(m, &devices[i]);
            act(m, c);
            if (m->item_count > EACH) {
                seal(m, &devices[i]);
                begin(m, &devices[i]);
            }
        }
        seal(m, &devices[i]);
    }
    hand_in_all(m);
}

static void look_at_log(struct month *m)
{
    struct xg_error err = XG_ERROR_NONE;

    check(ledger_published(m->data->ledger, &m->seen, NULL, &err), &err);
}

static void shifts(struct month *m, int64_t start_ms)
{
    for (size_t i = 0; i < m->worker_count; i++) {
        struct device *who = &m->workers[i];
        size_t from = m->case_count;
        unsigned n = INCIDENTS_PER_CENT / 100 +
                     (below(m, 100) < INCIDENTS_PER_CENT % 100);
        m->now_ms = start_ms + (int64_t)below(m, 30) * 60000;
        begin(m, who);
        put_beginning(m, who);
        for (unsigned k = 0; k < VISITS; k++) {
            m->now_ms += 15 * 60000;
            put_visit(m, who);
            if (k % 8 == 3 && k / 8 < n)
                put_incident(m, i);
        }
        put_patrol(m, who, start_ms);
        for (size_t k = from; k < m->case_count; k++)
            if (below(m, 10) < 3)
                settle_on_the_spot(m, who, &m->cases[k]);
        seal(m, who);
    }
    m->now_ms = start_ms + 7 * HOUR_MS;
    hand_in_all(m);
}

static void work(struct month *m, int64_t begin_ms)
{
    size_t from = 0, last = 0;

    for (int day = 0, worked = 0; day < DAYS; day++) {
        int64_t start_ms = begin_ms + day * DAY_MS;
        if (day % 7 == 5 || day % 7 == 6)
            continue;
        m->now_ms = start_ms;
        look_at_log(m);
        make_tracks(m, start_ms);
        shifts(m, start_ms);
        look_at_log(m);
        /* What came yesterday is handled today, and closed. */
        go_on(m, m->hands, DEPARTMENTS, DISPATCHED, handle, last);
        m->now_ms += HOUR_MS;
        go_on(m, m->desks, m->desk_count, HANDLED, close_case, last);
        m->now_ms += HOUR_MS;
        go_on(m, m->desks, m->desk_count, REPORTED, receive, from);
        last = from;
        from = m->case_count;
        fprintf(stderr, "month: day %d, %" PRIu64 " records\n", ++worked,
                m->records);
    }
}

/* ---- beginning ---- */

static void read_grids(struct month *m, const char *path, size_t per_mille)
{
    FILE *f = need(fopen(path, "re"));
    char line[XG_CODE_MAX + 1];
    size_t lines = 0;

    while (m->worker_count < WORKERS_MAX && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (!*line || lines++ * per_mille / 1000 < m->worker_count)
            continue;
        struct device *w = &m->workers[m->worker_count];
        snprintf(w->code, sizeof w->code, "g%05zu", m->worker_count++);
        memcpy(w->unit, line, sizeof w->unit);
        size_t i = 0;
        while (i < m->desk_count && strncmp(m->desks[i].unit, line, 9) != 0)
            i++;
        if (i == m->desk_count && i < STREETS_MAX) {
            struct device *desk = &m->desks[m->desk_count++];
            snprintf(desk->code, sizeof desk->code, "jd%02zu", i);
            snprintf(desk->unit, sizeof desk->unit, "%.9s", line);
        }
    }
    fclose(f);
}

int main(int argc, char **argv)
{
    struct month m = {.seed = 1};
    struct xg_error err = XG_ERROR_NONE;
    uint64_t number = FIRST_DEVICE - 1;

    if (argc < 4 || argc > 5 || xg_base_init() != 0) {
        fputs("usage: month DATA GRIDS BEGIN [PER_MILLE]\n", stderr);
        return 2;
    }
    m.env = (struct xg_env){&m, now_ms, now_ms, boot, fill_random};
    m.now_ms = strtoll(argv[3], NULL, 10) * 1000;
    m.arena = XG_ARENA(256 << 20);
    m.items = need(calloc(RECORDS_MAX, sizeof *m.items));
    m.workers = need(calloc(WORKERS_MAX, sizeof *m.workers));
    m.desks = need(calloc(STREETS_MAX, sizeof *m.desks));
    m.hands = need(calloc(DEPARTMENTS, sizeof *m.hands));
    for (size_t i = 0; i < TRACKS; i++)
        m.tracks[i] = XG_BUF(XG_RECORD_MAX);
    check(data_open(&m.data, argv[1], &m.env, &err), &err);
    read_grids(&m, argv[2], argc > 4 ? strtoul(argv[4], NULL, 10) : 1000);
    for (size_t i = 0; i < DEPARTMENTS; i++) {
        snprintf(m.hands[i].code, sizeof m.hands[i].code, "h%02zu", i);
        snprintf(m.hands[i].unit, sizeof m.hands[i].unit, "%s", departments[i]);
    }
    put_units(&m);
    join(&m, m.workers, m.worker_count, XG_ROLE_WORKER, &number);
    join(&m, m.desks, m.desk_count, XG_ROLE_DISPATCHER, &number);
    join(&m, m.hands, DEPARTMENTS, XG_ROLE_HANDLER, &number);
    work(&m, m.now_ms);
    data_close(m.data);
    printf("{\"workers\": %zu, \"incidents\": %zu, \"closed\": %" PRIu64
           ", \"records\": %" PRIu64 ", \"batches\": %" PRIu64 "}\n",
           m.worker_count, m.case_count, m.closed, m.records, m.batches);
    return 0;
}
