/* test_console.c - the console without a socket: its table of calls against the
 * commands that there are, who may run what, sessions, where requests come from;
 * and that every command whose board lags says so. */
#include "tests/lib/test.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <time.h>

#include "server/board/inside.h"
#include "server/cli/cmd.h"
#include "server/console/inside.h"
#include "shared/base/lang.h"
#include "tests/lib/office.h"

/* What `serve` shows, which is a part of these tests' programs. */
extern const struct xg_asset console_assets[];
extern const size_t console_asset_count;
const struct xg_asset console_assets[1] = {{NULL, NULL, NULL, 0, 0, false}};
const size_t console_asset_count = 0;

static struct xg_arena arena;

/* ---- the table ---- */

static const struct command *command_of(const char *words)
{
    for (const struct command *c = commands; c->words; c++)
        if (strcmp(c->words, words) == 0)
            return c;
    return NULL;
}

static const struct cmd_option *option_of(const struct command *c,
                                          const char *name, size_t len)
{
    for (size_t i = 0; i < CMD_OPTIONS_MAX && c->options[i].name; i++)
        if (strlen(c->options[i].name) == len &&
            memcmp(c->options[i].name, name, len) == 0)
            return &c->options[i];
    return NULL;
}

/* What names a path, or weakens, is nobody's to say from a page. */
static const char *const never[] = {"as",       "password-fd", "unsigned",
                                    "tls-cert", "tls-key",     "state",
                                    "out",      "reply",       "old",
                                    "registrar-key"};

static void check_flags(const struct call_row *row, const struct command *c)
{
    for (const char *at = row->call.flags; *at;) {
        size_t width = strcspn(at, " "), len = strcspn(at, " =");
        const struct cmd_option *o = option_of(c, at, len);
        if (!o) {
            fail_msg("%s has no --%.*s", row->call.run, (int)len, at);
            return;
        }
        if ((o->value != NULL) != (len < width))
            fail_msg("%s --%.*s: a value?", row->call.run, (int)len, at);
        if (o->value && (strcmp(o->value, "FILE") == 0 ||
                         strcmp(o->value, "FOLDER") == 0))
            fail_msg("%s --%.*s names a path", row->call.run, (int)len, at);
        for (size_t i = 0; i < sizeof never / sizeof *never; i++)
            if (strlen(never[i]) == len && memcmp(never[i], at, len) == 0)
                fail_msg("%s --%.*s", row->call.run, (int)len, at);
        at += width + strspn(at + width, " ");
    }
}

/* Options that are required must be there to be given, or come from us. */
static void check_required(const struct call_row *row, const struct command *c)
{
    for (size_t i = 0; i < CMD_OPTIONS_MAX && c->options[i].name; i++) {
        const char *name = c->options[i].name;
        if (!c->options[i].required || strcmp(name, "as") == 0)
            continue;
        if (!strstr(row->call.flags, name))
            fail_msg("%s needs --%s", row->call.run, name);
    }
}

static void check_file(const struct call_row *row, const struct command *c)
{
    size_t at = (size_t)row->call.file_word + 1; /* after DIR */

    if (row->call.file == 'i' && c->input != at)
        fail_msg("%s: its input is argument %zu", row->call.run, c->input);
    if (row->call.file == 'o' && c->output != at)
        fail_msg("%s: its output is argument %zu", row->call.run, c->output);
    if (row->call.file != 'i' && c->input)
        fail_msg("%s reads a file", row->call.run);
    if (row->call.file != 'o' && row->call.file != 'n' && c->output)
        fail_msg("%s makes a file", row->call.run);
    if (row->call.file == 'f' && !option_of(c, "format", 6))
        fail_msg("%s has no --format", row->call.run);
}

static void test_rows_are_commands(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < call_row_count; i++) {
        const struct call_row *row = &call_rows[i];
        const struct command *c = command_of(row->call.run);
        if (!c) {
            fail_msg("there is no command %s", row->call.run);
            return;
        }
        if (c->access == CMD_ALONE)
            fail_msg("%s runs alone", row->call.run);
        check_flags(row, c);
        check_required(row, c);
        check_file(row, c);
        bool names = option_of(c, "as", 2) != NULL;
        if (names != (row->as != CALL_NOBODY))
            fail_msg("%s: who is named?", row->call.run);
        if (row->as == CALL_READS && !option_of(c, "why", 3))
            fail_msg("%s: no --why", row->call.run);
        if (row->roles & (1u << XG_ROLE_WORKER | 1u << XG_ROLE_HELPER |
                          1u << XG_ROLE_DELEGATE | 1u << XG_ROLE_SERVER))
            fail_msg("%s: for whom?", row->call.run);
        for (size_t k = 0; k < i; k++)
            if (strcmp(call_rows[k].call.run, row->call.run) == 0)
                fail_msg("%s twice", row->call.run);
    }
}

