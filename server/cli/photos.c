/* photos.c - `photo list`, `photo order`, `photo get`. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/cli/look.h"
#include "server/cli/print.h"
#include "server/photo/photo.h"
#include "server/photo/staged.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/view/json.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    LIST_DEFAULT = 100,
    LIST_MAX = 100000,
    PAGE = 256,
    HASH_SHOWN = 6,
    PIECE_BYTES = 64 << 10,
};

static json_t *hash_json(const struct xg_hash *hash)
{
    return view_json_hex(hash->b, sizeof hash->b);
}

/* ---- all photos ---- */

struct tally {
    uint64_t files, bytes;
};

struct listing {
    struct look l;
    struct tally named, held, wanted, missing; /* missing: wanted ones too */
    struct tally thumbnails, thumbnails_held;
    unsigned long left; /* that may still be printed */
    struct xg_buf text; /* rows; the head comes before them */
    json_t *rows;
};

/* What several records say of one photo. */
struct gathered {
    struct store_photo first;
    bool any, thumbnail;
};

static void count(struct tally *t, uint64_t bytes)
{
    t->files++;
    t->bytes += bytes;
}

/* Which device has it, and where it belongs, by the first record. */
static enum xg_status put_missing(struct listing *g,
                                  const struct store_photo *photo,
                                  enum view_place place, struct xg_error *err)
{
    struct store *s = g->l.store;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store_record *record;
    struct store_chain chain = {.device = ""};
    size_t found = 0;
    enum xg_status status = s->ops->read_records(
        s, &arena, &record, &found, photo->record, photo->record, 1, err);

