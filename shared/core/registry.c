/* registry.c - see registry.h. */
#include "shared/core/registry.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/lang.h"
#include "shared/core/verdicts.h"

static bool copy_word(char *out, size_t max, struct xg_bytes word)
{
    if (word.len == 0 || word.len > max)
        return false;
    memcpy(out, word.at, word.len);
    out[word.len] = '\0';
    return true;
}

static bool take_word(char *out, size_t max, struct xg_bytes *rest)
{
    struct xg_bytes word;
    return xg_word(rest, &word) && copy_word(out, max, word);
}

static bool read_unit(struct xg_statement *s, struct xg_bytes *rest)
{
    if (!take_word(s->subject, XG_CODE_MAX, rest) ||
        !take_word(s->unit, XG_CODE_MAX, rest))
        return false;
    if (strcmp(s->unit, "-") == 0)
        s->unit[0] = '\0';
    return true;
}

static bool read_worker(struct xg_statement *s, struct xg_bytes *rest)
{
    char role[XG_CODE_MAX + 1];

    if (!take_word(s->subject, XG_CODE_MAX, rest) ||
        !take_word(role, XG_CODE_MAX, rest) ||
        !take_word(s->unit, XG_CODE_MAX, rest))
        return false;
    const struct xg_role *found = xg_role_named(role);
    s->role = found ? found->number : 0;
    return found != NULL;
}

static bool read_device(struct xg_statement *s, struct xg_bytes *rest)
{
    struct xg_hash key;

    if (!take_word(s->subject, XG_KEY_NAME_MAX, rest) ||
        !xg_word_hash(rest, &key) || !take_word(s->owner, XG_CODE_MAX, rest))
        return false;
    memcpy(s->key, key.b, XG_PUBLIC_KEY_SIZE);
    return true;
}

static bool read_author(struct xg_statement *s, struct xg_bytes *rest)
{
    char device[XG_KEY_NAME_MAX + 1];

    if (!take_word(device, XG_KEY_NAME_MAX, rest) ||
        !take_word(s->owner, XG_CODE_MAX, rest))
        return false;
    snprintf(s->subject, sizeof s->subject, "%s %s", device, s->owner);
    return true;
}

static bool read_cut(struct xg_statement *s, struct xg_bytes *rest)
{
    if (!xg_word_hash(rest, &s->chain) || !xg_word_uint(rest, &s->next_seq) ||
        !xg_word_hash(rest, &s->last))
        return false;
    xg_base64(s->subject, sizeof s->subject, s->chain.b, XG_HASH_SIZE);
    return true;
}

static bool read_key(struct xg_statement *s, struct xg_bytes *rest)
{
    struct xg_hash key;

    if (!take_word(s->subject, XG_CODE_MAX, rest) || !xg_word_hash(rest, &key))
        return false;
    memcpy(s->key, key.b, XG_PUBLIC_KEY_SIZE);
    return true;
}

static bool read_admit(struct xg_statement *s, struct xg_bytes *rest)
{
    if (!xg_word_hash(rest, &s->batch))
        return false;
    xg_base64(s->subject, sizeof s->subject, s->batch.b, XG_HASH_SIZE);
    return true;
}

static bool read_registrar(struct xg_statement *s, struct xg_bytes *rest)
{
    struct xg_hash key;

    if (!xg_word_hash(rest, &key))
        return false;
    memcpy(s->key, key.b, XG_PUBLIC_KEY_SIZE);
    snprintf(s->subject, sizeof s->subject, XG_SUBJECT_REGISTRAR);
    return true;
}

static bool read_revoke(struct xg_statement *s, struct xg_bytes *rest)
{
    return take_word(s->subject, XG_KEY_NAME_MAX, rest);
}

static const struct {
    const char *word;
    enum xg_statement_kind kind;
    bool (*read)(struct xg_statement *s, struct xg_bytes *rest);
} lines[] = {
    {"unit", XG_SAYS_UNIT, read_unit},
    {"worker", XG_SAYS_WORKER, read_worker},
    {"device", XG_SAYS_DEVICE, read_device},
    {"author", XG_SAYS_AUTHOR, read_author},
    {"key", XG_SAYS_KEY, read_key},
    {"revoke", XG_SAYS_REVOKE, read_revoke},
    {"cut", XG_SAYS_CUT, read_cut},
    {"admit", XG_SAYS_ADMIT, read_admit},
    {"registrar", XG_SAYS_REGISTRAR, read_registrar},
};