/* ---- calls ---- */

static enum xg_status parse_as(struct xg_call *call, uint32_t role,
                               const char *text, struct xg_error *err)
{
    return call_parse(call, xg_bytes_of(text), xg_role_find(role), &arena, err);
}

static void expect_words(const char *text, const char *expected)
{
    struct xg_error err = XG_ERROR_NONE;
    char joined[4096];
    struct xg_call call;
    int count = 0;
    size_t len = 0;

    assert_ok(parse_as(&call, XG_ROLE_DISPATCHER, text, &err));
    char **words = call_arguments(&call, &count, "/d", "op", &arena);
    assert_non_null(words);
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(joined + len, sizeof joined - len, "%s%s",
                                i ? "|" : "", words[i]);
    assert_string_equal(joined, expected);
    /* The command's own parser reads it as it was meant. */
    struct cmd c = {.json = false};
    assert_ok(cmd_parse(&c, count, (const char *const *)words, &err));
    assert_string_equal(c.args[0], "/d");
    assert_true(c.json);
    assert_int_equal(c.arg_count, call.word_count + 1);
    for (size_t i = 0; i < call.word_count; i++)
        assert_string_equal(c.args[i + 1], call.words[i]);
}

static void test_arguments(void **unused)
{
    (void)unused;
    expect_words("{\"run\":\"note\",\"words\":[\"--as\",\"--unsigned\"]}",
                 "note|--as=op|--json|--|/d|--as|--unsigned");
    expect_words("{\"run\":\"withdraw\",\"words\":[\"x\"],\"flags\":{\"why\":"
                 "\"--as=boss\"},\"lang\":\"zh\"}",
                 "withdraw|--why=--as=boss|--as=op|--json|--|/d|x");
    expect_words("{\"run\":\"do\",\"words\":[\"--\",\"--help\"]}",
                 "do|--as=op|--json|--|/d|--|--help");
}

static void refused(uint32_t role, const char *text, enum xg_status expected)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_call call;

    if (parse_as(&call, role, text, &err) != expected)
        fail_msg("%s: %s", text, xg_error_text(&err));
}

static void test_refusals(void **unused)
{
    static const char *const malformed[] = {
        "",
        "[]",
        "{}",
        "{\"run\":7}",
        "{\"run\":\"list\",\"run\":\"show\"}",
        "{\"run\":\"list\",\"dir\":\"/x\"}",
        "{\"run\":\"list\",\"as\":\"boss\"}",
        "{\"run\":\"list\",\"words\":\"x\"}",
        "{\"run\":\"list\",\"words\":[1]}",
        "{\"run\":\"list\",\"flags\":[]}",
        "{\"run\":\"list\",\"flags\":{\"open\":\"yes\"}}",
        "{\"run\":\"list\",\"flags\":{\"limit\":5}}",
        "{\"run\":\"list\",\"flags\":{\"as\":\"boss\"}}",
        "{\"run\":\"list\",\"flags\":{\"json\":true}}",
        "{\"run\":\"do\",\"flags\":{\"unsigned\":true}}",
        "{\"run\":\"do\",\"flags\":{\"password-fd\":\"0\"}}",
        "{\"run\":\"list\",\"lang\":\"fr\"}",
        "{\"run\":\"serve\"}",
        "{\"run\":\"init\"}",
        "{\"run\":\"redact\"}",
        "{\"run\":\"restore\"}",
        "{\"run\":\"operator key\"}",
        "{\"run\":\"list \"}",
        "{\"run\":\"photo get\",\"words\":[\"aaaa\",\"/etc/shadow\"]}",
        "{\"run\":\"export\",\"words\":[\"/tmp/x\"]}",
    };
    static const char taken_out[] =
        "{\"run\":\"backup\",\"words\":[\"/tmp/x\"]}";

    (void)unused;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        refused(XG_ROLE_DISPATCHER, malformed[i], XG_USAGE);
    refused(XG_ROLE_REGISTRAR,
            "{\"run\":\"list\",\"flags\":{\"why\":\"curious\"}}", XG_REFUSED);
    refused(XG_ROLE_AUDITOR, "{\"run\":\"accesses\"}", XG_OK);
    refused(XG_ROLE_REGISTRAR, taken_out, XG_USAGE);
    refused(XG_ROLE_REGISTRAR, "{\"run\":\"backup\"}", XG_OK);
}

