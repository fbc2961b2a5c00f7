/* cmd_files.c - import and export: files in, files out. */
#include "agent/cli/patrol_cli.h"

#include <inttypes.h>
#include <string.h>

#include "agent/record/import.h"
#include "shared/base/os.h"
#include "shared/view/export.h"

enum { FILES_ARENA_MAX = 512 << 20, FLUSH_BYTES = 256 << 10 };

/* ---- import ---- */

static bool import_progress(void *ctx, uint64_t done, uint64_t lines)
{
    cli_progress(ctx, XG_T("导入", "importing"), done, lines);
    return true;
}

enum xg_status cmd_import(struct cli *cli, struct xg_error *err)
{
    char exif[HOME_PATH_SIZE], thumb[HOME_PATH_SIZE];
    const struct import_options options = {
        .ctx = cli,
        .progress = import_progress,
        .exif_program = cli_helper(exif, "xunge-exif"),
        .thumb_program = cli_helper(thumb, "xunge-thumb")};
    struct import_result r = {0};

    if (cli_may_record(cli, err) != XG_OK)
        return err->status;
    if (import_file(&cli->home, &r, cli->words[0], &options, err) != XG_OK) {
        cli_progress(cli, NULL, 0, 0);
        return r.added == 0
                   ? err->status
                   : xg_wrap(err,
                             XG_T("已保存 %" PRIu64 " 行，其余没有；排除原因"
                                  "后再次导入，不会重复",
                                  "%" PRIu64 " lines are saved, the rest is "
                                  "not; import again when the cause is gone, "
                                  "nothing is doubled"),
                             r.added);
    }
    cli->saved = true;
    if (cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:I, s:I, s:I, s:I, s:I}", "lines", (json_int_t)r.lines,
                      "added", (json_int_t)r.added, "held", (json_int_t)r.held,
                      "contacts", (json_int_t)r.contacts, "photos",
                      (json_int_t)r.photos),
            err);
    xg_buf_format(
        &cli->out,
        XG_T("已导入 %" PRIu64 " 行中的 %" PRIu64 " 行，早已有 "
             "%" PRIu64 " 行；反映人 %" PRIu64 " 条，照片 %" PRIu64 " 张  %s\n",
             "of %" PRIu64 " lines %" PRIu64 " are added, %" PRIu64
             " were here; contacts %" PRIu64 ", photos %" PRIu64 "  %s\n"),
        r.lines, r.added, r.held, r.contacts, r.photos,
        view_delivery_label(VIEW_WAITING));
    return xg_buf_check(&cli->out, err);
}

/* ---- export ---- */

enum format { FORMAT_CSV, FORMAT_GEOJSON, FORMAT_GPX };

static const char *const format_names[] = {"csv", "geojson", "gpx"};

struct export
{
    struct cli *cli;
    struct cli_view view;
    enum format format;
    const struct xg_kind *kind; /* of the table being written */
    struct cli_ids ids;
    bool any;
    uint64_t count, left_out;
};

/* NULL: standard output, as "-" says too. */
static const char *output_file(const struct cli *cli)
{
    const char *path = cli_flag(cli, "output");

    return path && strcmp(path, "-") != 0 ? path : NULL;
}

static enum xg_status read_format(struct export *x, struct cli *cli,
                                  struct xg_error *err)
{
    const char *name = cli_flag(cli, "format");

    x->format = cli->json && !name ? FORMAT_GEOJSON : FORMAT_CSV;
    for (size_t i = 0; name && i < 3; i++)
        if (strcmp(name, format_names[i]) == 0) {
            x->format = (enum format)i;
            name = NULL;
        }
    if (name)
        return xg_fail(err, XG_USAGE,
                       XG_T("没有“%s”这种格式；可以是 csv、geojson、gpx",
                            "there is no format \"%s\"; it is csv, geojson or "
                            "gpx"),
                       name);
    if (cli->json && x->format != FORMAT_GEOJSON && !output_file(cli))
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不是 JSON；去掉 --json，或用 --output FILE",
                            "%s is no JSON; leave --json, or give --output "
                            "FILE"),
                       format_names[x->format]);
    return XG_OK;
}

/* What to export: the given ones, else all. All names are resolved before the
 * first byte is written. */
static enum xg_status choose(struct export *x, struct xg_error *err)
{
    struct cli *cli = x->cli;
    const char *kind = cli_flag(cli, "kind");
    struct store_filter filter = {.mine = cli_flag(cli, "mine") != NULL};

    if (kind && view_form_kind(&filter.kind, kind, err) != XG_OK)
        return err->status;
    if (cli->word_count > 0 && (kind || filter.mine))
        return xg_fail(err, XG_USAGE,
                       XG_T("给了 ID 就不用 --kind 与 --mine",
                            "--kind and --mine go without IDs"));
    if (cli->word_count == 0)
        return cli_ids_of(&x->ids, cli, &filter, err);
    for (size_t i = 0; i < cli->word_count; i++) {
        struct xg_id id;
        if (store_find_entity(cli->home.store, &id, cli->words[i], err) !=
            XG_OK)
            return err->status;
    }
    return XG_OK;
}

static size_t chosen_count(const struct export *x)
{
    return x->cli->word_count ? x->cli->word_count : x->ids.count;
}

static enum xg_status chosen(struct xg_id *id, const struct export *x, size_t i,
                             struct xg_error *err)
{
    if (x->cli->word_count)
        return store_find_entity(x->cli->home.store, id, x->cli->words[i], err);
    *id = x->ids.list[i];
    return XG_OK;
}

