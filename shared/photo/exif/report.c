/* report.c - see report.h. */
#include "shared/photo/exif/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/photo/exif/facts.h"

static void print_text(struct xg_buf *b, const char *key, enum fact fact,
                       const char *value)
{
    if (fact != FACT_ABSENT)
        xg_buf_format(b, "%s %s\n", key,
                      fact == FACT_REFUSED ? EXIF_REFUSED : value);
}

static void print_facts(struct xg_buf *b, const struct exif_facts *f)
{
    char text[32];

    snprintf(text, sizeof text, "%d", f->orientation_value);
    print_text(b, "orientation", f->orientation, text);
    snprintf(text, sizeof text, "%" PRId32 " %" PRId32, f->lat_e7, f->lon_e7);
    print_text(b, "position", f->position, text);
    snprintf(text, sizeof text, "%" PRId32, f->altitude_mm);
    print_text(b, "altitude", f->altitude, text);
    print_text(b, "taken", f->taken, f->taken_text);
    print_text(b, "offset", f->offset, f->offset_text);
    print_text(b, "gps-time", f->gps_time, f->gps_time_text);
    print_text(b, "make", f->make, f->make_text);
    print_text(b, "model", f->model, f->model_text);
}

static const char *state_of(const struct jpeg_head *head, bool read)
{
    if (read)
        return "read";
    return head->has_exif || head->cut ? "broken" : "none";
}

bool exif_report(struct xg_buf *b, struct jpeg_head *head, int fd)
{
    struct exif_facts facts;

    if (!jpeg_head_read(head, fd))
        return false;
    bool read = head->exif_len > 0 &&
                exif_facts_read(&facts, head->exif, head->exif_len);
    xg_buf_format(b, EXIF_HELLO "\nexif %s\n", state_of(head, read));
    if (head->width > 0 && head->height > 0)
        xg_buf_format(b, "size %" PRIu32 " %" PRIu32 "\n", head->width,
                      head->height);
    if (read)
        print_facts(b, &facts);
    xg_buf_text(b, "end\n");
    return b->failed == XG_OK;
}