/* Each row for each role: what is not granted is refused. */
static void test_roles(void **unused)
{
    char text[128];

    (void)unused;
    for (size_t i = 0; i < call_row_count; i++)
        for (const struct xg_role *r = xg_roles; r->name; r++) {
            /* Which bundle a role may take is another matter, below. */
            if (strcmp(call_rows[i].call.run, "bundle write") == 0)
                continue;
            snprintf(text, sizeof text, "{\"run\":\"%s\"}", call_rows[i].call.run);
            refused((uint32_t)r->number, text,
                    call_rows[i].roles & 1u << r->number ? XG_OK : XG_REFUSED);
        }
    /* The pillars, in words of their own. */
    refused(XG_ROLE_AUDITOR, "{\"run\":\"do\"}", XG_REFUSED);
    refused(XG_ROLE_AUDITOR, "{\"run\":\"operator add\"}", XG_REFUSED);
    refused(XG_ROLE_REGISTRAR, "{\"run\":\"show\"}", XG_REFUSED);
    refused(XG_ROLE_REGISTRAR, "{\"run\":\"do\"}", XG_REFUSED);
    refused(XG_ROLE_REGISTRAR, "{\"run\":\"photo get\"}", XG_REFUSED);
    refused(XG_ROLE_HANDLER, "{\"run\":\"operator list\"}", XG_REFUSED);
    refused(XG_ROLE_DISPATCHER, "{\"run\":\"worker add\"}", XG_REFUSED);
    refused(XG_ROLE_SUPERVISOR, "{\"run\":\"accesses\"}", XG_REFUSED);
#define BUNDLE(flags) "{\"run\":\"bundle write\",\"flags\":{" flags "}}"
    refused(XG_ROLE_AUDITOR, BUNDLE("\"audit\":true"), XG_OK);
    refused(XG_ROLE_AUDITOR, BUNDLE("\"for\":\"0001\",\"seal\":true"),
            XG_REFUSED);
    refused(XG_ROLE_REGISTRAR, BUNDLE("\"for\":\"0001\",\"seal\":true"), XG_OK);
    refused(XG_ROLE_REGISTRAR, BUNDLE("\"for\":\"0001\""), XG_REFUSED);
    refused(XG_ROLE_REGISTRAR, BUNDLE("\"audit\":true"), XG_REFUSED);
    refused(XG_ROLE_DISPATCHER, BUNDLE("\"audit\":true"), XG_REFUSED);
#undef BUNDLE
}

/* ---- sessions ---- */

static void begin_session(struct sessions *s, char token[SESSION_TOKEN_SIZE],
                          const char *code, int64_t now_ms)
{
    static const uint8_t secret[XG_SECRET_KEY_SIZE] = {1, 2, 3};
    struct xg_error err = XG_ERROR_NONE;
    struct account who = {.role = xg_role_find(XG_ROLE_DISPATCHER),
                          .signs = true};

    snprintf(who.code, sizeof who.code, "%s", code);
    assert_ok(sessions_begin(s, token, &who, secret, now_ms, &err));
}

static bool lives(struct sessions *s, const char *token, bool touched,
                  int64_t now_ms)
{
    struct session *session = sessions_take(s, token, touched, now_ms);

    if (session)
        sessions_let_go(s, session);
    return session != NULL;
}

static void test_sessions(void **unused)
{
    const int64_t minute = 60000;
    static struct sessions s;
    char a[SESSION_TOKEN_SIZE], b[SESSION_TOKEN_SIZE];

    (void)unused;
    sessions_init(&s);
    begin_session(&s, a, "op", 0);
    begin_session(&s, b, "op", 0);
    assert_string_not_equal(a, b);
    assert_false(lives(&s, "", true, 0));
    assert_false(lives(&s, "AAAA", true, 0));
    struct session *held = sessions_take(&s, a, false, 0);
    assert_non_null(held);
    assert_int_equal(held->secret[2], 3);
    /* It ends while it is worked for: the key stays until the work is done. */
    sessions_end(&s, held);
    assert_false(lives(&s, a, false, 0));
    assert_true(sessions_over(&s, held, 0));
    assert_int_equal(held->secret[2], 3);
    sessions_let_go(&s, held);

    /* Untouched for half an hour; asking alone is no touch. */
    assert_true(lives(&s, b, false, 29 * minute));
    assert_false(lives(&s, b, true, 30 * minute));
    assert_int_equal(sessions_count(&s, "op", 30 * minute), 0);

    /* Twelve hours, however busy. */
    begin_session(&s, a, "op", 0);
    for (int64_t at = 0; at < 12 * 60; at += 20)
        assert_true(lives(&s, a, true, at * minute));
    assert_false(lives(&s, a, true, 12 * 60 * minute));

    /* All of one operator's but one. */
    begin_session(&s, a, "op", 0);
    begin_session(&s, b, "op", 0);
    held = sessions_take(&s, b, false, 0);
    sessions_end_of(&s, "op", held);
    sessions_let_go(&s, held);
    assert_false(lives(&s, a, false, 0));
    assert_true(lives(&s, b, false, 0));

    /* The oldest goes. */
    for (int i = 1; i <= SESSIONS_EACH; i++)
        begin_session(&s, a, "op", i);
    assert_false(lives(&s, b, false, 10));
    assert_int_equal(sessions_count(&s, "op", 10), SESSIONS_EACH);
    sessions_clear(&s);
}