static enum xg_status put_gpx(struct export *x, const struct store_entity *e,
                              const struct xg_brief *brief,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(FILES_ARENA_MAX);
    struct track track;
    char id[2 * XG_ID_SIZE + 1];

    xg_hex(id, e->id.b, XG_ID_SIZE);
    enum xg_status status = cli_track_of(&track, &arena, brief, err);
    if (status == XG_OK)
        cli_gpx_track(&x->cli->out, *e->number ? e->number : id, &track);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status put_row(struct export *x, const struct store_entity *e,
                              const struct xg_brief *brief,
                              struct xg_error *err)
{
    struct xg_buf *out = &x->cli->out;

    if (x->kind != e->kind) {
        xg_buf_text(out, x->kind ? "\r\n" : "");
        view_csv_head(out, e->kind,
                      !x->kind && cli_flag(x->cli, "bom") != NULL);
    }
    x->kind = e->kind;
    return view_csv_row(out, brief, &x->view.context, err);
}

/* One entity; *fits false when it is of another kind than this table. */
static enum xg_status put_one(struct export *x, const struct xg_id *id,
                              const struct xg_kind *table, struct xg_error *err)
{
    struct xg_buf state = XG_BUF(64 << 20);
    struct store_entity e;
    struct xg_brief brief;
    enum xg_status status =
        store_load_entity(x->cli->home.store, &e, NULL, id, err);

    if (status != XG_OK || !e.kind || (table && e.kind != table))
        return status;
    if (x->format == FORMAT_GPX && e.kind->number != XG_KIND_PATROL) {
        x->left_out++;
        return XG_OK;
    }
    status = store_load_entity(x->cli->home.store, &e, &state, id, err);
    if (status == XG_OK)
        status = xg_brief_read(&brief, xg_buf_bytes(&state), err);
    x->view.entity = &e;
    x->count++;
    if (status == XG_OK && x->format == FORMAT_CSV)
        status = put_row(x, &e, &brief, err);
    else if (status == XG_OK && x->format == FORMAT_GEOJSON)
        status = view_geojson_feature(&x->cli->out, &x->any, &brief,
                                      &x->view.context, err);
    else if (status == XG_OK)
        status = put_gpx(x, &e, &brief, err);
    x->view.entity = NULL;
    xg_buf_clear(&state);
    if (status == XG_OK && x->cli->out.len > FLUSH_BYTES &&
        !output_file(x->cli))
        status = cli_flush(x->cli, err);
    return status;
}

static enum xg_status put_pass(struct export *x, const struct xg_kind *table,
                               struct xg_error *err)
{
    enum xg_status status = XG_OK;
    size_t n = chosen_count(x);

    for (size_t i = 0; status == XG_OK && i < n; i++) {
        struct xg_id id;
        cli_progress(x->cli, XG_T("导出", "exporting"), i, n);
        status = chosen(&id, x, i, err);
        if (status == XG_OK)
            status = put_one(x, &id, table, err);
    }
    return status;
}

static enum xg_status put_all(struct export *x, struct xg_error *err)
{
    struct xg_buf *out = &x->cli->out;
    enum xg_status status = XG_OK;

    switch (x->format) {
    case FORMAT_CSV: /* a table a kind */
        for (const struct xg_kind *k = xg_kinds; k->name; k++)
            if (status == XG_OK && k->entity)
                status = put_pass(x, k, err);
        break;
    case FORMAT_GEOJSON:
        view_geojson_begin(out);
        status = put_pass(x, NULL, err);
        view_geojson_end(out);
        break;
    case FORMAT_GPX:
        cli_gpx_begin(out);
        status = put_pass(x, NULL, err);
        cli_gpx_end(out);
        break;
    }
    return status == XG_OK ? xg_buf_check(out, err) : status;
}

static enum xg_status finish(struct export *x, struct xg_error *err)
{
    struct cli *cli = x->cli;
    const char *path = output_file(cli);

    if (x->left_out > 0)
        cli_say(cli,
                XG_T("GPX 只含巡查；另有 %" PRIu64 " 条没有导出。",
                     "GPX holds patrols alone; %" PRIu64
                     " others were left out."),
                x->left_out);
    if (!path)
        return XG_OK;
    size_t bytes = cli->out.len;
    if (xg_os_replace(path, 0600, xg_buf_bytes(&cli->out), err) != XG_OK)
        return err->status;
    xg_buf_reset(&cli->out);
    if (cli->json)
        return cli_put_json(cli,
                            json_pack("{s:s, s:I, s:I, s:s}", "format",
                                      format_names[x->format], "entities",
                                      (json_int_t)x->count, "bytes",
                                      (json_int_t)bytes, "file", path),
                            err);
    xg_buf_format(&cli->out,
                  XG_T("已导出 %" PRIu64 " 条到 %s（不加密）\n",
                       "exported %" PRIu64 " to %s (not "
                       "encrypted)\n"),
                  x->count, path);
    return xg_buf_check(&cli->out, err);
}

enum xg_status cmd_export(struct cli *cli, struct xg_error *err)
{
    struct export x = {.cli = cli};
    enum xg_status status = read_format(&x, cli, err);

    cli->data = !output_file(cli);
    if (status == XG_OK)
        status = choose(&x, err);
    if (status == XG_OK)
        status = cli_view_init(&x.view, cli, err);
    if (status == XG_OK)
        status = put_all(&x, err);
    cli_progress(cli, NULL, 0, 0);
    if (status == XG_OK)
        status = finish(&x, err);
    cli_ids_clear(&x.ids);
    return status;
}
