/* main.c - xunge-exif: reads a JPEG on standard input, prints what its EXIF
 * claims (protocol.h). Takes no arguments; for `xunge`, not for people.
 *
 * The photo comes from anyone and the parser is large, so it runs here, in a
 * process that holds nothing and can do nothing (confine.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/exif/confine.h"
#include "agent/exif/facts.h"
#include "agent/exif/jpeg_head.h"
#include "shared/base/buf.h"

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

static bool answer(struct xg_buf *b, struct jpeg_head *head)
{
    struct exif_facts facts;

    if (!jpeg_head_read(head, STDIN_FILENO))
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
    return b->failed == XG_OK &&
           write(STDOUT_FILENO, b->data, b->len) == (ssize_t)b->len;
}

/* _exit: there is nothing to clean up, and few calls are left to do it with. */
int main(void)
{
    struct xg_buf b = XG_BUF(EXIF_OUTPUT_MAX);
    struct jpeg_head *head;

    if (!confine())
        _exit(2);
    head = malloc(sizeof *head);
    _exit(head && answer(&b, head) ? 0 : 1);
}