static void test_sessions_have_an_end(void **unused)
{
    struct account who = {.role = xg_role_find(XG_ROLE_DISPATCHER)};
    struct xg_error err = XG_ERROR_NONE;
    static struct sessions s;
    char token[SESSION_TOKEN_SIZE] = "untouched";

    (void)unused;
    sessions_init(&s);
    for (int i = 0; i < SESSIONS_MAX; i++) {
        char other[SESSION_TOKEN_SIZE];
        snprintf(who.code, sizeof who.code, "o%d", i / SESSIONS_EACH);
        assert_ok(sessions_begin(&s, other, &who, NULL, i, &err));
    }
    snprintf(who.code, sizeof who.code, "late");
    assert_status(sessions_begin(&s, token, &who, NULL, 0, &err), XG_BUSY);
    assert_string_equal(token, "untouched");
    /* Those that are over make room. */
    assert_ok(sessions_begin(&s, token, &who, NULL,
                             SESSION_IDLE_MIN * INT64_C(60000), &err));
    sessions_clear(&s);
}

/* ---- what one may take ---- */

static struct quota quota; /* of the test that runs */

static unsigned waiting_of(const char *code)
{
    unsigned waiting = 0;

    pthread_mutex_lock(&quota.lock);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (strcmp(quota.each[i].code, code) == 0)
            waiting = quota.each[i].waiting;
    pthread_mutex_unlock(&quota.lock);
    return waiting;
}

static void *run_once(void *code)
{
    assert_true(quota_begin_run(&quota, code));
    return NULL;
}

static void test_runs_take_turns(void **unused)
{
    static char many[] = "many", few[] = "few";
    pthread_t fourth, first;

    (void)unused;
    quota_init(&quota);
    for (int i = 0; i < QUOTA_RUNS_EACH; i++)
        assert_true(quota_begin_run(&quota, many));
    /* Hers wait, another's do not. */
    assert_int_equal(pthread_create(&fourth, NULL, run_once, many), 0);
    while (waiting_of(many) == 0)
        sched_yield();
    assert_true(quota_begin_run(&quota, few));
    /* All places are taken: who has fewer is next, though she came later. */
    while (quota.all.running < QUOTA_RUNS)
        assert_true(quota_begin_run(&quota, quota.all.running % 2 ? "x" : "y"));
    quota_end_run(&quota, few);
    assert_true(quota_begin_run(&quota, "z"));
    assert_int_equal(pthread_create(&first, NULL, run_once, few), 0);
    while (waiting_of(few) == 0)
        sched_yield();
    quota_end_run(&quota, many);
    assert_int_equal(pthread_join(first, NULL), 0);
    assert_int_equal(waiting_of(many), 1);
    quota_end_run(&quota, "z");
    assert_int_equal(pthread_join(fourth, NULL), 0);
    /* Nor may any number of hers wait. */
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (strcmp(quota.each[i].code, many) == 0)
            quota.each[i].waiting = QUOTA_CALLS_EACH - quota.each[i].running;
    assert_false(quota_begin_run(&quota, many));
    quota_clear(&quota);
}

static void test_quotas(void **unused)
{
    const uint64_t mib = 1 << 20, large = (uint64_t)16 << 30;

    (void)unused;
    quota_init(&quota);
    /* So many, so large together; one alone as large as it is. */
    assert_true(quota_begin(&quota, "a", QUOTA_FEED, large));
    assert_false(quota_begin(&quota, "a", QUOTA_FEED, 1));
    assert_true(quota_begin(&quota, "b", QUOTA_FEED, 200 * mib));
    assert_false(quota_begin(&quota, "b", QUOTA_FEED, 100 * mib));
    assert_false(quota_begin(&quota, "b", QUOTA_FEED, UINT64_MAX));
    assert_true(quota_begin(&quota, "b", QUOTA_FEED, 56 * mib));
    assert_true(quota_bytes(&quota, QUOTA_FEED) == large + 256 * mib);
    quota_end(&quota, "a", QUOTA_FEED, large);
    assert_true(quota_begin(&quota, "a", QUOTA_FEED, 1));
    quota_end(&quota, "a", QUOTA_FEED, 1);
    for (int i = 0; i < 16; i++)
        assert_true(quota_begin(&quota, "a", QUOTA_STREAM, 0));
    assert_false(quota_begin(&quota, "a", QUOTA_STREAM, 0));
    assert_true(quota_begin(&quota, "b", QUOTA_STREAM, 0));
    /* Of all together. */
    char code[16];
    for (int i = 0; i < 32; i++) {
        snprintf(code, sizeof code, "o%d", i);
        assert_true(quota_begin(&quota, code, QUOTA_ANSWER, 32 * mib));
    }
    assert_false(quota_begin(&quota, "a", QUOTA_ANSWER, 1));
    quota_end(&quota, "o0", QUOTA_ANSWER, 32 * mib);
    assert_true(quota_begin(&quota, "a", QUOTA_ANSWER, 32 * mib));
    /* A file that is made is refused for those before it alone. */
    assert_true(quota_begin(&quota, "a", QUOTA_FILE, 1024 * mib));
    assert_true(quota_begin(&quota, "a", QUOTA_FILE, large));
    assert_false(quota_begin(&quota, "a", QUOTA_FILE, 1));
    assert_true(quota_begin(&quota, "b", QUOTA_FILE, 1));
    quota_end(&quota, "a", QUOTA_FILE, large);
    assert_true(quota_begin(&quota, "a", QUOTA_FILE, 1));
    quota_clear(&quota);
}