static bool read_statement(struct xg_statement *s, struct xg_bytes line)
{
    char word[16];
    struct xg_bytes rest = line;

    *s = (struct xg_statement){0};
    if (!take_word(word, sizeof word - 1, &rest))
        return false;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strcmp(word, lines[i].word) == 0) {
            s->kind = lines[i].kind;
            return lines[i].read(s, &rest) && rest.len == 0;
        }
    return false;
}

/* The next line of rest, without its \n. */
static bool take_line(struct xg_bytes *rest, struct xg_bytes *line)
{
    const uint8_t *end =
        rest->len ? memchr(rest->at, '\n', rest->len) : NULL;

    if (!end)
        return false;
    *line = xg_bytes(rest->at, (size_t)(end - rest->at));
    rest->len -= line->len + 1;
    rest->at = end + 1;
    return true;
}

enum xg_status xg_registry_note_read(struct xg_registry_note *out,
                                     struct xg_bytes text,
                                     struct xg_error *err)
{
    struct xg_registry_note n = {0};
    struct xg_bytes seen = {NULL, 0}, line;
    struct xg_lines l = xg_lines_over(text);
    struct xg_statement s;

    xg_line_literal(&l, "xunge/registry/v1");
    xg_line_uint(&l, "number", &n.number);
    xg_line_hash(&l, "previous", &n.previous);
    xg_line_rest(&l, "checkpoint", &seen);
    n.statements = l.rest;
    l.rest.len = 0;
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "registry note");
    if (!xg_word_uint(&seen, &n.seen_size) ||
        !xg_word_hash(&seen, &n.seen_root) || seen.len || n.number == 0)
        return xg_fail(err, XG_FORMAT, "registry note: bad head");
    for (struct xg_bytes rest = n.statements; take_line(&rest, &line);)
        if (!read_statement(&s, line))
            return xg_fail(err, XG_FORMAT, "registry note: bad line \"%.*s\"",
                           (int)line.len, (const char *)line.at);
    *out = n;
    return XG_OK;
}

enum xg_status
xg_registry_note_verify(const struct xg_note *note,
                        const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                        struct xg_error *err)
{
    struct xg_verifier registrar;
    char name[XG_KEY_NAME_MAX + 1];

    if (!copy_word(name, sizeof name - 1, note->signatures[0].name))
        return xg_fail(err, XG_FORMAT, "a key name is too long");
    if (xg_verifier_init(&registrar, name, XG_SIG_ED25519, key, err) != XG_OK)
        return err->status;
    if (xg_note_verify_sole(note, &registrar, err) != XG_OK)
        return xg_fail(err, XG_AUTH,
                       XG_T("登记簿的一条不是由在任登记员签名的（署名 %s）",
                            "a registry note is not signed by the registrar "
                            "of its day (signed as %s)"),
                       name);
    return XG_OK;
}

enum xg_status
xg_registry_note_open(struct xg_registry_note *out, struct xg_bytes note,
                      const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                      struct xg_error *err)
{
    struct xg_note parsed;

    if (xg_note_parse(&parsed, note.at, note.len, err) != XG_OK ||
        xg_registry_note_verify(&parsed, key, err) != XG_OK)
        return err->status;
    return xg_registry_note_read(out, parsed.text, err);
}

enum xg_status xg_registrar_at(uint8_t key[static XG_PUBLIC_KEY_SIZE],
                               const struct xg_registry *registry,
                               const uint8_t first[static XG_PUBLIC_KEY_SIZE],
                               uint64_t position, struct xg_error *err)
{
    struct xg_statement newest;
    uint64_t at;
    bool found;

    if (registry->find(registry->ctx, XG_SAYS_REGISTRAR, XG_SUBJECT_REGISTRAR,
                       position, &newest, &at, &found, err) != XG_OK)
        return err->status;
    memcpy(key, found ? newest.key : first, XG_PUBLIC_KEY_SIZE);
    return XG_OK;
}

