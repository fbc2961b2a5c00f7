/* intake.h - from a table to incidents, in two steps: which column is which
 * field (intake_map.c), and the rows (intake.c). Of this room only. */
#ifndef SERVER_CLI_INTAKE_H
#define SERVER_CLI_INTAKE_H

#include "server/cli/look.h"
#include "shared/guide/csv.h"
#include "shared/view/judged.h"

/* A table may have no more columns, so --columns names all that there are. */
enum { INTAKE_COLUMNS_MAX = XG_CSV_COLUMNS_MAX, INTAKE_ROWS_MAX = 5000 };

/* What a column is. */
enum intake_kind { INTAKE_FIELD, INTAKE_TOLD, INTAKE_EXTERNAL };

struct intake_column {
    enum intake_kind kind;
    const char *name;             /* of the field, as the errors say it */
    const struct xg_field *field; /* INTAKE_FIELD */
    enum view_told told;          /* INTAKE_TOLD */
};

struct intake_map {
    struct intake_column columns[INTAKE_COLUMNS_MAX];
    /* The same columns for xg_csv_load(), with its end. */
    struct xg_csv_column wanted[INTAKE_COLUMNS_MAX + 1];
    size_t count;
};

/* "COLUMN=FIELD,COLUMN=FIELD": a field of an incident, what is told of the one
 * who told of it (contact, phone, consent, relation), or `external`, the
 * order's own number, which has to be among them. Names are lent by the arena.
 * XG_USAGE. */
XG_MUST_CHECK enum xg_status intake_map_read(struct intake_map *map,
                                             struct xg_arena *arena,
                                             const char *text,
                                             struct xg_error *err);
/* The field that a column of this name is meant for, by what hotlines call
 * theirs; NULL: nobody knows. */
const char *intake_map_guess(const char *column);
/* The map that --map and --map-name mean: the words themselves, or what was
 * remembered under that name. XG_USAGE, XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status intake_map_find(const char **text, struct look *l,
                                             struct xg_error *err);
/* Remember it, where a name was given with it. */
XG_MUST_CHECK enum xg_status intake_map_keep(struct cmd *c,
                                             struct xg_error *err);
/* Answer what columns a table has, and a map to begin with. */
XG_MUST_CHECK enum xg_status
intake_columns(struct look *l, struct xg_bytes table, struct xg_error *err);

#endif