/* ---- where from ---- */

static int asked(const char *host, const char *origin, const char *site,
                 bool is_page)
{
    struct xg_http_field headers[5];
    struct xg_request request = {.headers = headers};
    struct xg_response response;
    struct guard g;

    guard_init(&g, false, "https://desk.example:7444");
    if (host)
        headers[request.header_count++] = (struct xg_http_field){"Host", host};
    if (origin)
        headers[request.header_count++] =
            (struct xg_http_field){"Origin", origin};
    if (site)
        headers[request.header_count++] =
            (struct xg_http_field){"Sec-Fetch-Site", site};
    headers[request.header_count++] =
        (struct xg_http_field){"Sec-Fetch-Mode", "navigate"};
    headers[request.header_count++] =
        (struct xg_http_field){"Sec-Fetch-Dest", "document"};
    xg_response_init(&response);
    int status = guard_origin(&g, &request, is_page, &response)
                     ? 200
                     : response.http_status;
    xg_response_clear(&response);
    return status;
}

static void test_where_from(void **unused)
{
    (void)unused;
    assert_int_equal(asked("10.0.0.5:7444", NULL, NULL, false), 200);
    assert_int_equal(asked("[fd00::1]:7444", NULL, NULL, false), 200);
    assert_int_equal(asked("localhost:7444", NULL, NULL, false), 200);
    assert_int_equal(asked("desk.example:7444", NULL, NULL, false), 200);
    assert_int_equal(asked("DESK.example", NULL, NULL, false), 200);
    /* A stranger's name that points here. */
    assert_int_equal(asked("evil.example:7444", NULL, NULL, true), 403);
    assert_int_equal(asked("127.0.0.1.evil.example", NULL, NULL, true), 403);
    assert_int_equal(asked("desk.example.evil:7444", NULL, NULL, true), 403);
    assert_int_equal(asked("[::1].evil", NULL, NULL, true), 403);
    assert_int_equal(asked("10.0.0.5:7444@evil.example", NULL, NULL, true), 403);
    assert_int_equal(asked("10.0.0.5:7444.evil", NULL, NULL, true), 403);
    assert_int_equal(asked("", NULL, NULL, true), 403);
    assert_int_equal(asked(NULL, NULL, NULL, true), 403);
    /* A stranger's page. */
    assert_int_equal(asked("10.0.0.5:1", "https://10.0.0.5:1", "same-origin",
                           false), 200);
    assert_int_equal(asked("10.0.0.5:1", "http://10.0.0.5:1", NULL, false), 403);
    assert_int_equal(asked("10.0.0.5:1", "https://10.0.0.5:2", NULL, false),
                     403);
    assert_int_equal(asked("10.0.0.5:1", "https://evil.example", NULL, true),
                     403);
    assert_int_equal(asked("10.0.0.5:1", "null", NULL, false), 403);
    assert_int_equal(asked("10.0.0.5:1", NULL, "cross-site", false), 403);
    assert_int_equal(asked("10.0.0.5:1", NULL, "same-site", false), 403);
    assert_int_equal(asked("10.0.0.5:1", NULL, "cross-site", true), 200);
    assert_int_equal(asked("10.0.0.5:1", "https://desk.example:7444", NULL,
                           false), 200);
}

/* ---- a board that lags ---- */

enum { SIZE = 7, BEHIND = 5 };

/* As if its thread were at work on more than a command takes in. */
static void let_it_lag(struct board *b)
{
    struct xg_error err = XG_ERROR_NONE;
    struct board_at at;

    assert_ok(board_take_in(b, &at, UINT64_MAX, &err));
    b->followed = b->lags = true;
    b->left = (struct board_at){SIZE, BEHIND};
}