bool xg_statement_next(struct xg_bytes *rest, struct xg_statement *out)
{
    struct xg_bytes line;
    return take_line(rest, &line) && read_statement(out, line);
}

void xg_registry_note_begin(struct xg_buf *out,
                            const struct xg_registry_note *note)
{
    xg_buf_format(out, "xunge/registry/v1\nnumber %" PRIu64 "\nprevious ",
                  note->number);
    xg_buf_base64(out, note->previous.b, XG_HASH_SIZE);
    xg_buf_format(out, "\ncheckpoint %" PRIu64 " ", note->seen_size);
    xg_buf_base64(out, note->seen_root.b, XG_HASH_SIZE);
    xg_buf_text(out, "\n");
}

void xg_statement_put(struct xg_buf *out, const struct xg_statement *s)
{
    const struct xg_role *role = xg_role_find(s->role);

    switch (s->kind) {
    case XG_SAYS_UNIT:
        xg_buf_format(out, "unit %s %s\n", s->subject,
                      *s->unit ? s->unit : "-");
        break;
    case XG_SAYS_WORKER:
        xg_buf_format(out, "worker %s %s %s\n", s->subject,
                      role ? role->name : "-", s->unit);
        break;
    case XG_SAYS_DEVICE:
        xg_buf_format(out, "device %s ", s->subject);
        xg_buf_base64(out, s->key, XG_PUBLIC_KEY_SIZE);
        xg_buf_format(out, " %s\n", s->owner);
        break;
    case XG_SAYS_AUTHOR:
        xg_buf_format(out, "author %s\n", s->subject);
        break;
    case XG_SAYS_SHARED:
        xg_buf_format(out, "author %s %s\n", s->subject, s->owner);
        break;
    case XG_SAYS_KEY:
        xg_buf_format(out, "key %s ", s->subject);
        xg_buf_base64(out, s->key, XG_PUBLIC_KEY_SIZE);
        xg_buf_text(out, "\n");
        break;
    case XG_SAYS_ADMIT:
        xg_buf_text(out, "admit ");
        xg_buf_base64(out, s->batch.b, XG_HASH_SIZE);
        xg_buf_text(out, "\n");
        break;
    case XG_SAYS_REGISTRAR:
        xg_buf_text(out, "registrar ");
        xg_buf_base64(out, s->key, XG_PUBLIC_KEY_SIZE);
        xg_buf_text(out, "\n");
        break;
    case XG_SAYS_REVOKE:
        xg_buf_format(out, "revoke %s\n", s->subject);
        break;
    case XG_SAYS_CUT:
        xg_buf_text(out, "cut ");
        xg_buf_base64(out, s->chain.b, XG_HASH_SIZE);
        xg_buf_format(out, " %" PRIu64 " ", s->next_seq);
        xg_buf_base64(out, s->last.b, XG_HASH_SIZE);
        xg_buf_text(out, "\n");
        break;
    }
}

bool xg_statement_shared(struct xg_statement *out,
                         const struct xg_statement *s)
{
    if (s->kind != XG_SAYS_AUTHOR)
        return false;
    *out = *s;
    out->kind = XG_SAYS_SHARED;
    memset(out->subject, 0, sizeof out->subject);
    memcpy(out->subject, s->subject, strcspn(s->subject, " "));
    return true;
}

/* ---- judging ---- */

const char *xg_grade_label(enum xg_grade grade)
{
    switch (grade) {
    case XG_GRADE_PROVEN:
        return XG_T("已证实", "proven");
    case XG_GRADE_CLAIMED:
        return XG_T("设备声称", "claimed");
    case XG_GRADE_ASSERTED:
        return XG_T("服务器认定", "asserted by the server");
    }
    return "";
}

