/* test_console_run.c - a call of the page that is run: what an answer of a
 * moment ago is given for (server/console/lately.h), to whoever may see the
 * same and to nobody else; and files that are refused before anything runs. The
 * command behind them is one that counts. And how many passwords are tried at
 * once.
 */
#include "tests/lib/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/console/inside.h"
#include "tests/lib/folder.h"
#include "tests/lib/office.h"

/* ---- answers of a moment ago, by themselves ---- */

static struct xg_hash question(unsigned n)
{
    struct xg_hash h = {{(uint8_t)n, (uint8_t)(n >> 8)}};

    return h;
}

static bool finds(struct lately *l, unsigned n, const char *text,
                  int64_t now_ms)
{
    struct xg_buf out = XG_BUF(LATELY_BYTES);
    struct xg_hash h = question(n);
    struct lately_look look;
    bool found = lately_find(l, &out, &h, now_ms, &look);

    if (found)
        assert_string_equal(xg_buf_str(&out), text);
    else
        lately_found(l, &look, (struct xg_bytes){0}, now_ms);
    xg_buf_clear(&out);
    return found;
}

static void look_for(struct lately *l, unsigned n, struct lately_look *look,
                     int64_t now_ms)
{
    struct xg_buf out = XG_BUF(LATELY_BYTES);
    struct xg_hash h = question(n);

    assert_false(lately_find(l, &out, &h, now_ms, look));
    xg_buf_clear(&out);
}

static void keep(struct lately *l, unsigned n, const char *text, int64_t now_ms)
{
    struct lately_look look;

    look_for(l, n, &look, now_ms);
    lately_found(l, &look, xg_bytes_of(text), now_ms);
}

static void test_kept_for_a_second(void **unused)
{
    static struct lately l;

    (void)unused;
    lately_init(&l);
    assert_false(finds(&l, 0, "", 0)); /* the hash of nothing is no question */
    keep(&l, 1, "one", 5000);
    keep(&l, 2, "two", 5500);
    assert_true(finds(&l, 1, "one", 5999));
    assert_true(finds(&l, 2, "two", 5999));
    assert_false(finds(&l, 3, "", 5999));
    assert_false(finds(&l, 1, "", 6000));
    assert_true(finds(&l, 2, "two", 6000));
    lately_clear(&l);
}

static void test_an_act_makes_all_old(void **unused)
{
    static struct lately l;
    struct lately_look look;

    (void)unused;
    lately_init(&l);
    keep(&l, 1, "one", 0);
    lately_acted(&l);
    assert_false(finds(&l, 1, "", 0));
    keep(&l, 1, "new", 0);
    assert_true(finds(&l, 1, "new", 0));
    /* Looked for before the act, and found after it: it may not be in it. */
    look_for(&l, 3, &look, 0);
    lately_acted(&l);
    lately_found(&l, &look, xg_bytes_of("late"), 0);
    assert_false(finds(&l, 3, "", 0));
    lately_clear(&l);
}

/* ---- several who ask in the same moment ---- */

struct asker {
    struct lately *lately;
    pthread_t thread;
    unsigned question;
    char text[16]; /* what she was given; else what she finds herself */
    bool given;
};

static void *ask(void *ctx)
{
    struct asker *a = ctx;
    struct xg_buf out = XG_BUF(LATELY_BYTES);
    struct xg_hash h = question(a->question);
    struct lately_look look;

    a->given = lately_find(a->lately, &out, &h, 0, &look);
    if (a->given)
        snprintf(a->text, sizeof a->text, "%s", xg_buf_str(&out));
    else
        lately_found(a->lately, &look, (struct xg_bytes){0}, 0);
    xg_buf_clear(&out);
    return NULL;
}

enum { ASKERS = 8 };