static struct cmd executed(struct office *o, const char *text, bool framed,
                           struct xg_buf *errors)
{
    const char *words[16];
    struct xg_error err = XG_ERROR_NONE;
    struct cmd c = {.out = XG_BUF(1 << 20)};
    int count = 0;
    char *rest, *copy = xg_arena_str(&arena, text, strlen(text));

    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        words[count++] = w;
    assert_ok(cmd_parse(&c, count, words, &err));
    c.env = &o->env;
    c.data = o->d;
    c.framed = framed;
    int code = cmd_execute(&c, errors);
    if (code != 0 && code != xg_status_exit(XG_CONFLICT))
        fail_msg("%s: %d %s", text, code, xg_buf_str(errors));
    return c;
}

/* The last line of what it wrote has both, as its only or its last members. */
static void check_lag(struct office *o, const char *text, bool is_one_object)
{
    struct xg_buf errors = XG_BUF(1 << 16);
    struct cmd c = executed(o, text, false, &errors);
    const char *out = xg_buf_str(&c.out), *end = out + c.out.len;

    assert_int_equal(end[-1], '\n');
    const char *line = end - 1;
    while (line > out && line[-1] != '\n')
        line--;
    json_t *json = json_loads(line, 0, NULL);
    if (json_integer_value(json_object_get(json, "behind")) != BEHIND ||
        (json_object_size(json) == 2) == is_one_object)
        fail_msg("%s: %s", text, line);
    json_decref(json);
    assert_true(c.board.read);
    assert_int_equal(errors.len, 0);
    xg_buf_clear(&c.out);
    /* Who has a frame says it there. */
    c = executed(o, text, true, &errors);
    assert_true(c.board.read && c.board.size == SIZE &&
                c.board.behind == BEHIND);
    assert_true(is_one_object || !strstr(xg_buf_str(&c.out), "behind"));
    xg_buf_clear(&c.out);
    xg_buf_clear(&errors);
}

/* All that lies in a workbook, as it is before it is packed. */
static struct xg_buf unpacked(struct xg_bytes book)
{
    static const uint8_t local[] = {'P', 'K', 3, 4};
    enum { HEAD = 30, NAME = 26, EXTRA = 28, PIECE = 1 << 16 };
    struct xg_buf all = XG_BUF(8 << 20);
    uint8_t piece[PIECE];

    for (size_t at = 0; at + HEAD < book.len; at++) {
        const uint8_t *p = book.at + at;
        if (memcmp(p, local, sizeof local) != 0)
            continue;
        size_t skip = HEAD + (size_t)(p[NAME] | p[NAME + 1] << 8) +
                      (size_t)(p[EXTRA] | p[EXTRA + 1] << 8);
        z_stream z = {.next_in = (Bytef *)(uintptr_t)(p + skip),
                      .avail_in = (uInt)(book.len - at - skip)};
        assert_int_equal(inflateInit2(&z, -MAX_WBITS), Z_OK);
        int got = Z_OK;
        while (got == Z_OK) {
            z.next_out = piece;
            z.avail_out = PIECE;
            got = inflate(&z, Z_NO_FLUSH);
            xg_buf_append(&all, piece, PIECE - z.avail_out);
        }
        assert_int_equal(got, Z_STREAM_END);
        assert_int_equal(inflateEnd(&z), Z_OK);
    }
    xg_buf_byte(&all, 0);
    assert_int_equal(all.failed, XG_OK);
    return all;
}

/* A sheet goes from hand to hand: it says so itself, and how far it is; what
 * has all of it says at most that. */
static void check_sheet(struct office *o, const char *text, bool lags)
{
    static const char said[] = "as of log entry 7; 5 are not taken in yet";
    struct xg_buf errors = XG_BUF(1 << 16);
    struct cmd c = executed(o, text, true, &errors);
    bool is_book = strstr(text, "xlsx") != NULL;
    struct xg_buf all =
        is_book ? unpacked(xg_buf_bytes(&c.out)) : XG_BUF(1 << 16);
    const char *in = is_book ? (const char *)all.data : xg_buf_str(&c.out);

    if ((strstr(in, said) != NULL) != lags)
        fail_msg("%s: %s", text, in);
    if (is_book && !strstr(in, "as of log entry "))
        fail_msg("%s: %s", text, in);
    if (!is_book && !lags)
        assert_null(strstr(in, "as of"));
    xg_buf_clear(&all);
    xg_buf_clear(&c.out);
    xg_buf_clear(&errors);
}