    if (status == XG_OK && found)
        status = s->ops->get_chain(s, &chain, record->chain, err);
    if (status == XG_OK && found && g->l.c->json) {
        json_t *row = json_object();
        view_json_set(&row, "sha256", hash_json(&photo->hash));
        view_json_set(&row, "bytes", view_json_uint(photo->length));
        view_json_set(&row, "place", json_string(view_place_name(place)));
        view_json_set(&row, "device", json_string(chain.device));
        view_json_set(&row, "entity",
                      view_json_hex(record->entity_id.b, XG_ID_SIZE));
        view_json_append(&g->rows, row);
    } else if (status == XG_OK && found) {
        xg_buf_text(&g->text, "  ");
        xg_buf_hex(&g->text, photo->hash.b, HASH_SHOWN);
        xg_buf_text(&g->text, "  ");
        view_put_size(&g->text, photo->length);
        xg_buf_format(&g->text, "  %s  %s  ", view_place_label(place),
                      chain.device);
        xg_buf_hex(&g->text, record->entity_id.b, HASH_SHOWN);
        xg_buf_text(&g->text, "\n");
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status settle(struct listing *g, const struct gathered *of,
                             struct xg_error *err)
{
    const struct store_photo *p = &of->first;
    enum view_place place;

    if (!of->any)
        return XG_OK;
    if (photo_place(g->l.store, g->l.c->data->blobs, &place, &p->hash, err) != XG_OK)
        return err->status;
    if (place == VIEW_PHOTO_ERASED)
        return XG_OK; /* neither held nor missing */
    if (of->thumbnail) {
        count(&g->thumbnails, p->length);
        if (place == VIEW_PHOTO_SERVER)
            count(&g->thumbnails_held, p->length);
        return XG_OK;
    }
    count(&g->named, p->length);
    count(place == VIEW_PHOTO_SERVER ? &g->held : &g->missing, p->length);
    if (place == VIEW_PHOTO_WANTED)
        count(&g->wanted, p->length);
    if (place == VIEW_PHOTO_SERVER || g->left == 0)
        return XG_OK;
    g->left--;
    return put_missing(g, p, place, err);
}

static enum xg_status walk_all(struct listing *g, struct xg_error *err)
{
    struct store *s = g->l.store;
    struct gathered now = {.any = false};
    struct xg_hash after = {{0}};
    uint64_t record = 0;
    size_t n = PAGE;
    enum xg_status status = XG_OK;

    while (status == XG_OK && n == PAGE) {
        struct xg_arena arena = XG_ARENA(1 << 20);
        struct store_photo *rows;
        status = s->ops->read_photos(s, &arena, &rows, &n, &after, record, PAGE,
                                     err);
        for (size_t i = 0; status == XG_OK && i < n; i++) {
            after = rows[i].hash;
            record = rows[i].record;
            if (now.any && xg_hash_equal(&now.first.hash, &rows[i].hash)) {
                now.thumbnail &= rows[i].thumbnail;
                continue;
            }
            status = settle(g, &now, err);
            now = (struct gathered){rows[i], true, rows[i].thumbnail};
        }
        xg_arena_clear(&arena);
    }
    return status == XG_OK ? settle(g, &now, err) : status;
}

static void put_tally(struct xg_buf *out, const char *what,
                      const struct tally *t)
{
    xg_buf_format(out, "%s %" PRIu64 " (", what, t->files);
    view_put_size(out, t->bytes);
    xg_buf_text(out, ")");
}

static void put_tallies(struct xg_buf *out, const struct listing *g)
{
    put_tally(out, XG_T("照片", "photos"), &g->named);
    put_tally(out, XG_T("；已在服务器", "; on the server"), &g->held);
    put_tally(out, XG_T("；尚未传到", "; not arrived"), &g->missing);
    put_tally(out, XG_T("，其中已要求上传", ", of which asked for"),
              &g->wanted);
    xg_buf_text(out, "\n");
    put_tally(out, XG_T("缩略图", "thumbnails"), &g->thumbnails);
    put_tally(out, XG_T("；已在服务器", "; on the server"),
              &g->thumbnails_held);
    xg_buf_text(out, "\n");
}

static json_t *tally_json(const struct tally *t)
{
    json_t *json = json_object();

    view_json_set(&json, "files", view_json_uint(t->files));
    view_json_set(&json, "bytes", view_json_uint(t->bytes));
    return json;
}

static enum xg_status print_all(struct cmd *c, struct listing *g,
                                struct xg_error *err)
{
    if (!c->json) {
        put_tallies(&c->out, g);
        xg_buf_append(&c->out, g->text.data, g->text.len);
        return xg_buf_check(&g->text, err);
    }
    json_t *json = json_object();
    view_json_set(&json, "named", tally_json(&g->named));
    view_json_set(&json, "held", tally_json(&g->held));
    view_json_set(&json, "missing", tally_json(&g->missing));
    view_json_set(&json, "wanted", tally_json(&g->wanted));
    view_json_set(&json, "thumbnails", tally_json(&g->thumbnails));
    view_json_set(&json, "thumbnails_held", tally_json(&g->thumbnails_held));
    view_json_set(&json, "photos", g->rows);
    g->rows = NULL;
    return cmd_put_json(c, json, err);
}

static enum xg_status list_all(struct cmd *c, struct xg_error *err)
{
    struct listing g = {.text = XG_BUF(CMD_OUT_MAX)};
    enum xg_status status;

    if (cmd_number(&g.left, c, "limit", LIST_DEFAULT, LIST_MAX, err) != XG_OK)
        return err->status;
    g.rows = json_array();
    status = look_open(&g.l, c, err);
    if (status == XG_OK)
        status = walk_all(&g, err);
    if (status == XG_OK)
        status = print_all(c, &g, err);
    json_decref(g.rows);
    xg_buf_clear(&g.text);
    look_close(&g.l);
    return status;
}

/* ---- those of one entity ---- */

static enum xg_status put_photo(struct look *l, json_t **rows,
                                const struct view_photo *photo,
                                struct xg_error *err)
{
    enum view_place place, small = VIEW_PHOTO_ELSEWHERE;
    struct xg_buf *out = &l->c->out;

    struct blobs *blobs = l->c->data->blobs;

    if (photo_place(l->store, blobs, &place, &photo->sha256, err) != XG_OK ||
        (photo->thumbnail_bytes &&
         photo_place(l->store, blobs, &small, &photo->thumbnail, err) != XG_OK))
        return err->status;
    if (l->c->json) {
        json_t *row = json_object();
        view_json_set(&row, "sha256", hash_json(&photo->sha256));
        view_json_set(&row, "bytes", view_json_uint(photo->bytes));
        view_json_set(&row, "place", json_string(view_place_name(place)));
        view_json_set(&row, "thumbnail",
                      photo->thumbnail_bytes
                          ? json_string(view_place_name(small))
                          : json_null());
        view_json_append(rows, row);
        return XG_OK;
    }
    xg_buf_hex(out, photo->sha256.b, sizeof photo->sha256.b);
    xg_buf_text(out, "  ");
    view_put_size(out, photo->bytes);
    xg_buf_format(out, "  %s", view_place_label(place));
    if (photo->thumbnail_bytes)
        xg_buf_format(out, XG_T("  缩略图%s", "  thumbnail %s"),
                      view_place_label(small));
    xg_buf_text(out, "\n");
    return XG_OK;
}

static enum xg_status list_one(struct cmd *c, struct xg_error *err)
{
    json_t *rows = json_array();
    struct xg_cbor_item item;
    struct fold fold;
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = look_fold(&fold, &l, c->args[1], err);
    if (status == XG_OK) {
        const struct xg_set *set = xg_state_set(&fold.state, XG_FIELD_PHOTO);
        for (size_t i = 0; status == XG_OK && set && i < set->count; i++) {
            struct xg_cbor at = xg_cbor_over(set->elements[i].value);
            if (set->elements[i].removed || !xg_cbor_next(&at, &item))
                continue;
            struct view_photo photo = view_photo_of(&item);
            status = put_photo(&l, &rows, &photo, err);
        }
    }
    if (status == XG_OK && c->json) {
        json_t *json = json_object();
        view_json_set(&json, "entity",
                      view_json_hex(fold.entity.id.b, XG_ID_SIZE));
        view_json_set(&json, "photos", rows);
        rows = NULL;
        status = cmd_put_json(c, json, err);
    }
    json_decref(rows);
    look_close(&l);
    return status;
}

enum xg_status cmd_photo_list(struct cmd *c, struct xg_error *err)
{
    if (c->arg_count > 1)
        return list_one(c, err);
    if (c->within) /* what is all over the server is none of theirs */
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("写明哪一件的照片", "say of which case"));
    return list_all(c, err);
}

/* ---- asking for them ---- */

enum xg_status cmd_photo_order(struct cmd *c, struct xg_error *err)
{
    struct xg_id id;
    struct look l;
    size_t asked;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = look_find_id(&l, &id, c->args[1], err);
    look_close(&l);
    if (status != XG_OK || photo_order(c->data, &asked, &id, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:I}", "wanted", (json_int_t)asked),
                            err);
    if (asked)
        xg_buf_format(&c->out,
                      XG_T("已要求上传 %zu 张照片，设备下次同步时得知\n",
                           "%zu photos are asked for; the devices hear of it "
                           "when they sync\n"),
                      asked);
    else
        xg_buf_text(&c->out, XG_T("照片都已在服务器\n",
                                  "all its photos are on the server\n"));
    return XG_OK;
}

/* ---- taking one out ---- */

static enum xg_status no_photo(const char *text, struct xg_error *err)
{
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("服务器没有校验码以 %s 开头的照片，见 photo list",
                        "no photo whose hash begins with %s is on the server: "
                        "see photo list"),
                   text);
}

