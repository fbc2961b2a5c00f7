/* cmd_draft.c - draft write, finish, discard, list; --draft, and `set` and
 * `photo` on a draft.
 *
 * `draft write` is what a page calls at every pause in typing: one transaction,
 * one fsync, and none where nothing changed. It never refuses what a person has
 * typed; it says what is wrong with it (draft_judge.c). `draft finish` runs the
 * command that the draft is, and drops it in that command's transaction.
 */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/photo/loose.h"
#include "shared/core/cbor.h"

enum { DRAFT_ARENA_MAX = 16 << 20, NAMES_MAX = 16 << 10 };

static enum xg_status draft_number(int64_t *number, const char *text,
                                   struct xg_error *err)
{
    *number = store_draft_number(text);
    if (*number == 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("“%s”不是草稿编号（如 draft-3）；见 xunge draft "
                            "list",
                            "\"%s\" is no draft (as draft-3); see xunge draft "
                            "list"),
                       text);
    return XG_OK;
}

static enum xg_status read_version(uint64_t *version, const struct cli *cli,
                                   struct xg_error *err)
{
    const char *given = cli_flag(cli, "version");
    int64_t number = 0;

    if (given && cli_number(&number, given, "--version", 1, INT64_MAX / 2,
                            err) != XG_OK)
        return err->status;
    *version = (uint64_t)number;
    return XG_OK;
}

/* What who begins a draft calls it, before it has a number. */
static enum xg_status read_key(uint64_t *key, const struct cli *cli,
                               struct xg_error *err)
{
    const char *given = cli_flag(cli, "key");
    uint8_t bytes[8] = {0};

    *key = 0;
    if (given && strlen(given) == 2 * sizeof bytes &&
        xg_unhex(bytes, sizeof bytes, given, 2 * sizeof bytes))
        for (size_t i = 0; i < sizeof bytes; i++)
            *key = *key << 8 | bytes[i];
    if (given && *key == 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("--key 是 16 位十六进制数，不全为零，每份草稿取一个"
                            "随机的：%.40s",
                            "--key is 16 hexadecimal digits, not all 0, chosen "
                            "at random for each draft: %.40s"),
                       given);
    return XG_OK;
}

/* ---- what the command line says ---- */

/* One act of keeping, from the words to the answer. */
struct writing {
    struct cli *cli;
    struct xg_arena arena;
    int64_t number;      /* 0: a new one */
    struct kept_draft d; /* as it is to be */
    struct xg_draft added; /* photos of this command line */
    bool elsewhere;        /* other duplicates than before, perhaps */
};

static void writing_clear(struct writing *w)
{
    xg_arena_clear(&w->arena);
}

static enum xg_status check_text(const char *text, struct xg_error *err)
{
    if (xg_utf8_valid((const uint8_t *)text, strlen(text)))
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("%.40s… 不是有效的 UTF-8 文字，没有保存",
                        "%.40s... is no valid UTF-8 and was not kept"),
                   text);
}

/* Names of fields are the program's, not the person's: a wrong one is refused.
 */
static enum xg_status check_words(const struct kept_words *words,
                                  const struct xg_kind *kind,
                                  struct xg_error *err)
{
    char name[CLI_NAME_SIZE];
    const struct xg_field *f;

