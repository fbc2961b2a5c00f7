/* state.c - a walk, saved and taken up again.
 *
 *      xunge-audit/state/v1
 *      log <verifier key>              as the auditor gave it
 *      registrar <base64>              the same; zeros: not given
 *      policy <base64>                 hash of what counts; zeros: none
 *      size <n>
 *      root <base64>
 *      order <16 hex digits>           of bytes in what follows
 *
 *      <sections: numbers and bytes as they lie in memory>
 *      <32 bytes: SHA-256 of all before>
 *
 * It belongs to the auditor and to the machine that it was made on; the last
 * hash finds damage, not an adversary who can write to the auditor's disk.
 */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/audit/walk.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { PIECE = 64 << 10, PATH_ROOM = 4096, HEAD_ROOM = 2048 };

/* ---- one pass over all parts, writing or reading ---- */

/* Both ways go through the same functions, so that they cannot differ. */
struct pass {
    FILE *file;
    bool save;
    uint64_t left; /* to be read */
    crypto_hash_sha256_state sum;
    struct xg_error failed;
};

static bool well(const struct pass *p)
{
    return p->failed.status == XG_OK;
}

static void damaged(struct pass *p)
{
    if (well(p))
        xg_ignore(xg_fail(&p->failed, XG_CORRUPT,
                          XG_T("保存的进度已损坏；请删去该文件，从头核对一次",
                               "the saved state is damaged; remove the file "
                               "and walk from the first entry")));
}

static void move(struct pass *p, void *data, size_t len)
{
    if (!well(p) || len == 0)
        return;
    if (p->save) {
        crypto_hash_sha256_update(&p->sum, data, len);
        if (fwrite(data, 1, len, p->file) != len)
            xg_ignore(xg_fail_os(&p->failed, "%s",
                                 XG_T("保存进度", "saving the state")));
    } else if (len > p->left || fread(data, 1, len, p->file) != len) {
        damaged(p);
    } else {
        p->left -= len;
    }
    if (!p->save && !well(p))
        memset(data, 0, len);
}

#define MOVE(p, field) move(p, &(field), sizeof(field))

/* How many of `size` bytes follow; what cannot be there is damage. */
static uint64_t move_count(struct pass *p, uint64_t count, size_t size)
{
    MOVE(p, count);
    if (!p->save && count > p->left / size) {
        damaged(p);
        count = 0;
    }
    return count;
}

/* A list on the heap; replaced when it is read. */
static void *move_list(struct pass *p, void *list, uint64_t *count, size_t size)
{
    *count = move_count(p, *count, size);
    if (!p->save) {
        list = *count ? calloc((size_t)*count, size) : NULL;
        if (*count && !list) {
            xg_ignore(xg_fail_nomem(&p->failed));
            *count = 0;
        }
    }
    move(p, list, (size_t)*count * size);
    return list;
}

static void move_spill(struct pass *p, struct xg_spill *s, size_t unit)
{
    uint64_t size = move_count(p, xg_spill_size(s), 1);
    uint8_t *piece = malloc(PIECE);

    if (!piece)
        xg_ignore(xg_fail_nomem(&p->failed));
    if (!p->save && size % unit)
        damaged(p);
    for (uint64_t at = 0; piece && well(p) && at < size;) {
        size_t len = size - at < PIECE ? (size_t)(size - at) : PIECE;
        if (p->save)
            xg_spill_get(s, at, piece, len);
        move(p, piece, len);
        if (!p->save)
            xg_spill_add(s, piece, len);
        at += len;
        if (s->failed.status != XG_OK)
            p->failed = s->failed;
    }
    free(piece);
}

/* ---- the parts ---- */

static void move_numbers(struct pass *p, struct xg_walk *w)
{
    struct xg_audit_result *r = &w->result;
    uint64_t logs = w->log_count;

    MOVE(p, w->kept);
    MOVE(p, r->unchecked);
    MOVE(p, r->quorum_size);
    MOVE(p, r->quorum_time_s);
    MOVE(p, w->last_time_ms);
    MOVE(p, w->last_time_at);
    MOVE(p, w->registry_number);
    MOVE(p, w->registry_leaf);
    MOVE(p, w->has_registrar);
    MOVE(p, w->registrar.key);
    MOVE(p, logs);
    if (logs > XG_WALK_LOGS_MAX) {
        damaged(p);
        return;
    }
    w->log_count = (size_t)logs;
    for (size_t i = 0; i < w->log_count; i++) {
        MOVE(p, w->logs[i]);
        w->logs[i].origin[XG_KEY_NAME_MAX] = '\0';
        w->logs[i].key.name[XG_KEY_NAME_MAX] = '\0';
    }
}

