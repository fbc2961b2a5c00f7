/* index.c - the index, and whose key is whose; see handover.h. */
#include "agent/handover/index.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/lang.h"

void handover_meta(char name[static HANDOVER_META_SIZE], const char *prefix,
                   const struct xg_id *id)
{
    char hex[2 * XG_ID_SIZE + 1];

    xg_hex(hex, id->b, XG_ID_SIZE);
    snprintf(name, HANDOVER_META_SIZE, "%s%s", prefix, hex);
}

/* ---- the index ---- */

void handover_index_put(struct xg_buf *text, const struct handover_index *x)
{
    xg_buf_format(text,
                  "xunge/handover/v1\nlog %s\nfrom %s %s\nto %s\n"
                  "counts %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                  x->log, x->from, x->device, x->to, x->cases, x->subjects,
                  x->drafts, x->photos);
    for (size_t i = 0; i < x->chain_count; i++) {
        xg_buf_text(text, "chain ");
        xg_buf_base64(text, x->chains[i].chain.b, XG_HASH_SIZE);
        xg_buf_format(text, " %" PRIu64 "\n", x->chains[i].next);
    }
    for (size_t i = 0; i < x->part_count; i++) {
        xg_buf_format(text, "part %s %" PRIu64 " ", x->parts[i].name,
                      x->parts[i].length);
        xg_buf_base64(text, x->parts[i].sha256.b, XG_HASH_SIZE);
        xg_buf_byte(text, '\n');
    }
}

static bool take_word(struct xg_bytes *rest, char *out, size_t max)
{
    struct xg_bytes word;

    if (!xg_word(rest, &word) || word.len == 0 || word.len > max)
        return false;
    memcpy(out, word.at, word.len);
    out[word.len] = '\0';
    return true;
}

static bool read_head(struct handover_index *x, struct xg_lines *l)
{
    struct xg_bytes words;

    xg_line_literal(l, "xunge/handover/v1");
    xg_line_rest(l, "log", &words);
    if (!take_word(&words, x->log, XG_KEY_NAME_MAX) || words.len)
        return false;
    xg_line_rest(l, "from", &words);
    if (!take_word(&words, x->from, XG_CODE_MAX) ||
        !take_word(&words, x->device, XG_KEY_NAME_MAX) || words.len)
        return false;
    xg_line_rest(l, "to", &words);
    if (!take_word(&words, x->to, XG_CODE_MAX) || words.len)
        return false;
    xg_line_rest(l, "counts", &words);
    return xg_word_uint(&words, &x->cases) &&
           xg_word_uint(&words, &x->subjects) &&
           xg_word_uint(&words, &x->drafts) &&
           xg_word_uint(&words, &x->photos) && words.len == 0;
}

static bool read_lists(struct handover_index *x, struct xg_lines *l)
{
    struct xg_bytes words;

    while (xg_lines_at(l, "chain")) {
        struct handover_chain *c = &x->chains[x->chain_count++];
        xg_line_rest(l, "chain", &words);
        if (!xg_word_hash(&words, &c->chain) ||
            !xg_word_uint(&words, &c->next) || words.len)
            return false;
    }
    while (xg_lines_at(l, "part")) {
        struct handover_part *p = &x->parts[x->part_count++];
        xg_line_rest(l, "part", &words);
        if (!take_word(&words, p->name, XG_TAR_NAME_MAX) ||
            !xg_word_uint(&words, &p->length) ||
            !xg_word_hash(&words, &p->sha256) || words.len)
            return false;
    }
    return true;
}

/* No note vouches for this text: names in it are shown, so nothing may steer a
 * terminal or end them early. */
static bool is_plain(struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.at[i] < 0x20 && text.at[i] != '\n') || text.at[i] == 0x7F)
            return false;
    return xg_utf8_valid(text.at, text.len);
}

enum xg_status handover_index_read(struct handover_index *out,
                                   struct xg_arena *arena, struct xg_bytes text,
                                   struct xg_error *err)
{
    struct handover_index x = {.chain_count = 0};
    struct xg_lines l = xg_lines_over(text);
    size_t chains = 0, parts = 0;
    struct xg_bytes rest = text, line;

