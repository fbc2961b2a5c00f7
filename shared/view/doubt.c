/* doubt.c - see doubt.h. */
#include "shared/view/doubt.h"

#include <inttypes.h>

#include "shared/base/lang.h"
#include "shared/core/near.h"
#include "shared/view/json.h"
#include "shared/view/photo.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    DOUBT_TEXT_MAX = 512,
    CLOCK_LENGTH = 19, /* "2012:12:19 21:38:40", a zone may follow */
};

/* Before the first edition of EXIF no camera wrote any. */
#define EXIF_FLOOR_MS INT64_C(812505600000) /* 1995-10-01 */

/* --- when ---------------------------------------------------------------- */

/* The camera's time as Unix milliseconds; in the zone of this country where it
 * names none. The text is anybody's. */
static bool taken_ms(int64_t *ms, struct xg_bytes text)
{
    char iso[40];

    if (text.len < CLOCK_LENGTH || text.len > sizeof iso - 8)
        return false;
    memcpy(iso, text.at, text.len);
    iso[text.len] = '\0';
    iso[4] = iso[7] = '-';
    iso[10] = 'T';
    if (text.len == CLOCK_LENGTH)
        memcpy(iso + text.len, "+08:00", 7);
    return view_parse_time(ms, iso);
}

/* The first hour of a year: where clocks begin that nobody set. */
static bool is_a_beginning(struct xg_bytes text)
{
    return memcmp(text.at + 4, ":01:01 00:", 10) == 0;
}

/* What a photo is held against. */
struct setting {
    const struct xg_cbor_item *position; /* NULL: not known */
    bool timed;                          /* either end is known */
    int64_t least_ms, most_ms; /* between which it is no surprise */
};

static void happened_at(struct setting *g, const struct xg_cbor_item *happened)
{
    int64_t ms;

    if (happened && xg_cbor_int(happened, &ms) && ms < g->least_ms)
        g->least_ms = ms;
}

/* Times by the record, and by what is proven of it. */
static void set_times(struct setting *g, const struct xg_state *s,
                      const struct xg_record *r, const struct view_about *about)
{
    int64_t wall_ms = r->head.moment.wall_ms;
    struct xg_cbor_item item;

    if (r->malformed || (about->clock_doubt && (!about->has_not_after ||
                                                !about->has_not_before)))
        return;
    g->timed = true;
    g->most_ms = about->has_not_after ? about->not_after_ms : wall_ms;
    g->least_ms = about->clock_doubt ? about->not_before_ms : wall_ms;
    if (xg_state_value(s, XG_FIELD_HAPPENED, &item))
        happened_at(g, &item);
}

static void look_at_time(struct view_doubts *d, const struct setting *g,
                         struct xg_bytes text)
{
    int64_t taken;

    if (!taken_ms(&taken, text))
        return;
    bool early = g->timed && taken < g->least_ms - VIEW_PHOTO_OFF_MS;
    bool ahead = g->timed && taken > g->most_ms + VIEW_PHOTO_OFF_MS;

    if (taken < EXIF_FLOOR_MS || (early && is_a_beginning(text))) {
        d->said[VIEW_DOUBT_UNSET] = true;
    } else if (early || ahead) {
        d->said[early ? VIEW_DOUBT_EARLIER : VIEW_DOUBT_AHEAD] = true;
        d->off_ms = early ? g->least_ms - taken : taken - g->most_ms;
    }
}

/* --- where --------------------------------------------------------------- */

static void look_at_place(struct view_doubts *d, const struct setting *g,
                          const struct view_photo *photo)
{
    if (!photo->has_position || !g->position ||
        g->position->type != XG_CBOR_ARRAY)
        return;
    struct view_position p = view_position_of(g->position);
    d->distance_mm =
        xg_near_distance_mm(p.lat_e7, p.lon_e7, photo->position.lat_e7,
                            photo->position.lon_e7);
    d->said[VIEW_DOUBT_PLACE] =
        d->distance_mm < 0 || d->distance_mm > VIEW_PHOTO_FAR_MM;
}

static struct view_doubts look_at(const struct xg_cbor_item *photo,
                                  const struct setting *g)
{
    struct view_doubts d = {.off_ms = 0};
    struct view_photo p = view_photo_of(photo);

    look_at_place(&d, g, &p);
    look_at_time(&d, g, p.taken);
    /* What has a thumbnail was decoded, so it is of a type that was looked at;
     * of a HEIC nothing is known. */
    d.said[VIEW_DOUBT_NO_CAMERA] =
        p.origin == VIEW_ORIGIN_HERE && p.thumbnail_bytes && !p.orientation &&
        !p.taken.len && !p.has_position;
    return d;
}