static void move_tree(struct pass *p, struct xg_walk *w)
{
    uint64_t size = move_count(p, w->nodes.tree.size, XG_HASH_SIZE);
    struct xg_hash leaf;

    for (uint64_t i = 0; well(p) && i < size; i++) {
        if (p->save && xg_nodes_leaf(&w->nodes, &leaf, i, w->err) != XG_OK)
            p->failed = *w->err;
        move(p, leaf.b, sizeof leaf.b);
        if (!p->save)
            xg_nodes_append(&w->nodes, &leaf);
    }
    if (well(p) && w->nodes.run.failed.status != XG_OK)
        p->failed = w->nodes.run.failed;
    w->times = move_list(p, w->times, &w->times_room, 1);
}

static void move_notes(struct pass *p, struct xg_walk *w)
{
    struct xg_said_note *at = w->statements.first;
    uint64_t count = 0;

    for (const struct xg_said_note *n = at; n; n = n->next)
        count++;
    count = move_count(p, count, 2 * sizeof count);
    for (uint64_t i = 0; well(p) && i < count; i++) {
        struct xg_bytes lines = p->save ? at->lines : (struct xg_bytes){NULL, 0};
        uint64_t position = p->save ? at->position : 0, len = lines.len;
        uint8_t *copy;
        MOVE(p, position);
        copy = move_list(p, p->save ? (void *)(uintptr_t)lines.at : NULL, &len,
                         1);
        if (!p->save && well(p) &&
            xg_statements_add(&w->statements, position,
                              xg_bytes(copy, (size_t)len), w->err) != XG_OK)
            p->failed = *w->err;
        if (!p->save)
            free(copy);
        else
            at = at->next;
    }
}

static void move_unproven(struct pass *p, struct xg_walk *w)
{
    uint64_t count = w->unproven_count, len = w->unproven_notes.len;
    void *notes;

    w->unproven = move_list(p, w->unproven, &count, sizeof *w->unproven);
    w->unproven_count = (size_t)count;
    notes = move_list(p, w->unproven_notes.data, &len, 1);
    if (p->save)
        return;
    xg_buf_append(&w->unproven_notes, notes, (size_t)len);
    free(notes);
    for (size_t i = 0; i < w->unproven_count; i++)
        if (w->unproven[i].at > len || w->unproven[i].len > len - w->unproven[i].at)
            damaged(p);
}

static void move_devices(struct pass *p, struct xg_chains *c)
{
    uint64_t count = move_count(p, c->device_count, 8);

    for (uint32_t i = 0; well(p) && i < count; i++) {
        char name[XG_KEY_NAME_MAX + 1] = "";
        uint32_t number = i, branches = 0;
        if (p->save) {
            snprintf(name, sizeof name, "%s", c->devices[i].name);
            branches = c->devices[i].branches;
        }
        MOVE(p, name);
        MOVE(p, branches);
        name[XG_KEY_NAME_MAX] = '\0';
        if (p->save || !well(p))
            continue;
        if (xg_chains_device(c, &number, name, &p->failed) == XG_OK &&
            number != i)
            damaged(p);
        if (well(p))
            c->devices[i].branches = branches;
    }
}

static void move_chains(struct pass *p, struct xg_chains *c)
{
    uint64_t count = move_count(p, c->count, sizeof(struct xg_hash));

    for (uint32_t i = 0; well(p) && i < count; i++) {
        struct xg_chain chain = {.device = 0}, *kept;
        if (p->save)
            chain = c->list[i];
        uint64_t tips = chain.tip_count, forks = chain.fork_count;
        MOVE(p, chain.id);
        MOVE(p, chain.device);
        chain.tips = move_list(p, chain.tips, &tips, sizeof *chain.tips);
        chain.forks = move_list(p, chain.forks, &forks, sizeof *chain.forks);
        if (p->save)
            continue;
        chain.tip_count = (uint32_t)tips;
        chain.fork_count = (uint32_t)forks;
        if (chain.device >= c->device_count || xg_chains_find(c, &chain.id))
            damaged(p);
        if (well(p) && xg_chains_add(c, &kept, &chain.id, chain.device,
                                     &p->failed) == XG_OK) {
            *kept = chain;
        } else {
            free(chain.tips);
            free(chain.forks);
        }
    }
}