    if (!is_plain(text))
        return xg_fail(err, XG_FORMAT,
                       "handover index: characters that no text has");
    while (xg_line(&rest, &line)) {
        chains += line.len > 6 && memcmp(line.at, "chain ", 6) == 0;
        parts += line.len > 5 && memcmp(line.at, "part ", 5) == 0;
    }
    x.chains = xg_arena_array(arena, chains + 1, sizeof *x.chains);
    x.parts = xg_arena_array(arena, parts + 1, sizeof *x.parts);
    if (!x.chains || !x.parts)
        return xg_fail_nomem(err);
    if (!read_head(&x, &l) || !read_lists(&x, &l))
        return xg_fail(err, XG_FORMAT, "handover index: line %zu", l.number);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "handover index");
    *out = x;
    return XG_OK;
}

/* ---- keys ---- */

static enum xg_status keep_devices(struct handover_keys *keys,
                                   struct xg_bytes statements,
                                   struct xg_error *err)
{
    struct xg_statement statement;

    while (xg_statement_next(&statements, &statement)) {
        if (statement.kind != XG_SAYS_DEVICE)
            continue;
        struct handover_key *key = xg_arena_alloc(keys->arena, sizeof *key);
        if (!key)
            return xg_fail_nomem(err);
        *key = (struct handover_key){statement, NULL};
        struct handover_key **end = &keys->first;
        while (*end)
            end = &(*end)->next;
        *end = key; /* only the first of a name counts */
    }
    return XG_OK;
}

enum xg_status handover_keys_add(struct handover_keys *keys, struct store *s,
                                 struct xg_bytes note, struct xg_error *err)
{
    struct xg_registry_note says;
    struct xg_note parsed;
    struct xg_hash held, leaf;
    bool found;

    if (!keys->begun && store_registry_end(s, &keys->end, err) != XG_OK)
        return err->status;
    keys->begun = true;
    if (xg_note_parse(&parsed, note.at, note.len, err) != XG_OK ||
        xg_registry_note_read(&says, parsed.text, err) != XG_OK ||
        store_registry_leaf(s, &held, &found, says.number, err) != XG_OK)
        return err->status;
    xg_tlog_leaf(&leaf, note.at, note.len);
    if (found && xg_hash_equal(&held, &leaf))
        return XG_OK; /* the store knows its devices */
    if (found)
        return xg_fail(err, XG_AUTH,
                       XG_T("登记簿第 %" PRIu64 " 号与本机的不同",
                            "registry note %" PRIu64 " is another than the "
                            "one here"),
                       says.number);
    if (store_registry_follow(&keys->end, &says, note, err) != XG_OK)
        return err->status;
    return keep_devices(keys, says.statements, err);
}

enum xg_status handover_keys_find(const struct handover_keys *keys,
                                  struct xg_verifier *out, char *owner,
                                  struct store *s, struct xg_bytes name,
                                  struct xg_error *err)
{
    const struct xg_registry *registry = store_registry(s);
    struct xg_statement device;
    char text[XG_KEY_NAME_MAX + 1];
    uint64_t position;
    bool found;

    if (name.len > XG_KEY_NAME_MAX)
        return xg_fail(err, XG_FORMAT, "a key name is too long");
    memcpy(text, name.at, name.len);
    text[name.len] = '\0';
    if (registry->find(registry->ctx, XG_SAYS_DEVICE, text, UINT64_MAX, &device,
                       &position, &found, err) != XG_OK)
        return err->status;
    const struct handover_key *k = keys->end.proven ? keys->first : NULL;
    while (!found && k && strcmp(k->device.subject, text) != 0)
        k = k->next;
    if (!found && !k)
        return xg_fail(err, XG_AUTH,
                       XG_T("登记册里没有设备 %s：请先联网同步，再试",
                            "the registry names no device %s: sync first, "
                            "then try again"),
                       text);
    if (!found)
        device = k->device;
    if (owner)
        memcpy(owner, device.owner, sizeof device.owner);
    return xg_verifier_init(out, text, XG_SIG_ED25519, device.key, err);
}
