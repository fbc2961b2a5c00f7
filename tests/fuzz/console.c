/* console.c - the operators' console in memory, and what a browser sends: who
 * logs in, calls that are run as the commands that they are, tables and other
 * files that come with one, addresses of tiles. The input is
 *
 *      u8 who    of the operators below; in the place of it '*': nobody
 *      u8 what   'r', 'd'  a call for its lines, or its bytes: JSON
 *                'f'       a line of JSON, and the file that comes with it
 *                'l', 'p', 't'   a login, a password, a second factor: JSON
 *                else      GET the rest: an address
 *
 * Whatever comes, the answer is no failure of the server's own, what claims to
 * be JSON is JSON, and the log stays sound.
 *
 * Here a password opens its key at once (Argon2 would take a second, which is
 * its purpose), and xunge-sheet and xunge-map are parts of us. */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz_memory.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/order.h"
#include "server/console/events.h"
#include "server/console/inside.h"
#include "server/desk/sheet.h"
#include "server/sheet/sheet.h"
#include "shared/map/check.h"
#include "tests/lib/office.h"

enum {
    RUNS_MAX = 400,
    ENTRIES_MAX = 600,
    OPERATORS = 5,
    HEADERS = 4,
    LOOK_EVERY = 16 /* runs: at what they changed */
};

static const struct {
    const char *code, *unit;
    uint32_t role;
} OPERATOR[OPERATORS] = {{"head", "top", XG_ROLE_DISPATCHER},
                         {"boss", "top", XG_ROLE_SUPERVISOR},
                         {"hn", "north", XG_ROLE_HANDLER},
                         {"aud", "top", XG_ROLE_AUDITOR},
                         {"reg", "top", XG_ROLE_REGISTRAR}};

/* What `serve` shows, which is a part of the program that we are not. */
extern const struct xg_asset console_assets[];
extern const size_t console_asset_count;
const struct xg_asset console_assets[1] = {{NULL, NULL, NULL, 0, 0, false}};
const size_t console_asset_count = 0;

static struct office office;
static struct console console;
static struct order_desk desk;
static char folder[600], bearer[OPERATORS][SESSION_TOKEN_SIZE + 8];
static bool is_open;
static unsigned runs;

/* ---- what would take too long ---- */

int crypto_pwhash(unsigned char *out, unsigned long long out_len,
                  const char *text, unsigned long long len,
                  const unsigned char *salt, unsigned long long passes,
                  size_t bytes, int algorithm)
{
    (void)passes, (void)bytes, (void)algorithm;
    return crypto_generichash(out, (size_t)out_len, (const uint8_t *)text, len,
                              salt, crypto_pwhash_SALTBYTES);
}

enum xg_status xg_map_check(struct xg_mbtiles_about *out, const char *program,
                            int fd, struct xg_error *err)
{
    char path[64];

    (void)program;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return xg_mbtiles_check(out, path, err);
}

enum xg_status sheet_read(struct xg_buf *table, struct xg_bytes file,
                          const char *name, const char *which,
                          struct xg_error *err)
{
    static struct sheet_tools tools;
    struct xg_buf out = XG_BUF(SHEET_OUTPUT_MAX);
    enum xg_status status = XG_OK;

    if (!tools.salt)
        FUZZ_MUST(sheet_prepare(&tools));
    if (sheet_convert(&out, file, which ? which : "", &tools) != SHEET_FINE)
        status = xg_fail(err, XG_FORMAT, "%s", name);
    else
        xg_buf_append(table, out.data, out.len);
    xg_buf_clear(&out);
    return status == XG_OK ? xg_buf_check(table, err) : status;
}

/* ---- a console ---- */

static void leave(void)
{
    if (!is_open)
        return;
    is_open = false;
    events_stop(console.events);
    sessions_clear(&console.sessions);
    xg_tiles_free(console.tiles);
    places_clear(&console.tries);
    quota_clear(&console.quota);
    lately_clear(&console.lately);
    office_check(&office);
    office_close(&office);
}

/* She sets her first password by a one-time key, and is logged in. */
static void enter(size_t who)
{
    struct xg_error err = XG_ERROR_NONE;
    char once[ACCOUNT_ONCE_SIZE], token[SESSION_TOKEN_SIZE];
    struct account_answer answer;
    int64_t until_ms;

    FUZZ_MUST(account_add(office.d, OPERATOR[who].code, OPERATOR[who].code,
                          xg_role_find(OPERATOR[who].role),
                          OPERATOR[who].unit, &err) == XG_OK &&
              account_make_once(office.d, once, &until_ms, OPERATOR[who].code,
                                &err) == XG_OK);
    const struct account_try given = {.once = once,
                                      .password = xg_bytes_of("password"),
                                      .peer = "::1"};
    FUZZ_MUST(account_enter(office.d, &answer, &given, &console.decoy, &err) ==
                  XG_OK &&
              answer.verdict == ACCOUNT_IN);
    FUZZ_MUST(sessions_begin(&console.sessions, token, &answer.account,
                             answer.account.signs ? answer.secret : NULL,
                             console_now_ms(&console), &err) == XG_OK);
    snprintf(bearer[who], sizeof bearer[who], "Bearer %s", token);
}