static void begin_to_ask(struct asker *askers, struct lately *l)
{
    for (size_t i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.lately = l, .question = 1};
        assert_int_equal(
            pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    /* So that some of them wait; those that come later are right as well. */
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static unsigned count_given(struct asker *askers, const char *text)
{
    unsigned given = 0;

    for (size_t i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        if (askers[i].given)
            assert_string_equal(askers[i].text, text);
        given += askers[i].given;
    }
    return given;
}

static void test_who_asks_the_same_waits_for_the_answer(void **unused)
{
    static struct lately l;
    struct asker askers[ASKERS];
    struct lately_look look, other;

    (void)unused;
    lately_init(&l);
    look_for(&l, 1, &look, 0);
    look_for(&l, 2, &other, 0); /* another question waits for nobody */
    begin_to_ask(askers, &l);
    lately_found(&l, &other, xg_bytes_of("two"), 0);
    lately_found(&l, &look, xg_bytes_of("one"), 0);
    assert_int_equal(count_given(askers, "one"), ASKERS);

    /* It failed, or was too long: nobody waits twice. */
    lately_acted(&l);
    look_for(&l, 1, &look, 0);
    begin_to_ask(askers, &l);
    lately_found(&l, &look, (struct xg_bytes){0}, 0);
    assert_int_equal(count_given(askers, ""), 0);
    lately_clear(&l);
}

static void test_an_act_ends_the_waiting(void **unused)
{
    static struct lately l;
    struct asker askers[ASKERS];
    struct lately_look look;

    (void)unused;
    lately_init(&l);
    look_for(&l, 1, &look, 0);
    begin_to_ask(askers, &l);
    lately_acted(&l);
    /* They look themselves, though she has not ended. */
    assert_int_equal(count_given(askers, ""), 0);
    lately_found(&l, &look, xg_bytes_of("old"), 0);
    assert_false(finds(&l, 1, "", 0));
    lately_clear(&l);
}

static void test_few_and_small_ones_are_kept(void **unused)
{
    static struct lately l;
    static char large[LATELY_BYTES + 2];

    (void)unused;
    lately_init(&l);
    memset(large, 'x', LATELY_BYTES);
    keep(&l, 1, large, 0);
    assert_true(finds(&l, 1, large, 0));
    large[LATELY_BYTES] = 'x';
    keep(&l, 2, large, 0);
    assert_false(finds(&l, 2, "", 0));
    for (unsigned n = 10; n < 10 + LATELY_KEPT; n++)
        keep(&l, n, "a", 0);
    assert_false(finds(&l, 1, "", 0)); /* the oldest went */
    for (unsigned n = 10; n < 10 + LATELY_KEPT; n++)
        assert_true(finds(&l, n, "a", 0));
    lately_clear(&l);
}

/* ---- a console without a socket ---- */

static const char list[] = "{\"run\":\"list\",\"flags\":{\"open\":true}}";
static const char act[] = "{\"run\":\"do\",\"words\":[\"x\",\"accept\"]}";

struct desk {
    struct office o;
    struct console c;
    struct xg_arena arena;
    unsigned runs;
    int exit;      /* with which the command ends */
    bool acts_too; /* somebody else does something meanwhile */
};

static void run(void *ctx, const struct console_order *order,
                struct console_done *done)
{
    struct desk *d = ctx;

    xg_buf_format(&done->out, "{\"run\":%u,\"of\":\"%s\"}\n", ++d->runs,
                  order->within ? order->within : "");
    done->exit = d->exit;
    if (d->acts_too)
        lately_acted(&d->c.lately);
}

/* With an office that has been opened. */
static void desk_furnish(struct desk *d)
{
    struct xg_error err = XG_ERROR_NONE;

    d->arena = XG_ARENA(4 << 20);
    d->c.options = (struct console_options){.data = d->o.d,
                                            .dir = "/nowhere",
                                            .plain = true,
                                            .runner = {d, run}};
    guard_init(&d->c.guard, true, NULL);
    sessions_init(&d->c.sessions);
    quota_init(&d->c.quota);
    lately_init(&d->c.lately);
    places_init(&d->c.tries, CONSOLE_TRIES);
    assert_ok(events_start(&d->c.events, d->o.d, &err));
}

static void desk_open(struct desk *d)
{
    memset(d, 0, sizeof *d);
    office_open_files(&d->o); /* events have a thread */
    desk_furnish(d);
}

static void desk_close(struct desk *d)
{
    events_stop(d->c.events);
    places_clear(&d->c.tries);
    lately_clear(&d->c.lately);
    quota_clear(&d->c.quota);
    sessions_clear(&d->c.sessions);
    xg_arena_clear(&d->arena);
    office_close(&d->o);
}

/* Her token. */
static const char *log_in(struct desk *d, const char *code, uint32_t role,
                          const char *unit)
{
    char *token = xg_arena_alloc(&d->arena, SESSION_TOKEN_SIZE);
    struct xg_error err = XG_ERROR_NONE;
    struct account who;

    assert_non_null(token);
    assert_ok(account_add(d->o.d, code, code, xg_role_find(role), unit, &err));
    assert_ok(account_read(d->o.d, &who, code, &err));
    assert_ok(sessions_begin(&d->c.sessions, token, &who, NULL,
                             console_now_ms(&d->c), &err));
    return token;
}

struct asked {
    const char *call;
    const char *lang; /* NULL: English */
    bool touched;
    const char *in_header; /* the call, where the body is a file */
};

struct sent {
    struct xg_http_field headers[6];
    char bearer[64];
    struct xg_request request;
};

static void send_by(struct sent *s, struct desk *d, const char *token,
                    const struct asked *a)
{
    snprintf(s->bearer, sizeof s->bearer, "Bearer %s", token);
    s->request = (struct xg_request){.method = "POST",
                                     .headers = s->headers,
                                     .body = xg_bytes_of(a->call),
                                     .peer = "127.0.0.1",
                                     .arena = &d->arena};
#define HEADER(name, value)                                                    \
    s->headers[s->request.header_count++] = (struct xg_http_field){name, value}
    HEADER("Host", "127.0.0.1");
    HEADER("Authorization", s->bearer);
    HEADER("Content-Type", "application/json");
    HEADER("Accept-Language", a->lang ? a->lang : "en");
    if (a->touched)
        HEADER("Xunge-Touch", "1");
    if (a->in_header)
        HEADER("Xunge-Call", a->in_header);
#undef HEADER
}

/* Which run the answer is of. */
static unsigned answered(struct desk *d, const char *token, struct asked a)
{
    struct xg_response response;
    struct sent sent;
    unsigned of = 0;

    send_by(&sent, d, token, &a);
    xg_response_init(&response);
    run_post(&d->c, &sent.request, &response);
    assert_int_equal(response.http_status, 200);
    assert_int_equal(
        sscanf(xg_buf_str(&response.body), "{\"run\":%u,", &of), 1);
    assert_non_null(strstr(xg_buf_str(&response.body), "{\"exit\":"));
    xg_response_clear(&response);
    return of;
}

static unsigned again(struct desk *d, const char *token)
{
    return answered(d, token, (struct asked){.call = list});
}

static void test_once_for_all_who_see_the_same(void **unused)
{
    static struct desk d;

    (void)unused;
    desk_open(&d);
    const char *one = log_in(&d, "d1", XG_ROLE_DISPATCHER, "north");
    const char *two = log_in(&d, "d2", XG_ROLE_DISPATCHER, "north");
    const char *other_unit = log_in(&d, "d3", XG_ROLE_DISPATCHER, "south");
    const char *above = log_in(&d, "d4", XG_ROLE_DISPATCHER, "top");
    const char *other_role = log_in(&d, "s1", XG_ROLE_SUPERVISOR, "north");
    const char *everywhere = log_in(&d, "r1", XG_ROLE_REGISTRAR, "north");

    assert_int_equal(again(&d, one), 1);
    assert_int_equal(again(&d, two), 1);
    assert_int_equal(again(&d, other_unit), 2);
    assert_int_equal(again(&d, above), 3);
    assert_int_equal(again(&d, other_role), 4);
    assert_int_equal(again(&d, everywhere), 5);
    /* Its words are of a language; by the browser, or by the call. */
    assert_int_equal(
        answered(&d, two, (struct asked){.call = list, .lang = "zh"}), 6);
    assert_int_equal(
        answered(&d, one, (struct asked){.call = list, .lang = "zh"}), 6);
    /* Another question. */
    assert_int_equal(
        answered(&d, two, (struct asked){.call = "{\"run\":\"list\"}"}), 7);
    assert_int_equal(
        answered(&d, two, (struct asked){.call = "{\"run\":\"counts\"}"}), 8);
    assert_int_equal(
        answered(&d, one, (struct asked){.call = "{\"run\":\"counts\"}"}), 8);
    assert_int_equal(again(&d, one), 1);
    /* A second later. */
    d.o.world.mono_ms += LATELY_MS;
    assert_int_equal(again(&d, one), 9);
    desk_close(&d);
}

static void test_who_touches_is_answered_anew(void **unused)
{
    static struct desk d;

    (void)unused;
    desk_open(&d);
    const char *one = log_in(&d, "d1", XG_ROLE_DISPATCHER, "north");
    const struct asked touched = {.call = list, .touched = true};
    assert_int_equal(again(&d, one), 1);
    assert_int_equal(answered(&d, one, touched), 2);
    assert_int_equal(answered(&d, one, touched), 3);
    assert_int_equal(again(&d, one), 1); /* she asked for herself alone */
    desk_close(&d);
}

static void test_what_is_never_given_again(void **unused)
{
    /* Personal, for whoever gave her reason; or of one case. */
    static const char *const calls[] = {
        "{\"run\":\"list\",\"flags\":{\"why\":\"a call\"}}",
        "{\"run\":\"show\",\"words\":[\"x\"]}",
        "{\"run\":\"overdue\"}",
        act,
    };
    static struct desk d;
    unsigned runs = 0;

    (void)unused;
    desk_open(&d);
    const char *one = log_in(&d, "d1", XG_ROLE_DISPATCHER, "north");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (int turn = 0; turn < 2; turn++)
            assert_int_equal(
                answered(&d, one, (struct asked){.call = calls[i]}), ++runs);
    /* Nor what failed. */
    d.exit = 7;
    assert_int_equal(again(&d, one), ++runs);
    d.exit = 0;
    assert_int_equal(again(&d, one), ++runs);
    desk_close(&d);
}

static void test_an_act_is_seen_at_once(void **unused)
{
    static struct desk d;

    (void)unused;
    desk_open(&d);
    const char *one = log_in(&d, "d1", XG_ROLE_DISPATCHER, "north");
    const char *two = log_in(&d, "d2", XG_ROLE_DISPATCHER, "north");
    assert_int_equal(again(&d, one), 1);
    assert_int_equal(answered(&d, two, (struct asked){.call = act}), 2);
    assert_int_equal(again(&d, one), 3);
    assert_int_equal(again(&d, two), 3);
    /* Done while it was looked for. */
    d.o.world.mono_ms += LATELY_MS;
    d.acts_too = true;
    assert_int_equal(again(&d, one), 4);
    d.acts_too = false;
    assert_int_equal(again(&d, two), 5);
    desk_close(&d);
}

/* Who was told that something came in reads an answer that has it. */
static void test_what_is_told_of_is_in_the_answer(void **unused)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    static struct desk d;

    (void)unused;
    desk_open(&d);
    const char *one = log_in(&d, "d1", XG_ROLE_DISPATCHER, "north");
    assert_int_equal(again(&d, one), 1);
    assert_int_equal(again(&d, one), 1);
    uint64_t round = events_next(d.c.events);
    office_report(&d.o, "env-garbage");
    for (int i = 0; i < 1000 && events_next(d.c.events) == round; i++)
        nanosleep(&pause, NULL);
    assert_true(events_next(d.c.events) > round);
    assert_int_equal(again(&d, one), 2);
    desk_close(&d);
}

/* ---- files ---- */

/* {"run":"photo add","words":["-"]}, {"run":"maps add","words":["-"]} */
#define PHOTO "eyJydW4iOiJwaG90byBhZGQiLCJ3b3JkcyI6WyItIl19"
#define MAPS "eyJydW4iOiJtYXBzIGFkZCIsIndvcmRzIjpbIi0iXX0"

/* What becomes of a file of that length, of which that much comes: HTTP's word,
 * and how many commands ran. */
static int fed(struct desk *d, const char *token, const char *call,
               uint64_t length, const char *comes, bool whole)
{
    const struct asked a = {.call = "", .in_header = call};
    struct xg_response response;
    struct sent sent;

    send_by(&sent, d, token, &a);
    xg_response_init(&response);
    void *stream = run_feed.open(&d->c, &sent.request, length, &response);
    if (stream && run_feed.take(&d->c, stream, xg_bytes_of(comes)))
        run_feed.close(&d->c, stream, whole, &sent.request, &response);
    int status = response.http_status;
    xg_response_clear(&response);
    return status;
}

static void test_files_that_are_refused(void **unused)
{
    const uint64_t most = CALL_INPUT_MAX;
    char folder[TEST_FOLDER_SIZE];
    static struct desk d;

    (void)unused;
    desk_open(&d);
    test_folder_make(folder, "console");
    d.c.options.dir = folder;
    const char *one = log_in(&d, "d1", XG_ROLE_DISPATCHER, "north");
    const char *reg = log_in(&d, "r1", XG_ROLE_REGISTRAR, "north");
    /* Without a length, too long, or more than the disk has room for. */
    assert_int_equal(fed(&d, one, PHOTO, UINT64_MAX, "", true), 411);
    assert_int_equal(fed(&d, one, PHOTO, most + 1, "", true),
                     xg_status_http(XG_TOOBIG));
    assert_int_equal(fed(&d, reg, MAPS, UINT64_MAX / 4, "", true),
                     xg_status_http(XG_FULL));
    /* Cut off on its way. */
    assert_int_equal(fed(&d, one, PHOTO, 10, "some", false), 400);
    assert_int_equal(d.runs, 0);
    assert_true(quota_bytes(&d.c.quota, QUOTA_FEED) == 0);
    assert_int_equal(fed(&d, one, PHOTO, 4, "some", true), 200);
    assert_int_equal(d.runs, 1);
    assert_true(quota_bytes(&d.c.quota, QUOTA_FEED) == 0);
    desk_close(&d);
    assert_int_equal(rmdir(folder), 0); /* what comes has no name */
}

/* ---- passwords ---- */

/* Somebody at the login, in a thread of her own. */
struct trying {
    pthread_t thread;
    struct desk *d;
    unsigned number;
    atomic_bool answered;
    int http_status;
};

static void *try(void *ctx)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct trying *t = ctx;
    char text[96], peer[32];
    struct xg_http_field headers[] = {{"Host", "127.0.0.1"},
                                      {"Content-Type", "application/json"}};
    struct xg_response response;

    snprintf(text, sizeof text,
             "{\"code\":\"nobody%u\",\"password\":\"guessed\"}", t->number);
    snprintf(peer, sizeof peer, "10.0.0.%u", t->number);
    const struct xg_request request = {.method = "POST",
                                       .headers = headers,
                                       .header_count = 2,
                                       .body = xg_bytes_of(text),
                                       .peer = peer,
                                       .arena = &arena};
    xg_response_init(&response);
    login_post(&t->d->c, &request, &response);
    t->http_status = response.http_status;
    xg_response_clear(&response);
    xg_arena_clear(&arena);
    atomic_store(&t->answered, true);
    return NULL;
}