    if (words->count > KEPT_WORDS_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("一份草稿最多 %d 个 字段=值",
                            "a draft holds at most %d of field=value"),
                       KEPT_WORDS_MAX);
    for (size_t i = 0; i < words->count; i++) {
        const char *equals = strchr(words->list[i], '=');
        size_t len = equals ? (size_t)(equals - words->list[i]) : 0;
        if (check_text(words->list[i], err) != XG_OK)
            return err->status;
        if (len > 1 && words->list[i][len - 1] == '-')
            len--;
        if (len == 0)
            return xg_fail(err, XG_USAGE,
                           XG_T("%.60s 不是 字段=值",
                                "%.60s is not field=value"),
                           words->list[i]);
        snprintf(name, sizeof name, "%.*s", (int)len, words->list[i]);
        if (view_form_field(&f, kind, name, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status take_opens(struct writing *w, struct xg_error *err)
{
    const char *given;
    size_t at = 0;

    w->d.opens = (struct kept_words){
        .list = xg_arena_array(&w->arena, w->cli->flag_count + 1,
                               sizeof *w->d.opens.list)};
    if (!w->d.opens.list)
        return xg_fail_nomem(err);
    while ((given = cli_flag_next(w->cli, "incident", &at)) != NULL)
        w->d.opens.list[w->d.opens.count++] = given;
    if (w->d.opens.count && w->d.kind->number != XG_KIND_VISIT)
        return xg_fail(err, XG_USAGE,
                       XG_T("--incident 只用于走访",
                            "--incident goes with a visit"));
    return check_words(&w->d.opens, xg_kind_find(XG_KIND_INCIDENT), err);
}

/* Fields, informant and what a visit opens are what this command line says,
 * from word `first` on; nothing of before stays. */
static enum xg_status take_line(struct writing *w, size_t first,
                                struct xg_error *err)
{
    struct cli *cli = w->cli;
    const char *as = cli_flag(cli, "as");

    w->d.words = (struct kept_words){.list = cli->words + first,
                                     .count = cli->word_count - first};
    for (size_t i = 0; i < VIEW_TOLDS; i++) {
        w->d.informant[i] = cli_flag(cli, view_told_options[i]);
        if (!w->d.informant[i])
            continue;
        if (check_text(w->d.informant[i], err) != XG_OK)
            return err->status;
        if (w->d.kind->number != XG_KIND_INCIDENT || w->d.is_later)
            return xg_fail(err, XG_USAGE,
                           XG_T("只有新报的事件有反映人（--%s）",
                                "only a new incident has a contact (--%s)"),
                           view_told_options[i]);
    }
    if (as && strlen(as) > XG_AUTHOR_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("工号太长：%s", "a worker's code is not so long: "
                                            "%s"),
                       as);
    if (as && check_text(as, err) != XG_OK)
        return err->status;
    w->d.author = as ? as : w->d.author;
    if (check_words(&w->d.words, w->d.kind, err) != XG_OK)
        return err->status;
    return take_opens(w, err);
}

/* ---- photos of a draft ---- */

static enum xg_status keep_photo(struct writing *w, const char *given,
                                 struct xg_error *err)
{
    struct cli_photo photo;
    struct xg_photo kept;

    if (cli_photo_read(&photo, w->cli, &w->arena, given, err) != XG_OK ||
        cli_keep_photo(&kept, w->cli, &photo, err) != XG_OK)
        return err->status;
    return capture_photo(&w->added, NULL, &kept, photo.role, photo.origin, err);
}

/* Onto the shelf, all of them, after each name and role was judged. `first`:
 * words of the command are photos too, from there on. */
static enum xg_status keep_photos(struct writing *w, size_t first,
                                  struct xg_error *err)
{
    struct cli *cli = w->cli;
    struct cli_photo photo;
    const char *given;
    size_t inputs = 0;

    xg_draft_init(&w->added, &w->arena, w->d.kind->number);
    w->added.head.creates = false;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0, word = first;
        while ((given = word < cli->word_count
                            ? cli->words[word++]
                            : cli_flag_next(cli, "photo", &at)) != NULL) {
            if (pass ? keep_photo(w, given, err) != XG_OK
                     : cli_photo_read(&photo, cli, &w->arena, given, err) !=
                           XG_OK)
                return err->status;
            inputs += !pass && strcmp(photo.path, "-") == 0;
        }
        if (cli_one_input(inputs, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* One that is in it already is told anew: its role, where it comes from. [t] */
static enum xg_status add_photos(struct writing *w, struct xg_error *err)
{
    const struct photo_shelf shelf = {.home = w->cli->home.path,
                                      .vault = w->cli->home.vault};
    struct kept_draft line = {.values = w->added};
    struct kept_photos at = {.begun = false};
    struct xg_cbor_item photo;
    bool found;

    while (kept_next_photo(&line, &at, &photo)) {
        struct xg_hash hash = kept_photo_hash(&photo);
        if (!photo_has(&shelf, &hash))
            return cli_photo_gone(&hash, err);
        if (kept_drop_photo(&w->d, &found, &hash, err) != XG_OK ||
            xg_draft_add(&w->d.values, XG_FIELD_PHOTO, photo.raw, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status drop_photo(struct writing *w, const char *given,
                                 struct xg_error *err)
{
    struct kept_photos at = {.begun = false};
    struct xg_cbor_item photo;
    char hex[2 * XG_HASH_SIZE + 1];

    while (kept_next_photo(&w->d, &at, &photo)) {
        struct xg_hash hash = kept_photo_hash(&photo);
        bool found;
        xg_hex(hex, hash.b, XG_HASH_SIZE);
        if (strcmp(hex, given) != 0)
            continue;
        if (photo_give_up(w->cli->home.store, &photo, err) != XG_OK)
            return err->status;
        return kept_drop_photo(&w->d, &found, &hash, err);
    }
    /* Dropped before, or never there: the answer lists what is. */
    return XG_OK;
}

/* [t] */
static enum xg_status drop_photos(struct writing *w, struct xg_error *err)
{
    const char *given;
    size_t at = 0;

    while ((given = cli_flag_next(w->cli, "drop", &at)) != NULL)
        if (drop_photo(w, given, err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- answering ---- */

static enum xg_status answer(struct writing *w, struct xg_error *err)
{
    struct cli *cli = w->cli;
    struct cli_judged judged;
    enum xg_status status = cli_judge_draft(&judged, cli, &w->d, err);

    if (status == XG_OK && cli->json) {
        json_t *object = cli_draft_json(cli, w->number, &w->d, &judged,
                                        w->elsewhere);
        if (object)
            json_object_set_new(object, "saved", json_true());
        status = cli_put_json(cli, object, err);
    } else if (status == XG_OK) {
        xg_buf_format(&cli->out,
                      XG_T("已存为草稿 draft-%" PRId64
                           "  %s；补全后：xunge draft finish draft-%" PRId64
                           "\n",
                           "kept as draft-%" PRId64
                           "  %s; when complete: xunge draft finish "
                           "draft-%" PRId64 "\n"),
                      w->number, xg_label(w->d.kind->zh, w->d.kind->en),
                      w->number);
        cli_put_draft(&cli->out, NULL, &judged);
        status = xg_buf_check(&cli->out, err);
    }
    cli_judged_clear(&judged);
    return status;
}

/* ---- draft write ---- */

static enum xg_status about_of(struct writing *w, const char *about,
                               struct xg_error *err)
{
    struct store_entity e = {0};

    if (cli_find(w->cli, &e, about, err) != XG_OK)
        return err->status;
    if (w->d.kind && w->d.kind != e.kind)
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 是%s，不是%s", "%s is a %s, not a %s"), about,
                       xg_label(e.kind->zh, e.kind->en),
                       xg_label(w->d.kind->zh, w->d.kind->en));
    if (!w->d.kind)
        kept_init(&w->d, &w->arena, e.kind);
    w->d.is_later = true;
    w->d.about = e.id;
    return XG_OK;
}

/* The move's name, as the table has it; XG_USAGE with the nearest one. */
static enum xg_status take_move(struct writing *w, struct xg_error *err)
{
    const char *about = cli_flag(w->cli, "about");
    const char *move = cli_flag(w->cli, "move");

    if (!move) {
        if (about)
            w->d.move = "";
        return XG_OK;
    }
    if (!w->d.is_later)
        return xg_fail(err, XG_USAGE,
                       XG_T("--move 要与 --about 一起用",
                            "--move goes with --about"));
    if (check_text(move, err) != XG_OK)
        return err->status;
    w->d.move = move;
    return XG_OK;
}

/* Which draft, and of what: from the first word, or from --about alone. *first:
 * where its fields begin. */
static enum xg_status which_draft(struct writing *w, size_t *first,
                                  struct xg_error *err)
{
    struct cli *cli = w->cli;
    const char *about = cli_flag(cli, "about");
    const char *word = cli->word_count ? cli->words[0] : NULL;
    const struct xg_kind *kind;

    *first = word && !strchr(word, '=');
    if (!*first && !about)
        return xg_fail(err, XG_USAGE,
                       XG_T("先写种类（如 incident）、draft-N，或 --about 编号",
                            "say of what kind (as incident), which draft-N, or "
                            "--about ID"));
    if (*first && strncmp(word, "draft-", 6) == 0) {
        if (draft_number(&w->number, word, err) != XG_OK ||
            kept_load(cli->home.store, &w->d, &w->arena, w->number, err) !=
                XG_OK)
            return err->status;
        if (about && !w->d.is_later)
            return xg_fail(err, XG_USAGE,
                           XG_T("%s 是新的%s的草稿，不能改成 --about",
                                "%s is of something new, a %s: it cannot "
                                "become one --about"),
                           word, xg_label(w->d.kind->zh, w->d.kind->en));
    } else if (*first) {
        if (view_form_kind(&kind, word, err) != XG_OK)
            return err->status;
        kept_init(&w->d, &w->arena, kind);
    }
    if (about && about_of(w, about, err) != XG_OK)
        return err->status;
    return take_move(w, err);
}

static const char *value_of(const struct kept_draft *d, const char *field)
{
    size_t len = strlen(field);

    for (size_t i = d->words.count; i-- > 0;)
        if (strncmp(d->words.list[i], field, len) == 0 &&
            d->words.list[i][len] == '=')
            return d->words.list[i] + len + 1;
    return "";
}

/* Looking for duplicates costs more than all else: only where what they hang on
 * is new. A photo may give the position. */
static bool looks_elsewhere(const struct kept_draft *before,
                            const struct kept_draft *d)
{
    return strcmp(value_of(before, "category"), value_of(d, "category")) != 0 ||
           strcmp(value_of(before, "position"), value_of(d, "position")) != 0 ||
           !xg_bytes_equal(xg_draft_get(&before->values, XG_FIELD_PHOTO),
                           xg_draft_get(&d->values, XG_FIELD_PHOTO));
}

/* With what was there, as the transaction sees it: another program may have
 * written since it was looked at. [t] */
static enum xg_status merge(struct writing *w, bool *changed, uint64_t version,
                            struct xg_error *err)
{
    struct kept_draft before = {.version = 0};
    bool heard = w->number != 0;

    /* Begun already, though who began it never heard so. */
    if (!w->number && w->d.key &&
        kept_find(w->cli->home.store, &w->number, w->d.kind, w->d.key, err) !=
            XG_OK)
        return err->status;
    if (w->number) {
        if (kept_load(w->cli->home.store, &before, &w->arena, w->number, err) !=
                XG_OK ||
            kept_check(&before, w->number, version, err) != XG_OK)
            return err->status;
        w->d.values = before.values;
        w->d.version = before.version;
        w->d.changed_ms = before.changed_ms;
    }
    if (drop_photos(w, err) != XG_OK || add_photos(w, err) != XG_OK)
        return err->status;
    *changed = !w->number || !kept_equal(&before, &w->d);
    w->elsewhere = !heard || looks_elsewhere(&before, &w->d);
    return XG_OK;
}

static enum xg_status save(struct writing *w, uint64_t version,
                           struct xg_error *err)
{
    struct store *s = w->cli->home.store;
    bool changed = false;

    if (store_begin(s, err) != XG_OK)
        return err->status;
    if (merge(w, &changed, version, err) != XG_OK ||
        (changed && kept_put(s, &w->number, &w->d, err) != XG_OK)) {
        store_rollback(s);
        return err->status;
    }
    if (!changed) {
        store_rollback(s);
        return XG_OK;
    }
    if (store_commit(s, err) != XG_OK)
        return err->status;
    w->d.changed_ms = xg_wall_ms(&w->cli->env);
    w->cli->saved = true;
    return XG_OK;
}

enum xg_status cmd_draft_write(struct cli *cli, struct xg_error *err)
{
    struct writing w = {.cli = cli, .arena = XG_ARENA(DRAFT_ARENA_MAX)};
    uint64_t version = 0, key = 0;
    size_t first = 0;
    enum xg_status status = read_version(&version, cli, err);

    if (status == XG_OK)
        status = read_key(&key, cli, err);
    if (status == XG_OK)
        status = which_draft(&w, &first, err);
    if (status == XG_OK && key && w.number == 0)
        w.d.key = key;
    if (status == XG_OK)
        status = take_line(&w, first, err);
    if (status == XG_OK)
        status = keep_photos(&w, cli->word_count, err);
    if (status == XG_OK)
        status = save(&w, version, err);
    if (status == XG_OK)
        status = answer(&w, err);
    writing_clear(&w);
    return status;
}

/* ---- --draft, set, photo ---- */

enum xg_status cli_keep_draft(struct cli *cli, struct xg_error *err)
{
    struct writing w = {.cli = cli, .arena = XG_ARENA(DRAFT_ARENA_MAX)};

    kept_init(&w.d, &w.arena, cli->command.kind);
    enum xg_status status = take_line(&w, 0, err);
    if (status == XG_OK)
        status = keep_photos(&w, cli->word_count, err);
    if (status == XG_OK)
        status = save(&w, 0, err);
    if (status == XG_OK)
        status = answer(&w, err);
    writing_clear(&w);
    return status;
}

static size_t name_length(const char *word)
{
    size_t len = strcspn(word, "=");

    return len > 1 && word[len - 1] == '-' ? len - 1 : len;
}

/* A register's new word takes the place of its old one. */
static enum xg_status replace_words(struct writing *w, size_t first,
                                    struct xg_error *err)
{
    struct cli *cli = w->cli;
    struct kept_words before = w->d.words;
    char name[CLI_NAME_SIZE];
    const struct xg_field *old, *new;

    w->d.words = (struct kept_words){0};
    for (size_t i = 0; i < before.count; i++) {
        bool stays = true;
        snprintf(name, sizeof name, "%.*s",
                 (int)name_length(before.list[i]), before.list[i]);
        if (view_form_field(&old, w->d.kind, name, err) != XG_OK)
            return err->status;
        for (size_t j = first; j < cli->word_count; j++) {
            snprintf(name, sizeof name, "%.*s",
                     (int)name_length(cli->words[j]), cli->words[j]);
            if (view_form_field(&new, w->d.kind, name, err) != XG_OK)
                return err->status;
            stays &= new != old || new->merge == XG_MERGE_SET ||
                     (new->type == XG_TYPE_TEXTS &&
                      cli->words[j][strcspn(cli->words[j], "=") + 1]);
        }
        if (stays && kept_add_word(&w->d, before.list[i], err) != XG_OK)
            return err->status;
    }
    for (size_t j = first; j < cli->word_count; j++)
        if (kept_add_word(&w->d, cli->words[j], err) != XG_OK)
            return err->status;
    return check_words(&w->d.words, w->d.kind, err);
}

/* A command for people: what is typed now has to be right. */
static enum xg_status judge_new_words(struct writing *w, size_t first,
                                      struct xg_error *err)
{
    struct cli_act act;
    enum xg_status status;

    cli_act_init(&act, w->cli, w->d.kind,
                 w->d.is_later ? &w->d.about : NULL);
    status = cli_act_fields(&act, w->cli, first, err);
    cli_act_clear(&act);
    return status;
}

enum xg_status cli_change_draft(struct cli *cli, int64_t number, bool photos,
                                struct xg_error *err)
{
    struct writing w = {.cli = cli,
                        .arena = XG_ARENA(DRAFT_ARENA_MAX),
                        .number = number};
    size_t first = photos ? cli->word_count : 1;
    enum xg_status status =
        kept_load(cli->home.store, &w.d, &w.arena, number, err);

    if (status == XG_OK)
        status = judge_new_words(&w, first, err);
    if (status == XG_OK)
        status = replace_words(&w, first, err);
    if (status == XG_OK && cli_flag(cli, "as"))
        w.d.author = cli_flag(cli, "as");
    if (status == XG_OK)
        status = keep_photos(&w, photos ? 1 : cli->word_count, err);
    if (status == XG_OK)
        status = save(&w, w.d.version, err);
    if (status == XG_OK)
        status = answer(&w, err);
    writing_clear(&w);
    return status;
}

/* ---- draft finish ---- */

static const struct cli_flag kept_flags[] = {
    {.name = "contact"}, {.name = "phone"},    {.name = "consent"},
    {.name = "relation"}, {.name = "incident"}, {.name = "as"},
};

/* The command line that the draft is, with what was typed now at its end. */
struct line {
    const char **words;
    size_t word_count;
    char id[2 * XG_ID_SIZE + 1];
};

static void add_flag(struct cli *cli, size_t which, const char *value)
{
    cli->flags[cli->flag_count].flag = &kept_flags[which];
    cli->flags[cli->flag_count++].value = value;
}

/* What was typed now comes first, so that it counts. */
static enum xg_status add_flags(struct cli *cli, const struct kept_draft *d,
                                struct xg_error *err)
{
    size_t most = cli->flag_count + VIEW_TOLDS + d->opens.count + 1;
    void *grown = realloc(cli->flags, most * sizeof *cli->flags);

    if (!grown)
        return xg_fail_nomem(err);
    cli->flags = grown;
    for (size_t i = 0; i < VIEW_TOLDS; i++)
        if (d->informant[i] && *d->informant[i] &&
            !cli_flag(cli, view_told_options[i]))
            add_flag(cli, i, d->informant[i]);
    for (size_t i = 0; i < d->opens.count; i++)
        add_flag(cli, VIEW_TOLDS, d->opens.list[i]);
    if (*d->author && !cli_flag(cli, "as"))
        add_flag(cli, VIEW_TOLDS + 1, d->author);
    return XG_OK;
}

static enum xg_status build_line(struct line *line, struct cli *cli,
                                 const struct kept_draft *d,
                                 struct xg_error *err)
{
    size_t n = 0;

    line->words = xg_arena_array(d->values.arena,
                                 d->words.count + cli->word_count + 3,
                                 sizeof *line->words);
    if (!line->words)
        return xg_fail_nomem(err);
    xg_hex(line->id, d->about.b, XG_ID_SIZE);
    if (d->is_later)
        line->words[n++] = line->id;
    if (*d->move)
        line->words[n++] = d->move;
    for (size_t i = 0; i < d->words.count; i++)
        line->words[n++] = d->words.list[i];
    for (size_t i = 1; i < cli->word_count; i++)
        line->words[n++] = cli->words[i];
    line->word_count = n;
    return add_flags(cli, d, err);
}

static enum xg_status run(struct cli *cli, const struct kept_draft *d,
                          const struct line *line, struct xg_error *err)
{
    const char **words = cli->words;
    enum xg_status status;

    cli->words = line->words;
    cli->word_count = line->word_count;
    cli->command.kind = d->kind;
    status = !d->is_later ? cmd_capture(cli, err)
             : *d->move   ? cmd_do(cli, err)
                          : cmd_set(cli, err);
    cli->words = words;
    return status;
}

/* Every field that is wrong, and what is wrong with the first. */
static enum xg_status refuse(const char *name, const json_t *problems,
                             struct xg_error *err)
{
    struct xg_buf fields = XG_BUF(NAMES_MAX);
    const json_t *problem;
    size_t i;

    json_array_foreach(problems, i, problem)
        xg_buf_format(&fields, "%s%s", i ? XG_T("、", ", ") : "",
                      json_string_value(json_object_get(problem, "field")));
    problem = json_array_get(problems, 0);
    xg_ignore(xg_fail(err, XG_USAGE,
                      XG_T("%s 还有不对的地方（%s），没有保存。%s：%.300s",
                           "%s has faults in it (%s) and was not saved. %s: "
                           "%.300s"),
                      name, xg_buf_str(&fields),
                      json_string_value(json_object_get(problem, "field")),
                      json_string_value(json_object_get(problem, "text"))));
    xg_buf_clear(&fields);
    return err->status;
}

/* What was typed now is part of it. */
static enum xg_status judge_line(struct cli *cli, const struct kept_draft *d,
                                 struct xg_error *err)
{
    struct kept_draft whole = *d;
    struct cli_judged judged;
    enum xg_status status = XG_OK;

    for (size_t i = 1; status == XG_OK && i < cli->word_count; i++)
        status = kept_add_word(&whole, cli->words[i], err);
    if (status == XG_OK)
        status = check_words(&whole.words, whole.kind, err);
    if (status != XG_OK)
        return status;
    status = cli_judge_draft(&judged, cli, &whole, err);
    if (status == XG_OK && json_array_size(judged.said.problems))
        status = refuse(cli->words[0], judged.said.problems, err);
    if (status == XG_OK || status == XG_USAGE) {
        cli_advise(cli, "problems", json_incref(judged.said.problems));
        cli_advise(cli, "missing", json_incref(judged.said.missing));
    }
    cli_judged_clear(&judged);
    xg_buf_reset(&cli->remarks);
    return status;
}

static enum xg_status finish(struct cli *cli, struct kept_draft *d,
                             int64_t number, struct xg_error *err)
{
    const struct cli_kept kept = {.number = number, .draft = d};
    struct kept_photos at = {.begun = false};
    struct xg_cbor_item photo;
    struct line line;

    if (d->is_later && d->words.count == 0 && cli->word_count < 2 &&
        !*d->move && !kept_next_photo(d, &at, &photo) &&
        !cli_flag(cli, "photo"))
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 里还什么都没有：先填字段、备注或照片",
                            "there is nothing in %s yet: give a field, a note "
                            "or a photo first"),
                       cli->words[0]);
    if (build_line(&line, cli, d, err) != XG_OK)
        return err->status;
    cli->kept = &kept;
    enum xg_status status = run(cli, d, &line, err);
    cli->kept = NULL;
    return status;
}

enum xg_status cli_drop_kept(struct cli *cli, struct xg_error *err)
{
    if (!cli->kept)
        return XG_OK;
    return kept_drop(cli->home.store, cli->kept->number,
                     cli->kept->draft->version, err);
}

enum xg_status cmd_draft_finish(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(DRAFT_ARENA_MAX);
    struct kept_draft d;
    uint64_t version = 0;
    int64_t number = 0;
    enum xg_status status = draft_number(&number, cli->words[0], err);

    if (status == XG_OK)
        status = read_version(&version, cli, err);
    if (status == XG_OK)
        status = kept_load(cli->home.store, &d, &arena, number, err);
    if (status == XG_OK)
        status = kept_check(&d, number, version, err);
    if (status == XG_OK)
        status = judge_line(cli, &d, err);
    if (status == XG_OK)
        status = finish(cli, &d, number, err);
    xg_arena_clear(&arena);
    return status;
}

/* ---- discard, list ---- */

enum xg_status cmd_draft_discard(struct cli *cli, struct xg_error *err)
{
    int64_t number = 0;

    if (draft_number(&number, cli->words[0], err) != XG_OK ||
        kept_discard(cli->home.store, number, err) != XG_OK)
        return err->status;
    if (cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:b, s:s}", "discarded", 1, "number", cli->words[0]),
            err);
    cli_say(cli, XG_T("已丢弃 %s。", "%s is thrown away."), cli->words[0]);
    return XG_OK;
}

enum xg_status cmd_draft_list(struct cli *cli, struct xg_error *err)
{
    return cli_list_drafts(cli, NULL, NULL, err);
}