static void move_held(struct pass *p, struct xg_walk *w)
{
    uint64_t held = w->held_count, rifts = w->rift_count;
    uint64_t erased = w->erased_count;

    w->held = move_list(p, w->held, &held, sizeof *w->held);
    w->rifts = move_list(p, w->rifts, &rifts, sizeof *w->rifts);
    w->erased = move_list(p, w->erased, &erased, sizeof *w->erased);
    if (!p->save) {
        w->erased_count = w->erased_room = (size_t)erased;
        w->held_count = w->held_room = (size_t)held;
        w->rift_count = (size_t)rifts;
    }
    for (size_t i = 0; i < w->held_count; i++)
        if (w->held[i].device >= w->chains.device_count)
            damaged(p);
    move_spill(p, &w->frames, 1);
}

static void move_found(struct pass *p, struct xg_walk *w)
{
    uint64_t count = w->kept_count;

    MOVE(p, count);
    if (count > XG_WALK_FOUND_KEPT)
        damaged(p);
    for (uint64_t i = 0; well(p) && i < count; i++) {
        struct xg_finding f = {.position = 0};
        char code[32] = "";
        if (p->save) {
            f = w->kept_findings[i];
            snprintf(code, sizeof code, "%s", f.code);
        }
        MOVE(p, f.gravity);
        MOVE(p, f.position);
        MOVE(p, f.text);
        MOVE(p, code);
        if (p->save || !well(p))
            continue;
        f.text[sizeof f.text - 1] = code[sizeof code - 1] = '\0';
        f.code = xg_arena_str(&w->statements.arena, code, strlen(code));
        if (!f.code || f.gravity > XG_GRAVITY_BROKEN)
            damaged(p);
        else
            xg_walk_keep(w, &f);
    }
}

static void move_all(struct pass *p, struct xg_walk *w)
{
    move_numbers(p, w);
    move_tree(p, w);
    move_notes(p, w);
    move_unproven(p, w);
    move_devices(p, &w->chains);
    move_chains(p, &w->chains);
    move_spill(p, &w->chains.runs, 1);
    move_held(p, w);
    move_spill(p, &w->files, sizeof(struct xg_file_said));
    move_found(p, w);
}

/* ---- the head ---- */

static void hash_policy(struct xg_hash *out, const struct xg_policy *policy)
{
    crypto_hash_sha256_state s;

    memset(out, 0, sizeof *out);
    if (!policy)
        return;
    crypto_hash_sha256_init(&s);
    for (size_t i = 0; i < policy->witness_count; i++) {
        const struct xg_verifier *v = &policy->witnesses[i].verifier;
        crypto_hash_sha256_update(&s, (const uint8_t *)v->name,
                                  strlen(v->name) + 1);
        crypto_hash_sha256_update(&s, v->key, sizeof v->key);
    }
    for (size_t i = 0; i < policy->group_count; i++) {
        uint64_t group[2] = {policy->groups[i].need, policy->groups[i].members};
        crypto_hash_sha256_update(&s, (const uint8_t *)group, sizeof group);
    }
    int64_t quorum = policy->quorum;
    crypto_hash_sha256_update(&s, (const uint8_t *)&quorum, sizeof quorum);
    crypto_hash_sha256_final(&s, out->b);
}

/* Up to the tree: what has to be the same in the next run. */
static void put_trust(struct xg_buf *out, const struct xg_audit_options *o)
{
    char vkey[XG_VKEY_SIZE];
    struct xg_hash policy;

    xg_verifier_print(vkey, &o->log);
    hash_policy(&policy, o->policy);
    xg_buf_format(out, "xunge-audit/state/v1\nlog %s\nregistrar ", vkey);
    xg_buf_base64(out, o->registrar, XG_PUBLIC_KEY_SIZE);
    xg_buf_text(out, "\npolicy ");
    xg_buf_base64(out, policy.b, XG_HASH_SIZE);
    xg_buf_text(out, "\n");
}

static void put_order(struct xg_buf *out)
{
    uint64_t order = UINT64_C(0x0102030405060708);

    xg_buf_text(out, "order ");
    xg_buf_hex(out, &order, sizeof order);
    xg_buf_text(out, "\n\n");
}

static void put_head(struct xg_buf *out, const struct xg_walk *w)
{
    put_trust(out, w->o);
    xg_buf_format(out, "size %" PRIu64 "\nroot ", w->nodes.tree.size);
    xg_buf_base64(out, w->result.checkpoint.root.b, XG_HASH_SIZE);
    xg_buf_text(out, "\n");
    put_order(out);
}

/* ---- reading ---- */