/* The first `device` line of the name: a name is given once. */
static enum xg_status find_device(struct xg_statement *device,
                                  uint64_t *position, bool *found,
                                  const struct xg_registry *registry,
                                  const char *name, struct xg_error *err)
{
    uint64_t below = UINT64_MAX, at;
    struct xg_statement s;
    bool more = true;

    for (*found = false; more; below = at) {
        if (registry->find(registry->ctx, XG_SAYS_DEVICE, name, below, &s, &at,
                           &more, err) != XG_OK)
            return err->status;
        if (!more)
            break;
        *device = s;
        *position = at;
        *found = true;
    }
    return XG_OK;
}

static bool is_server(const char *device)
{
    size_t len = strlen(device), tail = strlen(XG_SERVER_DEVICE);
    return len > tail && strcmp(device + len - tail, XG_SERVER_DEVICE) == 0;
}

/* May somebody else than its owner record on the device? */
static enum xg_status judge_guest(struct xg_judgement *j,
                                  const struct xg_registry *registry,
                                  const char *device, struct xg_error *err)
{
    char subject[XG_SUBJECT_MAX + 1];
    struct xg_statement s;
    uint64_t position;
    bool found = true;

    if (is_server(device)) {
        j->grade = XG_GRADE_ASSERTED;
        return XG_OK;
    }
    j->grade = XG_GRADE_CLAIMED;
    snprintf(subject, sizeof subject, "%s %s", device, j->author);
    if (registry->find(registry->ctx, XG_SAYS_AUTHOR, subject, j->size, &s,
                       &position, &found, err) != XG_OK)
        return err->status;
    if (!found)
        j->no_right = "the device may not record for that author";
    return XG_OK;
}

/* Whoever shares a device can write in its owner's name. */
static enum xg_status judge_owner(struct xg_judgement *j,
                                  const struct xg_registry *registry,
                                  const char *device, struct xg_error *err)
{
    uint64_t below = j->size;
    struct xg_statement s;
    bool more = !is_server(device);

    while (more && j->grade == XG_GRADE_PROVEN) {
        if (registry->find(registry->ctx, XG_SAYS_SHARED, device, below, &s,
                           &below, &more, err) != XG_OK)
            return err->status;
        if (more && strcmp(s.owner, j->author) != 0)
            j->grade = XG_GRADE_CLAIMED;
    }
    return XG_OK;
}

static enum xg_status judge_role(struct xg_judgement *j,
                                 const struct xg_registry *registry,
                                 struct xg_error *err)
{
    struct xg_statement worker;
    uint64_t position;
    bool found;

    if (registry->find(registry->ctx, XG_SAYS_WORKER, j->author, j->size,
                       &worker, &position, &found, err) != XG_OK)
        return err->status;
    if (found)
        snprintf(j->unit, sizeof j->unit, "%s", worker.unit);
    if (!j->no_right && found)
        j->role = xg_role_find(worker.role);
    if (!j->no_right && !found)
        j->no_right = "the author is not in the registry";
    else if (!j->no_right && (!j->role || !j->role->records))
        j->no_right = "the author's role does not record";
    return XG_OK;
}

enum xg_status xg_author_key(uint8_t key[static XG_PUBLIC_KEY_SIZE],
                             bool *found, const struct xg_registry *registry,
                             const char *author, uint64_t size,
                             struct xg_error *err)
{
    static const uint8_t none[XG_PUBLIC_KEY_SIZE];
    struct xg_statement s;
    uint64_t position;
    bool named;

    if (registry->find(registry->ctx, XG_SAYS_KEY, author, size, &s, &position,
                       &named, err) != XG_OK)
        return err->status;
    *found = named && memcmp(s.key, none, sizeof none) != 0;
    if (*found)
        memcpy(key, s.key, XG_PUBLIC_KEY_SIZE);
    return XG_OK;
}

/* Verify, or remember what came of it. */
static enum xg_status verify(bool *good, const struct xg_registry *registry,
                             const struct xg_record *r,
                             const struct xg_place *place,
                             const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                             struct xg_error *err)
{
    struct xg_hash of;

    if (!registry->recall)
        return xg_author_verify(good, r, place, key, err);
    xg_verdict_of(&of, &r->hash, key);
    if (registry->recall(registry->ctx, &of, good))
        return XG_OK;
    if (xg_author_verify(good, r, place, key, err) != XG_OK)
        return err->status;
    registry->remember(registry->ctx, &of, *good);
    return XG_OK;
}