static void begin(void)
{
    struct xg_error err = XG_ERROR_NONE;

    leave();
    office_open_files(&office);
    snprintf(folder, sizeof folder, "%s/data", office.folder);
    console = (struct console){.options = {.data = office.d,
                                           .dir = folder,
                                           .plain = true,
                                           .runner = {&desk, order_run}}};
    desk = (struct order_desk){
        .data = office.d, .env = &office.env, .console = &console};
    guard_init(&console.guard, true, NULL);
    sessions_init(&console.sessions);
    places_init(&console.tries, CONSOLE_TRIES);
    quota_init(&console.quota);
    lately_init(&console.lately);
    FUZZ_MUST(account_make_decoy(&console.decoy, &office.env, &err) == XG_OK &&
              xg_tiles_new(&console.tiles, folder, &err) == XG_OK &&
              events_open(&console.events, office.d, &err) == XG_OK);
    for (size_t i = 0; i < OPERATORS; i++)
        enter(i);
    office_report(&office, "lamp");
    office_report(&office, "road/hole");
    runs = 0;
    is_open = true;
}

/* ---- a request ---- */

static void check_json(struct xg_bytes text)
{
    json_t *value = json_loadb((const char *)text.at, text.len,
                               JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

    FUZZ_MUST(value);
    json_decref(value);
}

static void check_answer(const struct xg_response *r)
{
    const char *type = r->content_type ? r->content_type : "";
    struct xg_bytes rest = xg_buf_bytes(&r->body);

    FUZZ_MUST(r->http_status >= 200 && r->http_status < 600 &&
              r->http_status != 500 && r->http_status != 502);
    for (size_t i = 0; i < r->extra_count; i++)
        FUZZ_MUST(!strpbrk(r->extra[i].value, "\r\n"));
    if (strcmp(type, "application/problem+json") == 0)
        check_json(rest);
    while (strcmp(type, "application/x-ndjson") == 0 && rest.len > 0) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);
        FUZZ_MUST(end);
        size_t len = (size_t)(end - rest.at);
        check_json(xg_bytes(rest.at, len));
        rest = xg_bytes(end + 1, rest.len - len - 1);
    }
}

/* The call of a file goes before it, in a header. */
static const char *cut_call(struct xg_bytes *body, struct xg_arena *arena)
{
    const uint8_t *end = memchr(body->at, '\n', body->len);
    size_t len = end ? (size_t)(end - body->at) : body->len;
    size_t size = sodium_base64_encoded_len(
        len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = xg_arena_alloc(arena, size);

    FUZZ_MUST(text);
    sodium_bin2base64(text, size, body->at, len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    len += end != NULL;
    *body = xg_bytes(body->at + len, body->len - len);
    return text;
}

static const char *target_of(char what, struct xg_bytes *rest,
                             struct xg_arena *arena)
{
    static const char *const PATHS[] = {
        ['r'] = "/api/run",      ['d'] = "/api/data", ['f'] = "/api/feed",
        ['p'] = "/api/password", ['t'] = "/api/totp", ['l'] = "/api/login"};

    if (strchr("rdfptl", what))
        return PATHS[(unsigned char)what];
    const char *text = xg_arena_str(arena, (const char *)rest->at, rest->len);
    *rest = xg_bytes(NULL, 0);
    return text;
}

static void serve(char who, char what, struct xg_bytes rest,
                  struct xg_arena *arena)
{
    struct xg_http_field headers[HEADERS] = {
        {"Host", "localhost"}, {"Content-Type", "application/json"}};
    struct xg_request r = {.headers = headers, .header_count = 2,
                           .peer = "::1", .arena = arena};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_response response;

    const char *target = target_of(what, &rest, arena);
    r.method = strchr("rdfptl", what) ? "POST" : "GET";
    if (who != '*')
        headers[r.header_count++] = (struct xg_http_field){
            "Authorization", bearer[(unsigned char)who % OPERATORS]};
    if (what == 'f')
        headers[r.header_count++] =
            (struct xg_http_field){"Xunge-Call", cut_call(&rest, arena)};
    r.body = rest;
    /* These two ask a running server, for what nobody sent. */
    if (!target || xg_request_target(&r, target, &err) != XG_OK ||
        strcmp(r.path, "/api/events") == 0 || strcmp(r.path, "/metrics") == 0)
        return;
    xg_response_init(&response);
    xg_route_serve(console_routes, console_route_count, &console, &r,
                   &response);
    check_answer(&response);
    xg_response_clear(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool first = true;
    struct xg_arena arena = XG_ARENA(XG_WEB_ARENA_BYTES);

    if (first) {
        FUZZ_MUST(xg_base_init() == 0);
        fuzz_memory();
        atexit(leave);
    }
    first = false;
    if (size < 2 || data[1] == '\0')
        return 0;
    if (!is_open || ++runs > RUNS_MAX || office_log_size(&office) > ENTRIES_MAX)
        begin();
    /* Handlers wipe what was secret of a body. */
    uint8_t *rest = xg_arena_copy(&arena, data + 2, size - 2);
    FUZZ_MUST(rest);
    serve((char)data[0], (char)data[1], xg_bytes(rest, size - 2), &arena);
    if (runs % LOOK_EVERY == 0)
        events_look(console.events);
    xg_arena_clear(&arena);
    return 0;
}