/* By the first digits of its hash. */
static enum xg_status find_photo(struct xg_hash *hash, struct look *l,
                                 const char *text, struct xg_error *err)
{
    size_t len = strlen(text), n = 1, matches = 0;
    char first[2 * XG_HASH_SIZE + 1], hex[2 * XG_HASH_SIZE + 1];
    struct store *s = l->store;
    struct store_photo *rows;
    struct xg_hash at;

    if (len < 4 || len > 2 * XG_HASH_SIZE ||
        strspn(text, "0123456789abcdef") != len)
        return no_photo(text, err);
    memset(first, '0', sizeof first - 1);
    memcpy(first, text, len);
    xg_unhex(at.b, sizeof at.b, first, sizeof first - 1);
    for (uint64_t record = 0; n > 0; record = INT64_MAX) {
        if (s->ops->read_photos(s, &l->arena, &rows, &n, &at, record, 1, err) !=
            XG_OK)
            return err->status;
        if (n == 0)
            break;
        xg_hex(hex, rows->hash.b, sizeof rows->hash.b);
        if (strncmp(hex, text, len) != 0)
            break;
        at = rows->hash;
        *hash = at;
        if (++matches > 1)
            return xg_fail(err, XG_AMBIGUOUS,
                           XG_T("%s 可指多张照片，请多给几位",
                                "%s could be any of several photos: give more "
                                "of it"),
                           text);
    }
    bool sees = matches > 0;
    if (sees && sight_photo(&sees, &l->sight, hash, err) != XG_OK)
        return err->status;
    return sees ? XG_OK : no_photo(text, err);
}