static void begin_trying(struct trying *t, struct desk *d, unsigned number)
{
    *t = (struct trying){.d = d, .number = number};
    assert_int_equal(pthread_create(&t->thread, NULL, try, t), 0);
}

static void is_refused(struct trying *t)
{
    assert_int_equal(pthread_join(t->thread, NULL), 0);
    assert_int_equal(t->http_status, 401);
}

static void desk_for_logins(struct desk *d)
{
    struct xg_error err = XG_ERROR_NONE;

    memset(d, 0, sizeof *d);
    office_open_files(&d->o);
    desk_furnish(d);
    assert_ok(account_make_decoy(&d->c.decoy, &d->o.env, &err));
}

static void test_so_many_passwords_at_once(void **unused)
{
    const struct timespec pause = {0, 500000000};
    struct trying t;
    static struct desk d;

    (void)unused;
    desk_for_logins(&d);
    for (int i = 0; i + 1 < CONSOLE_TRIES; i++)
        places_take(&d.c.tries);
    begin_trying(&t, &d, 1); /* the last place */
    is_refused(&t);
    places_take(&d.c.tries); /* and none */
    begin_trying(&t, &d, 2);
    nanosleep(&pause, NULL);
    assert_false(atomic_load(&t.answered));
    places_give(&d.c.tries);
    is_refused(&t);
    desk_close(&d);
}

