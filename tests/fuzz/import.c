/* import.c - lines of JSON from another system, into the store of a device. A
 * file that is refused has saved nothing; one that was taken adds nothing the
 * second time. */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz_home.h"
#include "tests/fuzz/fuzz_memory.h"

#include "agent/record/import.h"
#include "tests/lib/home.h"

enum { RECORDS_MAX = 100 }; /* then a new home, so that it stays quick */

static struct test_district district;
static bool is_open;
static uint64_t records;

static void leave(void)
{
    if (is_open)
        test_district_clear(&district);
    is_open = false;
}

static void begin(void)
{
    static bool first = true;

    FUZZ_MUST(xg_base_init() == 0);
    if (first) {
        atexit(leave);
        fuzz_memory();
    }
    first = false;
    leave();
    test_district_init(&district);
    test_home(&district, 0, false);
    is_open = true;
    records = 0;
}

static uint64_t count(struct home *h)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_counts c;

    FUZZ_MUST(store_count(h->store, &c, &err) == XG_OK);
    uint64_t sum = 0;
    for (int i = 0; i < STORE_DELIVERIES; i++)
        sum += c.records[i];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* No programs that look at photos: a line with photos is refused. */
    struct import_options options = {.exif_program = "/nowhere",
                                     .thumb_program = "/nowhere"};
    struct xg_error err = XG_ERROR_NONE;
    struct import_result first, second;
    char path[512];

    if (!is_open || records > RECORDS_MAX)
        begin();
    struct home *h = &district.homes[0];
    fuzz_put(district.folder, "lines", data, size);
    snprintf(path, sizeof path, "%s/lines", district.folder);
    enum xg_status status = import_file(h, &first, path, &options, &err);
    if (status == XG_FORMAT || status == XG_USAGE)
        FUZZ_MUST(count(h) == records);
    if (status == XG_OK) {
        FUZZ_MUST(first.added + first.held == first.lines);
        FUZZ_MUST(import_file(h, &second, path, &options, &err) == XG_OK &&
                  second.added == 0 && second.held == first.lines);
        records = count(h);
    }
    return 0;
}