struct view_doubts view_doubts_of(const struct xg_state *state,
                                  const struct xg_element *photo,
                                  const struct view_about *about)
{
    struct xg_cbor c = xg_cbor_over(photo->value);
    struct setting g = {.timed = false};
    struct xg_cbor_item item, position;

    if (!xg_cbor_next(&c, &item) || item.type != XG_CBOR_ARRAY)
        return (struct view_doubts){.off_ms = 0};
    if (xg_state_value(state, XG_FIELD_POSITION, &position))
        g.position = &position;
    set_times(&g, state, state->ops[photo->op].record, about);
    return look_at(&item, &g);
}

struct view_doubts view_doubts_ahead(const struct xg_cbor_item *photo,
                                     const struct xg_cbor_item *position,
                                     const struct xg_cbor_item *happened,
                                     int64_t now_ms)
{
    struct setting g = {.position = position,
                        .timed = !view_clock_doubt(now_ms, 0),
                        .least_ms = now_ms,
                        .most_ms = now_ms};

    happened_at(&g, happened);
    return look_at(photo, &g);
}

bool view_doubts_any(const struct view_doubts *doubts)
{
    for (size_t i = 0; i < VIEW_DOUBT_KINDS; i++)
        if (doubts->said[i])
            return true;
    return false;
}

/* --- saying it ----------------------------------------------------------- */

static void put_one(struct xg_buf *out, const struct view_doubts *d,
                    enum view_doubt_kind kind)
{
    switch (kind) {
    case VIEW_DOUBT_PLACE:
        if (d->distance_mm < 0)
            xg_buf_text(out, XG_T("照片自带的位置离记录的位置超过 50 公里",
                                  "it says it was taken over 50 km from "
                                  "the recorded position"));
        else
            xg_buf_format(out,
                          XG_T("照片自带的位置离记录的位置 %" PRId64 " 米",
                               "it says it was taken %" PRId64
                               " m from the recorded position"),
                          (d->distance_mm + 500) / 1000);
        return;
    case VIEW_DOUBT_EARLIER:
        xg_buf_text(out, XG_T("照片自带的时间早 ", "its time is earlier by "));
        view_put_duration(out, d->off_ms);
        return;
    case VIEW_DOUBT_AHEAD:
        xg_buf_text(out, XG_T("照片自带的时间在记录之后，相机时钟快 ",
                              "its time is after the record: the camera's "
                              "clock is ahead by "));
        view_put_duration(out, d->off_ms);
        return;
    case VIEW_DOUBT_UNSET:
        xg_buf_text(out, XG_T("相机时钟像是没有设置过",
                              "the camera's clock seems never to have been "
                              "set"));
        return;
    case VIEW_DOUBT_NO_CAMERA:
        xg_buf_text(out, XG_T("说是现场拍摄，却没有相机信息",
                              "said to be taken here, but without any camera "
                              "data"));
        return;
    case VIEW_DOUBT_KINDS:
        return;
    }
}

void view_doubts_put(struct xg_buf *out, const struct view_doubts *doubts)
{
    const char *between = XG_T("存疑：", "doubtful: ");

    for (enum view_doubt_kind i = 0; i < VIEW_DOUBT_KINDS; i++) {
        if (!doubts->said[i])
            continue;
        xg_buf_text(out, between);
        put_one(out, doubts, i);
        between = XG_T("；", "; ");
    }
}

json_t *view_doubts_json(const struct view_doubts *doubts)
{
    static const char *const NAMES[] = {
#define X(name, json, zh, en) json,
        VIEW_DOUBT_TABLE(X)
#undef X
    };
    json_t *list = json_array();

    for (enum view_doubt_kind i = 0; i < VIEW_DOUBT_KINDS; i++) {
        if (!doubts->said[i])
            continue;
        json_t *one = json_object();
        view_json_set(&one, "doubt", json_string(NAMES[i]));
        if (i == VIEW_DOUBT_PLACE && doubts->distance_mm >= 0)
            view_json_set(&one, "distance_m",
                          json_integer((doubts->distance_mm + 500) / 1000));
        if (i == VIEW_DOUBT_EARLIER || i == VIEW_DOUBT_AHEAD)
            view_json_set(&one, "by_s", json_integer(doubts->off_ms / 1000));
        struct xg_buf text = XG_BUF(DOUBT_TEXT_MAX);
        put_one(&text, doubts, i);
        view_json_set(&one, "text", view_json_text(xg_buf_bytes(&text)));
        xg_buf_clear(&text);
        view_json_append(&list, one);
    }
    return list;
}