/* Where it goes: a new file, or the answer itself. */
struct outlet {
    struct xg_buf *answer; /* NULL: the file */
    int fd;
    const char *path;
};

static enum xg_status put_piece(const struct outlet *to, struct xg_bytes piece,
                                struct xg_error *err)
{
    if (!to->answer)
        return xg_os_write_all(to->fd, to->path, piece, err);
    xg_buf_append(to->answer, piece.at, piece.len);
    return xg_buf_check(to->answer, err);
}

/* Copy and hash; a damaged file is not handed out as evidence. */
static enum xg_status pour(const struct outlet *to, int from,
                           const struct xg_hash *expected, struct xg_error *err)
{
    uint8_t *piece = malloc(PIECE_BYTES);
    crypto_hash_sha256_state sum;
    struct xg_hash got;
    ssize_t n = 1;
    enum xg_status status = piece ? XG_OK : xg_fail_nomem(err);

    crypto_hash_sha256_init(&sum);
    while (status == XG_OK && n > 0) {
        n = read(from, piece, PIECE_BYTES);
        if (n < 0 && errno == EINTR) {
            n = 1;
            continue;
        }
        if (n < 0)
            status = xg_fail_os(err, XG_T("读取照片", "reading the photo"));
        if (n <= 0)
            break;
        crypto_hash_sha256_update(&sum, piece, (size_t)n);
        status = put_piece(to, xg_bytes(piece, (size_t)n), err);
    }
    free(piece);
    crypto_hash_sha256_final(&sum, got.b);
    if (status == XG_OK && !xg_hash_equal(&got, expected))
        status = xg_fail(err, XG_CORRUPT, "%s",
                         XG_T("照片文件已损坏；请运行 xunge-server check",
                              "the photo's file is damaged: run xunge-server "
                              "check"));
    return status;
}

static enum xg_status make_file(int *fd, const char *path, struct xg_error *err)
{
    int made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (made < 0 && errno == EEXIST)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 已存在；请另选文件名",
                            "%s exists; choose another name"),
                       path);
    if (made < 0)
        return xg_fail_os(err, XG_T("创建 %s", "making %s"), path);
    *fd = made;
    return XG_OK;
}

static enum xg_status write_file(const char *path, int from,
                                 const struct xg_hash *hash,
                                 struct xg_error *err)
{
    struct outlet to = {.path = path};

    if (make_file(&to.fd, path, err) != XG_OK)
        return err->status;
    enum xg_status status = pour(&to, from, hash, err);
    if (status == XG_OK && fsync(to.fd) != 0)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), path);
    if (status != XG_OK)
        unlink(path);
    close(to.fd);
    return status;
}

static bool to_output(const struct cmd *c)
{
    return strcmp(c->args[2], "-") == 0;
}

/* One that was found, opened; `position` 0: no entry of the log says that it is
 * held, it is staged. */
struct opened {
    int fd;
    uint64_t length, position;
    struct xg_hash hash;
};

static enum xg_status write_out(struct cmd *c, const struct opened *photo,
                                struct xg_error *err)
{
    const struct outlet answer = {.answer = &c->out};