/* Of the process, since the peak was forgotten. */
static uint64_t peak_kib(bool forget)
{
    FILE *file = fopen(forget ? "/proc/self/clear_refs" : "/proc/self/status",
                       forget ? "w" : "r");
    unsigned long long kib = 0;
    char line[256];

    assert_non_null(file);
    if (forget)
        fputs("5", file);
    while (!forget && fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %llu", &kib);
    fclose(file);
    return kib;
}

/* What it is for: a crowd at the login takes no more memory than two do. */
static void test_a_crowd_at_the_login(void **unused)
{
    enum { CROWD = 3 * CONSOLE_TRIES, TRY_KIB = 64 << 10 };
    struct trying all[CROWD];
    static struct desk d;

    (void)unused;
    desk_for_logins(&d);
    peak_kib(true);
    uint64_t before = peak_kib(false);
    for (unsigned i = 0; i < CROWD; i++)
        begin_trying(&all[i], &d, i + 1);
    for (unsigned i = 0; i < CROWD; i++)
        is_refused(&all[i]);
    uint64_t more = peak_kib(false) - before;
    print_message("%llu KiB for %d at once\n", (unsigned long long)more,
                  (int)CROWD);
    assert_true(more >= TRY_KIB); /* else nothing was measured */
    assert_true(more < CONSOLE_TRIES * TRY_KIB + TRY_KIB / 2);
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_for_a_second),
        cmocka_unit_test(test_an_act_makes_all_old),
        cmocka_unit_test(test_who_asks_the_same_waits_for_the_answer),
        cmocka_unit_test(test_an_act_ends_the_waiting),
        cmocka_unit_test(test_few_and_small_ones_are_kept),
        cmocka_unit_test(test_once_for_all_who_see_the_same),
        cmocka_unit_test(test_who_touches_is_answered_anew),
        cmocka_unit_test(test_what_is_never_given_again),
        cmocka_unit_test(test_an_act_is_seen_at_once),
        cmocka_unit_test(test_what_is_told_of_is_in_the_answer),
        cmocka_unit_test(test_files_that_are_refused),
        cmocka_unit_test(test_so_many_passwords_at_once),
        cmocka_unit_test(test_a_crowd_at_the_login),
    };

    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
