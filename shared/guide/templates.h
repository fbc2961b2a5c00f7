/* templates.h - forms: checklists, the seven things, campaign sheets: JSON.
 *
 *      {"templates": [
 *        {"code": "fire", "edition": "2026-1", "kind": "visit",
 *         "zh": "消防检查表", "en": "fire checklist",
 *         "questions": [
 *           {"key": "extinguisher", "zh": "灭火器是否有效", "en": "…",
 *            "type": "bool", "required": true},
 *           {"key": "expired", "zh": "过期数量", "type": "number",
 *            "min": 0, "max": 500, "if": {"key": "extinguisher", "is": "no"}},
 *           {"key": "exit", "zh": "疏散通道", "type": "choice",
 *            "choices": [{"key": "free", "zh": "畅通"},
 *                        {"key": "blocked", "zh": "堵塞"}]}]}]}
 *
 *  code, edition  a record's `form` is "code@edition"; letters, digits, . _ -
 *  kind           the kind of record it is for
 *  zh, en         en may be left out
 *  type           text, number (whole), bool (yes, no), choice (one of them),
 *                 choices (any of them)
 *  min, max       of a number; `max` of a text: its bytes
 *  required       false when left out; a question whose `if` does not hold is
 *                 neither required nor answered
 *  if             {"key": an earlier question, "is": an answer or a list of
 *                 them}; of `choices`: it is among those taken
 *
 * What was imported under a code and an edition does not change; a changed form
 * gets a new edition. Unknown keys are refused: a misspelt `requierd` must not
 * go unnoticed.
 */
#ifndef XG_GUIDE_TEMPLATES_H
#define XG_GUIDE_TEMPLATES_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/core/schema.h"

enum {
    XG_TEMPLATES_MAX = 500,
    XG_TEMPLATE_QUESTIONS_MAX = 128, /* as many as `item` holds */
    XG_TEMPLATE_CHOICES_MAX = 64,
    XG_TEMPLATE_KEY_MAX = 32,
    XG_TEMPLATE_ANSWER_MAX = 160, /* bytes; with its key it fits an item */
};

enum xg_question_type {
    XG_ASK_TEXT,
    XG_ASK_NUMBER,
    XG_ASK_BOOL,
    XG_ASK_CHOICE,
    XG_ASK_CHOICES,
};

struct xg_option {
    const char *key, *zh, *en;
};

struct xg_question {
    const char *key, *zh, *en;
    enum xg_question_type type;
    bool required;
    int64_t min, max;            /* NUMBER; TEXT: at most max bytes */
    const struct xg_option *options;
    size_t option_count;
    size_t if_question;          /* index, or SIZE_MAX: always asked */
    const char *const *if_any;   /* canonical answers */
    size_t if_count;
};

struct xg_template {
    const char *code, *edition, *zh, *en;
    const struct xg_kind *kind;
    const struct xg_question *questions;
    size_t question_count;
    const char *source; /* its JSON, keys sorted: two of the same are equal */
};

struct xg_templates {
    const struct xg_template *rows; /* as in the file */
    size_t count;
};

/* Texts are copied into the arena. XG_FORMAT names template, question, key. */
XG_MUST_CHECK enum xg_status xg_templates_read(struct xg_templates *out,
                                               struct xg_arena *arena,
                                               struct xg_bytes content,
                                               struct xg_error *err);
/* By key, or by a label in either language; NULL. */
const struct xg_question *xg_template_question(const struct xg_template *t,
                                               struct xg_bytes name);
const struct xg_option *xg_question_option(const struct xg_question *q,
                                           struct xg_bytes name);
/* In the language that was set. */
const char *xg_template_label(const struct xg_template *t);
const char *xg_question_label(const struct xg_question *q);
const char *xg_option_label(const struct xg_option *o);

#endif