    if (!to_output(c))
        return write_file(c->args[2], photo->fd, &photo->hash, err);
    enum xg_status status = pour(&answer, photo->fd, &photo->hash, err);
    if (status != XG_OK)
        xg_buf_reset(&c->out);
    return status;
}

/* The photo that is meant, which the log says is held; with --small its
 * thumbnail, where there is one that is. */
static enum xg_status find_held(struct xg_hash *hash, uint64_t *position,
                                struct cmd *c, struct xg_error *err)
{
    bool held = false, small_held = false, has_small = false;
    uint64_t length, small_position;
    struct xg_hash small;
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = find_photo(hash, &l, c->args[1], err);
    if (status == XG_OK)
        status = photo_held(l.store, position, &length, &held, hash, err);
    if (status == XG_OK && cmd_option(c, "small"))
        status = photo_small(l.store, &small, &has_small, hash, err);
    if (status == XG_OK && has_small)
        status = photo_held(l.store, &small_position, &length, &small_held,
                            &small, err);
    look_close(&l);
    if (status == XG_OK && small_held) {
        *hash = small;
        *position = small_position;
    }
    return status == XG_OK && !held && !small_held ? no_photo(c->args[1], err)
                                                   : status;
}

/* One that no record names yet, by its whole hash: hers who added it. */
static enum xg_status open_staged(struct opened *out, struct cmd *c,
                                  struct xg_error *err)
{
    const char *text = c->args[1], *owner = cmd_option(c, "as");
    struct opened photo = {.position = 0};
    struct xg_hash sha256;
    struct stat info;

    if (!owner || strlen(text) != 2 * XG_HASH_SIZE ||
        !xg_unhex(sha256.b, sizeof sha256.b, text, 2 * XG_HASH_SIZE))
        return no_photo(text, err);
    if (photo_staged_open(&photo.fd, &photo.hash, c->data, &sha256, owner,
                          cmd_option(c, "small") != NULL, err) != XG_OK)
        return err->status;
    if (fstat(photo.fd, &info) != 0) {
        close(photo.fd);
        return xg_fail_os(err, XG_T("读取照片", "reading the photo"));
    }
    photo.length = (uint64_t)info.st_size;
    *out = photo;
    return XG_OK;
}

static enum xg_status open_photo(struct opened *photo, struct cmd *c,
                                 struct xg_error *err)
{
    struct xg_error none = XG_ERROR_NONE;
    enum xg_status status =
        find_held(&photo->hash, &photo->position, c, err);

    if (status == XG_OK)
        return blobs_read(c->data->blobs, &photo->fd, &photo->length,
                          &photo->hash, err);
    if (status != XG_NOTFOUND || open_staged(photo, c, &none) == XG_NOTFOUND)
        return status;
    *err = none;
    return err->status;
}

static enum xg_status say_written(struct cmd *c, const struct opened *photo,
                                  struct xg_error *err)
{
    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:I, s:o}", "file", c->args[2], "bytes",
                      (json_int_t)photo->length, "entry",
                      photo->position ? view_json_uint(photo->position)
                                      : json_null()),
            err);
    xg_buf_format(&c->out,
                  XG_T("已写入 %s，%" PRIu64 " 字节，",
                       "written to %s, %" PRIu64 " bytes, "),
                  c->args[2], photo->length);
    if (photo->position)
        xg_buf_format(&c->out,
                      XG_T("日志第 %" PRIu64 " 条\n", "log entry %" PRIu64 "\n"),
                      photo->position);
    else
        xg_buf_text(&c->out, XG_T("还没有用上\n", "not used yet\n"));
    return XG_OK;
}

enum xg_status cmd_photo_get(struct cmd *c, struct xg_error *err)
{
    struct opened photo = {.position = 0};

    if (open_photo(&photo, c, err) != XG_OK)
        return err->status;
    enum xg_status status = write_out(c, &photo, err);
    close(photo.fd);
    return status == XG_OK && !to_output(c) ? say_written(c, &photo, err)
                                            : status;
}
