/* calendar.h - the official days of 2024 to 2026 for tests, the office open
 * 08:30-12:00 and 14:00-17:30, from June to September until 18:00 with the
 * afternoon from 14:30. */
#ifndef XG_TESTS_LIB_CALENDAR_H
#define XG_TESTS_LIB_CALENDAR_H

#include "shared/core/calendar.h"

struct test_calendar {
    struct xg_calendar calendar; /* refers to the others: do not copy */
    struct xg_calendar_year years[3];
};
void test_calendar(struct test_calendar *out);

/* "2026-10-10 08:30[:15]" on a wall in China. */
int64_t test_ms(const char *text);
/* The other way, lent by `text`. */
const char *test_text_of_ms(char text[static 64], int64_t ms);

#endif