/* In words, once, where people read; of a file also beside it. */
static void check_said(struct office *o, const char *text, bool is_file)
{
    const char *said = "5 ";
    struct xg_buf errors = XG_BUF(1 << 16);
    struct cmd c = executed(o, text, false, &errors);
    const char *out = xg_buf_str(&c.out), *there = strstr(out, said);

    if (!there || strstr(there + 1, said) ||
        (is_file ? !strstr(xg_buf_str(&errors), said) : errors.len))
        fail_msg("%s: %s / %s", text, out, xg_buf_str(&errors));
    xg_buf_clear(&c.out);
    xg_buf_clear(&errors);
}

static void test_a_board_that_lags(void **unused)
{
    static const char *const lines[] = {
        "list --json x",     "list --json --points x", "overdue --json x",
        "patrols --json x",  "coverage --json x",      "account --json x wn",
        "attention --json x --as head",
        "report --json x filed --cases filed",
    };
    static const char *const objects[] = {
        "list --json --count x", "counts --json x", "report --json x",
        "review --json x"};
    static const char *const texts[] = {"list x", "overdue x", "patrols x",
                                        "counts x", "coverage x", "report x"};
    static const char *const sheets[] = {
        "list --format csv x",    "list --format xlsx x",
        "report --format csv x",  "report --format xlsx x",
        "review --format xlsx x", "report x filed --cases filed --format csv"};
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    xg_lang_thread(XG_LANG_EN);
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++)
        check_sheet(&o, sheets[i], false);
    let_it_lag(o.d->board);
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++)
        check_sheet(&o, sheets[i], true);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check_lag(&o, lines[i], false);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        check_lag(&o, objects[i], true);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_said(&o, texts[i], false);
    check_said(&o, "list --format csv x", true);
    check_said(&o, "report --format csv x", true);
    /* One that has all of it says nothing. */
    o.d->board->lags = false;
    struct xg_buf errors = XG_BUF(1 << 16);
    struct cmd c = executed(&o, "list --json x", false, &errors);
    assert_int_equal(c.out.len, 0);
    xg_buf_clear(&c.out);
    xg_buf_clear(&errors);
    office_close(&o);
}

/* ---- names ---- */

/* As long as one may be, and whole: cut within a character it would be none. */
static void test_a_long_name_is_told_whole(void **unused)
{
    struct xg_buf errors = XG_BUF(1 << 16);
    struct xg_error err = XG_ERROR_NONE;
    char name[STORE_NAME_MAX + 1] = "", text[80], id[2 * XG_ID_SIZE + 1];
    struct desk_done done;
    struct xg_draft d;
    struct office o;

    (void)unused;
    for (size_t i = 0; i + 3 < sizeof name; i += 3)
        memcpy(name + i, "兰", 3);
    office_open(&o, NULL);
    assert_ok(registry_add_worker(o.d->registry, "ln", name,
                                  xg_role_find(XG_ROLE_WORKER), "north",
                                  &err));
    xg_draft_init(&d, &o.arena, XG_KIND_INCIDENT);
    d.head.creates = true;
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    test_text(&d, XG_FIELD_GRID, "north");
    assert_ok(desk_write(&done, o.d, &d, "ln", NULL, &err));
    xg_hex(id, done.id.b, XG_ID_SIZE);
    snprintf(text, sizeof text, "history --json x %s", id);
    struct cmd c = executed(&o, text, true, &errors);
    json_t *json = json_loads(xg_buf_str(&c.out), JSON_DISABLE_EOF_CHECK, NULL);
    const char *told =
        json_string_value(json_object_get(json, "author_name"));
    assert_non_null(told);
    assert_string_equal(told, name);
    json_decref(json);
    xg_buf_clear(&c.out);
    xg_buf_clear(&errors);
    office_close(&o);
}

/* ---- what changed ---- */

/* The line for whoever works there, of the rounds from `next` on. */
static void told(struct events *e, uint64_t next, const char *within,
                 const char *has, const char *has_not)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf line = XG_BUF(64 << 10);

    assert_ok(events_tell(&line, e, &next, within,
                          xg_role_find(XG_ROLE_DISPATCHER), &err));
    assert_int_equal(next, events_next(e));
    if (has ? !strstr(xg_buf_str(&line), has) : line.len)
        fail_msg("%s: %s", within, xg_buf_str(&line));
    if (has_not && strstr(xg_buf_str(&line), has_not))
        fail_msg("%s: %s", within, xg_buf_str(&line));
    xg_buf_clear(&line);
}

static void wait_for_round(struct events *e, uint64_t after)
{
    const struct timespec pause = {0, 20000000};

    for (int i = 0; i < 1000 && events_next(e) <= after; i++)
        nanosleep(&pause, NULL);
    assert_true(events_next(e) > after);
}