static void check_sum(struct pass *p)
{
    uint8_t *piece = malloc(PIECE), sum[32], end[32];
    long size = -1;

    if (!piece)
        xg_ignore(xg_fail_nomem(&p->failed));
    if (fseek(p->file, 0, SEEK_END) == 0)
        size = ftell(p->file);
    rewind(p->file);
    if (size < 32)
        damaged(p);
    crypto_hash_sha256_init(&p->sum);
    p->left = size < 32 ? 0 : (uint64_t)size - 32;
    for (uint64_t left = p->left; well(p) && left > 0;) {
        size_t len = left < PIECE ? (size_t)left : PIECE;
        if (fread(piece, 1, len, p->file) != len)
            damaged(p);
        crypto_hash_sha256_update(&p->sum, piece, len);
        left -= len;
    }
    crypto_hash_sha256_final(&p->sum, sum);
    if (well(p) && (fread(end, 1, 32, p->file) != 32 ||
                    memcmp(sum, end, 32) != 0))
        damaged(p);
    rewind(p->file);
    free(piece);
}

/* A line of the head with its \n; false: none. */
static bool head_line(struct pass *p, char line[static HEAD_ROOM])
{
    if (!well(p) || !fgets(line, HEAD_ROOM, p->file))
        return false;
    size_t len = strlen(line);
    if (len > p->left)
        return false;
    p->left -= len;
    return true;
}

static void check_head(struct pass *p, const struct xg_walk *w)
{
    struct xg_buf trust = XG_BUF(HEAD_ROOM), order = XG_BUF(HEAD_ROOM);
    char line[HEAD_ROOM];
    struct xg_bytes rest;

    put_trust(&trust, w->o);
    put_order(&order);
    for (rest = xg_buf_bytes(&trust); well(p) && rest.len;) {
        size_t len = head_line(p, line) ? strlen(line) : 0;
        if (len == 0) {
            damaged(p);
        } else if (len > rest.len || memcmp(line, rest.at, len) != 0) {
            xg_ignore(xg_fail(
                &p->failed, XG_REFUSED,
                XG_T("保存的进度属于另一份日志、另一把密钥或另一种策略；请换一个"
                     "文件",
                     "the saved state is of another log, key or policy; name "
                     "another file")));
        } else {
            rest = xg_bytes(rest.at + len, rest.len - len);
        }
    }
    if (!head_line(p, line) || !head_line(p, line) || !head_line(p, line) ||
        order.len < 2 || memcmp(line, order.data, order.len - 1) != 0 ||
        !head_line(p, line))
        damaged(p);
    xg_buf_clear(&trust);
    xg_buf_clear(&order);
}

enum xg_status xg_walk_load(struct xg_walk *w, const char *path, bool *loaded)
{
    struct pass p = {.failed = XG_ERROR_NONE};

    *loaded = false;
    p.file = fopen(path, "rb");
    if (!p.file && errno == ENOENT)
        return XG_OK;
    if (!p.file)
        return xg_fail_os(w->err, "%s", path);
    check_sum(&p);
    check_head(&p, w);
    if (well(&p))
        move_all(&p, w);
    if (well(&p) && p.left)
        damaged(&p);
    fclose(p.file);
    if (!well(&p)) {
        *w->err = p.failed;
        return xg_wrap(w->err, "%s", path);
    }
    w->result.counts = w->kept;
    *loaded = true;
    return XG_OK;
}

/* ---- writing ---- */

enum xg_status xg_walk_save(struct xg_walk *w, const char *path)
{
    struct pass p = {.save = true, .failed = XG_ERROR_NONE};
    struct xg_buf head = XG_BUF(HEAD_ROOM);
    char part[PATH_ROOM];
    uint8_t sum[32];

    if ((size_t)snprintf(part, sizeof part, "%s.tmp", path) >= sizeof part)
        return xg_fail(w->err, XG_USAGE, "%s: too long", path);
    p.file = fopen(part, "wb");
    if (!p.file)
        return xg_fail_os(w->err, "%s", part);
    crypto_hash_sha256_init(&p.sum);
    put_head(&head, w);
    move(&p, head.data, head.len);
    move_all(&p, w);
    crypto_hash_sha256_final(&p.sum, sum);
    if (well(&p) && (fwrite(sum, 1, sizeof sum, p.file) != sizeof sum ||
                     fflush(p.file) != 0 || fsync(fileno(p.file)) != 0))
        xg_ignore(xg_fail_os(&p.failed, "%s", part));
    fclose(p.file);
    xg_buf_clear(&head);
    if (well(&p) && rename(part, path) != 0)
        xg_ignore(xg_fail_os(&p.failed, "%s", path));
    if (!well(&p)) {
        unlink(part);
        *w->err = p.failed;
        return w->err->status;
    }
    return xg_os_sync_parent(path, w->err);
}