/* What is signed, and how: a record as it is, or one to be written. */
struct deed {
    const struct xg_record *record; /* NULL: none yet */
    const struct xg_place *place;
    bool signs;
};

static enum xg_status judge_signature(struct xg_judgement *j,
                                      const struct xg_registry *registry,
                                      const struct deed *deed,
                                      struct xg_error *err)
{
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    bool known, good = true;

    if (!deed->signs)
        return XG_OK;
    if (xg_author_key(key, &known, registry, j->author, j->size, err) !=
            XG_OK ||
        (known && deed->record &&
         verify(&good, registry, deed->record, deed->place, key, err) !=
             XG_OK))
        return err->status;
    if (known && good)
        j->grade = XG_GRADE_PROVEN;
    else if (known)
        j->no_right = "the author's signature does not hold";
    return XG_OK;
}

static enum xg_status judge(struct xg_judgement *out,
                            const struct xg_registry *registry,
                            const char *device, const char *author,
                            const struct deed *deed, uint64_t anchor_size,
                            struct xg_error *err)
{
    struct xg_judgement j = {.grade = XG_GRADE_CLAIMED,
                             .on_server = is_server(device)};
    struct xg_statement enrolled;
    uint64_t position;
    bool found;

    if (find_device(&enrolled, &position, &found, registry, device, err) !=
        XG_OK)
        return err->status;
    if (!found) {
        j.no_right = "the device is not in the registry";
        *out = j;
        return XG_OK;
    }
    /* Before any anchor: as it stood when the device was enrolled. */
    j.size = anchor_size > position ? anchor_size : position + 1;
    snprintf(j.author, sizeof j.author, "%s",
             *author ? author : enrolled.owner);
    bool owner = strcmp(j.author, enrolled.owner) == 0;
    j.grade = owner ? XG_GRADE_PROVEN : XG_GRADE_CLAIMED;
    if ((owner ? judge_owner : judge_guest)(&j, registry, device, err) !=
            XG_OK ||
        judge_signature(&j, registry, deed, err) != XG_OK ||
        judge_role(&j, registry, err) != XG_OK)
        return err->status;
    *out = j;
    return XG_OK;
}

enum xg_status xg_judge(struct xg_judgement *out,
                        const struct xg_registry *registry, const char *device,
                        const struct xg_record *record,
                        const struct xg_place *place, uint64_t anchor_size,
                        struct xg_error *err)
{
    char author[XG_AUTHOR_MAX + 1] = "";
    bool good = !record->malformed;
    const struct deed deed = {record, place,
                              good && record->head.signature.len != 0};

    if (good && record->head.author.len)
        memcpy(author, record->head.author.at, record->head.author.len);
    return judge(out, registry, device, author, &deed, anchor_size, err);
}

enum xg_status xg_judge_author(struct xg_judgement *out,
                               const struct xg_registry *registry,
                               const char *device, const char *author,
                               bool signs, uint64_t anchor_size,
                               struct xg_error *err)
{
    const struct deed deed = {.signs = signs};

    return judge(out, registry, device, author, &deed, anchor_size, err);
}

enum xg_status xg_unit_within(bool *within, const struct xg_registry *registry,
                              const char *unit, const char *top,
                              uint64_t size, struct xg_error *err)
{
    char at[XG_CODE_MAX + 1];

    snprintf(at, sizeof at, "%s", unit);
    for (int depth = 0; depth < XG_UNIT_DEPTH_MAX; depth++) {
        struct xg_statement parent;
        uint64_t position;
        bool found;
        if (strcmp(at, top) == 0) {
            *within = true;
            return XG_OK;
        }
        if (registry->find(registry->ctx, XG_SAYS_UNIT, at, size, &parent,
                           &position, &found, err) != XG_OK)
            return err->status;
        if (!found || !*parent.unit)
            break;
        snprintf(at, sizeof at, "%s", parent.unit);
    }
    *within = false;
    return XG_OK;
}
