/* calendar.c - see calendar.h. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/lib/calendar.h"

/* Month and day, as the State Council announced them; 0 ends. */
static const uint16_t off_2024[] = {
    101, 210,  211,  212,  213,  214,  215,  216,  217, 404,
    405, 406,  501,  502,  503,  504,  505,  610,  915, 916,
    917, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 0};
static const uint16_t on_2024[] = {204, 218, 407, 428, 511, 914, 929, 1012, 0};
static const uint16_t off_2025[] = {
    101,  128,  129,  130,  131,  201,  202,  203,  204, 404,
    405,  406,  501,  502,  503,  504,  505,  531,  601, 602,
    1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 0};
static const uint16_t on_2025[] = {126, 208, 427, 928, 1011, 0};
static const uint16_t off_2026[] = {
    101, 102, 103,  215,  216,  217,  218,  219,  220,  221, 222, 223,
    404, 405, 406,  501,  502,  503,  504,  505,  619,  620, 621, 925,
    926, 927, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 0};
static const uint16_t on_2026[] = {104, 214, 228, 509, 920, 1010, 0};

static const struct xg_office_span spans[] = {
    {1001, 531, 8 * 60 + 30, 12 * 60},
    {1001, 531, 14 * 60, 17 * 60 + 30},
    {601, 930, 14 * 60 + 30, 18 * 60},
    {601, 930, 8 * 60 + 30, 12 * 60},
};

static void mark(uint8_t *bits, int32_t year, const uint16_t *days)
{
    for (; *days; days++) {
        uint32_t n = xg_date_yday(year, *days / 100, *days % 100);
        bits[n / 8] |= (uint8_t)(1 << n % 8);
    }
}

void test_calendar(struct test_calendar *out)
{
    static const uint16_t *const off[] = {off_2024, off_2025, off_2026};
    static const uint16_t *const on[] = {on_2024, on_2025, on_2026};

    *out = (struct test_calendar){
        .calendar = {.zone_min = XG_ZONE_CHINA_MIN,
                     .years = out->years,
                     .year_count = 3,
                     .spans = spans,
                     .span_count = sizeof spans / sizeof *spans}};
    for (int i = 0; i < 3; i++) {
        out->years[i].year = 2024 + i;
        mark(out->years[i].off, 2024 + i, off[i]);
        mark(out->years[i].on, 2024 + i, on[i]);
    }
}

int64_t test_ms(const char *text)
{
    int year, month, day, hour, minute, second = 0;
    int64_t days;

    assert_true(sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour,
                       &minute, &second) >= 5);
    assert_true(xg_date_days(&days, year, (uint32_t)month, (uint32_t)day));
    return ((days * 24 + hour - 8) * 60 + minute) * 60000 + second * 1000;
}

const char *test_text_of_ms(char text[static 64], int64_t ms)
{
    int64_t local = ms + 8 * 3600000, first;
    int32_t year = 1970;
    uint32_t month = 1;
    int64_t day = local / 86400000, minute = local / 60000 % 1440;

    while (year < 9999 && xg_date_days(&first, year + 1, 1, 1) && first <= day)
        year++;
    while (month < 12 && xg_date_days(&first, year, month + 1, 1) &&
           first <= day)
        month++;
    assert_true(xg_date_days(&first, year, month, 1));
    snprintf(text, 64, "%04d-%02u-%02" PRId64 " %02" PRId64 ":%02" PRId64,
             (int)year, (unsigned)month, day - first + 1, minute / 60,
             minute % 60);
    return text;
}
