/* posts.h - posts with an A and a B holder (AB角), and who stands in when: CSV.
 *
 *      code,unit,board,zh,en,a,b,from,to,cover
 *      jb-pa-1,500105,safety,平安法治岗,,w101,w102,,,
 *      hx-ms-1,500105001,life,民生服务岗,,w201,w202,2026-01-01,,2026-02-10..2026-02-24
 *
 *  code      what a case is dispatched to (`post`)
 *  unit      where the post is: a code of the territory
 *  board     of the case board it belongs to, or empty
 *  zh, en    its name; en may be empty
 *  a, b      codes of the workers; b may be empty
 *  from, to  the days on which the line holds, inclusive; empty: open. A post
 *            has a line for each pair of holders; their days do not overlap,
 *            unit and board stay the same
 *  cover     days on which B stands in for A: FROM..TO, with spaces between;
 *            inside the line's days
 */
#ifndef XG_GUIDE_POSTS_H
#define XG_GUIDE_POSTS_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum { XG_POSTS_MAX = 50000, XG_POST_COVERS_MAX = 64 };

/* A day of the calendar as year * 10000 + month * 100 + day. */
typedef uint32_t xg_day;
#define XG_DAY_MAX UINT32_C(99991231)

/* The local day of a moment (Unix milliseconds, 1970 to 9999). */
xg_day xg_day_of(int64_t ms, int32_t zone_min);
/* "2026-02-10"; false when it is none. */
bool xg_day_read(xg_day *day, const char *text, size_t len);

struct xg_days {
    xg_day from, to; /* inclusive; 0 and XG_DAY_MAX: open */
};

struct xg_post {
    const char *code, *unit, *board, *zh, *en, *a, *b; /* board, b: or "" */
    struct xg_days days;
    const struct xg_days *covers; /* ascending */
    size_t cover_count;
    size_t line; /* in the file, for messages */
};

struct xg_posts {
    const struct xg_post *rows; /* by code, then by days */
    size_t count;
};

/* Texts are copied into the arena. XG_FORMAT names the line. */
XG_MUST_CHECK enum xg_status xg_posts_read(struct xg_posts *out,
                                           struct xg_arena *arena,
                                           struct xg_bytes content,
                                           struct xg_error *err);
/* The line of that post that holds on the day (the newest before it where none
 * does: so the post keeps its name and unit); NULL: no such post. */
const struct xg_post *xg_posts_find(const struct xg_posts *p, const char *code,
                                    xg_day day);
/* Does B stand in on that day? */
bool xg_post_covered(const struct xg_post *post, xg_day day);
/* Who holds it on the day; NULL: nobody. */
const char *xg_post_holder(const struct xg_post *post, xg_day day);
/* In the language that was set. */
const char *xg_post_label(const struct xg_post *post);

#endif
