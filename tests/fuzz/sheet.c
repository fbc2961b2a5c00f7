/* sheet.c - all that xunge-sheet does with a table; what it makes is read as the
 * server reads it. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "server/sheet/sheet.h"
#include "shared/core/cbor.h"
#include "shared/guide/csv.h"

enum { ARENA_MAX = 64 << 20 };

/* Every row of it as the server has it: nothing that it made is refused for how
 * it is written. */
static void read_again(struct xg_bytes table)
{
    static const struct xg_csv_column COLUMNS[] = {{NULL, NULL, 0}};
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_csv csv;

    FUZZ_MUST(xg_utf8_valid(table.at, table.len));
    FUZZ_MUST(table.len == 0 || !memchr(table.at, 0, table.len));
    if (xg_csv_load(&csv, &arena, table, COLUMNS, &err) == XG_OK)
        for (size_t i = 0; i < csv.row_count; i++)
            FUZZ_MUST(csv.rows[i].line > 1);
    xg_arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sheet_tools tools;
    struct xg_buf out = XG_BUF(SHEET_OUTPUT_MAX);

    if (!tools.salt)
        FUZZ_MUST(sheet_prepare(&tools));
    if (sheet_convert(&out, xg_bytes(data, size), size % 2 ? "" : "2",
                      &tools) == SHEET_FINE)
        read_again(xg_buf_bytes(&out));
    xg_buf_clear(&out);
    return 0;
}