/* How far the log is that was told of. */
static uint64_t told_until(struct events *e, uint64_t next)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf line = XG_BUF(64 << 10);
    unsigned long long at = 0;

    assert_ok(events_tell(&line, e, &next, NULL, NULL, &err));
    sscanf(xg_buf_str(&line), "{\"changed\":true,\"at\":%llu", &at);
    xg_buf_clear(&line);
    return at;
}

static void test_what_changed_is_told(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct events *e;
    struct office o;

    (void)unused;
    office_open_files(&o);
    assert_ok(events_start(&e, o.d, &err));
    office_report(&o, "lamp");
    wait_for_round(e, 0);
    told(e, 0, "north", "\"kinds\":{\"incident\":1},\"cases\":[\"", "null");
    told(e, 0, "top", "\"units\":[\"north\"]}\n", "null");
    told(e, 0, "south", NULL, NULL);
    uint64_t before = events_next(e);
    told(e, before, "north", NULL, NULL);
    /* More than a line has room for: the count is right, and the reader looks
     * for herself. */
    for (int i = 0; i <= EVENTS_TOLD_MAX; i++)
        office_report(&o, "lamp");
    uint64_t size = office_log_size(&o);
    for (int i = 0; i < 1000 && told_until(e, before) < size; i++)
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    told(e, before, "north", "\"cases\":null,\"units\":[\"north\"]", NULL);
    /* Who fell behind what is kept, too. */
    told(e, events_next(e) - EVENTS_KEPT - 1, "south",
         "\"cases\":null,\"units\":null", NULL);
    events_stop(e);
    office_close(&o);
}

/* A round has as many as it may, and one more. */
static void test_a_round_has_its_most(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    char kinds[64];
    struct events *e;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    assert_ok(events_open(&e, o.d, &err));
    for (int i = 0; i < EVENTS_ENTITIES_MAX; i++)
        office_report(&o, "lamp");
    events_look(e);
    snprintf(kinds, sizeof kinds, "\"kinds\":{\"incident\":%d}",
             EVENTS_ENTITIES_MAX);
    assert_int_equal(events_next(e), 1);
    told(e, 0, "north", kinds, NULL);
    told(e, 0, "north", "\"cases\":null,\"units\":[\"north\"]", NULL);
    told(e, 0, "south", NULL, NULL);
    for (int i = 0; i <= EVENTS_ENTITIES_MAX; i++)
        office_report(&o, "lamp");
    events_look(e);
    assert_int_equal(events_next(e), 2);
    told(e, 1, "north", "\"cases\":null,\"units\":null", NULL);
    told(e, 1, "south", "\"cases\":null,\"units\":null", NULL);
    assert_int_equal(told_until(e, 1), office_log_size(&o));
    /* It goes on behind what was cut. */
    events_look(e);
    assert_int_equal(events_next(e), 2);
    office_report(&o, "lamp");
    events_look(e);
    told(e, 2, "north", "\"kinds\":{\"incident\":1},\"cases\":[\"", "null");
    events_stop(e);
    office_close(&o);
}

/* What changed and cannot be read is told nevertheless, at each call that may
 * fail; and it is told once. */
static void test_a_round_that_cannot_be_read(void **unused)
{
    struct store_fault fault = {.status = XG_OK};
    struct xg_error err = XG_ERROR_NONE;
    struct events *e;
    struct office o;
    size_t failures = 0;

    (void)unused;
    office_open(&o, &fault);
    assert_ok(events_open(&e, o.d, &err));
    office_report(&o, "lamp");
    events_look(e); /* opens its reader */
    for (uint64_t call = 0;; call++) {
        uint64_t before = events_next(e);
        office_report(&o, "lamp");
        uint64_t size = office_log_size(&o);
        fault = (struct store_fault){.countdown = call, .status = XG_IO};
        events_look(e);
        bool failed = fault.failed > 0;
        fault.status = XG_OK;
        events_look(e);
        assert_int_equal(events_next(e), before + 1);
        assert_int_equal(told_until(e, before), size);
        if (!failed)
            break;
        failures++;
        told(e, before, "south", "\"cases\":null,\"units\":null", NULL);
    }
    assert_int_equal(failures, 2); /* begins to read, reads */
    events_stop(e);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_commands),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_sessions_have_an_end),
        cmocka_unit_test(test_runs_take_turns),
        cmocka_unit_test(test_quotas),
        cmocka_unit_test(test_where_from),
        cmocka_unit_test(test_a_long_name_is_told_whole),
        cmocka_unit_test(test_what_changed_is_told),
        cmocka_unit_test(test_a_round_has_its_most),
        cmocka_unit_test(test_a_round_that_cannot_be_read),
        cmocka_unit_test(test_a_board_that_lags),
    };

    arena = XG_ARENA(16 << 20);
    int failed =
        xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    xg_arena_clear(&arena);
    return failed;
}
